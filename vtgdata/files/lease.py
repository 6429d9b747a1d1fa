"""Leases: a side folder names the process that holds a file or a folder, and is dated anew while that lives.

The locks of cluster file systems are often not seen by other machines, so a lease uses only what all of them have: a
folder is renamed in one step, never onto one that holds something; a folder is removed only while it is empty; and the
file server's clock dates files.

The side folder holds one file, named after its lease (its token). So a lease begins in one step, and a process that
removes a dead one's file can never hit that of somebody who came later, however long it was stopped in between.
"""

import contextlib
import errno
import os
import random
import shutil
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from vtgdata.errors import Locked
from vtgdata.files import outside, temporary
from vtgdata.files.crash_points import crash_here, full_here
from vtgdata.files.owners import STALE_SECONDS, Owner, entry_of, holder, lives, locked, owner_path, read, this_process
from vtgdata.files.whole import named

BEAT_SECONDS = 10.0
"""Seconds after which a holder renews the time stamp of its lease (a heartbeat)."""
WAIT_SECONDS = 30.0
"""Seconds for which `changing` waits until others have written a file; each needs a fraction of one."""
UNREADABLE_SECONDS = 2.0
"""Seconds after which an unreadable lease is taken over: it is being written, or was torn by a power cut."""
_HELD = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)
"""What the system says of a folder that would have to take the place of another one that is not empty, or of a file."""


class Lease:
    """A lease that this process holds; a thread renews it until it is released."""

    def __init__(self, path: Path, name: str | Path = "") -> None:
        """Take the lease on the file at `path`.

        Raises Locked when its holder lives; the message has `name`, or else the path.
        """
        self._lease, self.mine = owner_path(path), this_process()
        self.file = _file(self._lease, self.mine)
        """The file that names this lease; while it is there, nobody else holds what is held."""
        self.before = _take(self._lease, self.mine, Path(name or path))
        """The dead owner that the lease named before; None without one."""
        crash_here("lease-taken")
        self.lost: Owner | None = None
        self._beaten, self._doubt = time.monotonic(), ""
        self._lock, self._done = threading.Lock(), threading.Event()
        threading.Thread(target=self._beat_on, name="lease", daemon=True).start()

    def _beat_on(self) -> None:
        while not self._done.wait(BEAT_SECONDS):
            self.beat()

    def check(self) -> None:
        """Raise Locked when another process took the lease over, because this one was silent for too long."""
        if time.monotonic() - self._beaten > STALE_SECONDS / 2:
            self.beat()  # this process was stopped or its machine slept: the thread may come too late
        if self.lost is not None:
            raise Locked(
                f"{self._lease}: {self.lost} took over, because this process gave no sign of life for "
                f"{STALE_SECONDS:.0f} s. What it had done is kept; let the other one go on."
            )

    def beat(self) -> None:
        """Renew the lease's time stamp, or notice that another process has the lease by now."""
        with self._lock:
            if self._done.is_set():
                return
            late, self._beaten = time.monotonic() - self._beaten, time.monotonic()
            try:
                os.utime(self.file)
                self._doubt = ""
            except (FileNotFoundError, NotADirectoryError):
                with contextlib.suppress(OSError):  # a full disk: the next beat may come through
                    self._look(late)
            except OSError:
                return  # a server that is away: likewise

    def _look(self, late: float) -> None:
        """The lease's file is gone: notice who has the lease by now, or take it again if nobody has."""
        entry = entry_of(self._lease)
        found = None if entry is None else read(entry)
        if found is not None and lives(found, 0.0) and (late > STALE_SECONDS or self._doubt == found.token):
            self.lost = found
            return
        # A process that SQLite's lock refuses gives the lease back at once. Only an owner that is still there at the
        # next beat really has it.
        self._doubt = found.token if found is not None else ""
        if found is None:
            with _draft(self._lease, self.mine) as draft:
                _move(draft, self._lease, self.mine)

    def moved(self, path: Path) -> None:
        """Note that what is held was renamed, its side folder with it."""
        with self._lock:
            self._lease = owner_path(path)
            self.file = _file(self._lease, self.mine)

    def release(self) -> None:
        """Remove the lease, unless another process has it by now."""
        with self._lock:
            self._done.set()
            _unlink(self.file)
            _remove(self._lease)


