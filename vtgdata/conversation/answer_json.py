"""Windows given in JSON: an object with start and end, or with a key that holds pairs; plain, fenced, or in prose.

Python's spelling (single quotes, None) and escaped quotes are read too. Keys for frames, a confidence or the video's
duration hold no window.
"""

import json
import math
import re
from typing import Any, NamedTuple, cast

from vtgdata.conversation.answer_phrases import says_nothing, without_absent
from vtgdata.conversation.answer_sentences import pairs_in
from vtgdata.conversation.answer_times import Pair, read_time

MOST_BRACES = 400
MOST_TEXT = 20_000
"""Most braces and characters that are read, counted from the end of the text: more is no answer and would take long."""

_UNIT = r"_?(?:time|timestamp|times|secs?|seconds?|s|at|point)?"
_START = re.compile(rf"(?:t_?|time_?)?(?:start|begin|from|onset)(?:ing|s)?{_UNIT}")
_END = re.compile(rf"(?:t_?|time_?)?(?:end|stop|finish|to|until|offset)(?:ing|s)?{_UNIT}")
_HOLDS = re.compile(
    r"(?:(?:pred(?:icted|iction)?|relevant|video|time|temporal|event)_?){0,3}"
    r"(?:times?|time_?stamps?|windows?|spans?|segments?|intervals?|moments?|periods?|range|answers?|results?|output"
    r"|predictions?)"
)
_OPTION = re.compile(r"\s*\(?([A-Z])\)?\.?\s*\Z")


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


def read(text: str) -> Said | None:
    """What the JSON objects of a text contain; None when it has no readable object.

    >>> read('Here: {"start": "1:05", "end": "1:20", "confidence": 0.9}').pairs
    [(65.0, 80.0)]
    """
    objects, rest = _objects(text)
    found = _Found()
    try:
        for value in objects:
            found.take(value)
    except RecursionError:
        return None
    empty = found.empty or objects == [{}]
    return Said(found.pairs, found.option, empty, found.unreadable, rest) if objects else None


def _objects(text: str) -> tuple[list[Any], str]:
    """The outermost objects that can be decoded, and the rest of the text."""
    values: list[Any] = []
    rest, place, budget = "", 0, MOST_TEXT
    for start, end in _braced(text):
        if start < place or end - start > budget:
            continue
        budget -= end - start
        if (value := _decoded(text[start:end])) is not None:
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


def _decoded(text: str) -> Any:
    for spelling in (text, text.replace('\\"', '"'), _from_python(text)):
        try:
            return json.loads(spelling)
        except (ValueError, RecursionError):
            continue
    return None


def _from_python(text: str) -> str:
    text = re.sub(r"\b(None|True|False)\b", lambda match: {"None": "null"}.get(match[0], match[0].lower()), text)
    return re.sub(r",(\s?[}\]])", r"\1", text.replace("'", '"').replace("(", "[").replace(")", "]"))


class _Found:
    """What has been found so far."""

    def __init__(self) -> None:
        self.pairs: list[Pair] = []
        self.option: str | None = None
        self.empty = self.unreadable = False

    def take(self, value: Any) -> None:
        """Look through an object or a list of objects."""
        if isinstance(value, list):
            for item in cast(list[Any], value):
                self.take(item)
        if not isinstance(value, dict):
            return
        value = cast(dict[str, Any], value)
        ends = [[item for key, item in value.items() if name.fullmatch(_name(key))] for name in (_START, _END)]
        if ends[0] and ends[1]:
            return self.pair([ends[0][0], ends[1][0]])
        for key, item in value.items():
            if _HOLDS.fullmatch(_name(key)) or _name(key) in ("option", "choice"):
                self.hold(item)
            elif isinstance(item, dict | list):
                self.take(item)
        return None

    def hold(self, item: Any) -> None:
        """Read the value of a key for windows: a pair, pairs, objects, words or an option's letter."""
        if isinstance(item, dict):
            return self.take(cast(Any, item))
        if isinstance(item, str) and (letter := _OPTION.match(item)):
            self.option = letter[1]
        elif isinstance(item, str):
            words, absent = without_absent(item)
            pairs = pairs_in(words, tagged=True)
            self.pairs += pairs
            nothing = absent or says_nothing(item)
            self.empty |= not pairs and nothing
            self.unreadable |= not pairs and not nothing
        elif isinstance(item, list) and item:
            self.listed(cast(list[Any], item))
        else:
            self.empty |= item is None or item == []
            self.unreadable |= not (item is None or item == [])
        return None

    def listed(self, items: list[Any]) -> None:
        """Read a list under a key for windows: one pair, perhaps with a score after it, or a list of pairs."""
        flat = not any(isinstance(item, dict | list) for item in items)
        if flat and (len(items) == 2 or (len(items) == 3 and all(isinstance(item, int | float) for item in items))):
            self.pair(items[:2])
        elif flat and not all(isinstance(item, str) for item in items):
            self.unreadable = True
        else:
            for item in items:
                self.hold(item)

    def pair(self, items: list[Any]) -> None:
        """Note a pair of start and end, each a number or a time as text."""
        if all(item is None or (isinstance(item, str) and says_nothing(item)) for item in items):
            self.empty = True
            return
        times = [_seconds(item) for item in items]
        if times[0] is None or times[1] is None:
            self.unreadable = True
        else:
            self.pairs.append((times[0], times[1]))


def _name(key: str) -> str:
    """A key in lower case with underscores: `startTime`, `Start time` and `start-time` all become `start_time`."""
    return re.sub(r"[\s-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key[:40].strip())).lower()


def _seconds(item: Any) -> float | None:
    if isinstance(item, bool) or not isinstance(item, int | float | str):
        return None
    try:
        seconds = read_time(item) if isinstance(item, str) else float(item)
    except OverflowError:
        return None
    return seconds if seconds is not None and math.isfinite(seconds) else None
