"""Which windows in a text are asserted: not denied, asked back, hypothetical, quoted as an example, or taken back.

A text is cut into sentences, and these into clauses at commas and at words like `but`. What stands in a window's clause
and sentence decides; of drafts and a final answer the final one counts.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from vtgdata.conversation import answer_words as words
from vtgdata.conversation.answer_spellings import is_simple
from vtgdata.conversation.answer_text import ends
from vtgdata.conversation.answer_times import EDGE, Pair, Units

MOST_STATUS = 1_000
"""Most characters of a text without a window that are read to tell why it has none, half from each end."""


class Place(NamedTuple):
    """A window where it stands in a text."""

    pair: Pair
    start: int
    end: int


def _one(row: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![{EDGE}])(?:{row})(?![{EDGE}])", re.IGNORECASE)


_SENTENCE = re.compile(r"[!?]+|\n|;|\.(?=\s+[^a-zа-яçğıöşü\d]|\s*\Z)")
_BUT = re.compile(rf"(?<![{EDGE}])(?:{words.BUT})(?![{EDGE}])|{words.BUT_JOINED}", re.IGNORECASE)
_SHOWN = re.compile(rf"(?:{words.VIDEO})|\b{words.SEEN}", re.IGNORECASE)
_ABSENT = re.compile(words.ABSENT_JOINED)
_CLAUSE = re.compile(
    rf"[,;]|:(?!\d)|[-]{{1,2}} |\.(?= )|(?<![{EDGE}])(?:{words.BUT})(?![{EDGE}])|{words.BUT_JOINED}", re.IGNORECASE
)
_QUOTED = re.compile(r"\"[^\"\n]{0,200}\"|(?<![^\W_])'[^'\n]{3,200}'(?![^\W_])")
_NEGATION = re.compile(rf"(?<![{EDGE}])(?:{words.NEGATION})(?![{EDGE}])|n't\b|{words.NEGATION_JOINED}", re.IGNORECASE)
_UNSAID, _CONDITION = _one(f"{words.EXAMPLE}|{words.QUOTING}"), _one(words.CONDITION)
_REQUEST, _DRAFT = _one(words.REQUEST), _one(words.DRAFT)
_REGRET = re.compile(rf"(?<![{EDGE}])(?:{words.REFUSAL})(?![{EDGE}])|{words.REFUSAL_JOINED}", re.IGNORECASE)
_FINAL = re.compile(rf"(?<![{EDGE}])(?:{words.FINAL})(?![{EDGE}])(?! ?\d+ ?[.:)])", re.IGNORECASE)
_CORRECTION = re.compile(rf"(?:\A|[.,;:!?\n(-]\s{{0,3}})(?:{words.CORRECTION})(?![{EDGE}])", re.IGNORECASE)
_REASON = re.compile(rf"(?:\n|\. |\A)\W{{0,4}}(?:{words.REASON})\W{{0,4}}[:：]", re.IGNORECASE)
_ABOUT_ALL = re.compile(
    rf"(?:{words.VIDEO}|\bit)\b[^.;!?\n]{{0,40}}\b(?:runs?|lasts?|spans|goes|plays|shows?|only|is|covers)\b",
    re.IGNORECASE,
)


class _Text:
    """A text with the places of all that decides about windows in it, each found once."""

    def __init__(self, text: str) -> None:
        self.text = _QUOTED.sub(lambda quoted: " " * len(quoted[0]), text)
        self.sentences = _Edges(_SENTENCE, self.text)

    @cached_property
    def clauses(self) -> "_Edges":
        """The clauses, of which only those with a denial matter."""
        return _Edges(_CLAUSE, self.text)

    @cached_property
    def buts(self) -> list[int]:
        """Where each `but` ends."""
        return [found.end() for found in _BUT.finditer(self.text)]

    @cached_property
    def denials(self) -> list[int]:
        """Where words of denial stand."""
        return self._starts(_NEGATION)

    @cached_property
    def drafts(self) -> list[int]:
        """Where a draft is called one."""
        return self._starts(_DRAFT)

    @cached_property
    def finals(self) -> list[int]:
        """Where the final answer is announced."""
        return self._starts(_FINAL)

    @cached_property
    def doubts(self) -> list[int]:
        """Where an example or somebody's words begin."""
        return self._starts(_UNSAID)

    @cached_property
    def conditions(self) -> list[int]:
        """Where a condition is made."""
        return self._starts(_CONDITION)

    def _starts(self, pattern: re.Pattern[str]) -> list[int]:
        return [found.start() for found in pattern.finditer(self.text)]

    def since_but(self, place: Place) -> int:
        """Where a window's sentence begins, or the part of it after the last `but`."""
        last = bisect_right(self.buts, place.start)
        return max(self.sentences.around(place)[0], self.buts[last - 1] if last else 0)


