"""What the keys of a JSON object in an answer mean, and the windows under them.

Keys for frames, a confidence or the video's duration hold no window. A call of a tool is no answer, unless the tool
takes the answer.
"""

import json
import math
import re
from typing import Any, cast

from vtgdata.conversation import answer_sayings as sayings
from vtgdata.conversation import answer_words as words
from vtgdata.conversation.answer_phrases import says_absent, says_nothing
from vtgdata.conversation.answer_sentences import pairs_in
from vtgdata.conversation.answer_text import ANSWERS
from vtgdata.conversation.answer_times import Pair, Units, read_time

_UNIT = r"_?(?:time|timestamp|times|secs?|seconds?|s|at|point|ts|ms|msecs?|milliseconds?)?(?:_?(?:s|secs?|ms))?"
_TIME_WORD = r"[_ ]?(?:zeit|punkt|tempo|tiempo|temps|time|时间|時間|時刻|시간|время|vakti|waktu|thời_gian|وقت|समय)?"
START = re.compile(
    rf"(?:t_?|time_?)?(?:start|begin|from|onset)(?:ing|s)?{_UNIT}|ts|t_?s|st|s|t0|lower|in(?:_?point)?|(?:{words.START}){_TIME_WORD}"
)
END = re.compile(
    rf"(?:t_?|time_?)?(?:end|stop|finish|to|until|offset)(?:ing|s)?{_UNIT}|te|t_?e|ed|e|t1|upper|out(?:_?point)?|(?:{words.END}){_TIME_WORD}"
)
_LENGTH = re.compile(r"(?:duration|length|dur|len)(?:_s|_secs?|_seconds)?")
_EXISTS = re.compile(
    r"(?:is_|event_|has_)?(?:found|exists?|present|occurs|happens|visible|answerable|detected|answer_exists|in_video|match)"
    r"|(?:is_|matches_)?(?:query|target|answer|hit|relevant|selected|chosen|correct|accepted)"
)
_TOOL = re.compile(r"(?:tool|function|api|action)(?:_name)?|name")
_ARGUMENTS = re.compile(r"arguments?|parameters|args|params|kwargs|inputs?|(?:action|tool|function)_(?:input|args)")
HOLDS = re.compile(
    r"when|"
    r"(?:(?:pred(?:icted|iction)?|relevant|video|time|temporal|event)_?){0,3}"
    r"(?:times?|time_?stamps?|windows?|spans?|segments?|intervals?|moments?|events|periods?|range|answers?|results?|output"
    r"|predictions?|seconds|secs)"
    rf"|{sayings.ANSWERS}"
)
_BESIDE = re.compile(r"(?:examples?|samples?|formats?|template|schema|draft|initial|query|question)(?:_\w+)?")
"""Keys of what only shows the form of an answer, or precedes it."""
_CHOSEN = re.compile(
    rf"(?:final_?|best_?|selected_?|chosen_?|correct_?)(?:answer|window|segment|span|interval|candidate|match|moment)?|answer|{sayings.ANSWERS}"
)
"""Keys beside which other keys hold candidates, context, or what was rejected."""
_UNIT_KEYS = ("unit", "units", "time_unit", "time_units")
_SCALES = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
}
_OPTION = re.compile(r"\s*\(?([A-Z])\)?\.?\s*\Z")


