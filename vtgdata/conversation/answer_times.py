"""Times in a text, and the chains that they form: candidates for windows given in words.

A time is plain seconds, m:ss, h:mm:ss (with a fraction), or minutes and hours in words or letters, with or without a
unit. Times with nothing but a separator between them form a chain: `5 to 10 and 20 to 25 s`. `answer_sentences` decides
by the words around a chain whether it is a window. Every pattern is bounded or possessive, so that parsing takes time
linear in the length.
"""

import math
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from vtgdata.conversation import answer_words as words
from vtgdata.records.times import parse_time

Pair = tuple[float, float]


class Units(NamedTuple):
    """What a bare number is worth."""

    plain: float = 1.0
    """Seconds of a number without a unit."""
    duration: float | None = None
    """Seconds of the video: what `the end of the video` is."""


SECONDS = Units()


LETTER = r"A-Za-z_\u00c0-\u024f\u0370-\u05ff\u1e00-\u1eff"
"""Letters that may not touch a number; scripts written without blanks between words are not among them."""
EDGE = LETTER + r"\u0600-\u06ff\u0900-\u097f"
"""The same with Arabic and Devanagari, which have blanks between words."""


def whole_words(*rows: str) -> str:
    """A pattern of rows of the table, each as whole words."""
    return rf"(?<![{EDGE}])(?:{'|'.join(rows)})(?![{EDGE}])"


_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,3}+(?!\d)(?:\.\d++)?|\d++(?:\.\d++)?|\.\d++)"
_END = rf"(?![{LETTER}\d])"
_SECONDS = rf"(?:(?:{words.SECOND.replace(' ', '[ ]')}){_END}\.?)"
_MINUTES = rf"(?:(?:{words.MINUTE})(?![{LETTER}])\.?)"
_HOURS = rf"(?:(?:{words.HOUR}){_END})"
_MILLI = rf"(?:(?:{words.MILLISECOND}){_END})"
_NEAR = r"(?=[ -]?[^\W\d_])"
"""Before a unit: most numbers have no letter near, and then no unit need be tried."""
_JOIN = rf"(?:,?[ ]?(?:(?:{words.AND})[ ]|و)?)"
_TIME = re.compile(
    rf"""
    (?<![{LETTER}\d/$€£¥₹\#@<^]) (?<!\d[.:])
    (?P<sign>(?<![{LETTER}\d)\]%])[-+](?=[\d.]))?
    (?:
      (?P<clock>(?:\d{{1,3}}:)?\d{{1,3}}:\d\d(?:\.\d++|,\d{{3}}(?![\d:]))?)
        (?:{_NEAR}[ -]?(?:{_SECONDS}|(?P<cm>{_MINUTES})))?
    | (?P<h>{_NUMBER}){_NEAR}(?:[ -]?{_HOURS}|[ ]?h(?=[ ]?\d))
        (?:{_JOIN}(?P<hm>{_NUMBER})(?:[ -]?{_MINUTES}|m(?![{LETTER}])))?
        (?:{_JOIN}(?P<hs>{_NUMBER})[ -]?{_SECONDS})?
    | (?P<m>{_NUMBER}){_NEAR}(?:[ -]?{_MINUTES}|m(?![{LETTER}]))
        (?:{_JOIN}(?P<ms>{_NUMBER})[ -]?{_SECONDS} | (?P<tight>\d\d)(?!\d))?
    | (?P<plain>(?!0\d\d+(?![.\d]))(?:{_NUMBER})) (?:{_NEAR}[ -]?(?:(?P<milli>{_MILLI})|(?P<unit>{_SECONDS})))?
    )
    (?:[ ]mark{_END})?
    # Not the start of a longer number, and no per cent, money or time of day.
    (?![{LETTER}\d%°/] | [.:]\d | [ ]?(?:%|°|[$€£¥₹]|[ap]\.?[ ]?m\b|per[ ]?cent\b|o'?clock\b|Uhr\b|点钟|點鐘))
    """,
    re.VERBOSE | re.IGNORECASE,
)
FILL = rf"(?:(?:seconds?|{words.ABOUT})(?![{LETTER}]) ?|t ?= ?|[~≈] ?)"
"""Words before a time that change nothing."""
_AFTER = rf"(?: ?(?:{words.AFTER}))?"
_STRONG = rf"-{{1,2}}>?|=>|~|(?:{words.TO})(?![{LETTER}])"
_START_WORD = rf"(?:{words.START})(?![{LETTER}])"
_GAP = re.compile(
    rf"{_AFTER}(?P<strong> ?(?:{_START_WORD})?,? ?(?:{_STRONG}) ?|\n?(?:to|-|until)\n)(?:{FILL}){{0,4}}"
    rf"|{_AFTER}(?P<both>,? ?(?:{words.AND})(?![{LETTER}]) ?)(?:(?!{words.BETWEEN})(?:{words.FROM}) )?(?:{FILL}){{0,4}}"
    rf"|(?P<comma>\s{{0,2}},\s{{0,3}})",
    re.IGNORECASE,
)


class Time(NamedTuple):
    """A time in a text: its seconds, where it stands and how it was written."""

    seconds: float
    start: int
    end: int
    kind: str
    """`clock`, `unit` or `plain`."""
    scale: float = 1.0
    """Factor for a plain number that shares this time's unit: 60 where the unit is minutes."""


