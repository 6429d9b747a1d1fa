"""Temporary files beside the files that they will replace: private, and with names that no other process can have.

Several machines may share a folder, and two of them may have a process of one number. So a name says which machine and
process made the file, and has a random part too: nobody can guess it and put a link there.
"""

import functools
import hashlib
import os
import re
import secrets
import time
from pathlib import Path
from typing import BinaryIO

from vtgdata.files.lease import Owner, lives, this_process

SILENT_SECONDS = 3600.0
"""Seconds without a write after which the temporary file of another machine is taken for one that a kill left."""
_NAME = re.compile(r"\..*\.([0-9a-f]{8})-(\d{1,9})-(\d{0,19})-[0-9a-f]{16}\.tmp", re.DOTALL)
_EARLIER = re.compile(r"\..+\.\d{1,9}\.tmp", re.DOTALL)
"""Names that earlier versions gave; they do not say which machine the process number belongs to."""
_LONGEST = 40
"""Most characters of the file's own name in the temporary one: file systems allow 255 bytes in all."""


def beside(path: Path) -> Path:
    """A new name in the same folder, for a file that will replace `path`."""
    mine = _process(os.getpid())
    made_by = f"{_hashed(mine.machine)}-{mine.pid}-{mine.started}"
    return path.with_name(f".{path.name[:_LONGEST]}.{made_by}-{secrets.token_hex(8)}.tmp")


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


def left_behind(path: Path) -> bool:
    """Whether a path has the name of a temporary file of ours and its process is surely dead.

    A process of this machine is looked up. Those of other machines cannot be: their file counts as left when nothing
    was written to it for SILENT_SECONDS, by the clock of the machine that keeps the files.
    """
    found, mine = _NAME.fullmatch(path.name), _process(os.getpid())
    if found is None:
        return _EARLIER.fullmatch(path.name) is not None and _silent(path)
    if found[1] != _hashed(mine.machine):
        return _silent(path)
    return not lives(Owner(pid=int(found[2]), host="", since="", machine=mine.machine, started=found[3]), 0.0)


def _silent(path: Path) -> bool:
    try:
        now = max(time.time(), path.parent.stat().st_mtime)
        return now - path.stat().st_mtime > SILENT_SECONDS
    except OSError:
        return False


@functools.lru_cache(maxsize=1)
def _process(pid: int) -> Owner:
    """This process; `pid` is its number, so that a fork is looked up again."""
    del pid
    return this_process()


def _hashed(machine: str) -> str:
    return hashlib.sha256(machine.encode(errors="surrogateescape")).hexdigest()[:8]


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
