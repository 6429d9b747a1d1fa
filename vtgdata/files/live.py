"""How far a command is: one line, overwritten on a terminal, else a plain line every 30 seconds.

`watch` shows it as long as a command runs, whatever the command does: what nobody counts is at least timed. A loop is
counted by `each`; tables count their rows by `Work` as they are read and written.
"""

import contextlib
import logging
import os
import shutil
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TypeVar

from vtgdata.files.outside_text import order, safe
from vtgdata.files.pace import Count, State, Timed

INTERVAL = 1.0
"""Seconds between two states of the line on a terminal; what takes less has no line."""
PLAIN_SECONDS = 30.0
"""Seconds between two plain lines, so that the log of a day stays readable."""
WINDOW = 60.0
"""Seconds over which the pace is measured."""
CLEAR = "\r\x1b[K"
"""Terminal codes that go to the start of the line and erase the line."""

T = TypeVar("T")
log = logging.getLogger("vtgdata")


class Work:
    """Items that are counted while one goes through them. It costs little, so that every table has one."""

    def __init__(self, unit: str, total: int = 0, *, begun: int = 0) -> None:
        """Begin to count.

        Args:
            unit: what is counted, in the plural.
            total: how many there are; 0 if unknown.
            begun: how many an earlier run has done.
        """
        self.unit, self.total, self.done = unit, total, begun
        self.more = ""
        """Further figures, as text."""
        self._begun = time.monotonic()
        self._past = deque([(self._begun, begun)])
        if _line.what:
            _line.works.append(self)

    def end(self) -> None:
        """Count no more: the line shows what was begun before."""
        with contextlib.suppress(ValueError):
            _line.works.remove(self)

    def state(self) -> Count:
        """How far it is now; the pace is that of the last minute."""
        now = time.monotonic()
        with _line.lock:
            self._past.append((now, self.done))
            while len(self._past) > 2 and self._past[1][0] <= now - WINDOW:
                self._past.popleft()
            then, before = self._past[0]
        rate = (self.done - before) / (now - then) if now > then else None
        return Count(self.done, self.total, self.unit, rate, now - self._begun, self.more)


class _Line:
    """The line, of which a process has one."""

    def __init__(self) -> None:
        self.what = ""
        """Name of the command that runs; empty where none is watched."""
        self.doing = "working"
        self.works: list[Work] = []
        """What is counted now; of several, the line shows the last that was begun."""
        self.told: tuple[str, Callable[[], State]] | None = None
        """What was reported last: its name, and how far it is now."""
        self.lock = threading.RLock()
        self.begun = self.drawn = self.said = time.monotonic()
        """Times: of the beginning, the last state on the terminal, the last plain line."""
        self.there = False
        """Whether the terminal shows a line that is to be overwritten."""

    def begin(self, what: str) -> None:
        self.what, self.doing, self.works, self.told = what, "working", [], None
        self.begun = self.drawn = self.said = time.monotonic()

    def state(self) -> tuple[str, State]:
        """What the line says now, with the name before it."""
        if self.told is not None and not (state := self.told[1]()).ended:
            return self.told[0], state
        for work in reversed(self.works):
            if work.done and not (state := work.state()).ended:
                return self.what, state
        return self.what, Timed(self.doing, time.monotonic() - self.begun)

    def tick(self) -> None:
        """Show how far it is, if that is due."""
        with self.lock:
            if self.what and self.due():
                self.show(*self.state())

    def due(self) -> bool:
        now = time.monotonic()
        return now - self.drawn >= INTERVAL if on_terminal() else now - self.said >= PLAIN_SECONDS

    def show(self, what: str, state: State) -> None:
        with self.lock:
            now = time.monotonic()
            if not on_terminal():
                self.said = now
                log.info("%s: %s", what, state)
                return
            if not log.isEnabledFor(logging.INFO):
                return
            self.drawn, self.there = now, not state.ended
            order(sys.stderr, f"{CLEAR}{_fitted(what, state, columns() - 1)}" + ("\n" if state.ended else ""))
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        with self.lock:
            if self.there and on_terminal():
                order(sys.stderr, CLEAR)
                sys.stderr.flush()
            self.there = False


_line = _Line()


@contextlib.contextmanager
def watch(what: str) -> Generator[None]:
    """Show how far a command is while the block runs. Args: what: its name."""
    if not log.isEnabledFor(logging.INFO) or _line.what:
        yield  # -q, or inside of another command
        return
    _line.begin(what)
    over = threading.Event()
    ticker = threading.Thread(target=_tick, args=(over,), name="live line", daemon=True)
    ticker.start()
    try:
        yield
    finally:
        over.set()
        ticker.join(1.0)
        _line.clear()
        _line.begin("")


def _tick(over: threading.Event) -> None:
    while not over.wait(min(INTERVAL, PLAIN_SECONDS)):
        _line.tick()


def clear() -> None:
    """Take the line away, before something else is written to the terminal; it comes back by itself."""
    _line.clear()


def phase(doing: str) -> None:
    """Say in a few words what the command does now, for as long as nothing is counted."""
    _line.doing = doing


def each(items: Iterable[T], total: int, what: str, unit: str) -> Iterator[T]:
    """Pass items on; says at once, then time and again, and at the end how many of `total` are done."""
    work, tell = Work(unit, total), teller(what)
    if total:
        tell(Count(0, total, unit))
    try:
        for item in items:
            yield item
            work.done += 1
            if work.done == total or _line.due():
                tell(work.state())
            _line.told = what, work.state
    finally:
        work.end()
        _line.told = None


def counted(items: Iterable[T], unit: str, total: int = 0) -> Iterator[T]:
    """Pass items on, and count them for the line of the command; says nothing by itself."""
    work = Work(unit, total)
    try:
        for item in items:
            yield item
            work.done += 1
    finally:
        work.end()


def teller(what: str) -> Callable[[State], None]:
    """A function that reports how far something is. Args: what: its name."""
    first = True

    def tell(state: State) -> None:
        nonlocal first
        with _line.lock:
            _line.told = what, lambda: state
            if first or state.ended or on_terminal() or _line.due():
                first = False
                _line.show(what, state)

    return tell


def on_terminal() -> bool:
    """Whether stderr is a terminal on which a line can be overwritten."""
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def columns() -> int:
    """Width in columns of the terminal on stderr, even if stdout goes elsewhere."""
    try:
        found = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        found = 0
    return shutil.get_terminal_size((found or 80, 24)).columns


def _fitted(what: str, state: State, width: int) -> str:
    """Name and state in one line of at most `width` characters; the name gets a third, or what the state leaves."""
    room = max(width // 3, width - len(str(state)) - 2)
    before = f"{_end(what, room)}: "
    return safe(before + state.within(max(0, width - len(before))), "")[:width]


def _end(name: str, width: int) -> str:
    """A name, cut to its last characters if it is longer than `width`: names of models differ at the end."""
    return name if len(name) <= width else "..." + name[len(name) - max(1, width - 3) :]
