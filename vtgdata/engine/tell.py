"""Says how far a run is: one line that is written anew on a terminal, plain lines elsewhere."""

import logging
import os
import shutil
import sys
import time
from collections.abc import Callable

from vtgdata.engine.progress import Progress

log = logging.getLogger("vtgdata")

PLAIN_SECONDS = 30.0
"""Between two plain lines, at least: a log of a day stays readable."""
CLEAR = "\r\x1b[K"
"""To the start of the line, and what was written there is gone."""


def on_terminal() -> bool:
    """Whether what is written to stderr can be written over."""
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def teller(what: str) -> Callable[[Progress], None]:
    """What tells of a run; `what` names it."""
    return _line(what) if on_terminal() else _plain(what)


def _line(what: str) -> Callable[[Progress], None]:
    def tell(progress: Progress) -> None:
        if log.isEnabledFor(logging.INFO):
            said = f"{what}: {progress}"[: shutil.get_terminal_size().columns - 1]
            sys.stderr.write(f"{CLEAR}{said}" + ("\n" if progress.ended else ""))
            sys.stderr.flush()

    return tell


def _plain(what: str) -> Callable[[Progress], None]:
    last: float | None = None

    def tell(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if last is None or progress.ended or now - last >= PLAIN_SECONDS:
            last = now
            log.info("%s: %s", what, progress)

    return tell