def clear(path: Path) -> None:
    """Remove the lease that a dead process left on a file, if there is one."""
    if holder(path) is None:
        lease = owner_path(path)
        if (entry := entry_of(lease)) is not None:
            _unlink(entry)
        _remove(lease)


@contextmanager
def changing(path: Path) -> Generator[Path]:
    """Hold a file while it is read, changed and written: others that change it wait for their turn.

    The path given back is that to read and to write: where a link at `path` leads. Written through its link, a list
    that many share would become a file of this user's own, and those who came by other links would not wait.

    Raises Locked when the file is held for more than WAIT_SECONDS, and OSError when its folder cannot be written.
    """
    place = outside.resolved(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    side = place.with_name(f".{place.name}")
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            lease = Lease(side, path)
            break
        except Locked:
            if time.monotonic() > until:
                raise
        time.sleep(random.uniform(0.01, 0.05))
    try:
        yield place
    finally:
        lease.release()


def _take(lease: Path, mine: Owner, path: Path) -> Owner | None:
    """Create the lease, in place of a dead owner's if there is one; returns that owner.

    Raises Locked when its holder lives.
    """
    before: Owner | None = None
    with _draft(lease, mine) as draft:
        while not _move(draft, lease, mine):
            entry = entry_of(lease)
            if entry is None:
                continue  # it was given back at this moment
            holder, silent = read(entry), _silent(entry, lease)
            if lives(holder, silent) if holder is not None else silent < UNREADABLE_SECONDS:
                raise Locked(locked(path, holder))
            before = holder or before
            # Of several that get here at once all remove this one file, and one of them moves its own in.
            _unlink(entry)
    return before


def _file(lease: Path, mine: Owner) -> Path:
    """The file of an owner in the side folder; hidden, so that it counts in no fingerprint of a folder."""
    return lease / f".{mine.token}.json"


@contextmanager
def _draft(lease: Path, mine: Owner) -> Generator[Path]:
    """A side folder beside the place it is meant for; deleted unless it was moved there."""
    draft = temporary.beside(lease)
    full_here(lease)
    try:
        with named(lease):
            draft.mkdir()
            _file(draft, mine).write_bytes(msgspec.json.encode(mine) + b"\n")
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _move(draft: Path, lease: Path, mine: Owner) -> bool:
    """Make a draft the lease; False if somebody holds it. Of several that try at once, only one succeeds."""
    try:
        draft.rename(lease)
    except OSError as error:
        if _file(lease, mine).exists():
            return True  # a file server did it, and its answer was lost
        if error.errno not in _HELD:
            raise
        _remove(lease)  # not every system moves a folder onto an empty one
        return False
    return True


def _unlink(entry: Path) -> None:
    with contextlib.suppress(OSError):
        entry.unlink()


def _remove(lease: Path) -> None:
    """Remove the side folder if it is empty; only then does the system do it."""
    with contextlib.suppress(OSError):
        lease.rmdir()


def _silent(entry: Path, lease: Path) -> float:
    """Seconds since the last heartbeat, by the clock that dates files: other machines' clocks may be wrong.

    Where that clock has gone back since, they are counted from now on: a living holder is not harmed.
    """
    now = temporary.beside(lease)
    try:
        now.touch()
        silent = now.stat().st_mtime - entry.stat().st_mtime
        if silent < 0:
            os.utime(entry)
        return silent
    except FileNotFoundError:
        return 0.0
    finally:
        now.unlink(missing_ok=True)
