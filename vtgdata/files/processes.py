"""Which process this is, and whether another one still runs: on this machine exactly, by more than its number."""

import os
import socket
from functools import cache
from pathlib import Path


@cache
def machine() -> str:
    """Boot id and process namespace: where both are equal, process numbers can be compared."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def started(pid: int) -> str | None:
    """When a process of this machine started, in the system's ticks; "" if the system does not tell; None if it died.

    It distinguishes a process from a later one with the same number.
    """
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if state == "Z" else fields[18]
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
    except OSError:
        pass
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return None
    except OSError:
        pass
    return ""
