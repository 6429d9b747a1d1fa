"""The Hub's client with patience: it waits for a Hub that is busy or limits us, and for what was made a moment ago.

A 429 is never a refusal, and 500, 502, 503 and 504 seldom are: the same request is sent again after the pause that the
Hub asks for (`Retry-After`, `ratelimit`), or after growing ones. All pauses in a row together have a limit. A request
that may have been carried out although its answer was an error (a commit, a tag) is not sent twice: `Unsure` tells the
caller, who looks what the repository holds now.
"""

import datetime
import email.utils
import inspect
import logging
import math
import re
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from vtgdata.errors import VtgError
from vtgdata.files.disk_errors import DISK
from vtgdata.releases.hub.refusals import Asked, http_error, translated

log = logging.getLogger("vtgdata")
MOST_SECONDS = 300.0
"""Most seconds of pauses in a row; the same as the `max_wait` of commands that ask models."""
FIRST_SECONDS, LONGEST_SECONDS = 1.0, 15.0
"""The first pause where the Hub names none, and the longest; it doubles in between."""
FRESH_SECONDS = 60.0
"""Most seconds of pauses for what was made a moment ago to be seen: the Hub answers from several machines."""
BUSY = frozenset((408, 429, 500, 502, 503, 504))
"""Statuses of a Hub that may answer the same request later."""
ONCE = frozenset(("create_commit", "create_tag"))
"""Methods of the client that may have been carried out although the Hub answered with an error of its own."""
_RATE_LIMIT = re.compile(r";\s*r\s*=\s*0\s*;\s*t\s*=\s*(\d+)")


class Unsure(Exception):
    """The Hub failed while it made a commit or a tag, and may have made it."""


class Patient:
    """A client (an HfApi) whose methods wait, and whose exceptions are the Hub's refusals or say what to do.

    Refusals (HfHubHTTPError) stay what they are, since callers tell them apart; `refusals.errors` turns them into
    advice. Everything else that the client raises becomes a VtgError here.
    """

    def __init__(self, client: Any, asked: Asked) -> None:
        self._client, self._asked = client, asked
        self._pauses = 0
        self._paused = self._fresh = 0.0

    def just_made(self) -> None:
        """What comes now was made a moment ago: for a while, that the Hub does not find it is no answer."""
        self._fresh = FRESH_SECONDS

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        def ask(*given: Any, **named: Any) -> Any:
            try:
                return method(*given, **named)
            except OSError as error:
                if error.errno in DISK and error.filename is None:
                    error.filename = named.get("local_dir")  # the client does not say where the disk is full
                raise

        def patiently(*given: Any, **named: Any) -> Any:
            return self.call(lambda: ask(*given, **named), once=name in ONCE)

        return patiently

    def call(self, ask: Callable[[], Any], *, once: bool = False) -> Any:
        """What a function that uses the client returns, repeated while the Hub is busy; a generator becomes a list.

        Raises Unsure if the Hub fails and the function may be carried out once only, the Hub's refusals, and VtgError.
        """
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError

        while True:
            try:
                with self._watched():
                    found = ask()
                    found = list[Any](found) if inspect.isgenerator(found) else found
                self._pauses, self._paused = 0, 0.0
                return found
            except VtgError:
                raise
            except Exception as error:
                refused = http_error(error)
                if refused is None or isinstance(error, HFValidationError):
                    raise translated(self._asked, error) from error
                status = refused.response.status_code
                if once and status in BUSY - {429}:
                    raise Unsure from error
                if not self._waited(refused, status):
                    raise (error if isinstance(error, HfHubHTTPError) else translated(self._asked, error)) from error

    def again(self, error: Unsure) -> None:
        """Wait until what may have been made can be looked at; raises VtgError when that was too often in vain."""
        refused = http_error(error)
        if not self._waited(refused, refused.response.status_code):
            raise translated(self._asked, refused) from error

    def _waited(self, refused: Any, status: int) -> bool:
        """Wait after a refusal, if waiting may help; whether to ask again."""
        if status == 404 and self._fresh > 0:
            pause = min(FIRST_SECONDS * 2**self._pauses, LONGEST_SECONDS)
            self._fresh -= pause
            self._pauses += 1
            log.info("%s: what was just made is not there yet; looking again in %.0f s", self._asked.repository, pause)
        elif status in BUSY:
            pause = self._pause(refused.response, status)
            log.warning(
                "%s: the Hub answered %s; waiting %.1f s, as it asks or as often before",
                self._asked.repository, status, pause,
            )  # fmt: skip
        else:
            return False
        time.sleep(pause)
        return True

    def _pause(self, response: Any, status: int) -> float:
        """Seconds to wait after a response of a busy Hub; raises VtgError when all pauses together are too long."""
        stated, ours = stated_pause(response.headers), min(FIRST_SECONDS * 2**self._pauses, LONGEST_SECONDS)
        # A Hub that asks for no pause, or whose date is past, and is busy again would be asked without end.
        pause = ours if stated is None else max(stated, ours if self._pauses else 0.0)
        self._pauses += 1
        self._paused += pause
        if self._paused > MOST_SECONDS:
            raise translated(self._asked, _TooLong(self._asked, status, stated, self._paused))
        return pause

    @contextmanager
    def _watched(self) -> Generator[None]:
        """Inside, a response that asks for too long a pause ends the call: the client itself would wait for hours."""
        from huggingface_hub import get_session

        def look(response: Any) -> None:
            stated = stated_pause(response.headers) if response.status_code in BUSY else None
            if stated is not None and self._paused + stated > MOST_SECONDS:
                raise _TooLong(self._asked, response.status_code, stated, self._paused + stated)

        hooks = get_session().event_hooks["response"]
        hooks.append(look)
        try:
            yield
        finally:
            hooks.remove(look)


class _TooLong(VtgError):
    def __init__(self, asked: Asked, status: int, stated: float | None, whole: float) -> None:
        long = stated is not None and stated > MOST_SECONDS
        pause = f"asks to wait {stated:,.0f} s" if long else f"is busy since {whole:,.0f} s of waiting"
        super().__init__(
            f"{asked.repository}: the Hub answered {status} and {pause}; we wait {MOST_SECONDS:,.0f} s at most. "
            f"{asked.verb.capitalize()} again then: what arrived is kept."
        )


def stated_pause(headers: Mapping[str, str]) -> float | None:
    """Seconds that the Hub asks to wait, 0 or more; None if it does not say.

    Read from `Retry-After` (seconds, or a date against the Hub's own clock) and from an exhausted `ratelimit`.

    >>> stated_pause({"Retry-After": "2"}), stated_pause({"ratelimit": '"api";r=0;t=55'}), stated_pause({})
    (2.0, 55.0, None)
    >>> date, clock = "Sat, 28 Nov 2026 10:00:30 GMT", "Sat, 28 Nov 2026 10:00:00 GMT"
    >>> stated_pause({"Retry-After": date, "Date": clock})
    30.0
    """
    given = {name.lower(): value for name, value in headers.items()}
    said = given.get("retry-after", "").strip()
    try:
        seconds = float(said)
    except ValueError:
        until, now = _date(said), _date(given.get("date", "")) or datetime.datetime.now(datetime.UTC)
        seconds = math.nan if until is None else (until - now).total_seconds()
    if math.isfinite(seconds):
        return max(0.0, seconds)
    found = _RATE_LIMIT.search(given.get("ratelimit", ""))
    return float(found[1]) if found else None


def _date(text: str) -> datetime.datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=datetime.UTC)