class Found:
    """What has been found so far."""

    def __init__(self, units: Units) -> None:
        self.units = units
        self.pairs: list[Pair] = []
        self.option: str | None = None
        self.asked = ""
        """The query, where the object repeats it."""
        self.empty = self.unreadable = False

    def take(self, value: Any) -> None:
        """Look through an object or a list of objects."""
        if isinstance(value, list):
            for item in cast(list[Any], value):
                self.take(item)
        if not isinstance(value, dict):
            return
        value = cast(dict[str, Any], value)
        named = {key_name(key): item for key, item in value.items()}
        if any(_EXISTS.fullmatch(key) and item in (False, "no", "false", "No", "False") for key, item in named.items()):
            self.empty = True
            return
        if self.called(named):
            return
        unit = next((item for key, item in named.items() if key in _UNIT_KEYS), None)
        if scale := _SCALES.get(unit.lower()) if isinstance(unit, str) else None:
            inner = Found(self.units._replace(plain=scale))
            inner.take({key: item for key, item in value.items() if key_name(key) not in _UNIT_KEYS})
            self.pairs += inner.pairs
            self.empty, self.unreadable = self.empty or inner.empty, self.unreadable or inner.unreadable
            return
        ends = [[(key, item) for key, item in named.items() if name.fullmatch(key)] for name in (START, END)]
        if not ends[0] and any(_LENGTH.fullmatch(key) for key in named):
            ends = [[(key, item) for key, item in named.items() if key.startswith("offset")], []]
        if ends[0] and not ends[1]:
            ends[1] = [(key, item) for key, item in named.items() if _LENGTH.fullmatch(key)]
        if ends[0] and ends[1]:
            self.both(*ends[0][0], *ends[1][0])
            return
        if prefixed := _prefixed(named):
            for start_key, end_key in prefixed:
                self.both(start_key, named[start_key], end_key, named[end_key])
            return
        chosen: dict[str, Any] = {key: named[key] for key in named if _CHOSEN.fullmatch(key) and _nests(named[key])}
        for key, item in (chosen or named).items():
            self.asked = item if isinstance(item, str) and _BESIDE.fullmatch(key) else self.asked
            if key in chosen or HOLDS.fullmatch(key) or key in ("option", "choice"):
                self.hold(item)
                if item is None:
                    return
            elif _nests(item) and not (_BESIDE.fullmatch(key) and len(named) > 1):
                self.take(item)

    def asked_of(self, events: dict[str, Any]) -> dict[str, Any]:
        """Of windows under the names of events, those under the query; without it, all as they are."""
        if self.asked in events and all(isinstance(item, list | str) for item in events.values()):
            return {"window": events[self.asked]}
        return events

    def called(self, named: dict[str, Any]) -> bool:
        """Whether an object is a call of a tool; its arguments are the answer if the tool takes that."""
        tool = next((item for key, item in named.items() if _TOOL.fullmatch(key)), None)
        given = next((item for key, item in named.items() if _ARGUMENTS.fullmatch(key)), None)
        if given is None or (tool is not None and not isinstance(tool, str)):
            return False
        if tool is None or ANSWERS.search(tool):
            self.take(decoded(given) if isinstance(given, str) else given)
        return True

    def both(self, start_key: str, start: Any, end_key: str, end: Any) -> None:
        """Note the pair, or the lists of starts and of ends, under two keys; the second may hold a length."""
        if isinstance(start, list) and isinstance(end, list) and len(start) == len(end):  # pyright: ignore[reportUnknownArgumentType]
            for each in zip(cast(list[Any], start), cast(list[Any], end), strict=True):
                self.both(start_key, each[0], end_key, each[1])
            return
        scales = [0.001 if re.search("ms|milli", key) else 1.0 for key in (start_key, end_key)]
        before = len(self.pairs)
        self.pair([start, end])
        if len(self.pairs) > before:
            first, second = (time * scale for time, scale in zip(self.pairs[-1], scales, strict=True))
            self.pairs[-1] = (first, first + second) if _LENGTH.fullmatch(end_key) else (first, second)

    def hold(self, item: Any) -> None:
        """Read the value of a key for windows: a pair, pairs, objects, words or an option's letter."""
        if isinstance(item, dict):
            return self.take(self.asked_of(cast(Any, item)))
        if isinstance(item, str) and (letter := _OPTION.match(item)):
            self.option = letter[1]
        elif isinstance(item, str) and item.lstrip()[:1] in ("{", "[") and (value := decoded(item)) is not None:
            self.hold(value)
        elif isinstance(item, str):
            pairs = pairs_in(item, tagged=True, units=self.units)
            self.pairs += pairs
            nothing = says_absent(item) or says_nothing(item)
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
        if len(items) == 2 and all(isinstance(item, str) and pairs_in(item, tagged=True) for item in items):
            for item in items:
                self.hold(item)
            return
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
        times = [_seconds(item, self.units, last) for item, last in zip(items, (False, True), strict=True)]
        if times[0] is None or times[1] is None:
            self.unreadable = True
        else:
            self.pairs.append((times[0], times[1]))


