"""Windows whose bounds are named by words before or after them: `ends at 17.8 s`, `7 秒に始まり、16 秒に終わり`."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from vtgdata.conversation import answer_words as words
from vtgdata.conversation.answer_clauses import Place
from vtgdata.conversation.answer_scan import Scan
from vtgdata.conversation.answer_times import FILL, Chain, Time, Units, whole_words

_BOUND = Scan(
    r"(?<![^\W\d_])(?:(?P<start>starts?|starting|started|begins?|beginning|began|onset|from|开始|開始|起始|从|從)"
    r"|(?P<end>ends?|ending|ended|finish(?:es|ed)?|stops?|stopped|until|till|结束|結束|到|至))"
    r"(?:(?=time)|(?![a-z]))(?:(?<!from)(?<!until)(?<!till)(?: [a-z]+){1,4}(?= at ))?"
    rf"(?:(?!\d)(?:[ \n_:=~|-]|time(?:stamps?)?|point|at|is|of|in|on|mark|{FILL}|时间|時間|第)){{0,9}}"
)
_NOT_ITS, _BEFORE_ITS = ("frame_", "frame ", "video ", "clip ", "footage ", "movie "), ("_", " ")
_KEYS = Scan(
    rf"(?P<near>{whole_words(words.UNTIL)})|(?P<behind>{words.UNTIL_BEHIND})|(?P<since>{whole_words(words.SINCE)})"
    rf"|(?P<from_behind>{words.SINCE_BEHIND})|(?P<start>{whole_words(words.START)})|(?P<end>{whole_words(words.END)})"
)
_SIDES = {"near": "end", "behind": "end", "since": "start", "from_behind": "start"}
_OTHERS = re.compile(rf"(?:{words.VIDEO}) ?\Z", re.IGNORECASE)
MOST_TIMES, CLOSE = 20, 5
"""Times of a text beyond which their bounds are not looked for; characters between a time and a word beside it."""
CLOSE_LIST = 24
"""Characters before a list in which the word stands that says which bounds it has."""
MOST_APART = 60
"""Characters between a time and the word that says which bound it is."""


def starts_and_ends(text: str, times: Sequence[Time], units: Units) -> list[Place]:
    """Pairs whose start and end are named by words or keys, in either order: `ends at 17.8 s and starts at 12.5 s`."""
    at = {time.start: time for time in times}
    found: list[Place] = []
    waiting: dict[str, Time] = {}
    for key in _BOUND.finditer(text) if at else ():
        begin, end = key.span()
        # The match may have consumed the minus sign of a negative time.
        time = at.get(end) or at.get(end - 1)
        if time is None or (
            text[begin - 1 : begin] in _BEFORE_ITS and text[max(0, begin - 8) : begin].lower().endswith(_NOT_ITS)
        ):
            continue
        waiting[str(key.lastgroup)] = time
        if len(waiting) == 2:
            one, two = waiting["start"], waiting["end"]
            pair = _worth(one, units), _worth(two, units)
            found.append(Place(pair, min(one.start, two.start), max(one.end, two.end)))
            waiting.clear()
    return found


def _worth(time: Time, units: Units) -> float:
    """Seconds of a time, or of a bare number."""
    return time.seconds * (units.plain if time.kind == "plain" else 1.0)


def lists_of_bounds(text: str, chains: Sequence[Chain], units: Units) -> list[Place]:
    """The windows of a list of starts and a list of ends, as long as the other: `starts: 6, 17, ends: 11, 24`."""
    lists = [
        (_side_before(text, chain), chain) for chain in chains if len(chain.times) > 1 and "strong" not in chain.seps
    ]
    found: list[Place] = []
    for (side, starts), (other, ends) in pairwise(lists):
        if (side, other) == ("start", "end") and len(starts.times) == len(ends.times):
            seconds = [[_worth(time, units) for time in each.times] for each in (starts, ends)]
            found += [Place(pair, starts.times[0].start, ends.times[-1].end) for pair in zip(*seconds, strict=True)]
    return found


def _side_before(text: str, chain: Chain) -> str | None:
    """The bound, `start` or `end`, that the words shortly before a chain name last."""
    begin = chain.times[0].start
    keys = list(_KEYS.finditer(text, max(0, begin - CLOSE_LIST), begin))
    kind = str(keys[-1].lastgroup) if keys else None
    return _SIDES.get(kind, kind) if kind else None


def both_ends(text: str, times: Sequence[Time]) -> list[Place]:
    """Pairs of which each time has a word for its bound before or after it: `7 s に始まり、16 s に終わり`.

    Of two times in one sentence one such word is enough, if it fits their order.
    """
    if not 2 <= len(times) <= MOST_TIMES or all(time.kind == "plain" for time in times):
        return []
    keys = [key for key in _KEYS.finditer(text) if not _OTHERS.search(text[max(0, key.start() - 12) : key.start()])]
    times = [time for time in times if time.kind != "plain" or _touched(time, keys)]
    marks = [_Mark(time.start, time.end, "time", time.seconds) for time in times]
    taken: dict[_Mark, str] = {}
    for key in keys if len(times) > 1 else ():
        kind = str(key.lastgroup)
        if kind in ("start", "end"):
            marks.append(_Mark(key.start(), key.end(), kind))
        elif time := _beside(key, marks[: len(times)]):
            taken[time] = _SIDES[kind]
    if len(times) < 2:
        return []
    _choose(text, sorted(marks), taken)
    first, last = marks[0], marks[len(times) - 1]
    if len(times) == 2 and len(taken) == 1 and first.seconds < last.seconds and _near(text, first, last):
        # `It starts at 5 s, and at 9 s he stands`: the other time is the other bound.
        taken.setdefault(*((last, "end") if taken.get(first) == "start" else (first, "start")))
    starts, ends = ([mark for mark in marks if taken.get(mark) == side] for side in ("start", "end"))
    if len(starts) != len(ends) or len(taken) != len(starts) + len(ends):
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


def _touched(time: Time, keys: Sequence[re.Match[str]]) -> bool:
    """Whether a word that names a bound stands directly beside a bare number."""
    return any(0 <= time.start - key.end() <= CLOSE or 0 <= key.start() - time.end <= CLOSE for key in keys)


def _beside(key: re.Match[str], times: Sequence[_Mark]) -> _Mark | None:
    """The time directly after `until` or `from`; for the words of languages that put them behind, the time before."""
    after = next((time for time in times if 0 <= time.start - key.end() <= CLOSE), None)
    before = next((time for time in reversed(times) if 0 <= key.start() - time.end <= CLOSE), None)
    return before if key["behind"] or key["from_behind"] else after


def _choose(text: str, marks: Sequence[_Mark], taken: dict[_Mark, str]) -> None:
    """Give each time its bound: words with one free time beside them choose first, then those with two."""
    done: set[int] = set()
    for most in (1, 2):
        for place, mark in enumerate(marks):
            if mark.kind == "time" or place in done:
                continue
            if any(_apart(time, mark) <= CLOSE and side == mark.kind for time, side in taken.items()):
                continue  # `48 s から始まり`: both words say it of one time
            beside = [marks[other] for other in (place - 1, place + 1) if 0 <= other < len(marks)]
            beside = [each for each in beside if each.kind == "time" and each not in taken and _near(text, mark, each)]
            if 0 < len(beside) <= most:
                taken[min(beside, key=lambda each: _apart(each, mark))] = mark.kind
                done.add(place)


def _apart(one: _Mark, other: _Mark) -> int:
    """Characters between two marks."""
    return max(one.start, other.start) - min(one.end, other.end)


def _near(text: str, one: _Mark, other: _Mark) -> bool:
    """Whether two marks stand in one sentence, not far apart."""
    between = text[min(one.end, other.end) : max(one.start, other.start)]
    return len(between) <= MOST_APART and not re.search(r"[!?;]|\.(?: |\Z)", between)
