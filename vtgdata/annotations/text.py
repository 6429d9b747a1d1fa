"""Reads values from published text (lines, JSON, numbers, windows), with errors that say what is wrong.

A file of another corpus raises a VtgError; a broken row inside a good file becomes a RawRow with a problem.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self, cast

from vtgdata.annotations.file_text import numbered_lines
from vtgdata.annotations.keys import ALIASES
from vtgdata.errors import VtgError
from vtgdata.records import RawRow
from vtgdata.records.times import parse_rate, parse_time

MAX_RAW = 10_000
"""Characters of a row's own text that are kept for its drop."""


STARTS = (*ALIASES["start"], "from", "st", "s")
ENDS = (*ALIASES["end"], "to", "ed", "e")
"""Keys of the bounds of a window that is an object; names with a unit (`start_ms`) are none of them."""


UNREADABLE = "unreadable_row"
"""Drop reason of a row that cannot be read as one of its corpus; rows with other reasons could be read."""


LACKING = "no_labels"
"""Drop reason of a row that has no key for its windows."""


class Lacking(ValueError):
    """A record has no key for its windows; its row becomes a drop with the reason `LACKING`."""


_DICT: Any = dict
_LIST: Any = list
"""Without a type, so that what is one needs no `cast`: a call for each value of a long file."""

_NUMBER = re.compile(r"[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|nan|inf(?:inity)?)\Z", re.IGNORECASE | re.ASCII)


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file with their numbers from 1, without line ends; blank lines are skipped.

    Read lazily: a file of any length takes the memory of its longest line (a UTF-16 file is read whole).
    """
    for some in numbered_lines(path):
        yield from some


def number(value: Any) -> float:
    """A float from a number in JSON, or from a number as text; NaN and infinities pass.

    Raises ValueError for anything else (true and "1_000" included).

    >>> number(3), number("11.0")
    (3.0, 11.0)
    """
    if type(value) is float:
        return value
    if isinstance(value, str):
        if _NUMBER.match(value) is None:
            raise ValueError(f"{shown(value)} is not a number")
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{shown(value)} is not a number")
    try:
        return float(value)
    except OverflowError:
        return math.inf


def seconds(value: Any) -> float:
    """Seconds from a number, or from a time as text in any form that `records.times` knows; NaN and infinities pass.

    Raises ValueError for anything else.

    >>> seconds(12.5), seconds("12.5"), seconds("00:00:12,500")
    (12.5, 12.5, 12.5)
    """
    return parse_time(value) if _is_time(value) else number(value)


def rate(value: Any) -> float:
    """Frames per second from a number, or from a text such as `30000/1001`; raises ValueError for anything else."""
    return parse_rate(value) if isinstance(value, str) and _NUMBER.match(value) is None else number(value)


def _is_time(value: Any) -> bool:
    """Whether a value is text and no plain number: then it can only be a time that says its unit itself."""
    return isinstance(value, str) and _NUMBER.match(value) is None


def mapping(value: Any, name: str) -> dict[str, Any]:
    """A value that must be a JSON object; raises ValueError, with its `name`, when it is not."""
    if not isinstance(value, _DICT):
        raise ValueError(f"{name} is {shown(value)}, not an object")
    return value


def sequence(value: Any, name: str) -> list[Any]:
    """A value that must be a JSON list; raises ValueError, with its `name`, when it is not."""
    if not isinstance(value, _LIST):
        raise ValueError(f"{name} is {shown(value)}, not a list")
    return value


def pair(value: Any) -> tuple[float, float]:
    """A [start, end] pair of seconds from JSON; raises ValueError when it is not one. The order is not checked."""
    found = sequence(value, "a [start, end] pair")
    if len(found) != 2:
        raise ValueError(f"{shown(value)} is not a [start, end] pair")
    return seconds(found[0]), seconds(found[1])


def bound(value: Any) -> float | str:
    """A start or an end from JSON or csv: a number, or a time that says its unit, which stays text until normalisation.

    Raises ValueError when it is neither.

    >>> bound("11.0"), bound("01:23"), bound("12.5s")
    (11.0, '01:23', '12.5s')
    """
    if _is_time(value):
        parse_time(value)
        return value.strip()
    return number(value)


def bounds(value: Any) -> tuple[float | str, float | str]:
    """A [start, end] pair from JSON; raises ValueError when it is not one. Order and range are not checked."""
    if isinstance(value, dict):
        return _of_object(cast(dict[str, Any], value))
    found = sequence(value, "a [start, end] pair")
    if len(found) != 2:
        score = ": has it a score? A window of an annotation has none" if len(found) == 3 else ""
        raise ValueError(f"{shown(value)} is not a [start, end] pair{score}")
    start, end = found
    # Most bounds are such numbers, and files are long.
    return (start if type(start) is float else bound(start)), (end if type(end) is float else bound(end))


def windows(value: Any) -> list[tuple[float | str, float | str]]:
    """One [start, end] pair or {"start": 1, "end": 2}, or a list of them; raises ValueError when it is neither."""
    if isinstance(value, dict):
        return [bounds(value)]
    found = sequence(value, "a window or a list of windows")
    if not found:
        return []
    return [bounds(item) for item in found] if isinstance(found[0], list | dict) else [bounds(found)]


def _of_object(fields: Mapping[str, Any]) -> tuple[float | str, float | str]:
    """The start and the end of a window that is an object."""
    ends = [next((name for name in names if name in fields), None) for names in (STARTS, ENDS)]
    if None in ends:
        kept = ", ".join(map(repr, fields)) or "nothing"
        raise ValueError(f"a window has no start and end under {STARTS[0]}, {ENDS[0]} or such, only {kept[:200]}")
    return bound(fields[ends[0] or ""]), bound(fields[ends[1] or ""])


def held(fields: Mapping[str, Any], key: str) -> Any:
    """The value under the key of a corpus's windows; raises Lacking, with the keys that are there, without it."""
    if key not in fields:
        raise Lacking(f"there is no {key}, only {', '.join(map(shown, fields))[:300]}")
    return fields[key]


