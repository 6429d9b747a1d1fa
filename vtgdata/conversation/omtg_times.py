"""Windows in a text as OMTG's evaluation reads them: of truth and of predictions alike.

Three forms are tried, and the first that yields anything wins:

1. `<time>A - B seconds</time>`, A and B in seconds or as m:ss or h:mm:ss
2. `A - B seconds` without tags
3. `starts at A and ends at B`, `A to B`, `A - B` and `[A, B]` together, each pair once

Pairs whose end is not after their start are none; the others are sorted by start. `3s - 5s` gives nothing, tags inside
`<think>` count, and only the third form leaves out repeated pairs: so does the official code. Source: VLMEvalKit at
e8e78f0, vlmeval/dataset/omtgbench.py.
"""

import re

from vtgdata.records.times import parse_time

MOST = 200_000
"""Characters of a text that are read."""
_NUMBER = r"\d{1,9}(?:\.\d{1,9})?"
_CLOCK = rf"(?:\d{{1,3}}:)?\d{{1,2}}:{_NUMBER}|{_NUMBER}"
_TAGGED = re.compile(
    rf"<time>\s{{0,9}}({_CLOCK})\s{{0,9}}-\s{{0,9}}({_CLOCK})\s{{0,9}}seconds?\s{{0,9}}</time>", re.IGNORECASE
)
_BARE = re.compile(rf"(?<![\d.:])({_NUMBER})\s{{0,9}}-\s{{0,9}}({_NUMBER})\s{{0,9}}seconds?\b", re.IGNORECASE)
_OTHERS = (
    re.compile(rf"starts?\s{{1,9}}at\s{{1,9}}({_NUMBER}).{{0,40}}?ends?\s{{1,9}}at\s{{1,9}}({_NUMBER})", re.IGNORECASE),
    re.compile(rf"(?<![\d.:])({_NUMBER})\s{{1,9}}to\s{{1,9}}({_NUMBER})(?![\d:])", re.IGNORECASE),
    re.compile(rf"(?<![\d.:])({_NUMBER})\s{{0,9}}-\s{{0,9}}({_NUMBER})(?![\d:])"),
    re.compile(rf"\[\s{{0,9}}({_NUMBER})\s{{0,9}},\s{{0,9}}({_NUMBER})\s{{0,9}}\]"),
)


def read(text: str) -> list[tuple[float, float]]:
    """The pairs of seconds in a text, by start; empty where there is none.

    >>> read("<time>62.0 - 70.0 seconds</time> <time>00:03 - 00:05.5 seconds</time>")
    [(3.0, 5.5), (62.0, 70.0)]
    >>> read("It starts at 3 and ends at 5, again [8, 9] and 8 to 9."), read("3s - 5s")
    ([(3.0, 5.0), (8.0, 9.0)], [])
    """
    text = text[-MOST:]
    for pattern in (_TAGGED, _BARE):
        if found := _sound(pattern.findall(text)):
            return found
    return _sound(list(dict.fromkeys(pair for pattern in _OTHERS for pair in _seconds(pattern.findall(text)))))


def _sound(pairs: list[tuple[str, str]] | list[tuple[float, float]]) -> list[tuple[float, float]]:
    return sorted((start, end) for start, end in _seconds(pairs) if start < end)


def _seconds(pairs: list[tuple[str, str]] | list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(_number(start), _number(end)) for start, end in pairs]


def _number(value: str | float) -> float:
    return parse_time(value) if isinstance(value, str) and ":" in value else float(value)
