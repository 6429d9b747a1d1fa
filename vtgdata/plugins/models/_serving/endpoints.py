"""Which of several servers of a model an answer is asked from, and until when it is tried.

An answer goes to the server with the least outstanding of those that are free (`server_state` says which are). One
that failed goes elsewhere at once, and to the same server after a while. What only says that a server is down or busy
uses up none of its tries, but no answer waits longer than `max_wait` for servers that are.
"""

import asyncio
import logging
import time
from collections.abc import Iterable

from vtgdata.errors import EndpointRefused
from vtgdata.plugins.models._serving.server import Failed, Kind, Server, Waits, longest_chance

log = logging.getLogger("vtgdata")

COUNTED: dict[Kind, int] = {"late": 2, "cut": 1, "broken": 1}
"""Failures that may be the request's own fault, and how many of its tries each uses up: an answer that did not come in
time may be paid for all the same."""
TOO_LONG = "a longer pause is asked for than --max-wait"
SLACK = 0.1
"""Seconds more that an answer may wait, beside the chance part of a pause: to be late is no reason to fail."""


class Trial:
    """One answer on its way, and what it met so far. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.requests = self.counted = 0
        self.sent = 0.0
        """When its last request was."""
        self.since: float | None = None
        """Its first failure."""
        self.last: Server | None = None
        self.not_before: dict[Server, float] = {}
        """It failed there, and goes elsewhere until then."""


class Endpoints:
    """Any number of servers of the same model."""

    def __init__(self, servers: Iterable[Server], waits: Waits, max_wait: float) -> None:
        self.servers, self.waits, self.max_wait = list(servers), waits, max_wait
        self.waiting: list[asyncio.Future[None]] = []
        self.down_since: float | None = None
        """Since then no server answered, and at least one failed."""
        self.why: Failed | None = None
        """The last failure."""
        self.answering = False
        """Some server did, at some time."""
        self.broken = 0
        """Counted failures before any server answered: those of a wrong address or a wrong setting."""

    async def place(self, trial: Trial) -> Server:
        """A server that this answer may ask now, after waiting where none is free; `leave` it in any case.

        Raises Failed when none will be free in time, and EndpointRefused when all of them refused.
        """
        while True:
            now = time.monotonic()
            living = [server for server in self.servers if server.refused is None]
            if not living:
                await self._ended()
                raise self._refused()
            ready = {server: max(server.ready_at, trial.not_before.get(server, 0.0)) for server in living}
            if free := [server for server in living if ready[server] <= now and not server.full]:
                return self._begin(min(free, key=lambda server: (server.outstanding, server.sent)), trial, now)
            first = min(living, key=ready.__getitem__)
            if ready[first] > self._until(trial):
                raise self._too_late(first, now)
            await self._change(min((moment for moment in ready.values() if moment > now), default=None), now)

    def answered(self, server: Server) -> None:
        """Note that a server gave an answer, or said what is wrong with the request."""
        server.well()
        self.down_since, self.answering = None, True

    def failed(self, server: Server, trial: Trial, failed: Failed) -> None:
        """Note a failure; raises it when another try does not help, or the answer has used up its tries."""
        if failed.kind == "request":
            self.answered(server)
            raise failed
        now, pause = time.monotonic(), failed.pause or 0.0
        if pause > self.max_wait >= server.asked:
            log.warning(
                "%s asks for a pause of %.0f s, and --max-wait is %g s: answers that only it could give fail now, and "
                "the next run asks again", server.name, pause, self.max_wait,
            )  # fmt: skip
        server.failed(failed, trial.sent)
        self.why, self.down_since, trial.since = failed, self.down_since or now, trial.since or now
        counted = COUNTED.get(failed.kind, 0)
        self.broken += counted if not self.answering else 0
        trial.counted += counted
        if trial.counted >= self.waits.tries:
            raise failed
        if failed.kind != "limit":
            trial.not_before[server] = now + self.waits.growing(self.waits.first, trial.requests)

    def refuse(self, server: Server, refused: EndpointRefused) -> None:
        """Take out a server that refuses for good."""
        others = sum(other.refused is None for other in self.servers if other is not server)
        if server.refused is None and others:
            log.warning("%s; the other servers (%d) go on", refused, others)
        server.refused = refused

    def leave(self, server: Server) -> None:
        """Note that a request has ended, however it did."""
        server.outstanding -= 1
        # All of them, in the order in which they came: the first that can go does, the others wait on in that order.
        waiting, self.waiting = self.waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def rest(self) -> None:
        """Note that nothing is asked for a while: what was down may be up when the next answer comes."""
        self.down_since, self.broken = None, 0

    def _begin(self, server: Server, trial: Trial, now: float) -> Server:
        server.begin(now)
        trial.requests, trial.sent, trial.last = trial.requests + 1, now, server
        return server

    def _until(self, trial: Trial) -> float:
        """How long this answer may wait."""
        if self.broken >= self.waits.tries and not self.answering:
            return 0.0
        since = [moment for moment in (trial.since, self.down_since) if moment is not None]
        return min(since) + self.max_wait + longest_chance(self.max_wait) + SLACK if since else float("inf")

    def _too_late(self, first: Server, now: float) -> Failed:
        if first.asked > self.max_wait:
            reason = f"{first.asked_with}: {TOO_LONG}"
            return Failed("limit", reason, f"{reason} ({first.rests_until - now:.0f} s more)")
        why = self.why or Failed("busy", "no server is free")
        return Failed(why.kind, why.reason, f"{why}; no server answered within --max-wait, {self.max_wait:g} s")

    async def _ended(self) -> None:
        """Wait until the requests on their way have ended: their answers are paid for, and the run ends after this."""
        while any(server.outstanding for server in self.servers):
            await self._change(None, 0.0)
        # Whoever was answered last needs a few turns of the loop to hand its answer on.
        for _ in range(10):
            await asyncio.sleep(0)

    def _refused(self) -> EndpointRefused:
        words, others = str(self.servers[0].refused), len(self.servers) - 1
        return EndpointRefused(f"{words}; the other servers ({others}) refused too" if others else words)

    async def _change(self, until: float | None, now: float) -> None:
        """Wait until a request ends, or that moment has come."""
        waiter = asyncio.get_running_loop().create_future()
        self.waiting.append(waiter)
        try:
            async with asyncio.timeout(None if until is None else until - now):
                await waiter
        except TimeoutError:
            pass
        finally:
            if waiter in self.waiting:
                self.waiting.remove(waiter)
