"""The frame store's folder, shared by processes: locks while an entry is made, and deletion above a size limit."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from vtgdata.errors import VtgError
from vtgdata.files.temporary import left_behind

LIMIT_GB = 50.0
"""Default size limit of the folder."""
_KEEP = 0.9
"""Share of the limit to which a full folder is reduced, so that not every new entry causes a deletion."""
PICTURES = ".pictures"
"""Ending of the folder that has an entry's frames as files."""
_ENTRY = re.compile(
    r"([0-9a-f]{2})/([0-9a-f]{2})/"
    r"(?:\1\2[0-9a-f]{12}\.(?:parquet|pictures)|\.\1\2[0-9a-f]{12}\.(?:parquet|pictures)\..*\.tmp)"
)
"""Paths that the store writes below its folder; it never deletes any other file there."""


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
        for path in self._folder.glob("*/*/*"):
            if not _ENTRY.fullmatch(path.relative_to(self._folder).as_posix()):
                continue
            with contextlib.suppress(OSError):
                if path.suffix in (".parquet", PICTURES):
                    entries.append((path.stat().st_mtime, _size(path), path))
                elif left_behind(path):
                    _delete(path)
        total = sum(size for _, size, _ in entries)
        if total <= self._limit:
            return total
        # The newest stays, whatever its size: it has just been asked for.
        for _, size, path in sorted(entries)[:-1]:
            if total <= self._limit * _KEEP:
                break
            _delete(path)
            total -= size
        return total


def _size(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    return sum(each.stat().st_size for each in path.iterdir()) if path.is_dir() else path.stat().st_size


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


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
