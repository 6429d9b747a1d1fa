"""Named places where a test can kill the process, like a power cut: `VTGDATA_FAIL_POINT=NAME:COUNT`.

Without the variable nothing happens there.
"""

import os
import signal
from collections import Counter

from vtgdata.errors import VtgError

VARIABLE = "VTGDATA_FAIL_POINT"
POINTS = (
    "lease-taken", "answer-came", "journal-begun", "journal-written", "journal-committed", "answer-acknowledged",
    "parquet-piece", "file-written", "file-replaced", "step-staged", "output-moved", "meta-moved", "step-done",
)  # fmt: skip

_passed: Counter[str] = Counter()


def crash_here(name: str) -> None:
    """Kill this process (SIGKILL) if the variable names this place and it is reached for the COUNT-th time.

    Raises VtgError when the variable is set and does not name a place.
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
