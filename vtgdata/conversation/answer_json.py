"""Windows given in JSON or in a table: an object with start and end, or with a key that holds pairs.

The object may be plain, fenced, in prose, or a text within another; Python's spelling (single quotes, None) and escaped
quotes are read too. Keys for frames, a confidence or the video's duration hold no window. A call of a tool is no
answer, unless the tool takes the answer.
"""

import json
import re
from typing import Any, NamedTuple, cast

from vtgdata.conversation.answer_choice import ASKED, CHOSEN, REJECTED
from vtgdata.conversation.answer_fields import END, HOLDS, START, Found, decoded, key_name
from vtgdata.conversation.answer_statements import replaces
from vtgdata.conversation.answer_times import SECONDS, Pair, Units

MOST_BRACES = 400
MOST_TEXT = 20_000
"""Most braces and characters that are read, counted from the end of the text: more is no answer and would take long."""


class Said(NamedTuple):
    """What the JSON in a text contains."""

    pairs: list[Pair]
    option: str | None
    """A letter under `answer`, `option` or `choice`."""
    empty: bool
    """Whether a key for windows holds nothing: null, or an empty list or object."""
    unreadable: bool
    """Whether a key for windows holds something that is not a window."""
    rest: str
    """The text without the JSON."""


def read(text: str, units: Units = SECONDS) -> Said | None:
    """What the JSON objects and tables of a text contain; None when it has none that can be read.

    >>> read('Here: {"start": "1:05", "end": "1:20", "confidence": 0.9}').pairs
    [(65.0, 80.0)]
    """
    nested = _nested(text)
    objects, rest = ([{"windows": nested}], "") if nested else _objects(_without_tables(text))
    found = Found(units)
    try:
        for value in objects:
            found.take(value)
    except RecursionError:
        return None
    empty = found.empty or objects == [{}]
    return Said(found.pairs, found.option, empty, found.unreadable, rest) if objects else None


def _nested(text: str) -> list[Any] | None:
    """The list of lists that a text is and nothing else; None for any other text."""
    if not re.fullmatch(r"\s*\[\s*\[[\s\d\[\],.]*+", text[:MOST_TEXT]):
        return None
    value = decoded(text)
    if not isinstance(value, list):
        return None
    items = cast(list[Any], value)
    while len(items) == 1 and isinstance(items[0], list):
        inner = cast(list[Any], items[0])
        if not inner or not isinstance(inner[0], list):
            break
        items = inner
    return items


def _without_tables(text: str) -> str:
    """The text with each table whose head names a start and an end, or a window, as JSON objects."""
    mark = "|" if text.count("|") > 2 else ","
    if text.count(mark) < 2 or "\n" not in text:
        return text
    lines: list[str] = []
    head: list[str] = []
    rows: list[tuple[int, str]] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.sub(rf"(?:\{mark}\s*)+", mark, line).strip(f" {mark}").split(mark)]
        if len(cells) < 2 and not (head and (mark in line or not line.strip())):
            head = []
        elif not head and _is_head(cells):
            head = cells
            continue
        elif head and not re.search(r"\w", line):
            continue
        elif head and len(cells) == len(head):
            rows.append((len(lines), line))
            line = json.dumps(dict(zip(head, cells, strict=True)))
        lines.append(line)
    left_out = _left_out([row for _, row in rows])
    dropped = {place for (place, _), out in zip(rows, left_out, strict=True) if out}
    return "\n".join(line for place, line in enumerate(lines) if place not in dropped)


def _left_out(rows: list[str]) -> list[bool]:
    """Which rows of a table are not meant, where others are marked as chosen or asked for, or some as rejected."""
    rejected = [REJECTED.search(row) is not None for row in rows]
    chosen = [
        not no and (CHOSEN.search(row) or ASKED.search(row)) is not None for row, no in zip(rows, rejected, strict=True)
    ]
    return [not yes for yes in chosen] if any(chosen) else rejected if not all(rejected) else [False] * len(rows)


def _is_head(cells: list[str]) -> bool:
    names = [key_name(cell) for cell in cells if not cell[:1].isdigit()]
    both = all(any(kind.fullmatch(name) for name in names) for kind in (START, END))
    return both or any(HOLDS.fullmatch(name) for name in names)


def _objects(text: str) -> tuple[list[Any], str]:
    """The outermost objects that can be decoded, from the last correction on, and the rest of the text."""
    values: list[Any] = []
    rest, place, budget = "", 0, MOST_TEXT
    for start, end in _braced(text):
        if start < place or end - start > budget:
            continue
        budget -= end - start
        if (value := decoded(text[start:end])) is not None:
            if values and replaces(text[place:start]):
                values.clear()
            values.append(value)
            rest, place = rest + text[place:start] + "\n", end
    return values, rest + text[place:]


def _braced(text: str) -> list[tuple[int, int]]:
    """(start, end) from each opening brace to its closing one, sorted by start: outer spans come before inner ones."""
    opened: list[int] = []
    spans: list[tuple[int, int]] = []
    begin = max(0, len(text) - MOST_TEXT)
    for brace in list(re.finditer(r"[{}]", text[begin:]))[-MOST_BRACES:]:
        if brace[0] == "{":
            opened.append(begin + brace.start())
        elif opened:
            spans.append((opened.pop(), begin + brace.end()))
    return sorted(spans)
