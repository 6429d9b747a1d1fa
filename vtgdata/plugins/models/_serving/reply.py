"""Reads what a server sends: the answer in a body, the pause in headers, the publishable part of an error message.

Only the fields that an answer needs must be valid: an answer that was paid for is not thrown away because its token
count is not a number.
"""

import datetime
import email.utils
import math
import re
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from vtgdata.plugins.models._serving.server import Failed
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


class _Said(msgspec.Struct):
    content: Any = None
    refusal: Any = None
    reasoning_content: Any = None
    reasoning: Any = None


class _Choice(msgspec.Struct):
    message: _Said
    finish_reason: str | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    usage: Any = None
    model: Any = None


class _Named(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Named]


def read(body: bytes) -> tuple[Reply, str]:
    """The reply in the body of a 200 response, and the model that it names; raises Failed if it holds no answer.

    The model is empty if the body names none.
    """
    try:
        completion = msgspec.json.decode(body, type=_Completion)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        said = "the response is no chat completion"
        raise Failed("broken", said, f"{said} ({error})") from None
    used = _tokens(completion.usage, "prompt_tokens"), _tokens_out(completion.usage)
    if not completion.choices:
        raise Failed("broken", "the response has no choices", used=(used[0] or 0, used[1] or 0))
    choice, said = completion.choices[0], completion.choices[0].message
    if choice.finish_reason in {"abort", "error"}:
        why = f"the server gave up (finish_reason {choice.finish_reason!r})"
        raise Failed("broken", why, used=(used[0] or 0, used[1] or 0))
    text, thought = _texts(said.content)
    reply = Reply(
        # Reasoning without text, or a refusal, counts as an answer, though a bad one.
        text=text if text is not None else _texts(said.refusal)[0] or "",
        finish_reason=choice.finish_reason or "stop",
        reasoning=_texts(said.reasoning_content)[0] or _texts(said.reasoning)[0] or thought or None,
        tokens_in=used[0],
        tokens_out=used[1],
    )
    return reply, completion.model if isinstance(completion.model, str) else ""


def models(body: bytes) -> list[str]:
    """The sorted names in a list of models; raises msgspec.DecodeError or UnicodeDecodeError if it is no such list."""
    return sorted(model.id for model in msgspec.json.decode(body, type=_Models).data)


def _texts(content: Any) -> tuple[str | None, str]:
    """Text and reasoning of a message's content, which is a string or, from some servers, a list of parts.

    >>> _texts([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": "3"}])
    ('3', 'Hm.')
    """
    if not isinstance(content, list):
        return (content if isinstance(content, str) else None), ""
    parts = [cast("dict[str, Any]", part) for part in cast("list[Any]", content) if isinstance(part, dict)]
    texts = [part["text"] for part in parts if isinstance(part.get("text"), str)]
    thoughts = [_texts(part.get("thinking"))[0] for part in parts]
    return "".join(texts) if texts else None, "".join(thought for thought in thoughts if thought)


def _tokens(usage: Any, name: str) -> int | None:
    count = cast("dict[str, Any]", usage).get(name) if isinstance(usage, dict) else None
    # JSON's true is an int in Python.
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 2**53 else None


def _tokens_out(usage: Any) -> int | None:
    """Output tokens, including those of reasoning.

    Some servers (Gemini's) leave reasoning out of `completion_tokens`, but count it in the total and charge for it.

    >>> _tokens_out({"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 250})
    230
    """
    given, said, total = (_tokens(usage, f"{name}_tokens") for name in ("prompt", "completion", "total"))
    return said if said is None or given is None or total is None else max(said, total - given)


def error_fields(body: Any) -> dict[str, Any]:
    """The error object of a failed request: the `error` of its body, else the body; of a list, its first element."""
    first = cast("list[Any]", body)[0] if isinstance(body, list) and body else cast("Any", body)
    found = cast("dict[str, Any]", first) if isinstance(first, dict) else {}
    inner = found.get("error")
    return cast("dict[str, Any]", inner) if isinstance(inner, dict) else found


def retry_after(headers: Mapping[str, str], now: datetime.datetime) -> float | None:
    """Seconds that a server asks to wait, 0 or more without an upper limit; None if it does not say.

    Read from `retry-after-ms`, or from `retry-after` in seconds or as an HTTP date.

    >>> retry_after({"retry-after": "0.2"}, datetime.datetime.now(datetime.UTC))
    0.2
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    # A date without a time zone is in GMT, as all HTTP dates are.
    date = date if date.tzinfo is not None else date.replace(tzinfo=datetime.UTC)
    return max(0.0, (date - now).total_seconds())


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