class Unread(float):
    """The NaN of a duration that cannot be read; as text it is what the file says, for the note of its repair."""

    def __new__(cls, value: Any) -> Self:
        """A NaN that remembers a value."""
        made = super().__new__(cls, math.nan)
        made.said = shown(value)
        return made

    said: str

    def __str__(self) -> str:
        return self.said


def duration(value: Any) -> float | None:
    """Seconds of a duration as published: a number or a time as text (`01:00`, `60s`, `PT1M0S`); None when missing.

    One that is neither is a NaN, which normalisation notes and makes unknown.
    """
    if value is None:
        return None
    try:
        return seconds(value)
    except ValueError:
        return Unread(value)


def words(value: Any, name: str) -> str:
    """A text from JSON; raises ValueError, with the field's name, when it is not text."""
    if not isinstance(value, str):
        raise ValueError(f"{name} is {shown(value)}, not text")
    return value


def shown(value: Any) -> str:
    """A value's repr, cut short for an error message.

    >>> shown("x" * 99)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."
    """
    try:
        text = repr(value)
    except RecursionError:
        return "a value that nests too deep"
    return text if len(text) <= 42 else text[:39] + "..."


def dumped(value: Any) -> str:
    """A JSON value as one line of ASCII, for `RawRow.raw`.

    What JSON cannot hold (bytes from a Parquet file) is written as its repr.
    """
    try:
        return json.dumps(value, default=ascii)[:MAX_RAW]
    except (RecursionError, TypeError, ValueError):
        return shown(value)


def unreadable(origin: str, raw: Any, split: str, detail: str, reason: str = UNREADABLE, *, file: str = "") -> RawRow:
    """A stand-in for a row that cannot be read, or that its corpus left without a moment; it becomes a drop.

    `file` is the file of its video, if that much is known.
    """
    return RawRow(
        origin=origin,
        raw=raw,
        video_id="",
        file=file,
        query="",
        windows=[],
        split=split,
        problem=(reason, detail),
    )


def refused(origin: str, raw: Any, split: str, error: ValueError) -> RawRow:
    """The row of a record whose reading raised an error, with the reason that the error is of."""
    return unreadable(origin, raw, split, str(error), LACKING if isinstance(error, Lacking) else UNREADABLE)


def some_readable(path: Path, rows: Iterable[RawRow], form: str) -> Iterator[RawRow]:
    """Pass rows on, broken ones included; if no row of a file can be read, it is the wrong file.

    Args:
        path: the file, for the error.
        rows: what its reader makes of it.
        form: what a row of the corpus looks like.

    Raises VtgError, at the end of the file, when there was no readable row.
    """
    held: list[RawRow] = []
    rest = iter(rows)
    for row in rest:
        held.append(row)
        # A record that its corpus left without a moment could be read: it has another reason.
        if row.problem is None or row.problem[0] not in (UNREADABLE, LACKING):
            yield from held
            held.clear()
            yield from rest
            return
    first = held[0].problem if held else None
    found = f"{held[0].origin}: {first[1]}" if first else "it has no rows"
    raise VtgError(f"{path}: not a file of this corpus, whose rows look like {form} ({found}). Give the right file.")
