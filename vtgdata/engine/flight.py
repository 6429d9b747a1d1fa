"""The tasks of one run, and how a run ends before its work is done: by an error, or because somebody asks it to end.

A server charges for whatever was sent to it, whether or not anybody waits for the answer. So a run that ends early
sends nothing more, waits for the requests that are on their way, and keeps their answers. Only a limit of time, or
somebody who asks a second time, cuts a request off.
"""

import asyncio
import logging
import signal
import threading
import time
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

from vtgdata.errors import Terminated, VtgError
from vtgdata.records import NotSent

log = logging.getLogger("vtgdata")

T = TypeVar("T")

ENDS = (KeyboardInterrupt, Terminated, asyncio.CancelledError)
"""What is raised where somebody asked a run to end."""
GRACE = 5.0
"""Seconds that requests have to end once they were cut off; then they are left behind."""
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
"""Signals that ask a run to end: Ctrl-C, a scheduler, a terminal that closes."""


class Flight:
    """The tasks of one run; all methods are called in its event loop."""

    def __init__(self, model: object, limit: float) -> None:
        """Begin without a task.

        Args:
            model: told, by its `stop` if it has one, that nothing more may be sent (see `StoppableModel`).
            limit: seconds to wait for requests on their way once the run ends early.
        """
        self._model, self._limit = model, limit
        self._tasks: set[asyncio.Task[None]] = set()
        self._sent: set[asyncio.Task[Any]] = set()
        self._error: BaseException | None = None
        self._until: float | None = None
        """Time at which requests on their way are cut off; None while the run is not ending."""
        self._cut: float | None = None
        """Time at which they were cut off."""
        self._changed = asyncio.Event()

    @property
    def ending(self) -> bool:
        """Whether the run ends early, so that nothing more may be sent."""
        return self._until is not None

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a task; its error ends the run."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is not None:
            self.fail(error)
        if not self._tasks:
            self._changed.set()

    async def send(self, request: Coroutine[Any, Any, T]) -> T:
        """The result of a request; raises NotSent if the run ends before it is sent, or cuts it off."""
        if self.ending:
            request.close()
            raise NotSent
        task = asyncio.create_task(request)
        self._sent.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            if self._cut is None:
                raise
            raise NotSent from None
        finally:
            self._sent.discard(task)

    def fail(self, error: BaseException) -> None:
        """End the run because of an error: of several, the first that the user can mend is raised, else the first."""
        mends = isinstance(error, VtgError) and not isinstance(self._error, (VtgError, *ENDS))
        if self._error is None or mends:
            self._error = error
        if not self.ending:
            self._until = time.monotonic() + self._limit
            stop = getattr(self._model, "stop", None)
            if stop is not None:
                stop()
            self._changed.set()

    def ask_to_end(self, error: BaseException) -> None:
        """End the run because somebody wants it to, with `error` raised; asked a second time, end it at once."""
        if isinstance(self._error, ENDS):
            self._cut_off()
            return
        self.fail(error)
        self._error = error
        if self._sent:
            log.warning(
                "ending: waiting at most %.0f s for %d requests on their way, since they are paid for; ask again to "
                "end at once", self._limit, len(self._sent),
            )  # fmt: skip

    async def landed(self) -> None:
        """Wait until every task has ended; raises what ended the run early."""
        while self._tasks and not (self._cut and time.monotonic() > self._cut + GRACE):
            end = self._until if self._cut is None else self._cut + GRACE
            left = None if end is None else max(0.0, end - time.monotonic())
            self._changed.clear()
            try:
                async with asyncio.timeout(left):
                    await self._changed.wait()
            except TimeoutError:
                self._cut_off()
            except asyncio.CancelledError as error:
                self.ask_to_end(error)
        if self._error is not None:
            raise self._error

    def _cut_off(self) -> None:
        """Wait no longer for requests on their way."""
        if self._cut is not None:
            return
        self._cut = time.monotonic()
        if self._sent:
            log.warning(
                "%d requests were cut off on their way: a server may charge for them, and the journal does not have "
                "their answers or their cost", len(self._sent),
            )  # fmt: skip
        for task in self._sent:
            task.cancel()
        self._changed.set()


@contextmanager
def ended_by_signals(flight: Flight) -> Generator[None]:
    """Let signals ask a run to end, instead of ending the process while requests are on their way.

    A signal that this process ignores, or handles in a way of its own, stays as it is. Nothing happens outside the main
    thread, which alone gets signals, and where an event loop takes none (Windows).
    """
    loop, before = asyncio.get_running_loop(), dict[signal.Signals, Any]()
    if threading.current_thread() is threading.main_thread():
        for name in SIGNALS:
            number = getattr(signal, name, None)
            handler = signal.getsignal(number) if number is not None else signal.SIG_IGN
            # For Ctrl-C the handler is Python's own, or that of `asyncio.run`, which knows of no requests.
            if number is None or not (handler is signal.SIG_DFL or (name == "SIGINT" and callable(handler))):
                continue
            error = KeyboardInterrupt() if name == "SIGINT" else Terminated(number)
            try:
                loop.add_signal_handler(number, flight.ask_to_end, error)
            except (NotImplementedError, RuntimeError):
                break  # not the main thread, or a system without such handlers: the run ends as Python ends it
            before[number] = handler
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
