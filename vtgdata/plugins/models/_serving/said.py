"""What a server says if it does not answer: its words, how long to wait, and whose fault it is.

The same is read from the status of a response and from an error inside a 200. A content filter's refusal is an answer,
though an empty one: asking again would not change it.
"""

import datetime
import email.utils
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, cast

from vtgdata.files.outside_text import safe
from vtgdata.plugins.models._serving.error_object import MESSAGES, error_fields
from vtgdata.plugins.models._serving.filters import filtered
from vtgdata.plugins.models._serving.server import Failed, Kind
from vtgdata.plugins.models._serving.statuses import number_inside, status_inside
from vtgdata.records import Reply

PUBLISHED = 100
"""Most characters of a server's message in `Reply.error`; `Reply.detail` has more."""

PAUSES = frozenset({"retryDelay", "retry_after", "retryAfter", "retry_after_seconds"})
"""Fields of a body that hold a pause in seconds."""

_NAMES = re.compile(
    r"https?://\S+|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b(?:req|org|proj|user|acct|chatcmpl|cmpl|msg|run|trace)[-_][\w-]{4,}|\b(?=[a-f]*[0-9])[0-9a-f]{12,}\b",
    re.IGNORECASE | re.ASCII,
)
_PLACES = re.compile(r"(?<![\w./:])/[\w.@-]+(?:/[\w.@-]*)+|\b[A-Z]:\\\S+|\b0x[0-9a-f]{4,}\b", re.ASCII)
"""File paths and memory addresses."""
_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*", re.ASCII)

_ADVICE = {
    401: "it does not take the key. Put the right one in VTGDATA_API_KEY",
    402: "the account has no credit left. Add some, and run again",
    403: "the key may not use this model. Put another one in VTGDATA_API_KEY, or ask for access",
    404: "it knows no such model or address. Check the name (GET /v1/models lists them) and that the URL ends in /v1",
    407: "a proxy on the way wants a user and a password. Put them in HTTPS_PROXY or HTTP_PROXY",
    429: "the quota is used up. Add credit, or choose another server",
}
"""Statuses that mostly are the account's fault (429: only if the quota is used up) -> what the user can do."""
_REQUEST_ADVICE = (
    "the request is not to its liking. Change the field that it names with --body FIELD=VALUE (FIELD=null leaves it "
    "out), or leave out the samples that it refuses with --where"
)
_REQUEST_ADVICES = {
    405: "the address takes no such request. See that it is the server's own, with https if it redirects there, and "
    "that it ends in /v1",
    413: "the request is too large for it. Send fewer or smaller frames (--num-frames, --short-side)",
}
_NO_QUOTA = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "credit_balance_exhausted"}
HANDED_ON = frozenset({400, 500, 502})
"""Statuses under which gateways hand on the errors of a server behind them."""
# 409 and 425: a proxy's answer while the server is starting. 520 to 524: its answer if it cannot reach the server.
_BUSY = {408, 409, 425, 502, 503, 504, 520, 521, 522, 523, 524, 529}


def verdict(
    status: int, body: Any, headers: Mapping[str, str], hide: Callable[[str], str] = str, used: tuple[int, int] = (0, 0)
) -> Failed | Reply:
    """What a response without an answer means: a failure, or the empty answer of a content filter.

    Args:
        status: of the response. At 200 the body has an error inside, and its code and words count; at the statuses
            in `HANDED_ON` its code counts, if it has one.
        body: parsed JSON, or text.
        headers: of the response.
        hide: takes out of a text what must not be published: the key and the server's address.
        used: input and output tokens that the server counted all the same.
    """
    words, fields, outer = words_of(body), error_fields(body), status
    if status == 200:
        status = status_inside(fields, words)
    elif status in HANDED_ON:
        status = number_inside(fields) or status
    if filtered(status, body, words):
        return Reply(
            text="", finish_reason="content_filter", tokens_in=used[0], tokens_out=used[1], detail=hide(words) or None
        )
    if not status:
        said = publishable(hide(words), passing=True)
        failed = Failed("broken", f"an error inside a 200: {said}", f"an error inside a 200: {words}", used=used)
        failed.said = body
        return failed
    kind = _kind(status, fields)
    passing = kind not in ("request", "account")
    said = publishable(hide(words), passing=passing)
    code, place = f"HTTP {status}", f" (inside a {outer})" if status != outer else ""
    failed = Failed(
        kind,
        f"{code}: {said}" if said else code,
        f"{code}{place}: {words}",
        retry_after(headers, datetime.datetime.now(datetime.UTC), body) if passing else None,
        used,
    )
    failed.said = body if outer == 200 and kind == "request" else None
    if not passing:
        advice = _ADVICE[status] if kind == "account" else _REQUEST_ADVICES.get(status, _REQUEST_ADVICE)
        failed.advice = f"{code}{place}, {advice}. It says: {words or 'nothing'}"
    return failed


