"""The JSON in the body of a response, in whatever form it comes: with a byte-order mark, as events, with a trailer.

Some servers send a stream of events though none was asked for, and some gateways send blank lines or comments first,
to keep the connection alive, or lines after the JSON.
"""

import codecs
import json
from collections.abc import Iterator
from typing import Any, cast

import msgspec

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte-order marks; UTF-32's begin like UTF-16's, so they come first."""


class NoJson(ValueError):
    """A body that holds no JSON document, or a stream that ends before its answer does."""


def document(body: bytes) -> Any:
    r"""The JSON document in a body; events of a stream are put together to the answer that they are pieces of.

    Raises NoJson where there is none.

    >>> document(b'data: {"choices": [{"delta": {"content": "a"}}]}\n\ndata: [DONE]\n')["choices"][0]["message"]
    {'content': 'a'}
    """
    try:
        found: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        text = _text(body).strip().strip("\x00")
        found, complete = _documents(text, error)
        return _together(found, complete)
    return _together([found], True) if _is_piece(found) else found


def _text(body: bytes) -> str:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, errors="replace")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise NoJson(str(error)) from None


def _documents(text: str, why: Exception) -> tuple[list[Any], bool]:
    """The JSON documents in a text, at least one, and whether the text says that they are all there are."""
    lines = [line for line in text.splitlines() if not line.startswith(":")]
    text = "\n".join(lines).strip()
    if text[:1] in ("{", "["):
        return list(_one_after_the_other(text)), "[DONE]" in text
    events = list(_events(text.splitlines()))
    if not events:
        raise NoJson(str(why))
    complete = "[DONE]" in events
    try:
        return [json.loads(event) for event in events if event != "[DONE]"], complete
    except (ValueError, RecursionError) as error:
        raise NoJson(f"in a stream of events: {error}") from None


def _one_after_the_other(text: str) -> Iterator[Any]:
    """The JSON documents that a text begins with; what follows them (a trailer) is left out."""
    decode, place = json.JSONDecoder().raw_decode, 0
    while text[place : place + 1] in ("{", "["):
        try:
            found, place = decode(text, place)
        except (ValueError, RecursionError) as error:
            if place:
                return
            raise NoJson(str(error)) from None
        yield found
        while text[place : place + 1].isspace():
            place += 1


def _events(lines: list[str]) -> Iterator[str]:
    """The data of each event of a stream."""
    data: list[str] = []
    for line in (*lines, ""):
        field, colon, value = line.partition(":")
        if colon and field == "data":
            data.append(value.removeprefix(" "))
        elif not line.strip() and data:
            yield "\n".join(data).strip()
            data = []


def _is_piece(found: Any) -> bool:
    """Whether this is one piece of a stream: a choice with a `delta` and no message."""
    choice = _choice(found)
    return "delta" in choice and not choice.get("message")


def _choice(found: Any) -> dict[str, Any]:
    """The first choice of a document; empty where there is none."""
    choices = cast("dict[str, Any]", found).get("choices") if isinstance(found, dict) else None
    first = cast("list[Any]", choices)[0] if isinstance(choices, list) and choices else None
    return cast("dict[str, Any]", first) if isinstance(first, dict) else {}


def _together(documents: list[Any], complete: bool) -> Any:
    """One document of all pieces; an error among them, or a whole answer, is taken as it is."""
    if not documents:
        raise NoJson("a stream without an event")
    pieces: list[dict[str, Any]] = []
    for found in documents:
        if not isinstance(found, dict):
            return found
        piece = cast("dict[str, Any]", found)
        if piece.get("error") or _choice(piece).get("error") or _choice(piece).get("message"):
            return piece
        pieces.append(piece)
    if not any("choices" in piece for piece in pieces):
        return pieces[0]
    return _merged(pieces, complete)


def _merged(pieces: list[dict[str, Any]], complete: bool) -> dict[str, Any]:
    said: dict[str, Any] = {}
    whole: dict[str, Any] = {}
    ends: dict[str, Any] = {}
    for piece in pieces:
        whole |= {name: value for name, value in piece.items() if name != "choices" and value not in (None, "", [], {})}
        choice = _choice(piece)
        delta = choice.get("delta")
        if choice.get("index") in (None, 0) and isinstance(delta, dict):
            _add(said, cast("dict[str, Any]", delta))
        ends |= {name: value for name, value in choice.items() if name not in ("delta", "index") and value is not None}
    if not complete and not ends.get("finish_reason"):
        raise NoJson("the stream ends before its answer does")
    return whole | {"choices": [{"message": said, **ends}] if said or ends else []}


def _add(said: dict[str, Any], delta: dict[str, Any]) -> None:
    """Add a piece of a message: texts and lists grow, anything else is replaced."""
    for name, value in delta.items():
        held = said.get(name)
        grows = (isinstance(value, str) and isinstance(held, str)) or (
            isinstance(value, list) and isinstance(held, list)
        )
        if name == "role" or value is None:
            continue
        said[name] = held + value if grows else value  # pyright: ignore[reportOperatorIssue]
