"""Named places at which a test can have the process killed, as a power cut would: `VTGDATA_FAIL_POINT=NAME:COUNT`.

Where the variable is not set, nothing happens there.
"""

import os
import signal
from collections import Counter

from vtgdata.errors import VtgError

VARIABLE = "VTGDATA_FAIL_POINT"
POINTS = (
    "lease-taken", "answer-came", "journal-begun", "journal-written", "journal-committed", "answer-acknowledged",
    "meta-removed", "parquet-piece", "file-written", "file-replaced", "step-done",
)  # fmt: skip

_passed: Counter[str] = Counter()


def crash_here(name: str) -> None:
    """Be killed (SIGKILL) here when the variable names this place, the COUNT-th time that it is reached.

    Raises VtgError when the variable is set and names no place.
    """
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    place, _, count = wanted.partition(":")
    if place not in POINTS or not (count or "1").isdigit():
        raise VtgError(f"{VARIABLE}={wanted!r}: write NAME:COUNT, with one of {', '.join(POINTS)}. Or unset it.")
    if place == name:
        _passed[name] += 1
        if _passed[name] == int(count or 1):
            os.kill(os.getpid(), signal.SIGKILL)