def _prefixed(named: dict[str, Any]) -> list[tuple[str, str]]:
    """Keys of starts and of ends that begin with one word, such as `event_start` and `event_end`; not of the video."""
    found: list[tuple[str, str]] = []
    for key in named:
        name, _, side = key.rpartition("_")
        end = next((other for other in (f"{name}_end", f"{name}_stop", f"{name}_to") if other in named), None)
        if side in ("start", "begin", "from") and end and not re.fullmatch(rf"{words.VIDEO}|query|question", name):
            found.append((key, end))
    return found


def _nests(value: Any) -> bool:
    """Whether a value is an object or a list."""
    return isinstance(value, dict | list)


def key_name(key: str) -> str:
    """A key in lower case with underscores: `startTime`, `Start time (s)` and `start-time` all become `start_time`."""
    plain = re.sub(r" ?[(\[](?:(ms)|[^()\[\]]*)[)\]]", lambda found: f"_{found[1]}" if found[1] else "", key[:40])
    return re.sub(r"[\s-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", plain.strip())).lower()


_EDGES = re.compile(
    rf"(?:video[_ ])?(?:the )?(?P<first>beginning|start)?(?P<last>end)?(?: of (?:the |this )?(?:{words.VIDEO}))?",
    re.IGNORECASE,
)


_COMMA = re.compile(r"(?<=\d),(?=\d{1,2}(?!\d))")
"""A decimal comma in a text that is one time."""


def _seconds(item: Any, units: Units, last: bool) -> float | None:
    """Seconds of a start, or with `last` of an end; None if it is no time."""
    if isinstance(item, dict):
        parts = cast(dict[str, Any], item)
        if (value := parts.get("value")) is not None:
            return _seconds(f"{value} {parts.get('unit', '')}".strip() if parts.get("unit") else value, units, last)
        names = (("hours", "hour", "h"), ("minutes", "minute", "min", "m"), ("seconds", "second", "sec", "s"))
        values = [next((parts[name] for name in each if name in parts), 0) for each in names]
        known = any(name in parts for each in names for name in each) and all(
            isinstance(value, int | float) for value in values
        )
        return values[0] * 3600.0 + values[1] * 60.0 + values[2] if known else None
    if isinstance(item, bool) or not isinstance(item, int | float | str):
        return None
    if isinstance(item, str) and (edge := _EDGES.fullmatch(item.strip())) and (edge["first"] or edge["last"]):
        return 0.0 if edge["first"] else units.duration if last else None
    try:
        if isinstance(item, str):
            item = _COMMA.sub(".", item)
        seconds = read_time(item, units) if isinstance(item, str) else float(item) * units.plain
    except OverflowError:
        return None
    return seconds if seconds is not None and math.isfinite(seconds) else None


def decoded(text: str) -> Any:
    """The value that a text is as JSON, with quotes escaped or as Python writes it; None for no such text."""
    for spelling in (text, text.replace('\\"', '"'), _from_python(text)):
        try:
            return json.loads(spelling)
        except (ValueError, RecursionError):
            continue
    return None


def _from_python(text: str) -> str:
    text = re.sub(r"(?<![:\"'])//[^\n]*|/[* ][^/\n]{0,200}[* ]/", "", text)
    text = re.sub(r"\b(None|True|False)\b", lambda match: {"None": "null"}.get(match[0], match[0].lower()), text)
    return re.sub(r",(\s?[}\]])", r"\1", text.replace("'", '"').replace("(", "[").replace(")", "]"))