class _Edges:
    """The edges between the parts of a text."""

    def __init__(self, pattern: re.Pattern[str], text: str) -> None:
        found = [(edge.start(), edge.end()) for edge in pattern.finditer(text)]
        self.begins, self.ends = [0, *(end for _, end in found)], [*(start for start, _ in found), len(text)]

    def around(self, place: Place) -> tuple[int, int]:
        """Where the part begins and ends that holds a window; several parts if the window crosses an edge."""
        first = bisect_right(self.begins, place.start) - 1
        return self.begins[first], self.ends[bisect_left(self.ends, place.end)]


def _any(places: Sequence[int], begin: int, end: int) -> bool:
    """Whether one of the sorted places lies in a part of a text."""
    first = bisect_left(places, begin)
    return first < len(places) and places[first] < end


def asserted(text: str, found: Sequence[Place], units: Units) -> tuple[list[Pair], bool]:
    """The windows that a text asserts, and whether it denied, asked back or doubted all of some others.

    Args:
        text: in which the places are; with quotes.
        found: windows in the order of the text.
        units: with the duration of the video.
    """
    if not found or is_simple(text):
        return [place.pair for place in found], False
    whole = _Text(text)
    kept = _final(whole, [place for place in found if not _unsaid(whole, place)])
    if kept and (whole.denials or _REGRET.search(whole.text)):
        kept = [place for place in kept if not _is_all(whole, place, units)]
    return [place.pair for place in kept], len(kept) < len(found) and not kept


def _unsaid(text: _Text, place: Place) -> bool:
    """Whether a window is asked, hypothetical, an example, requested or denied rather than said."""
    begin, end = text.sentences.around(place)
    if "?" in text.text[end : end + 2] or _any(text.doubts, begin, place.start):
        return True
    if _any(text.conditions, begin, end) and not _any(text.finals, begin, place.start):
        return True
    if _REQUEST.match(text.text[begin : place.start].lstrip(" -*\"'")):
        return True
    return bool(text.denials) and _any(text.denials, *text.clauses.around(place))


def _final(text: _Text, found: list[Place]) -> list[Place]:
    """Without drafts: after a final answer, or a correction, what was said before it does not count."""
    if len({place.pair for place in found}) < 2:
        return found
    kept = [place for place in found if not (text.drafts and _any(text.drafts, text.since_but(place), place.start))]
    found = kept or found
    for label in reversed(text.finals):
        reason = _REASON.search(text.text, label)
        end = reason.start() if reason else len(text.text)
        if after := [place for place in found if label <= place.start < end]:
            return after
    marks = [mark.end() for mark in _CORRECTION.finditer(text.text)]
    for mark in reversed(marks):
        after = [place for place in found if place.start >= mark]
        if after and len(after) < len(found):
            return after
    return found


def denies(text: str) -> bool:
    """Whether a text without a window says that the video does not show the event."""
    plain = _QUOTED.sub("", text)
    return (
        any(_NEGATION.search(each) and _SHOWN.search(each) for each in _SENTENCE.split(plain))
        or _ABSENT.search(plain) is not None
    )


def regrets(text: str) -> bool:
    """Whether a text without a window begins a refusal: an apology, in any language of the table."""
    return _REGRET.search(ends(text, MOST_STATUS)) is not None


def _is_all(text: _Text, place: Place, units: Units) -> bool:
    """Whether a window is the whole video, or what a sentence about the video as a whole says."""
    start, end = place.pair
    if units.duration is not None:
        return start <= 0.5 and end >= units.duration - 0.5
    return start == 0 and _ABOUT_ALL.search(text.text, text.sentences.around(place)[0], place.start) is not None