class Chain(NamedTuple):
    """Times with only separators between them: `seps` has one of `strong`, `both`, `comma` for each gap."""

    times: list[Time]
    seps: list[str]

    @property
    def united(self) -> bool:
        """Whether one of the times has a unit; it then holds for all of them."""
        return any(time.kind != "plain" for time in self.times)


def read_time(text: str, units: Units = SECONDS) -> float | None:
    """Seconds of a text that is one time and nothing else; None for any other text.

    >>> read_time("1m05s"), read_time("12.5 s"), read_time("PT12.5S"), read_time("early")
    (65.0, 12.5, 12.5, None)
    """
    text = text.strip()
    if text[:2].upper() == "PT":
        try:
            return parse_time(text)
        except ValueError:
            return None
    match = _TIME.match(text)
    time = match and match.end() == len(text) and _time(match)
    return time.seconds * (units.plain if time.kind == "plain" else 1.0) if time else None


def times_in(text: str, cut: bool) -> Iterator[Time]:
    """The times in a text; a time that is repeated in brackets in another notation, as in `65 s (01:05)`, counts once.

    With `cut`, a number at the very end is not taken: it may lack digits, or minutes their seconds.
    """
    end = len(text.rstrip(" \n:.,-"))
    last: Time | None = None
    for match in _TIME.finditer(text):
        time = _time(match)
        if time is None or (cut and time.end >= end and not (match["unit"] or match["milli"])):
            continue
        if last and _is_same(text, last, time):
            last = last._replace(end=time.end + 1)
            continue
        if last:
            yield last
        last = time
    if last:
        yield last


def _is_same(text: str, first: Time, second: Time) -> bool:
    """Whether the second time repeats the first in another notation, as in `65 s (01:05)`."""
    if first.kind == second.kind or abs(first.seconds - second.seconds) >= 1:
        return False
    return text[first.end : second.start] in ("(", " (") and text[second.end : second.end + 1] == ")"


def _time(match: re.Match[str]) -> Time | None:
    def number(*names: str) -> float:
        return next((float(match[name].replace(",", "")) for name in names if match[name]), 0.0)

    scale, kind = 1.0, "unit"
    plain, milli, unit = match.group("plain", "milli", "unit")
    if plain:
        scale = 0.001 if milli else 1.0
        seconds, kind = float(plain.replace(",", "")) * scale, "unit" if milli or unit else "plain"
    elif match["clock"]:
        try:
            seconds, kind = parse_time(match["clock"].replace(",", ".")), "clock"
            scale = 60.0 if match["cm"] else 1.0
        except ValueError:
            return None
    else:
        seconds = number("h") * 3600 + number("hm", "m") * 60 + number("hs", "ms", "tight")
        alone = not (match["hm"] or match["hs"] or match["ms"] or match["tight"])
        scale = (3600.0 if match["h"] else 60.0) if alone else 1.0
    if not math.isfinite(seconds):
        return None
    return Time(-seconds if match["sign"] == "-" else seconds, match.start(), match.end(), kind, scale)


@lru_cache(maxsize=1024)
def _separator(gap: str) -> str | None:
    """`strong`, `both` or `comma` for what separates two times of a chain; None for any other text."""
    match = _GAP.fullmatch(gap) if gap.strip() else None
    return str(match.lastgroup) if match else None


def chains_in(text: str, times: Sequence[Time]) -> Iterator[Chain]:
    """The chains of a text's times, single times too, in order."""
    chain: Chain | None = None
    for time in times:
        if chain:
            gap = text[chain.times[-1].end : time.start]
            if time.seconds < 0 and gap in ("", " "):
                # `12.5 -17.8`, `12秒-17秒`: the `-` is a separator, written close to the second number.
                gap, time = "-", time._replace(seconds=-time.seconds, start=time.start + 1)
            if sep := _separator(gap) if len(gap) < 40 else None:
                chain.times.append(time)
                chain.seps.append(sep)
                continue
            yield chain
        chain = Chain([time], [])
    if chain:
        yield chain


def pairs_of(chain: Chain, units: Units = SECONDS) -> Iterator[tuple[Pair, Time, Time]]:
    """The windows of a chain, each with its two times.

    Strong separators join two times; `and` and commas do so if there is no strong one. Three times in a row with the
    same separator, as in a date or a list of moments, give no window.
    """
    times, seps = chain.times, chain.seps
    if "strong" not in seps:
        regular = len(seps) == 1 or (len(seps) % 2 and set(seps[::2]) == {"both"} and set(seps[1::2]) == {"comma"})
        joints = range(0, len(seps), 2) if regular else range(0)
    else:
        padded = ["", *seps, ""]
        joints = [i for i, sep in enumerate(seps) if sep == "strong" and "strong" not in (padded[i], padded[i + 2])]
    united = chain.united
    for i in joints:
        start, end = times[i], times[i + 1]
        shared = end.scale if start.kind == "plain" and end.kind != "plain" else units.plain if not united else 1.0
        last = units.plain if not united else 1.0
        yield (start.seconds * shared, end.seconds * last), start, end
