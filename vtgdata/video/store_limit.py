"""The frame store's folder, shared by processes: locks while an entry is made, and deletion above a size limit."""

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
"""Default size limit of the folder."""
_KEEP = 0.9
"""Share of the limit to which a full folder is reduced, so that not every new entry causes a deletion."""
_ENTRY = re.compile(
    r"([0-9a-f]{2})/([0-9a-f]{2})/(?:\1\2[0-9a-f]{12}\.parquet|\.\1\2[0-9a-f]{12}\.parquet\.[\w.-]+\.tmp)"
)
"""Paths that the store writes below its folder; it never deletes any other file there."""
_STALE_SECONDS = 3600.0
"""Age above which a temporary file must be that of a killed process, and is deleted."""


class Room:
    """A folder of entries `ab/cd/*.parquet` that stays below a size."""

    def __init__(self, folder: Path, limit: int | None = None) -> None:
        """Nothing is read yet; raises VtgError when `$VTGDATA_FRAMES_GB` is not a number above 0."""
        self._folder = folder
        self._limit = _limit() if limit is None else limit
        self._size: int | None = None
        self._lock = threading.Lock()

    @contextmanager
    def held(self, frames_id: str) -> Generator[None]:
        """Lock an entry while this process makes it; others that want it wait. A lock ends with its process."""
        self._folder.mkdir(parents=True, exist_ok=True)
        # Entries whose ids begin alike share a lock, so that there are few lock files.
        with (self._folder / f".{frames_id[:2]}.lock").open("wb") as file:
            _wait_for(file)
            yield

    def used(self, path: Path) -> None:
        """Note that an entry was used now."""
        with contextlib.suppress(OSError):  # the folder is read-only, or the file is gone: it was read all the same
            os.utime(path)

    def added(self, size: int) -> None:
        """Note a new entry of `size` bytes; if the folder is now too large, delete the least recently used entries."""
        with self._lock:
            if self._size is None or self._size + size > self._limit:
                self._size = self._reduced()
            else:
                self._size += size

    def _reduced(self) -> int:
        """Bring the folder below the limit; returns its size in bytes, with what other processes added."""
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
        # The newest stays, whatever its size: it has just been asked for.
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
        return  # a system without such locks: at worst a video is decoded twice
    with contextlib.suppress(OSError):  # a file system without such locks: the same
        fcntl.flock(file, fcntl.LOCK_EX)
