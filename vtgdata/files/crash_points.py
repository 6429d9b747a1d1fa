"""Named places where a test can end the process like a power cut, or fill the disk: `VTGDATA_FAIL_POINT=NAME:COUNT`.

`any` stands for all places: the process is killed at the COUNT-th that it reaches, whichever that is. `disk-full` does
not kill: from the COUNT-th write on there is no space left. Without the variable nothing happens.
"""

import errno
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any, BinaryIO, cast

from vtgdata.errors import VtgError

VARIABLE = "VTGDATA_FAIL_POINT"
POINTS = (
    "lease-taken", "answer-came", "journal-begun", "journal-written", "journal-committed", "answer-acknowledged",
    "parquet-piece", "file-written", "file-replaced", "step-staged", "output-moved", "meta-moved", "step-done",
)  # fmt: skip
ANY, FULL = "any", "disk-full"

_passed: Counter[str] = Counter()


def crash_here(name: str) -> None:
    """Kill this process (SIGKILL) if the variable names this place and it is reached for the COUNT-th time.

    Raises VtgError when the variable is set and does not name a place.
    """
    place, count = _wanted()
    if place in (name, ANY):
        _passed[place] += 1
        if _passed[place] == count:
            os.kill(os.getpid(), signal.SIGKILL)


def full_here(path: Path) -> None:
    """Raise the OSError of a full disk if the variable asks for one and so many writes have come before.

    Args:
        path: of the file or folder that is about to be written.
    """
    place, count = _wanted()
    if place == FULL:
        _passed[place] += 1
        if _passed[place] >= count:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def filling(file: BinaryIO, path: Path) -> BinaryIO:
    """The file, open for writing; one whose every write counts for `disk-full`, if the variable asks for that."""
    return cast(BinaryIO, _Filling(file, path)) if _wanted()[0] == FULL else file


def passed() -> int:
    """How often the places that the variable names were reached."""
    return _passed.total()


def _wanted() -> tuple[str, int]:
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return "", 0
    place, _, count = wanted.partition(":")
    if place not in (*POINTS, ANY, FULL) or not (count or "1").isdigit():
        known = ", ".join((*POINTS, ANY, FULL))
        raise VtgError(f"{VARIABLE}={wanted!r}: write NAME:COUNT, with one of {known}. Or unset it.")
    return place, int(count or 1)


class _Filling:
    """A file whose every write passes `full_here`."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path

    def write(self, data: Any) -> int:
        full_here(self._path)
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
