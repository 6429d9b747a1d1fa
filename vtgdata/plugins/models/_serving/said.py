"""What a server says if it does not answer: its words, how long to wait, and whose fault it is.

The same is read from the status of a response and from an error inside a 200. A content filter's refusal is an answer,
though an empty one: asking again would not change it.
"""

import datetime
import email.utils
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from vtgdata.plugins.models._serving.filters import filtered
from vtgdata.plugins.models._serving.server import Failed, Kind
from vtgdata.records import Reply

PUBLISHED = 100
"""Most characters of a server's message in `Reply.error`; `Reply.detail` has more."""

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
_NO_QUOTA = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "credit_balance_exhausted"}
# 409 and 425: a proxy's answer while the server is starting. 520 to 524: its answer if it cannot reach the server.
_BUSY = {408, 409, 425, 502, 503, 504, 520, 521, 522, 523, 524, 529}

_STATUSES = {
    401: {"invalid_api_key", "authentication_error", "unauthenticated", "unauthorized", "invalid_authentication"},
    403: {"permission_denied", "permission_error", "access_denied", "forbidden"},
    404: {"model_not_found", "not_found", "not_found_error"},
    429: {"rate_limit_exceeded", "rate_limit_error", "resource_exhausted", "too_many_requests", *_NO_QUOTA},
    503: {"overloaded_error", "unavailable", "service_unavailable", "model_overloaded", "engine_overloaded"},
    400: {"invalid_request_error", "invalid_argument", "bad_request", "context_length_exceeded", "invalid_prompt"},
}
"""Status -> the words that stand for it in an error inside a 200."""


def verdict(
    status: int, body: Any, headers: Mapping[str, str], hide: Callable[[str], str] = str, used: tuple[int, int] = (0, 0)
) -> Failed | Reply:
    """What a response without an answer means: a failure, or the empty answer of a content filter.

    Args:
        status: of the response; at 200 the body has an error inside, and its code counts.
        body: parsed JSON, or text.
        headers: of the response.
        hide: takes out of a text what must not be published: the key and the server's address.
        used: input and output tokens that the server counted all the same.
    """
    inside, words = status == 200, words_of(body)
    if inside:
        status = _status_inside(error_fields(body))
    if filtered(status, body, words):
        return Reply(
            text="", finish_reason="content_filter", tokens_in=used[0], tokens_out=used[1], detail=hide(words) or None
        )
    if not status:
        said = publishable(hide(words), passing=True)
        failed = Failed("broken", f"an error inside a 200: {said}", f"an error inside a 200: {words}", used=used)
        failed.said = body
        return failed
    kind = _kind(status, error_fields(body))
    passing = kind not in ("request", "account")
    said = publishable(hide(words), passing=passing)
    code, place = f"HTTP {status}", " (inside a 200)" if inside else ""
    failed = Failed(
        kind,
        f"{code}: {said}" if said else code,
        f"{code}{place}: {words}",
        retry_after(headers, datetime.datetime.now(datetime.UTC), body) if passing else None,
        used,
    )
    failed.said = body if inside and kind == "request" else None
    if not passing:
        advice = _ADVICE.get(status) if kind == "account" else _REQUEST_ADVICE
        failed.advice = f"{code}{place}, {advice}. It says: {words or 'nothing'}"
    return failed


def _kind(status: int, fields: Mapping[str, Any]) -> Kind:
    if status == 429:
        no_quota = any(str(fields.get(name)) in _NO_QUOTA for name in ("code", "type"))
        return "account" if no_quota else "limit"
    if status in _ADVICE:
        return "account"
    return "busy" if status in _BUSY else "broken" if status >= 500 else "request"


def _status_inside(fields: Mapping[str, Any]) -> int:
    """The HTTP status that an error inside a 200 stands for; 0 if it does not say."""
    for name in ("code", "status", "status_code", "http_code", "type"):
        value = fields.get(name)
        if isinstance(value, str) and value.strip().isdigit():
            value = int(value)
        if isinstance(value, int) and 400 <= value < 600:
            return value
        if isinstance(value, str):
            found = next((status for status, words in _STATUSES.items() if value.lower() in words), 0)
            if found:
                return found
    return 0


def error_fields(body: Any) -> dict[str, Any]:
    """The error object of a failed request: the `error` of its body, else the body; of a list, its first element.

    An error that is a plain text becomes its `message`; that of a choice counts as well.
    """
    first = cast("list[Any]", body)[0] if isinstance(body, list) and body else cast("Any", body)
    found = cast("dict[str, Any]", first) if isinstance(first, dict) else {}
    choices = found.get("choices")
    choice = cast("list[Any]", choices)[0] if isinstance(choices, list) and choices else None
    of_choice = cast("dict[str, Any]", choice).get("error") if isinstance(choice, dict) else None
    inner = found.get("error") or found.get("base_resp") or of_choice
    if isinstance(inner, str):
        return found | {"message": inner}
    return cast("dict[str, Any]", inner) if isinstance(inner, dict) else found


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
    names = ("message", "detail", "msg", "status_msg", "errors", "code", "type")
    said = next((found for name in names if (found := fields.get(name))), text)
    metadata = fields.get("metadata")
    # A gateway's own words say little ("Provider returned error"); those of the server behind it follow.
    if isinstance(metadata, dict) and (raw := cast("dict[str, Any]", metadata).get("raw")):
        said = f"{_plain(said)}: {_plain(raw)}"
    return " ".join(_plain(said).split())[:most]


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
    own `date`: the clocks of two machines differ. Else from a `retryDelay` in the body, as Google's servers have it.

    >>> retry_after({"retry-after": "0.2"}, datetime.datetime.now(datetime.UTC))
    0.2
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        seconds = _number(headers.get(name, "")) / unit
        if math.isfinite(seconds):
            return max(0.0, seconds)
    if (until := _date(headers.get("retry-after", ""))) is not None:
        return max(0.0, (until - (_date(headers.get("date", "")) or now)).total_seconds())
    delays = (_number(value.removesuffix("s")) for value in _all(body, "retryDelay") if isinstance(value, str))
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


def _all(value: Any, name: str, depth: int = 8) -> Iterator[Any]:
    """The values of all fields of this name in a JSON document, not deeper than `depth`."""
    if depth and isinstance(value, dict):
        for key, inner in cast("dict[str, Any]", value).items():
            if key == name:
                yield inner
            yield from _all(inner, name, depth - 1)
    elif depth and isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _all(inner, name, depth - 1)


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
