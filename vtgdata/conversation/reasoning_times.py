"""The windows and the single times that a reasoning names; lengths (`for 5 s`) and counts (`frame 20`) are none.

One regular expression finds the numbers, others look at the words around each. Linear in the length of the text.
"""

import re
from typing import NamedTuple

from vtgdata.conversation.answer_scan import folded
from vtgdata.conversation.answer_times import Chain, Time, chains_in, pairs_of, times_in

MOST = 20_000
"""Most characters of a reasoning that are read: its last ones."""
_DASHES = str.maketrans("–—−‐‑~～〜：", "--------:")
_NUMBER = re.compile(r"\d+(?::\d\d)*(?:\.\d+)?")
_TIMED = re.compile(r"\d+(?::\d\d)+(?:\.\d+)?|\d+\.\d+|\d+(?= ?s(?:ec|\b))")
_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = dict(
    zip(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], range(20, 100, 10), strict=True)
)
_WORD_VALUES = {word: value for value, word in enumerate(_UNITS)} | _TENS
_WORD = rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(_UNITS[1:10])}))?|{'|'.join(_UNITS)})"
_SPELT = re.compile(
    rf"\b({_WORD})( ?(?:to|and|until|till|through|-) ?)({_WORD})(?= ?seconds?\b)|\b({_WORD})(?=[- ]seconds?\b)"
    rf"|(?<=second )({_WORD})\b",
    re.IGNORECASE,
)
_LENGTH_BEFORE = re.compile(
    r"(?:\b(?:for|lasts?|lasting|lasted|takes?|took|taking|every|another|within|next|first|last|length(?: of)?|"
    r"duration(?: of| is|:)?|long|spans?|spanning|by about|shift(?:ed)? by|video (?:is|lasts|has|of)|clip (?:is|lasts))"
    r"(?: (?:about|around|approximately|roughly|nearly|only|just|the|another|than|a|some|over|at least|is|of))*"
    r"|\b(?:a|an|this|the|whole|entire|of the|of a)) ?\Z",
    re.IGNORECASE,
)
_LAST = frozenset(
    re.findall(
        r"\w+",
        "for last lasts lasting lasted take takes took taking every another within next first length of duration is"
        " long span spans spanning about by shifted has around approximately roughly nearly only just the than a some"
        " over an least this whole entire frame frames page pages step steps line lines number numbers no score scores"
        " age ages aged option options level levels lane lanes room rooms chapter chapters scene scenes shot shots"
        " image images player players jersey size version confidence probability iou",
    )
)
"""Words with which both patterns end."""
_LENGTH_AFTER = re.compile(
    r"[ -]?(?:seconds?|secs?|s)?[ -]?(?:long\b|later\b|earlier\b|before (?!the (?:event|end)|he|she|it|they)|in length|"
    r"in total|apart\b|ago\b|of (?:video|footage|the (?:video|clip))|(?:video|clip|footage|recording|span|gap|window"
    r"|interval|segment|period|duration)\b|each\b|per\b|fps\b|frames?\b|wide\b)",
    re.IGNORECASE,
)
_MARK = re.compile(r"[ -]?(?:seconds?|secs?|s)?[ -]mark\b", re.IGNORECASE)
_COUNTED = re.compile(
    r"(?:\b(?:frames?|pages?|steps?|lines?|numbers?|no\.?|scores?|ages?|aged|options?|levels?|lanes?|rooms?|chapters?"
    r"|scenes?|shots?|images?|players?|jersey|size|version|confidence|probability|iou)|#) ?(?:is |of "
    r"|number |no\.? )?\Z",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"(?:\b(?:from|between|at|around|about|near|until|till|by|since|during|in|to|of|second|seconds|sec|timestamps?|times?"
    r"|marks?|window|interval|segment|span|range|moment|is|as|t ?=|answer)|[\[(~=:@]|->) ?(?:about |around |the )?\Z",
    re.IGNORECASE,
)
_PLAIN_AFTER = re.compile(
    r" ?(?:\Z"
    r"|[.,;:!?)\]\n-]|(?:the|he|she|it|they|when|while|as|where|and|or|which|a|an|until|to|in the|on|i|we|with)\b)",
    re.IGNORECASE,
)


