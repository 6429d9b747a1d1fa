"""Owners: the process that holds a file or a folder, as the side folder of its lease names it, and whether it lives."""

import datetime
import os
import socket
import time
import uuid
from pathlib import Path

import msgspec

from vtgdata.files import outside, processes

STALE_SECONDS = 120.0
"""Seconds without a heartbeat after which the lease of another machine is taken over."""


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """The process that holds a lease, as the side folder names it."""

    pid: int
    host: str
    since: str
    """ISO 8601, UTC."""
    machine: str = ""
    """Boot id and process namespace; where both are equal, process ids can be compared."""
    started: str = ""
    """When the process started, in the system's own ticks: distinguishes it from a later process with the same id."""
    token: str = ""
    """Different for every lease, also within one process."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since}"


def owner_path(path: Path) -> Path:
    """The side folder that says who holds a file; earlier versions wrote a file of that name."""
    return path.with_name(f"{path.name}.owner.json")


def owner(path: Path) -> Owner | None:
    """The process that holds the file, or that held it last and was killed; None when none is named."""
    entry = entry_of(owner_path(path))
    return None if entry is None else read(entry)


def holder(path: Path) -> Owner | None:
    """The living process that holds the file, or None. Writes nothing, so this machine's clock is used to judge."""
    entry = entry_of(owner_path(path))
    named = None if entry is None else read(entry)
    try:
        # A clock may have gone back since: what is dated hours ahead is no sign of life either.
        silent = abs(time.time() - entry.stat().st_mtime) if entry is not None else 0.0
    except FileNotFoundError:
        return None
    return named if named is not None and lives(named, silent) else None


def entry_of(lease: Path) -> Path | None:
    """The file that names a lease's holder: the one in the side folder, or itself where an earlier version wrote it."""
    try:
        found = sorted(lease.iterdir())
    except NotADirectoryError:
        return lease
    except OSError:
        return None
    return found[0] if found else None


def read(entry: Path) -> Owner | None:
    """The owner that the file of a lease names; None if it is gone or torn, or no regular file."""
    try:
        return msgspec.json.decode(outside.read_bytes(entry), type=Owner)
    except (OSError, msgspec.DecodeError):
        return None


def this_process() -> Owner:
    """This process as an Owner, with a token of its own each time."""
    since = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return Owner(
        pid=os.getpid(),
        host=socket.gethostname(),
        since=since,
        machine=processes.machine(),
        started=processes.started(os.getpid()) or "",
        token=uuid.uuid4().hex,
    )


def lives(holder: Owner, silent: float) -> bool:
    """Whether a holder must be assumed to be alive.

    Args:
        holder: as its lease names it.
        silent: seconds since the last heartbeat, by the file server's clock.

    On this machine the process itself is checked: if it is gone, or another process has its id, the holder is dead at
    once. A holder on another machine can only be judged by its silence.
    """
    if holder.machine != processes.machine():
        return silent < STALE_SECONDS
    started = processes.started(holder.pid)
    return started is not None and started == holder.started


def locked(path: Path, holder: Owner | None) -> str:
    """The error message for a file or folder that another process holds."""
    who = holder or "another process"
    return f"{path}: held by {who}. Wait until it ends, stop it, or choose another --out."
