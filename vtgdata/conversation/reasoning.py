"""What a reasoning says about times: the windows and the single times that it names, and whether they are its answer's.

Only what contradicts counts: a reasoning may name no time at all, part of the answer, frames inside it, or other times
beside it, as what happens before and after. It contradicts its answer where all its times lie elsewhere, or where the
sentence that concludes it names other times. Lengths (`for 5 s`, `lasts 3 s`) are no times, and the video's own ends
say nothing. Linear in the length of the text.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from vtgdata.conversation.answer_times import Pair
from vtgdata.conversation.reasoning_times import (
    Claim,
    claims_in,
    has_number,
    holds,
    numbers_in,
    plain,
    timed_numbers_in,
)

CLOSE = 1.0
"""Seconds by which a time may differ from the answer's and still be the same."""
MOST_CLOSE = 2.0
"""The same where frames lie further apart than that: a reasoning names frames beside the bounds that it answers."""
OVERLAP = 0.5
"""Least IoU of a window in the reasoning and one of the answer that are the same."""

_SENTENCE_END = re.compile(r"[.!?;](?=\s|\Z)|[。！？；\n]")
_NEGATED = re.compile(
    r"\b(?:not|no(?! ?[,.])|never|none|neither|nor|without|cannot|other|another|different|elsewhere"
    r"|instead of|rather than|before"
    r"|earlier|later|afterwards|else|unlike|ruled? out|exclude[sd]?|irrelevant|wrong|too (?:early|late))\b|n't\b|不|没",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    r"(?:\A|, |: )\W*(?:so|thus|hence|therefore|overall|finally|actually|wait|correction|no, )\b|\b(?:therefore|hence|"
    r"thus|in conclusion|to conclude|i conclude|in summary|final(?:ly)?|answer|must be|best match\w*|matches the|"
    r"correspond\w*|on second thought|i (?:will|would|'ll) (?:say|answer|choose|go with|pick)"
    r"|the (?:moment|event|query|"
    r"described|target|relevant|correct)[^.;\n]{0,40}\b(?:is|occurs?|happens?|takes place|runs|goes|spans)|is the"
    r" (?:moment|event|right|one))\b|所以|因此|答案|综上",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\b(?:(starts?|begins?|starting|beginning|began|started|onset|commences?|first (?:seen|visible|appears))"
    r"|(ends?|ending|ended|stops?|stopped|finish(?:es|ed)?|completes?|completed|concludes?|over by|until"
    r"|last (?:seen|visible)))\b",
    re.IGNORECASE,
)
"""Words of a beginning, and words of an end."""
_SEQUENCE = re.compile(r"\b(?:first|initially|then|before|after|afterwards|next|beforehand|followed)\b", re.IGNORECASE)
_TAG = re.compile(r"<answer>(.*?)</answer>", re.IGNORECASE | re.DOTALL)


_HINTS = (
    "so ", "thus", "hence", "therefore", "overall", "final", "actual", "wait", "correct", "conclu", "summary", "answer",
    "must be", "match", "correspond", "thought", "say", "choose", "pick", "go with", "moment", "event", "query",
    "target", "described", "relevant", "right", "result", "no,", "so,", "所以", "因此", "答案", "综上",
)  # fmt: skip
"""One of these is in every sentence that concludes: a plain search is faster."""
_ANSWERS = re.compile(
    r"\b(?:answer|conclusion|right (?:one|moment|interval)|correct (?:one|moment|interval)|result)(?: then| here)?"
    r"(?: ?[:=]| is(?! not)| must be| should be| would be| are) ?",
    re.IGNORECASE,
)
"""What concludes whatever else the sentence denies."""


class Answered(NamedTuple):
    """The answer that a reasoning belongs to."""

    windows: Sequence[Pair]
    """(start, end) in seconds; at least one."""
    duration: float | None
    step: float = 0.0
    """Seconds between the frames that were shown, as far apart as a time can be read."""


def contradiction(reasoning: str, answered: Answered) -> float | None:
    """By how many seconds a reasoning and its answer are apart, where they contradict; None where they do not.

    >>> contradiction("It opens from 20.0 to 25.0 s.", Answered([(5.0, 10.0)], 30.0))
    15.0
    >>> contradiction("He sits until 5.0 s; from 5.0 to 10.0 s he opens it.", Answered([(5.0, 10.0)], 30.0)) is None
    True
    """
    text = plain(reasoning)
    if _all_near(text, answered) or _names_it(text, answered):
        return None
    claims = [claim for claim in claims_in(text) if not _says_nothing(claim, answered)]
    of = _Judge(text, answered, claims)
    if of.contradicts():
        return of.apart()
    return None


def drafts(reasoning: str) -> list[str]:
    """The contents of answer tags inside a reasoning."""
    return _TAG.findall(reasoning) if "<answer" in reasoning else []


def without_drafts(reasoning: str) -> str:
    """A reasoning without answer tags; what they hold stays."""
    return _TAG.sub(r"\1", reasoning)


def _close(answered: Answered) -> float:
    return max(CLOSE, min(answered.step, MOST_CLOSE))


def _all_near(text: str, answered: Answered) -> bool:
    """Whether every number of a text is a bound of the answer: the most frequent case, fast."""
    numbers = numbers_in(text)
    if not numbers or len(answered.windows) > 1:
        return not numbers  # of two windows one may be told of and not the other
    close, (start, end) = _close(answered), answered.windows[0]
    for number in numbers:  # noqa: SIM110 - a generator would take twice the time, on every row
        if abs(number - start) > close and abs(number - end) > close:
            return False
    return True


def _names_it(text: str, answered: Answered) -> bool:
    """Whether a text names the one answered window as `5.0 s ... 10.0 s`, and concludes nothing: fast too."""
    if len(answered.windows) > 1:
        return False
    (start, end), close = answered.windows[0], _close(answered)
    pairs = pairwise(timed_numbers_in(text))
    named = any(abs(first - start) <= close and abs(second - end) <= close for first, second in pairs)
    if not named or not holds(text.lower(), _HINTS):
        return named
    told = (sentence.strip() for sentence in _SENTENCE_END.split(text) if has_number(sentence))
    return not any(_CONCLUDES.search(sentence) or _ANSWERS.search(sentence) for sentence in told)


def _says_nothing(claim: Claim, answered: Answered) -> bool:
    """Whether a claim is about the whole video, one of its ends, or what is no time of it (a clock on the wall)."""
    duration = answered.duration
    if duration is None or any(start <= claim.start and claim.end <= end for start, end in answered.windows):
        return False
    if claim.start > duration + 0.1:
        return True
    at_start, at_end = claim.start <= 0.02 * duration, abs(claim.end - duration) <= max(0.1, 0.02 * duration)
    return (at_start and at_end) if claim.end > claim.start else (claim.start <= 0.05 or at_end)


class _Judge:
    """Compares the claims of one reasoning with its answer."""

    def __init__(self, text: str, answered: Answered, claims: list[Claim]) -> None:
        self.text, self.answered, self.close = text, answered, _close(answered)
        self.ends = [match.end() for match in _SENTENCE_END.finditer(text)]
        self.ranges = [claim for claim in claims if claim.end > claim.start]
        self.points = [claim for claim in claims if claim.end == claim.start]
        if not self.ranges and (told := self._told()):
            self.ranges = [told]
            self.points = [point for point in self.points if point.start not in (told.start, told.end)]

    def contradicts(self) -> bool:
        if not self.ranges and not self.points:
            return False
        if (last := self._conclusion()) and not any(map(self._agrees, last)):
            return True
        agreeing = [claim for claim in self.ranges if self._agrees(claim)]
        if not agreeing:
            if self.ranges:
                return not any(map(self._at_bound, self.points)) and not any(map(self._borders, self.ranges))
            return not any(self._inside(point) for point in self.points) and not self._around()
        windows = self.answered.windows
        return len(windows) > 1 and not all(map(self._told_of, windows))

    def apart(self) -> float:
        """Seconds between the answer and the nearest of what concludes, or of all claims."""
        claims = self._conclusion() or self.ranges or self.points
        return min(max(abs(c.start - start), abs(c.end - end)) for c in claims for start, end in self.answered.windows)

    def _told(self) -> Claim | None:
        """The window that `starts at` and `ends at` tell apart, the last of each."""
        begun = [point for point in self.points if self._role(point) == 1]
        ended = [point for point in self.points if self._role(point) == 2]
        if begun and ended and begun[-1].start < ended[-1].start:
            return Claim(begun[-1].start, ended[-1].start, ended[-1].place)
        return None

    def _role(self, claim: Claim) -> int:
        """1 where the last word before a time is of a beginning, 2 where it is of an end, else 0."""
        first, _ = self._sentence(claim)
        words = list(_ROLE.finditer(self.text, max(first, claim.place - 40), claim.place))
        return words[-1].lastindex or 0 if words else 0

    def _sentence(self, claim: Claim) -> tuple[int, int]:
        number = bisect_right(self.ends, claim.place)
        first = self.ends[number - 1] if number else 0
        return first, self.ends[number] if number < len(self.ends) else len(self.text)

    def _conclusion(self) -> list[Claim]:
        """The claimed windows of the last sentence that concludes; none where no sentence does."""
        last = -1
        for claim in reversed(self.ranges):
            first, end = self._sentence(claim)
            sentence = self.text[first:end].strip()
            if _ANSWERS.search(sentence) or (_CONCLUDES.search(sentence) and not _NEGATED.search(sentence)):
                last = first
                break
        return [claim for claim in self.ranges if self._sentence(claim)[0] == last]

    def _agrees(self, claim: Claim) -> bool:
        return any(self._same(claim, window) for window in self.answered.windows)

    def _same(self, claim: Claim, window: Pair) -> bool:
        start, end = window
        if start - self.close <= claim.start and claim.end <= end + self.close:
            return True
        shared = min(claim.end, end) - max(claim.start, start)
        return shared > 0 and shared >= OVERLAP * (max(claim.end, end) - min(claim.start, start))

    def _told_of(self, window: Pair) -> bool:
        inside = any(window[0] - self.close <= point.start <= window[1] + self.close for point in self.points)
        return inside or any(self._same(claim, window) for claim in self.ranges)

    def _inside(self, point: Claim) -> bool:
        return any(start - self.close <= point.start <= end + self.close for start, end in self.answered.windows)

    def _at_bound(self, point: Claim) -> bool:
        return any(abs(point.start - bound) <= self.close for window in self.answered.windows for bound in window)

    def _borders(self, claim: Claim) -> bool:
        """Whether a claimed window ends where the answer begins, or begins where it ends, in words of what follows."""
        if not _SEQUENCE.search(self.text):
            return False
        windows = self.answered.windows
        return any(min(abs(claim.end - w[0]), abs(claim.start - w[1])) <= self.close for w in windows)

    def _around(self) -> bool:
        """Whether single times lie on both sides of the answer, as those of what comes before and after it."""
        if any(self._role(point) for point in self.points):
            return False
        start, end = min(w[0] for w in self.answered.windows), max(w[1] for w in self.answered.windows)
        return any(p.start < start for p in self.points) and any(p.start > end for p in self.points)
