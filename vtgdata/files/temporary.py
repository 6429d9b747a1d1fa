"""Temporary files and folders: private, and named after the process that writes them.

A name says the machine, the process and when that started, so that what a killed one left is known, and goes: it is
deleted by the next process that writes in the folder; what another machine left, after a week without a change. The
random part of a name lets nobody guess it and put a link there.
"""

import contextlib
import functools
import hashlib
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from vtgdata.files import processes

FORGOTTEN_SECONDS = 7 * 86400.0
"""Age at which what another machine left is deleted: nothing of ours is written for so long."""
_NAME = re.compile(r"\..*\.([0-9a-f]{8})-(\d{1,9})-(\d{0,19})-[0-9a-f]{16}\.tmp", re.DOTALL)
_EARLIER = re.compile(r"\..+\.\d{1,9}\.tmp", re.DOTALL)
"""Names that earlier versions gave; they do not say which machine the process number belongs to."""
_tidied: set[Path] = set()


def beside(path: Path) -> Path:
    """A new hidden name in the folder of a file, for what will be moved to the file's place."""
    _tidy_once(path.parent)
    # A name has at most 255 bytes; this one needs no more of the other than people need to know it again.
    name = os.fsencode(path.name)[:180].decode(errors="ignore")
    process = os.getpid()
    tag = f"{_machine()}-{process}-{processes.started(process) or ''}-{secrets.token_hex(8)}"
    return path.with_name(f".{name}.{tag}.tmp")


def create(path: Path) -> BinaryIO:
    """Open a file that must not exist yet, for writing; until `publish` only this user can read it.

    No link is followed. Raises FileExistsError when there is something at the path.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    return os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0), 0o600), "w+b")


def publish(file: BinaryIO) -> None:
    """Give a file the rights that new files of this user have."""
    try:
        os.fchmod(file.fileno(), 0o666 & ~_umask())
    except (OSError, AttributeError):
        return  # a file system, or a system, without such rights


@contextmanager
def folder(path: Path | None = None) -> Generator[Path]:
    """A new empty folder, deleted at the end unless it was moved away.

    Args:
        path: it lies beside this file or folder, to be moved to its place; for None it lies among the system's
            temporary files, where only this user may look into it.
    """
    place = beside(path or system() / "vtgdata")
    place.mkdir(mode=0o777 if path else 0o700)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def system() -> Path:
    """The system's folder for temporary files: the first that takes a file, of those that Python considers.

    Python finds it by writing a file whose name does not say whose it is, so what a run left that was killed meanwhile
    would stay for ever. Here the file has a name of ours. Called before any library asks Python for the folder, it
    answers for them too. Raises FileNotFoundError when no folder takes a file.
    """
    if tempfile.tempdir is None:
        tempfile.tempdir = next((str(place) for place in _considered() if _takes_a_file(place)), None)
    return Path(tempfile.gettempdir())


def _considered() -> Generator[Path]:
    for variable in ("TMPDIR", "TEMP", "TMP"):
        if named := os.environ.get(variable):
            yield Path(named).absolute()
    if os.name != "nt":
        yield from map(Path, ("/tmp", "/var/tmp", "/usr/tmp"))
        yield Path.cwd()


def _takes_a_file(folder: Path) -> bool:
    place = beside(folder / "vtgdata")
    try:
        with create(place) as file:
            file.write(b"any")
    except OSError:
        return False
    finally:
        with contextlib.suppress(OSError):
            place.unlink()
    return True


def tidy(folder: Path, *, earlier: bool = True) -> None:
    """Delete what dead processes left in a folder under their names.

    Args:
        folder: one that we write, for all names; any folder for those that nobody else gives.
        earlier: whether names of earlier versions count, which another program may give too (`.notes.123.tmp`).
    """
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            path = Path(entry.path)
            if not left_behind(path) or not (earlier or _NAME.fullmatch(path.name)):
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    path.unlink()


def _tidy_once(folder: Path) -> None:
    """Tidy a folder when this process first writes in it: a folder may have many files, and is not read again."""
    if folder not in _tidied:
        _tidied.add(folder)
        tidy(folder, earlier=False)


def left_behind(path: Path) -> bool:
    """Whether a path has the name of a temporary file of ours, and its process is surely dead.

    A process of this machine is looked up. Those of other machines cannot be: their file counts as left when it was not
    changed for FORGOTTEN_SECONDS, by the clock of the machine that keeps the files.
    """
    found = _NAME.fullmatch(path.name)
    if found is None:
        return _EARLIER.fullmatch(path.name) is not None and _forgotten(path)
    if found[1] != _machine():
        return _forgotten(path)
    return processes.started(int(found[2])) != found[3]


def _forgotten(path: Path) -> bool:
    try:
        now = max(time.time(), path.parent.stat().st_mtime)
        return now - path.stat(follow_symlinks=False).st_mtime > FORGOTTEN_SECONDS
    except OSError:
        return False


def _machine() -> str:
    return hashlib.sha256(processes.machine().encode(errors="surrogateescape")).hexdigest()[:8]


@functools.cache
def _umask() -> int:
    """The rights that this process withholds from new files."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        status = ""
    if told := re.search(r"^Umask:\s*([0-7]+)$", status, re.MULTILINE):
        return int(told[1], 8)
    mask = os.umask(0o077)  # the only other way to read it is to change it
    os.umask(mask)
    return mask
