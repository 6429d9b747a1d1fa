"""Temporary files and folders, named after the process that writes them: what a killed one left is known, and goes.

A name says the machine, the process and when that started, so it is unique among machines that share a folder. What
lies there under the name of a dead process of this machine is deleted by the next process that writes in the folder;
what another machine left, after a week without a change.
"""

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from vtgdata.files import processes

FORGOTTEN_SECONDS = 7 * 86400.0
"""Age at which what another machine left is deleted: nothing of ours is written for so long."""
_NAME = re.compile(r"\..*\.([0-9a-f]{8})-(\d{1,9})-(\d*)-[0-9a-f]{8}\.tmp", re.DOTALL)
_tidied: set[Path] = set()


def beside(path: Path) -> Path:
    """A new hidden name in the folder of a file, for what will be moved to the file's place."""
    _tidy_once(path.parent)
    # A name has at most 255 bytes; this one needs no more of the other than people need to know it again.
    name = os.fsencode(path.name)[:180].decode(errors="ignore")
    process = os.getpid()
    tag = f"{_machine()}-{process}-{processes.started(process) or ''}-{uuid.uuid4().hex[:8]}"
    return path.with_name(f".{name}.{tag}.tmp")


@contextmanager
def folder(path: Path | None = None) -> Generator[Path]:
    """A new empty folder, deleted at the end unless it was moved away.

    Args:
        path: it lies beside this file or folder, to be moved to its place; for None it lies among the system's
            temporary files, where only this user may look into it.
    """
    place = beside(path or Path(tempfile.gettempdir()) / "vtgdata")
    place.mkdir(mode=0o777 if path else 0o700)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def tidy(folder: Path) -> None:
    """Delete what dead processes left in a folder under their names."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            found = _NAME.fullmatch(entry.name)
            if found and _left_over(entry, found[1], int(found[2]), found[3]):
                path = Path(entry.path)
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    with contextlib.suppress(OSError):
                        path.unlink()


def _tidy_once(folder: Path) -> None:
    """Tidy a folder when this process first writes in it: a folder may have many files, and is not read again."""
    if folder not in _tidied:
        _tidied.add(folder)
        tidy(folder)


def _left_over(entry: os.DirEntry[str], machine: str, process: int, started: str) -> bool:
    if machine == _machine():
        return processes.started(process) != started
    try:
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > FORGOTTEN_SECONDS
    except OSError:
        return False


def _machine() -> str:
    return hashlib.sha256(processes.machine().encode()).hexdigest()[:8]
