"""The windows and the single times that a reasoning names; lengths (`for 5 s`) and counts (`frame 20`) are none.

One regular expression finds the numbers, others look at the words around each. Linear in the length of the text.
"""

import re
from typing import NamedTuple

from vtgdata.conversation.answer_times import Chain, Time, chains_in, pairs_of, times_in

MOST = 20_000
"""Most characters of a reasoning that are read: its last ones."""
_DASHES = str.maketrans("–—−‐‑~～〜：", "--------:")
_NUMBER = re.compile(r"\d+(?::\d\d)*(?:\.\d+)?")
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
_LENGTH_AFTER = re.compile(
    r"[ -]?(?:seconds?|secs?|s)?[ -]?(?:long\b|later\b|earlier\b|before (?!the (?:event|end)|he|she|it|they)|in length|"
    r"in total|apart\b|ago\b|of (?:video|footage|the (?:video|clip))|(?:video|clip|footage|recording|span|gap|window"
    r"|interval|segment|period|duration)\b|each\b|per\b|fps\b|frames?\b|wide\b)",
    re.IGNORECASE,
)
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
    text = reasoning[-MOST:].translate(_DASHES)
    return _SPELT.sub(_digits, text) if "second" in text else text


def _digits(match: re.Match[str]) -> str:
    first, between, second, alone, named = match.groups()
    return f"{_value(first)}{between}{_value(second)}" if first else str(_value(alone or named))


def _value(words: str) -> int:
    return sum(_WORD_VALUES[word] for word in re.split("[- ]", words.lower()))


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
    if _COUNTED.search(before) or _LENGTH_BEFORE.search(before):
        return False
    if chain.united:
        return not _LENGTH_AFTER.match(text, end)
    return bool(_LEAD.search(before) and _PLAIN_AFTER.match(text, end))


def _is_point(text: str, time: Time) -> bool:
    before = text[max(0, time.start - 40) : time.start]
    if _COUNTED.search(before) or _LENGTH_BEFORE.search(before) or _LENGTH_AFTER.match(text, time.end):
        return False
    return time.kind != "plain" or bool(_LEAD.search(before) and _PLAIN_AFTER.match(text, time.end))


def numbers_in(text: str) -> list[float]:
    """All numbers of a plain text, clocks as seconds."""
    return [_seconds(found) if ":" in found else float(found) for found in _NUMBER.findall(text)]


def _seconds(clock: str) -> float:
    value = 0.0
    for part in clock.split(":"):
        value = value * 60 + float(part)
    return value
