"""Says how far a run is: one line that is written anew on a terminal, plain lines elsewhere."""

import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from vtgdata.engine.progress import INTERVAL, Progress, span

log = logging.getLogger("vtgdata")
T = TypeVar("T")

PLAIN_SECONDS = 30.0
"""Between two plain lines, at least: a log of a day stays readable."""
LOOP_SECONDS = 10.0
"""The same for a loop of minutes."""
CLEAR = "\r\x1b[K"
"""To the start of the line, and what was written there is gone."""


class Count(NamedTuple):
    """How far a loop is."""

    done: int
    total: int
    unit: str
    """What is counted, in the plural."""
    seconds_left: float | None = None
    """At the pace so far; None before the first is done."""

    @property
    def ended(self) -> bool:
        """Whether all is done."""
        return self.done == self.total

    def __str__(self) -> str:
        said = f"{self.done:,} of {self.total:,} {self.unit}"
        return said if self.ended or self.seconds_left is None else f"{said}, {span(self.seconds_left)} to go"


def told(items: Iterable[T], total: int, what: str, unit: str) -> Iterator[T]:
    """Items as they come; says how many of `total` are done, and how long the others will take at this pace."""
    tell = teller(what, LOOP_SECONDS)
    begun = last = time.monotonic()
    tell(Count(0, total, unit))
    for number, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if number == total or now - last >= INTERVAL:
            last = now
            tell(Count(number, total, unit, (now - begun) / number * (total - number)))


def on_terminal() -> bool:
    """Whether what is written to stderr can be written over."""
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def teller(what: str, plain_seconds: float = PLAIN_SECONDS) -> Callable[[Progress | Count], None]:
    """What tells of a run. Args: what: its name; plain_seconds: between two plain lines, at least."""
    return _line(what) if on_terminal() else _plain(what, plain_seconds)


def _line(what: str) -> Callable[[Progress | Count], None]:
    def tell(progress: Progress | Count) -> None:
        if log.isEnabledFor(logging.INFO):
            said = f"{what}: {progress}"[: shutil.get_terminal_size().columns - 1]
            sys.stderr.write(f"{CLEAR}{said}" + ("\n" if progress.ended else ""))
            sys.stderr.flush()

    return tell


def _plain(what: str, seconds: float) -> Callable[[Progress | Count], None]:
    last: float | None = None

    def tell(progress: Progress | Count) -> None:
        nonlocal last
        now = time.monotonic()
        if last is None or progress.ended or now - last >= seconds:
            last = now
            log.info("%s: %s", what, progress)

    return tell
