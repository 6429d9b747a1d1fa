"""The state of one server, which decides when it gets requests; updated by its answers and failures, without any HTTP.

- A circuit breaker: closed while the server answers; open after failures in a row, so that nothing is sent; then
  half-open: one request at a time, until one is answered. It starts half-open, so that a wrong key costs one request.
- A limit of requests in flight: halved if the server is at its own limit, slow or down, but only once for requests
  that were in flight together. It grows by one after as many answers as the limit is.
- A pause, if the server asked for one. After a 429 it gets at most one request a second until one is answered.
"""

import logging
import random
import time
from typing import Any, Literal

import msgspec

from vtgdata.errors import EndpointRefused
from vtgdata.plugins.models._serving.dialect import Dialect
from vtgdata.plugins.models._serving.doubt import Doubt

log = logging.getLogger("vtgdata")

Kind = Literal["limit", "busy", "unreachable", "late", "cut", "broken", "request", "account"]
"""Kinds of failure: `limit`: the server is at its limit (429); `busy`: it says that it cannot answer now;
`unreachable`: no connection; `late`: no answer in time; `cut`: the connection broke; `broken`: the response is not an
answer; `request`: the server works and refuses this request; `account`: it refuses this request in words that
mostly are about the key, the credit or the model's name. Whether these refuse all requests, `doubt` finds out."""

HALVING: tuple[Kind, ...] = ("limit", "busy", "unreachable", "late", "cut")
"""Kinds of failure that halve the limit of requests in flight."""


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of retries, backoff and circuit breaker; times in seconds."""

    tries: int = 5
    """Tries per answer; a failure uses up 0 to 2 of them (`endpoints.COUNTED`), 0 if the server was down or busy."""
    failures: int = 3
    """Failures in a row after which a server's breaker opens; if there is no connection, it opens at once."""
    first: float = 0.5
    """First backoff before a retry at the same server, and first time that a breaker is open; doubled each time."""
    longest: float = 15.0
    """Upper limit of the doubled times, before jitter."""
    limited: float = 1.0
    """Least time between two requests to a server that answers 429."""
    believed: int = 10
    """429s in a row after which a pause that the server asks for is no longer taken as enough."""

    def growing(self, first: float, times: int) -> float:
        """Exponential backoff: `first` doubled with each of `times` in a row, plus up to 50 % jitter; in seconds."""
        return min(first * 2.0 ** min(times - 1, 30), self.longest) * random.uniform(1.0, 1.5)


def longest_chance(pause: float) -> float:
    """Largest jitter added to a pause, in seconds, so that not all requests come back at once."""
    return min(0.1 * pause, 1.0)


class Failed(Exception):
    """A request that failed.

    `reason` may be published: it has no addresses, and is the same each time that the same goes wrong. `detail` says
    more. `pause` is how many seconds the server asked to wait, None if it did not ask; `used` the input and output
    tokens that it counted in spite of the failure, and may charge for.
    """

    def __init__(
        self, kind: Kind, reason: str, detail: str = "", pause: float | None = None, used: tuple[int, int] = (0, 0)
    ) -> None:
        super().__init__(detail or reason)
        self.kind: Kind = kind
        self.reason, self.pause, self.used = reason, pause, used
        self.advice = ""
        """What the user can do if the server refuses all requests like this one, with the server's words."""
        self.of_server = False
        """Whether a refusal has to do with the server alone, whatever was asked."""
        self.said: Any = None
        """The JSON document of an error inside a 200, which may say how the server wants the request."""


class Server:
    """One base URL with its circuit breaker, limit and pauses. Times are monotonic seconds."""

    def __init__(self, url: str, name: str, most: int, waits: Waits) -> None:
        self.url, self.name, self.most, self.waits = url, name, most, waits
        self.client: Any = None
        self.doubt, self.dialect = Doubt(), Dialect()
        self.refused: EndpointRefused | None = None
        self.closed = False
        """Whether the breaker is closed: requests may pass."""
        self.opened = self.failures = self.limited = 0
        """Since the last answer: times that the breaker opened, failures while it was closed, and 429s."""
        self.open_until = self.rests_until = 0.0
        self.asked, self.asked_with = 0.0, ""
        """The last pause that the server asked for, in seconds, and the status of that response."""
        self.opened_at = self.halved_at = 0.0
        """When the breaker last opened and the limit was last halved; requests sent before do not count again."""
        self.limit = float(most)
        self.outstanding = self.sent = 0

    @property
    def state(self) -> Literal["closed", "open", "half-open"]:
        """State of the circuit breaker: closed, open or half-open."""
        return "closed" if self.closed else "open" if time.monotonic() < self.open_until else "half-open"

    @property
    def ready_at(self) -> float:
        """The time before which nothing is sent to this server."""
        return max(self.open_until, self.rests_until)

    @property
    def full(self) -> bool:
        """Whether the server has as many requests in flight as it may have."""
        return self.outstanding >= (int(self.limit) if self.closed else 1)

    def begin(self, now: float) -> None:
        """Note that a request is sent."""
        self.outstanding += 1
        self.sent += 1
        if self.limited:
            self.rests_until = max(self.rests_until, now + self.waits.limited)

    def well(self) -> None:
        """Note an answer."""
        if self.opened > 1:
            log.info("%s answers again", self.name)
        self.closed, self.asked = True, 0.0
        self.works()
        self.limit = min(float(self.most), self.limit + 1 / self.limit)

    def works(self) -> None:
        """Note that the server is up, though what it gave was no answer: a breaker that is half-open stays so."""
        self.opened = self.failures = self.limited = 0
        self.open_until = 0.0

    def failed(self, failed: Failed, sent: float) -> None:
        """Note a failure of a request that was sent at `sent`."""
        now = time.monotonic()
        if failed.pause is not None:
            # Jitter only lengthens the pause: never retry sooner than the server asked.
            self.asked, self.asked_with = failed.pause, failed.reason.partition(":")[0]
            pause = failed.pause + random.uniform(0.0, longest_chance(failed.pause))
            self.rests_until = max(self.rests_until, now + pause)
        news = sent >= self.halved_at
        if news and failed.kind in HALVING and self.closed and not self.limited:
            # Only while the breaker is closed: a server that is down does not show how many requests it can take.
            self.limit, self.halved_at = max(1.0, self.limit / 2), now
        if failed.kind != "limit":
            self._failed(failed, sent, now)
        elif news:
            self.limited += 1
            # A pause that was asked for is believed, but not for ever.
            times = self.limited if failed.pause is None else max(1, self.limited - self.waits.believed)
            self.rests_until = max(self.rests_until, now + self.waits.growing(self.waits.limited, times))

    def _failed(self, failed: Failed, sent: float, now: float) -> None:
        """Count a failure; open the breaker after enough of them, without a connection, or if it was half-open."""
        if sent < self.opened_at:
            return
        self.failures += 1
        if self.closed and failed.kind != "unreachable" and self.failures < self.waits.failures:
            return
        self.opened += 1
        if self.opened == 2:
            log.warning("%s: %s; from time to time it is tried again", self.name, failed.reason)
        self.closed, self.failures, self.opened_at = False, 0, now
        self.open_until = now + self.waits.growing(self.waits.first, self.opened)