class Claim(NamedTuple):
    """A window or a single time that a reasoning names."""

    start: float
    end: float
    """The same as `start` for a single time."""
    place: int


def plain(reasoning: str) -> str:
    """A reasoning with its dashes as `-`, and with seconds that are spelt out as digits."""
    text = reasoning[-MOST:]
    text = text if text.isascii() else text.translate(_DASHES)
    return _SPELT.sub(_digits, text) if "second" in text and _spells(text) else text


def _spells(text: str) -> bool:
    """Whether a word for a number stands before or after `second`: so few texts do that a plain search saves time."""
    parts = text.split("second")
    before = (part[-24:].rstrip(" -").replace("-", " ").rpartition(" ")[2] for part in parts[:-1])
    after = (part[:12].strip().partition(" ")[0].strip(".,;") for part in parts[1:])
    return any(folded(word) in _WORD_VALUES for words in (before, after) for word in words)


def _digits(match: re.Match[str]) -> str:
    first, between, second, alone, named = match.groups()
    return f"{_value(first)}{between}{_value(second)}" if first else str(_value(alone or named))


def _value(words: str) -> int:
    return sum(_WORD_VALUES[word] for word in re.split("[- ]", folded(words)))


def claims_in(text: str) -> list[Claim]:
    """What a text claims, in its order."""
    found: list[Claim] = []
    for chain in chains_in(text, list(times_in(text, cut=False))):
        ranges = list(pairs_of(chain))
        paired = {time.start for _, first, second in ranges for time in (first, second)}
        if ranges and _is_time(text, chain, chain.times[0].start, chain.times[-1].end):
            found += [Claim(pair[0], pair[1], first.start) for pair, first, _ in ranges if pair[0] < pair[1]]
        elif ranges:
            continue
        found += [
            Claim(time.seconds, time.seconds, time.start)
            for time in chain.times
            if time.start not in paired and _is_point(text, time)
        ]
    return found


def _is_time(text: str, chain: Chain, start: int, end: int) -> bool:
    before = text[max(0, start - 30) : start]
    if _counts(before):
        return False
    if chain.united:
        return not _LENGTH_AFTER.match(text, end)
    return bool(_LEAD.search(before) and _PLAIN_AFTER.match(text, end))


def _counts(before: str) -> bool:
    """Whether the words before a number make it a length or a count; the last of them is looked at first, for speed."""
    last = before.rstrip(" ").rpartition(" ")[2].rpartition("\n")[2].lower()
    if last.isalpha() and last not in _LAST:
        return False
    return bool(_COUNTED.search(before) or _LENGTH_BEFORE.search(before))


def _is_point(text: str, time: Time) -> bool:
    before = text[max(0, time.start - 40) : time.start]
    if text.endswith("mark", time.start, time.end) or _MARK.match(text, time.end):
        return True
    if _counts(before) or _LENGTH_AFTER.match(text, time.end):
        return False
    return time.kind != "plain" or bool(_LEAD.search(before) and _PLAIN_AFTER.match(text, time.end))


def holds(text: str, hints: tuple[str, ...]) -> bool:
    """Whether one of some words is in a text: faster than a pattern that has them all."""
    for hint in hints:  # noqa: SIM110 - a generator would take twice the time, on every row
        if hint in text:
            return True
    return False


def numbers_in(text: str) -> list[float]:
    """All numbers of a plain text, clocks as seconds."""
    return [_seconds(found) if ":" in found else float(found) for found in _NUMBER.findall(text)]


def has_number(text: str) -> bool:
    """Whether a plain text has a number."""
    return _NUMBER.search(text) is not None


def timed_numbers_in(text: str) -> list[float]:
    """The numbers of a plain text that are written as times: with a unit, as a clock, or with digits after a point."""
    return [_seconds(found) if ":" in found else float(found) for found in _TIMED.findall(text)]


def _seconds(clock: str) -> float:
    value = 0.0
    for part in clock.split(":"):
        value = value * 60 + float(part)
    return value
