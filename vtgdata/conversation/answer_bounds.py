"""Windows whose bounds are named by words before or after them: `ends at 17.8 s`, `7 秒に始まり、16 秒に終わり`."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from vtgdata.conversation import answer_words as words
from vtgdata.conversation.answer_statements import Place
from vtgdata.conversation.answer_times import EDGE, FILL, Time, Units


def _one(row: str) -> str:
    """A row of the table as whole words."""
    return rf"(?<![{EDGE}])(?:{row})(?![{EDGE}])"


_BOUND = re.compile(
    r"(?<![^\W\d_])(?:(?P<start>starts?|starting|started|begins?|beginning|began|onset|from|开始|開始|起始|从|從)"
    r"|(?P<end>ends?|ending|ended|finish(?:es|ed)?|stops?|stopped|until|till|结束|結束|到|至))"
    r"(?:(?=time)|(?![a-z]))(?:(?<!from)(?<!until)(?<!till)(?: [a-z]+){1,4}(?= at ))?"
    rf"(?:[ \n_:=~-]|time(?:stamps?)?|point|at|is|of|in|on|mark|{FILL}|时间|時間|第){{0,9}}",
    re.IGNORECASE,
)
_NOT_ITS = ("video ", "clip ", "footage ", "movie ")
_KEYS = re.compile(
    rf"(?P<near>{_one(words.UNTIL)})|(?P<since>{_one(words.SINCE)})|(?P<start>{_one(words.START)})"
    rf"|(?P<end>{_one(words.END)})",
    re.IGNORECASE,
)
_OTHERS = re.compile(rf"(?:{words.VIDEO}) ?\Z", re.IGNORECASE)
MOST_APART = 60
"""Characters between a time and the word that says which bound it is."""


def starts_and_ends(text: str, times: Sequence[Time], units: Units) -> list[Place]:
    """Pairs whose start and end are named by words or keys, in either order: `ends at 17.8 s and starts at 12.5 s`."""
    at = {time.start: time for time in times}
    found: list[Place] = []
    waiting: dict[str, Time] = {}
    for key in _BOUND.finditer(text) if at else ():
        # The match may have consumed the minus sign of a negative time.
        place = key.end() if key.end() in at else key.end() - 1
        if place not in at or text[max(0, key.start() - 8) : key.start()].lower().endswith(_NOT_ITS):
            continue
        waiting[str(key.lastgroup)] = at[place]
        if len(waiting) == 2:
            start, end = waiting["start"], waiting["end"]
            pair = tuple(time.seconds * (units.plain if time.kind == "plain" else 1.0) for time in (start, end))
            found.append(Place((pair[0], pair[1]), min(start.start, end.start), max(start.end, end.end)))
            waiting.clear()
    return found


def both_ends(text: str, times: Sequence[Time]) -> list[Place]:
    """Pairs of which each time has a word for its bound before or after it: `7 s に始まり、16 s に終わり`."""
    if not 2 <= len(times) <= 20 or not all(time.kind != "plain" for time in times):
        return []
    marks = [_Mark(time.start, time.end, "time", time.seconds) for time in times]
    for key in _KEYS.finditer(text):
        kind = str(key.lastgroup)
        touches = any(0 <= time.start - key.end() <= 3 or 0 <= key.start() - time.end <= 3 for time in times)
        if (kind in ("near", "since") and not touches) or _OTHERS.search(text[max(0, key.start() - 12) : key.start()]):
            continue
        marks.append(_Mark(key.start(), key.end(), {"near": "end", "since": "start"}.get(kind, kind)))
    bound = _bound(text, sorted(marks))
    starts, ends = ([mark for kind, mark in bound if kind == side] for side in ("start", "end"))
    if len(starts) != len(ends):
        return []
    return [
        Place((one.seconds, two.seconds), min(one.start, two.start), max(one.end, two.end))
        for one, two in zip(starts, ends, strict=True)
    ]


class _Mark(NamedTuple):
    """A time, or a word that says which bound a time is."""

    start: int
    end: int
    kind: str
    """`time`, `start` or `end`."""
    seconds: float = 0.0


def _bound(text: str, marks: Sequence[_Mark]) -> list[tuple[str, _Mark]]:
    """Which bound each time is: words with one free time beside them choose first, then those with two."""
    taken: dict[int, str] = {}
    times = {place for place, mark in enumerate(marks) if mark.kind == "time"}
    keys = [place for place in range(len(marks)) if place not in times]
    for most in (1, 2):
        for place in keys:
            beside = [other for other in (place - 1, place + 1) if other in times and other not in taken]
            beside = [other for other in beside if _near(text, marks[place], marks[other])]
            if place not in taken and 0 < len(beside) <= most:
                taken[beside[0]] = marks[place].kind
                taken[place] = ""
    return [(taken[place], mark) for place, mark in enumerate(marks) if place in times and place in taken]


def _near(text: str, one: _Mark, other: _Mark) -> bool:
    between = text[min(one.end, other.end) : max(one.start, other.start)]
    return len(between) <= MOST_APART and not re.search(r"[!?;]|\.(?: |\Z)", between)
