"""The folder of the frame store among processes: who makes an entry, and what goes when it grows too large."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from vtgdata.errors import VtgError

LIMIT_GB = 50.0
"""Size of the folder when nothing else is said."""
_KEEP = 0.9
"""Share of the limit to which a full folder is reduced, so that this is not done for every entry."""
_ENTRY = re.compile(r"([0-9a-f]{2})/([0-9a-f]{2})/(?:\1\2[0-9a-f]{12}\.parquet|\.\1\2[0-9a-f]{12}\.parquet\.\d+\.tmp)")
"""What the store writes below its folder; nothing else there is its own to take away."""
_STALE_SECONDS = 3600.0
"""After which a file in the making is that of a process that was killed."""


class Room:
    """A folder of entries `ab/cd/*.parquet` that stays below a size."""

    def __init__(self, folder: Path, limit: int | None = None) -> None:
        """Nothing is read yet; raises VtgError when `$VTGDATA_FRAMES_GB` is no number above 0."""
        self._folder = folder
        self._limit = _limit() if limit is None else limit
        self._size: int | None = None
        self._lock = threading.Lock()

    @contextmanager
    def held(self, frames_id: str) -> Generator[None]:
        """While one process makes an entry, others that want it wait; a lock goes with the process that has it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        # Some locks for all entries, so that they are few files.
        with (self._folder / f".{frames_id[:2]}.lock").open("wb") as file:
            _wait_for(file)
            yield

    def used(self, path: Path) -> None:
        """Note that an entry was used now."""
        with contextlib.suppress(OSError):  # read-only, or gone: it was read all the same
            os.utime(path)

    def added(self, size: int) -> None:
        """Note a new entry of so many bytes; when the folder is too large, what was not used for longest goes."""
        with self._lock:
            if self._size is None or self._size + size > self._limit:
                self._size = self._reduced()
            else:
                self._size += size

    def _reduced(self) -> int:
        """The size of the folder in bytes, once it is below the limit; what other processes added is counted too."""
        entries: list[tuple[float, int, Path]] = []
        now = time.time()
        for path in self._folder.glob("*/*/*"):
            if not _ENTRY.fullmatch(path.relative_to(self._folder).as_posix()):
                continue
            with contextlib.suppress(OSError):
                stat = path.stat()
                if path.suffix == ".parquet":
                    entries.append((stat.st_mtime, stat.st_size, path))
                elif now - stat.st_mtime > _STALE_SECONDS:
                    path.unlink()
        total = sum(size for _, size, _ in entries)
        if total <= self._limit:
            return total
        # The newest stays: it is what was asked for just now, whatever its size.
        for _, size, path in sorted(entries)[:-1]:
            if total <= self._limit * _KEEP:
                break
            path.unlink(missing_ok=True)
            total -= size
        return total


def _limit() -> int:
    said = os.environ.get("VTGDATA_FRAMES_GB") or str(LIMIT_GB)
    try:
        found = float(said)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise VtgError(f"$VTGDATA_FRAMES_GB is {said!r}: give the gigabytes that stored frames may take, above 0.")
    return int(found * 1e9)


def _wait_for(file: IO[Any]) -> None:
    try:
        import fcntl
    except ModuleNotFoundError:
        return  # a system without such locks: the worst is that a video is decoded twice
    with contextlib.suppress(OSError):  # so has a file system without them
        fcntl.flock(file, fcntl.LOCK_EX)
