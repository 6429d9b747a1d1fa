"""Chooses the server for each request, among several servers of one model, and decides how long to retry.

A request goes to the free server with the fewest outstanding requests (`server` decides which are free). After a
failure it is sent to another server at once, and to the same server only after a backoff. A failure that only shows
that the server is down or busy uses up no try, but no answer waits longer than `max_wait` for such servers.
"""

import asyncio
import logging
import math
import time
from collections.abc import Iterable

from vtgdata.errors import EndpointRefused
from vtgdata.plugins.models._serving.doubt import About
from vtgdata.plugins.models._serving.server import Failed, Kind, Server, Waits, longest_chance
from vtgdata.records import Reply

log = logging.getLogger("vtgdata")

COUNTED: dict[Kind, int] = {"late": 2, "cut": 1, "broken": 1}
"""Kinds of failure that may be the request's own fault -> how many of its tries each uses up. A late answer uses two,
because it may have to be paid for although it never arrived."""
TOO_LONG = "a longer pause is asked for than --max-wait"
GIVEN_UP = 24
"""Answers given up for want of a server, with no answer ever, after which the run ends."""
SLACK = 0.1
"""Seconds of grace on top of the jitter of a pause, so that small delays alone never fail an answer."""


class Trial:
    """One answer that is being requested, and its failures so far. Times are monotonic seconds."""

    def __init__(self, what: About | None = None) -> None:
        self.what = what or About(b"", b"")
        self.requests = self.counted = 0
        self.sent = 0.0
        """Time of its last request."""
        self.since: float | None = None
        """Time of its first failure."""
        self.last: Server | None = None
        self.not_before: dict[Server, float] = {}
        """Servers where it failed -> the time before which it is not sent there again."""
        self.refused: Failed | None = None
        """The last refusal: another server may answer all the same."""


class Endpoints:
    """Any number of servers of the same model."""

    def __init__(self, servers: Iterable[Server], waits: Waits, max_wait: float) -> None:
        self.servers, self.waits, self.max_wait = list(servers), waits, max_wait
        self.waiting: list[asyncio.Future[None]] = []
        self.down_since: float | None = None
        """Time of the first failure after the last answer of any server; None if there was none."""
        self.why: Failed | None = None
        """The last failure."""
        self.answering = False
        """Whether any server has ever answered."""
        self.unsent = 0
        """Answers that were given up before any server ever answered, because none was free in time."""
        self.broken = 0
        """Tries used up (`COUNTED`) before any server ever answered, as happens with a wrong address or setting."""

    async def place(self, trial: Trial) -> Server:
        """Wait until a server is free for this answer, and return it; the caller must call `leave` in any case.

        Raises Failed when no server will be free in time, and EndpointRefused when all servers have refused.
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
            if ready[first] == math.inf and trial.refused is not None:
                raise trial.refused
            if ready[first] > self._until(trial):
                raise self._too_late(first, now)
            await self._change(min((moment for moment in ready.values() if now < moment < math.inf), default=None), now)

    def answered(self, server: Server, trial: Trial, reply: Reply) -> None:
        """Note an answer; an empty one, of a content filter, is no sign that the server answers others."""
        if reply.finish_reason == "content_filter" and not reply.text:
            self._filtered(server, trial, reply)
            return
        server.well()
        server.doubt.answer()
        self.down_since, self.answering = None, True

    def _filtered(self, server: Server, trial: Trial, reply: Reply) -> None:
        server.works()
        self.down_since = None
        words = reply.detail or "no words"
        if server.doubt.refusal(words, trial.what, account=False):
            self.refuse(
                server,
                EndpointRefused(
                    f"{server.name}: its content filter refused the first {server.doubt.asked} requests, and it has "
                    f"answered nothing. It says: {words}. See the prompt and the filter's settings."
                ),
            )

    def failed(self, server: Server, trial: Trial, failed: Failed) -> None:
        """Note a failure; raises it when another try cannot help or the answer has used up its tries."""
        if failed.kind in ("request", "account"):
            self._refusal(server, trial, failed)
            return
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

    def _refusal(self, server: Server, trial: Trial, failed: Failed) -> None:
        """Note a refusal: another server may answer all the same."""
        server.works()
        self.down_since, account = None, failed.kind == "account"
        trial.refused = failed
        # Each refusal of this kind counts, also of the same prompt.
        what = About(str(server.sent).encode(), b"") if failed.of_server else trial.what
        all_of_them = server.doubt.refusal(failed.reason, what, account=account)
        if all_of_them or (failed.of_server and not server.doubt.answered and self._others(server)):
            times = f" ({server.doubt.asked} refusals, and no answer between)" if server.doubt.asked > 1 else ""
            self.refuse(server, EndpointRefused(f"{server.name} {failed.advice}{times}"))
        # No time is soon enough for this server; `place` raises the refusal when no other one is left.
        trial.not_before[server] = math.inf

    def refuse(self, server: Server, refused: EndpointRefused) -> None:
        """Stop using a server that refuses for good."""
        others = self._others(server)
        if server.refused is None and others:
            log.warning("%s; the other servers (%d) go on", refused, others)
        server.refused = refused

    def _others(self, server: Server) -> int:
        """How many other servers are left."""
        return sum(other.refused is None for other in self.servers if other is not server)

    def leave(self, server: Server) -> None:
        """Note that a request has ended, with or without an answer."""
        server.outstanding -= 1
        # Wake all waiters in order of arrival: those that find a free server go, the others queue again in that order.
        waiting, self.waiting = self.waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def rest(self) -> None:
        """Note that no requests follow for a while: servers that were down may be up when the next one comes."""
        self.down_since, self.broken = None, 0

    def _begin(self, server: Server, trial: Trial, now: float) -> Server:
        server.begin(now)
        trial.requests, trial.sent, trial.last = trial.requests + 1, now, server
        return server

    def _until(self, trial: Trial) -> float:
        """The time until which this answer may wait for a server; infinity if nothing has failed."""
        if self.broken >= self.waits.tries and not self.answering:
            return 0.0
        since = [moment for moment in (trial.since, self.down_since) if moment is not None]
        return min(since) + self.max_wait + longest_chance(self.max_wait) + SLACK if since else float("inf")

    def _too_late(self, first: Server, now: float) -> Failed:
        if first.asked > self.max_wait:
            reason = f"{first.asked_with}: {TOO_LONG}"
            return Failed("limit", reason, f"{reason} ({first.rests_until - now:.0f} s more)")
        why = self.why or Failed("busy", "no server is free")
        self.unsent += 1
        if not self.answering and self.unsent >= GIVEN_UP:
            for server in self.servers:
                server.refused = server.refused or EndpointRefused(
                    f"{server.name} has answered none of the first {self.unsent} requests: {why}. See that it is up, "
                    "and run the same command again."
                )
        return Failed(why.kind, why.reason, f"{why}; no server answered within --max-wait, {self.max_wait:g} s")

    async def _ended(self) -> None:
        """Wait until all requests in flight have ended: their answers are paid for, and the run ends after this."""
        while any(server.outstanding for server in self.servers):
            await self._change(None, 0.0)
        # The task that was answered last needs a few turns of the event loop to pass its answer on.
        for _ in range(10):
            await asyncio.sleep(0)

    def _refused(self) -> EndpointRefused:
        words, others = str(self.servers[0].refused), len(self.servers) - 1
        return EndpointRefused(f"{words}; the other servers ({others}) refused too" if others else words)

    async def _change(self, until: float | None, now: float) -> None:
        """Wait until a request ends or, if `until` is given, until that time."""
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
