"""The journal: every answer that a model gave, committed to disk before anyone counts it.

One SQLite file, append-only, held by one process at a time. Failed attempts are kept too, and do not keep a key from
being answered later.
"""

import datetime
import random
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from vtgdata.engine.journal import statements as sql
from vtgdata.errors import Locked, VtgError
from vtgdata.files import outside
from vtgdata.files.crash_points import crash_here
from vtgdata.files.lease import Lease
from vtgdata.files.outside_text import MASK, own_credentials
from vtgdata.files.owners import Owner, locked
from vtgdata.records import Reply

LOCK_SECONDS = 1.0
"""Seconds that opening waits for another process to let go."""
_BATCH = 500


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt at one answer, and its reply."""

    key: str
    sample_id: str
    index: int
    reply: Reply
    """Its `error` is set when the request failed; then the attempt is not an answer."""


class Journal:
    """An open journal; a context manager. Its methods may be called from any thread.

    While it is open, nothing else in this process may open the file: closing it again would drop the lock (POSIX).
    """

    def __init__(self, path: Path) -> None:
        """Open the journal, or create it.

        Raises Locked, within about two seconds, when another process holds it, and VtgError when the file is torn,
        is not a journal, or cannot be written. A journal that a dead process held is taken over: see `lease.lives`.
        """
        self.path = path
        self.answers_id = ""
        """The id that `record` stores with each attempt, as its `about`; see `work_keys.answers_id`."""
        self.again: Callable[[str], bool] | None = None
        """Tells whether to ask again after a given error. When it is set, only such failed requests are asked, nothing
        new."""
        self._lock = threading.Lock()
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                self._open()
                return
            except Locked:
                if time.monotonic() > deadline:
                    raise
            # Two processes that create the file at once can block each other; after a random pause one comes first.
            time.sleep(random.uniform(0.01, 0.1))

    def _open(self) -> None:
        with _explained(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Take the lease before touching the file: where SQLite's lock does not reach other machines, opening alone
            # could harm the log.
            self._lease = Lease(self.path)
        try:
            with _explained(self.path, self._lease.before):
                self._connect()
        except BaseException:
            self._lease.release()
            raise

    def _connect(self) -> None:
        if outside.is_file(self.path) and 0 < self.path.stat().st_size < 512:
            # SQLite takes a file shorter than its smallest page for a new one.
            raise sqlite3.DatabaseError("file is cut off")
        # Autocommit: transactions begin and end where this file says so.
        self._db = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        # Exclusive locking must be set before the file is first read; it then needs no shared memory beside it.
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        application = self._value("PRAGMA application_id")
        new = application == 0 and self._value("SELECT count(*) FROM sqlite_master") == 0
        if not new and application != sql.APPLICATION_ID:
            raise VtgError(
                f"{self.path}: an SQLite file, but no journal of ours. Move it away, or choose another --out."
            )
        if self._value("PRAGMA user_version") > sql.VERSION:
            raise VtgError(f"{self.path}: made by a newer vtgdata. Upgrade with `pip install -U vtgdata`.")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        if new:
            self._db.executescript(sql.SCHEMA)
        elif self._value("PRAGMA user_version") < sql.VERSION:
            self._db.executescript(sql.FROM_1)
        # A first write takes the lock that exclusive mode then keeps.
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("COMMIT")
        torn = self._value("PRAGMA quick_check(1)")
        if torn != "ok":
            raise sqlite3.DatabaseError(torn)

    def _value(self, query: str) -> Any:
        return self._db.execute(query).fetchone()[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Merge the log into the file and let go of it; recorded attempts are safe even without this."""
        with self._lock:
            self._db.close()
            self._lease.release()

    def record(self, entries: Sequence[Attempt]) -> None:
        """Append attempts, all or none, and return once they are on disk.

        A key that already has an answer keeps its first one. Raises VtgError when they cannot be written (disk full),
        Locked when another process took over.
        """
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        known = [credential.encode() for credential in own_credentials()]
        self._insert([(*_row(entry, now, known), self.answers_id) for entry in entries])

    def take(self, other: Self) -> None:
        """Copy the answers of another journal that this one lacks; raises VtgError when one of them is torn.

        The number of the last copied answer is stored, so that the next call reads only newer ones. If the other
        journal was replaced since and lacks that answer, it is read from its start.
        """
        with self._lock, _explained(self.path):
            self._db.execute(sql.TAKEN)
        name = other.path.parent.name
        last = next((last for last, key in self.select(sql.SEEN, (name,)) if other.select(sql.AT, (last, key))), 0)
        while found := other._answers(last):
            last, key, *_ = found[-1]
            self._insert([row for _, *row in found], (sql.MARK, (name, last, key)))

    def _answers(self, last: int) -> list[tuple[Any, ...]]:
        """The next answers after attempt number `last`, at most _BATCH: each one's number and the columns of `_row`."""
        with self._lock, _explained(self.path):
            found = self._db.execute(sql.AFTER, (last, _BATCH)).fetchall()
        for _, key, *_, checksum, reply, _ in found:
            if checksum != _checksum(key, reply):
                raise _torn(self.path, f"the reply to {key} is torn")
        return found

    def _insert(self, rows: Sequence[Sequence[Any]], *more: tuple[str, Sequence[Any]]) -> None:
        self._lease.check()
        with self._lock, _explained(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            crash_here("journal-begun")
            try:
                self._db.executemany(sql.INSERT, rows)
                for statement, values in more:
                    self._db.execute(statement, values)
                crash_here("journal-written")
                self._db.execute("COMMIT")
                crash_here("journal-committed")
            except BaseException:
                # A full disk makes SQLite roll back by itself.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def answered(self, keys: Iterable[str]) -> dict[str, Reply]:
        """The replies to the keys that have an answer; raises VtgError when one is torn."""
        return self._replies("status = 'answer'", keys)

    def failures(self, keys: Iterable[str]) -> dict[str, Reply]:
        """The latest failed reply to each key that has one, whether or not the key was answered since."""
        return self._replies("status = 'failed'", keys)

    def holds(self, keys: Iterable[str]) -> set[str]:
        """The keys that have an answer."""
        return {row[0] for row in self._rows("SELECT key FROM attempt WHERE status = 'answer'", keys)}

    def settled(self, keys: Sequence[str]) -> set[str]:
        """The keys not to ask for.

        These are the answered ones and, when `again` is set, all others that did not fail or whose latest error it
        refuses.
        """
        found = self.holds(keys)
        if self.again is not None:
            rest = [key for key in keys if key not in found]
            failed = self.failures(rest)
            found.update(key for key in rest if key not in failed or not self.again(failed[key].error or ""))
        return found

    def select(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a SELECT on the table `attempt`, for counts and sums."""
        with self._lock, _explained(self.path):
            return self._db.execute(query, values).fetchall()

    def _replies(self, which: str, keys: Iterable[str]) -> dict[str, Reply]:
        decode = msgspec.json.Decoder(Reply).decode
        replies: dict[str, Reply] = {}
        for key, checksum, reply in self._rows(f"SELECT key, checksum, reply FROM attempt WHERE {which}", keys):
            if checksum != _checksum(key, reply):
                raise _torn(self.path, f"the reply to {key} is torn")
            replies[key] = decode(reply)
        return replies

    def _rows(self, query: str, keys: Iterable[str]) -> Iterator[tuple[Any, ...]]:
        remaining = iter(keys)
        while batch := list(islice(remaining, _BATCH)):
            with self._lock, _explained(self.path):
                marks = ",".join("?" * len(batch))
                rows = self._db.execute(f"{query} AND key IN ({marks}) ORDER BY id", batch).fetchall()
            yield from rows


def _row(entry: Attempt, now: str, credentials: Iterable[bytes]) -> tuple[Any, ...]:
    reply = msgspec.json.encode(entry.reply)
    for credential in credentials:  # a server may repeat the key in its words, and even in an answer
        reply = reply.replace(credential, MASK.encode())
    status = "answer" if entry.reply.error is None else "failed"
    known = (entry.key, entry.sample_id, entry.index, status, entry.reply.seconds, entry.reply.endpoint, now)
    return *known, _checksum(entry.key, reply), reply


def _checksum(key: str, reply: bytes) -> int:
    """CRC-32; SQLite itself has none for its main file."""
    return zlib.crc32(reply, zlib.crc32(key.encode()))


@contextmanager
def _explained(path: Path, holder: Owner | None = None) -> Generator[None]:
    """Turn errors of SQLite and the file system into errors that say what the user can do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise Locked(locked(path, holder)) from error
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
            raise _unwritable(path, error) from error
        if isinstance(error, (sqlite3.ProgrammingError, sqlite3.IntegrityError)):
            raise
        raise _torn(path, error) from error
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: Exception) -> VtgError:
    return VtgError(
        f"{path}: cannot be written ({error}). Free some room or mend the permissions, and run the same command "
        "again: what was answered is kept."
    )


def _torn(path: Path, error: Exception | str) -> VtgError:
    return VtgError(
        f"{path}: not a readable journal ({error}). Move it away with its -wal file to ask anew, or put in its place "
        f"what `sqlite3 {path.name} .recover | sqlite3 mended.sqlite` saves."
    )
