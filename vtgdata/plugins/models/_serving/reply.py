"""Reads the answer in the body of a response.

Only the fields that an answer needs must be valid: an answer that was paid for is not thrown away because its token
count is not a number.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec

from vtgdata.plugins.models._serving import finish, streams
from vtgdata.plugins.models._serving.error_object import MESSAGES, error_fields
from vtgdata.plugins.models._serving.said import verdict
from vtgdata.plugins.models._serving.server import Failed
from vtgdata.plugins.models._serving.statuses import status_inside
from vtgdata.records import Reply


class _Named(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Named]


def read(
    body: bytes,
    headers: Mapping[str, str] | None = None,
    hide: Callable[[str], str] = str,
    completion: Callable[[Any], Any] | None = None,
) -> tuple[Reply, str]:
    """The reply in the body of a 200 response, and the model that it names; raises Failed if it holds no answer.

    The model is empty if the body names none. `headers` and `hide` are as for `said.verdict`; `completion` makes a chat
    completion of a document in a server's own form.
    """
    try:
        found = streams.document(body)
        found = completion(found) if completion else found
    except streams.NoJson as error:
        said = "the response is no chat completion"
        raise Failed("broken", said, f"{said} ({error})") from None
    whole = _fields(found)
    choice, usage = _choice(whole), whole.get("usage")
    used = _tokens(usage, "prompt_tokens"), _tokens_out(usage)
    counted = (used[0] or 0, used[1] or 0)
    ended = finish.said_in(choice, whole)
    reason = finish.meaning(ended, choice.get("native_finish_reason"))
    said = _said(choice)
    if said is None and reason in (finish.FILTERED, finish.CUT) and not choice.get("error"):
        # Nothing was left to say, and asking again would not change that.
        said = _Message("", None)
    if said is None or choice.get("error") or (whole.get("error") and not said.text):
        return _none(found, headers or {}, hide, counted), _model(whole)
    if reason == finish.FAILED:
        why = f"the server gave up (finish_reason {ended!r})"
        raise Failed("broken", why, used=counted)
    reply = Reply(
        text=said.text,
        finish_reason=reason,
        reasoning=said.reasoning,
        tokens_in=used[0],
        tokens_out=used[1],
    )
    return reply, _model(whole)


def _none(found: Any, headers: Mapping[str, str], hide: Callable[[str], str], used: tuple[int, int]) -> Reply:
    """The empty answer of a content filter; raises Failed for any other document without an answer."""
    said = verdict(200, found, headers, hide, used)
    if isinstance(said, Reply):
        return said
    if not _has_error(found):
        empty = _fields(found).get("choices") == []
        why = "the response has no choices" if empty else "the response is no chat completion"
        raise Failed("broken", why, f"{why} ({hide(msgspec.json.encode(found).decode())[:200]})", used=used)
    raise said


def _has_error(found: Any) -> bool:
    fields = error_fields(found)
    return any(fields.get(name) for name in MESSAGES) or status_inside(fields, "") != 0


def _choice(whole: Mapping[str, Any]) -> dict[str, Any]:
    choices = whole.get("choices")
    return _fields(cast("list[Any]", choices)[0]) if isinstance(choices, list) and choices else {}


class _Message(msgspec.Struct, frozen=True):
    text: str
    reasoning: str | None


def _said(choice: Mapping[str, Any]) -> _Message | None:
    """Text and reasoning of a choice; None if it has no message."""
    message = choice.get("message")
    if not isinstance(message, dict):
        return _Message(choice["text"], None) if isinstance(choice.get("text"), str) else None
    fields = cast("dict[str, Any]", message)
    text, thought = _texts(fields.get("content"))
    return _Message(
        # Reasoning without text, or a refusal, counts as an answer, though a bad one.
        text if text is not None else _texts(fields.get("refusal"))[0] or "",
        _texts(fields.get("reasoning_content"))[0] or _texts(fields.get("reasoning"))[0] or thought or None,
    )


def _fields(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _model(whole: Mapping[str, Any]) -> str:
    named = whole.get("model")
    return named if isinstance(named, str) else ""


def models(body: bytes) -> list[str]:
    """The sorted names in a list of models; raises msgspec.DecodeError or UnicodeDecodeError if it is no such list."""
    try:
        return sorted(model.id for model in msgspec.convert(streams.document(body), _Models).data)
    except streams.NoJson as error:
        raise msgspec.DecodeError(str(error)) from None


def _texts(content: Any) -> tuple[str | None, str]:
    """Text and reasoning of a message's content, which is a string or, from some servers, a list of parts.

    >>> _texts([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": "3"}])
    ('3', 'Hm.')
    """
    if not isinstance(content, list):
        return (content if isinstance(content, str) else None), ""
    parts = [cast("dict[str, Any]", part) for part in cast("list[Any]", content) if isinstance(part, dict)]
    texts: list[str] = []
    thoughts: list[str] = []
    for part in parts:
        if part.get("type") in ("thinking", "reasoning") or "thinking" in part:
            thoughts.append(_texts(part.get("thinking"))[0] or _texts(part.get("text"))[0] or "")
        elif isinstance(part.get("text"), str):
            texts.append(part["text"])
    return "".join(texts) if texts else None, "".join(thoughts)


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
