"""How a server is treated, by what its last answers and failures say of it; nothing of HTTP.

- A circuit breaker: closed while it answers; open, so that nothing is sent, after failures in a row; then half-open:
  one request at a time, until one is answered. It is half-open at first, so that a wrong key costs one request.
- A limit of requests in flight: halved where the server is at its own limit, slow or gone, once for all that were on
  their way together; it grows by one for as many answers as it is.
- A pause, where it asked for one. After a 429 it gets at most one request a second until one is answered.
"""

import logging
import random
import time
from typing import Any, Literal

import msgspec

from vtgdata.errors import EndpointRefused

log = logging.getLogger("vtgdata")

Kind = Literal["limit", "busy", "unreachable", "late", "cut", "broken", "request"]
"""What a failure says: `limit`: the server is at its limit (429); `busy`: it says that it cannot answer now;
`unreachable`: no connection; `late`: no answer in time; `cut`: the connection broke; `broken`: what came is no answer;
`request`: the request is itself at fault, and the server is well."""

HALVING: tuple[Kind, ...] = ("limit", "busy", "unreachable", "late", "cut")


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """How servers are treated; times in seconds."""

    tries: int = 5
    """Requests for one answer, at most, not counting those that a server was down or too busy for."""
    failures: int = 3
    """In a row, after which a server's breaker opens; where there is no connection, it does at once."""
    first: float = 0.5
    """Before the second try at the same server, and how long a breaker is open; each further time twice as long."""
    longest: float = 15.0
    """What doubling ends at."""
    limited: float = 1.0
    """Between two requests to a server that says 429, at least."""

    def growing(self, first: float, times: int) -> float:
        """The wait of that many times in a row, with up to half as much again by chance."""
        return min(first * 2.0 ** min(times - 1, 30), self.longest) * random.uniform(1.0, 1.5)


def longest_chance(pause: float) -> float:
    """The most by which a pause is made longer, so that not all come back at once; seconds."""
    return min(0.1 * pause, 1.0)


class Failed(Exception):
    """A request that failed.

    `reason` is what may be published: without addresses, and the same whenever the same goes wrong. `detail` says more.
    `pause` is the seconds for which the server wants to be left alone, where it says so; `used` the tokens of input and
    output that it counted all the same, and may charge for.
    """

    def __init__(
        self, kind: Kind, reason: str, detail: str = "", pause: float | None = None, used: tuple[int, int] = (0, 0)
    ) -> None:
        super().__init__(detail or reason)
        self.kind: Kind = kind
        self.reason, self.pause, self.used = reason, pause, used


class Server:
    """One base URL, with what its last answers tell about how to treat it. Times are monotonic seconds."""

    def __init__(self, url: str, name: str, most: int, waits: Waits) -> None:
        self.url, self.name, self.most, self.waits = url, name, most, waits
        self.client: Any = None
        self.refused: EndpointRefused | None = None
        self.closed = False
        """Of the breaker: requests may pass."""
        self.opened = self.failures = self.limited = 0
        """How often the breaker opened, failures while it was closed, and 429s: each in a row."""
        self.open_until = self.rests_until = 0.0
        self.asked, self.asked_with = 0.0, ""
        """The last pause that it asked for, in seconds, and the status with which it did."""
        self.opened_at = self.halved_at = 0.0
        """Failures of requests that were sent before say nothing new."""
        self.limit = float(most)
        self.outstanding = self.sent = 0

    @property
    def state(self) -> Literal["closed", "open", "half-open"]:
        """Of the breaker."""
        return "closed" if self.closed else "open" if time.monotonic() < self.open_until else "half-open"

    @property
    def ready_at(self) -> float:
        """Nothing is sent before."""
        return max(self.open_until, self.rests_until)

    @property
    def full(self) -> bool:
        """Whether as many requests are on their way as it may have."""
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
        self.closed, self.open_until, self.asked = True, 0.0, 0.0
        self.opened = self.failures = self.limited = 0
        self.limit = min(float(self.most), self.limit + 1 / self.limit)

    def failed(self, failed: Failed, sent: float) -> None:
        """Note a failure of a request that was sent at `sent`."""
        now = time.monotonic()
        if failed.pause is not None:
            # Jitter upwards only: never sooner than the server said.
            self.asked, self.asked_with = failed.pause, failed.reason.partition(":")[0]
            pause = failed.pause + random.uniform(0.0, longest_chance(failed.pause))
            self.rests_until = max(self.rests_until, now + pause)
        news = sent >= self.halved_at
        if news and failed.kind in HALVING and self.closed and not self.limited:
            # A closed breaker's alone: how many a server can take is not learnt from one that is gone.
            self.limit, self.halved_at = max(1.0, self.limit / 2), now
        if failed.kind != "limit":
            self._failed(failed, sent, now)
        elif news:
            self.limited += 1
            times = self.limited if failed.pause is None else 1
            self.rests_until = max(self.rests_until, now + self.waits.growing(self.waits.limited, times))

    def _failed(self, failed: Failed, sent: float, now: float) -> None:
        """Open the breaker where that many failures, or this one, call for it."""
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