def _kind(status: int, fields: Mapping[str, Any]) -> Kind:
    if status == 429:
        no_quota = any(str(fields.get(name)) in _NO_QUOTA for name in ("code", "type"))
        return "account" if no_quota else "limit"
    if status in _ADVICE:
        return "account"
    return "busy" if status in _BUSY else "broken" if status >= 500 else "request"


def teaching(body: Any) -> tuple[str, str]:
    """All that a server says of a request that it refuses, and the field that it names beside its words."""
    fields = error_fields(body)
    code, param = fields.get("code"), fields.get("param")
    more = [code] if isinstance(code, str) else []
    return ". ".join([words_of(body, 4000), *more]), param if isinstance(param, str) else ""


def words_of(body: Any, most: int = 300) -> str:
    """A server's error message on one line, at most `most` characters; empty if it sent an HTML page."""
    fields = error_fields(body)
    text = body if isinstance(body, str) and not body.lstrip().startswith("<") else ""
    # An object is a wrapper, whose fields are here already.
    told = (fields.get(name) for name in (*MESSAGES, "code", "type"))
    said = next((found for found in told if found and not isinstance(found, dict)), text)
    metadata = fields.get("metadata")
    # A gateway's own words say little ("Provider returned error"); those of the server behind it follow.
    if isinstance(metadata, dict) and (raw := cast("dict[str, Any]", metadata).get("raw")):
        said = f"{_plain(said)}: {_plain(raw)}"
    return safe(" ".join(_plain(said).split()))[:most]


def _plain(said: Any) -> str:
    """An error message as text; a list of complaints about fields (`loc`, `msg`) names each field."""
    if not isinstance(said, list):
        return str(said)
    parts: list[str] = []
    for one in cast("list[Any]", said):
        complaint = cast("dict[str, Any]", one) if isinstance(one, dict) else {}
        words: Any = complaint.get("msg") or complaint.get("message") or cast("Any", one)
        place = complaint.get("loc")
        named = ".".join(map(str, cast("list[Any]", place))) if isinstance(place, list) else ""
        parts.append(f"{named}: {words}" if named else str(words))
    return "; ".join(parts)


def retry_after(headers: Mapping[str, str], now: datetime.datetime, body: Any = None) -> float | None:
    """Seconds that a server asks to wait, 0 or more without an upper limit; None if it does not say.

    Read from `retry-after-ms`, or from `retry-after` in seconds or as an HTTP date, which counts from the response's
    own `date`: the clocks of two machines differ. Else from the body: `retryDelay` ("13s", as Google's servers have
    it) or `retry_after` (seconds, as OpenRouter has it).

    >>> retry_after({"retry-after": "0.2"}, datetime.datetime.now(datetime.UTC))
    0.2
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        seconds = _number(headers.get(name, "")) / unit
        if math.isfinite(seconds):
            return max(0.0, seconds)
    if (until := _date(headers.get("retry-after", ""))) is not None:
        return max(0.0, (until - (_date(headers.get("date", "")) or now)).total_seconds())
    delays = (_number(str(value).removesuffix("s")) for value in _all(body, PAUSES) if not isinstance(value, bool))
    return next((max(0.0, delay) for delay in delays if math.isfinite(delay)), None)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _date(text: str) -> datetime.datetime | None:
    try:
        date = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # A date without a time zone is in GMT, as all HTTP dates are.
    return date if date.tzinfo is not None else date.replace(tzinfo=datetime.UTC)


def _all(value: Any, names: Collection[str], depth: int = 8) -> Iterator[Any]:
    """The values of all fields of these names in a JSON document, not deeper than `depth`."""
    if depth and isinstance(value, dict):
        for key, inner in cast("dict[str, Any]", value).items():
            if key in names:
                yield inner
            yield from _all(inner, names, depth - 1)
    elif depth and isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _all(inner, names, depth - 1)


def publishable(words: str, *, passing: bool) -> str:
    """The publishable form of a server's message: cut short, without addresses, paths and ids of accounts or requests.

    If the failure may pass, numbers are replaced too, because they differ each time (seconds to wait, say).

    >>> publishable("Limit of org-8Xa2b: try again in 1.25s", passing=True)
    'Limit of [id]: try again in #s'
    >>> publishable("cannot open /srv/models/tiny/config.json of org/tiny", passing=False)
    'cannot open [path] of org/tiny'
    """
    words = _NAMES.sub(lambda name: "[address]" if ":/" in name[0] or "." in name[0] else "[id]", words)
    words = _PLACES.sub(lambda place: "[address]" if place[0].startswith("0x") else "[path]", words)
    return (_NUMBERS.sub("#", words) if passing else words)[:PUBLISHED]
