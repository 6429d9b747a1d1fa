"""Fingerprints of values, files and folders; those of code are in `code_fingerprint`.

A step is not run again while all its fingerprints are unchanged.
"""

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import outside
from vtgdata.files.video_files import BINDINGS, video_files


def of_value(value: Any) -> str:
    """SHA-256 (hex) of a value's canonical JSON; dict order does not matter."""
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()


def short(value: Any) -> str:
    """The first 16 hex digits of `of_value`: enough for ids that are read by people."""
    return of_value(value)[:16]


def cache_folder() -> Path:
    """Where frames and remembered hashes lie: `$VTGDATA_CACHE`, else `vtgdata` in the user's cache folder.

    Raises VtgError when no variable names a folder and this user has no home.
    """
    if named := os.environ.get("VTGDATA_CACHE"):
        return Path(named)
    import platformdirs

    try:
        # Older versions of platformdirs leave the `~` as it is where there is no home.
        return platformdirs.user_cache_path("vtgdata", appauthor=False).expanduser()
    except RuntimeError as error:
        raise VtgError("this user has no home folder for a cache. Name a folder in $VTGDATA_CACHE.") from error


def of_file(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes, for what is only asked whether it changed: whether a step is up to date.

    For files of 1 MiB and more it is remembered, and believed while size, both times of change and inode are the same.
    What is read and must have certain bytes is hashed by `of_bytes`. Raises OSError when the file cannot be read; works
    without the memory when that cannot be used.
    """
    stat = path.stat()
    if stat.st_size < REMEMBERED:
        return _hash(path)
    name, stamp = _text(outside.resolved(path)), ":".join(map(str, _stamp_of(stat)))
    if (read := _read.get(name)) is not None and read[0] == _stamp_of(stat):
        return read[1]
    known = remembered("SELECT hash FROM stamped WHERE path = ? AND stamp = ?", (name, stamp))
    if known is not None:
        return known
    found = of_bytes(path)
    if _settled(stat):
        remembered("INSERT OR REPLACE INTO stamped VALUES (?, ?, ?)", (name, stamp, found))
    return found


_read: dict[str, tuple[tuple[int, ...], str]] = {}
"""{path: (stamp, hash)} of the files that this process has read."""
REMEMBERED = 1 << 20
"""Size in bytes from which hashes are remembered."""
SETTLED_SECONDS = 0.05
"""Age of a change from which its time tells it from a later one: the clocks of file systems tick that coarsely."""


def of_bytes(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes, read by this process: once, and again when the file has changed since.

    A memory of earlier runs is not believed, since bytes may rot or be put back with their old times. Raises OSError
    when the file cannot be read.
    """
    stat = path.stat()
    if stat.st_size < REMEMBERED:
        return _hash(path)
    name, stamp = _text(outside.resolved(path)), _stamp_of(stat)
    if (known := _read.get(name)) is not None and known[0] == stamp:
        return known[1]
    found = _hash(path)
    if _settled(stat) and _stamp_of(path.stat()) == stamp:
        _read[name] = (stamp, found)
    return found


def of_all_bytes(paths: Iterable[Path]) -> dict[Path, str | OSError]:
    """{path: `of_bytes`, or the error} of several files, read at the same time."""

    def found(path: Path) -> str | OSError:
        try:
            return of_bytes(path)
        except OSError as error:
            return error

    several = list(dict.fromkeys(paths))
    if len(several) < 2:
        return {path: found(path) for path in several}
    with ThreadPoolExecutor(min(len(several), os.cpu_count() or 1, 8)) as threads:
        return dict(zip(several, threads.map(found, several), strict=True))


def _stamp_of(stat: os.stat_result) -> tuple[int, ...]:
    """What differs between two states of a file: size, both times of change (the second is the system's), inode."""
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def _settled(stat: os.stat_result) -> bool:
    return time.time() - max(stat.st_mtime, stat.st_ctime) > SETTLED_SECONDS


def remembered(statement: str, values: tuple[str, ...]) -> str | None:
    """The first value that an SQL statement gives on the tables of cached hashes; None without one.

    `stamped` has files by path and stamp; `parsed` has code by the hash of its text (see `code_fingerprint`). The cache
    is a convenience: a read-only home or a torn cache must not stop a run.
    """
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(folder / "hashes.sqlite", timeout=10)) as db, db:
            db.execute("CREATE TABLE IF NOT EXISTS stamped (path TEXT PRIMARY KEY, stamp TEXT, hash TEXT)")
            db.execute("CREATE TABLE IF NOT EXISTS parsed (parser TEXT PRIMARY KEY, found TEXT)")
            row = db.execute(statement, values).fetchone()
    except (sqlite3.Error, OSError, VtgError):
        return None
    return None if row is None else row[0]


def _hash(path: Path) -> str:
    with outside.opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def of_path(path: Path, of: Callable[[Path], str] = of_file) -> str:
    """The fingerprint of an input: a file's bytes, or names and bytes of all files of a folder.

    Hidden files do not count, nor does a folder's `meta.json`, which says when it was made. With `of_bytes` as `of`
    every file is read.
    """
    if not path.is_dir():
        return of(path)
    named = (each for each in path.rglob("*") if not each.name.startswith(".") and each.name != "meta.json")
    files = sorted(each for each in named if outside.is_file(each))
    return of_value([[_text(p.relative_to(path)), of(p)] for p in files])


def of_listing(folder: Path) -> str:
    """Fingerprint of names, sizes and both times of change of the videos under a folder; their bytes are too many.

    It covers what `video_files` finds, and the file of bindings; other files, such as a step's own output, do not
    count.
    """
    listed: list[Any] = [[_text(path.relative_to(folder)), *_stamp(path)] for path in video_files(folder)]
    bindings = folder / BINDINGS
    return of_value([*listed, of_file(bindings)] if outside.is_file(bindings) else listed)


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        stat = path.stat()
    except OSError:
        return ()  # a broken link, which may work tomorrow
    # The second time is the system's own: nobody puts it back. (Inodes change whenever some file systems are mounted.)
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _text(path: Path) -> str:
    r"""A path with `/`, as text that can be encoded: names need not be UTF-8.

    >>> _text(Path("caf\udce9.mp4"))
    'caf\\xe9.mp4'
    """
    return path.as_posix().encode(errors="surrogateescape").decode(errors="backslashreplace")
