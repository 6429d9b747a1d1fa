"""A text cut into sentences, and these into clauses, with the places of the words that judge the windows in it."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from vtgdata.conversation import answer_sayings as sayings
from vtgdata.conversation.answer_scan import Scan
from vtgdata.conversation.answer_times import EDGE, Pair, whole_words


class Place(NamedTuple):
    """A window where it stands in a text."""

    pair: Pair
    start: int
    end: int


def any_of(*rows: str) -> Scan:
    """Whole words of the table."""
    return Scan(whole_words(*rows))


SENTENCE = re.compile(
    # All signs come first, and then what must stand before one: a set of signs is searched for fast.
    r"[!?\n;.](?:(?<=[!?])[!?]*|(?<=[\n;])|(?<=\.)(?:(?<!\d\.)(?=\s+\d)"
    r"|(?<![^\w][eE]\.g\.)(?<![^\w][iI]\.e\.)(?<!approx\.)(?=\s+[^a-zа-яçğıöşü\d]|\s*\Z)))"
)
_BUT = Scan(rf"{whole_words(sayings.BUT)}|{sayings.BUT_JOINED}")
_CLAUSE = re.compile(rf"[,;!?()\n]|:(?!\d)|[-]{{1,2}} |\.(?= )|{_BUT.pattern}", re.IGNORECASE)
QUOTED = Scan(r"\"[^\"\n]{0,200}\"|(?<![^\W_])'[^'\n]{3,200}'(?![^\W_])", cased=True)
_NO_DOUBT = Scan(rf"{whole_words(sayings.NO_DOUBT)}|{sayings.NO_DOUBT_JOINED}")
NEGATION = Scan(rf"{whole_words(sayings.NEGATION)}|n't\b|{sayings.NEGATION_JOINED}|{sayings.ABSENT_JOINED}")
_INABLE = Scan(sayings.INABILITY)
_UNSAID, _CONDITION = any_of(sayings.EXAMPLE, sayings.QUOTING), any_of(sayings.CONDITION)
CONTRAST = Scan(rf"{whole_words(sayings.CONTRAST)}|{sayings.BUT_JOINED}")
_REJECTED = Scan(r"(?:\A|\n)\W{0,4}(?:rejected|discarded|excluded|ruled out|not matching|no match)\W{0,4}(?:\n|:)")
CROSSES = "❌✗✘❎"
_CROSS = Scan(f"[{CROSSES}]", cased=True)
_LEAD = Scan(rf"(?<![{EDGE}])(?:{sayings.INSTEAD_OF}|{sayings.OTHER_CLOCK})[^.;:!?\n\d]{{0,30}}(?=\d)")
_DRAFT = any_of(sayings.DRAFT)
_WRONG = Scan(rf"{whole_words(sayings.WRONG)}|{sayings.WRONG_JOINED}")
_FINAL = Scan(rf"{whole_words(sayings.FINAL)}(?! ?\d+ ?[.:)])")


class _Edges:
    """The edges between the parts of a text."""

    def __init__(self, pattern: re.Pattern[str], text: str) -> None:
        found = [(edge.start(), edge.end()) for edge in pattern.finditer(text)]
        self.begins, self.ends = [0, *(end for _, end in found)], [*(start for start, _ in found), len(text)]

    def parts(self) -> Iterator[tuple[int, int]]:
        """Where each part begins and ends."""
        return zip(self.begins, self.ends, strict=True)

    def after(self, end: int) -> tuple[int, int]:
        """The part after the one that ends at a place."""
        following = bisect_right(self.begins, end)
        return (self.begins[following], self.ends[following]) if following < len(self.begins) else (end, end)

    def around(self, place: Place) -> tuple[int, int]:
        """Where the part begins and ends that holds a window; several parts if the window crosses an edge."""
        first = bisect_right(self.begins, place.start) - 1
        return self.begins[first], self.ends[bisect_left(self.ends, place.end)]


class Judged:
    """A text with the places of all that decides about windows in it, each found once."""

    def __init__(self, text: str) -> None:
        self.text = QUOTED.sub(lambda found: " " * len(found[0]), text)
        self.text = _NO_DOUBT.sub(lambda found: " " * len(found[0]), self.text)
        self.sentences = _Edges(SENTENCE, self.text)

    @cached_property
    def clauses(self) -> _Edges:
        """The clauses, of which only those with a denial matter."""
        return _Edges(_CLAUSE, self.text)

    @cached_property
    def buts(self) -> list[int]:
        """Where each `but` ends."""
        return [found.end() for found in _BUT.finditer(self.text)]

    @cached_property
    def denials(self) -> list[int]:
        """Where words of denial stand."""
        return self._starts(NEGATION)

    @cached_property
    def inabilities(self) -> list[int]:
        """Where the model says that it cannot or will not."""
        return self._starts(_INABLE)

    @cached_property
    def drafts(self) -> list[int]:
        """Where a draft is called one."""
        return self._starts(_DRAFT)

    @cached_property
    def finals(self) -> list[int]:
        """Where the final answer is announced."""
        return self._starts(_FINAL)

    @cached_property
    def wrongs(self) -> list[int]:
        """Where something is called wrong."""
        return self._starts(_WRONG)

    @cached_property
    def crosses(self) -> list[int]:
        """Where crosses stand that mark what is not meant."""
        return self._starts(_CROSS)

    @cached_property
    def rejected(self) -> list[int]:
        """Where headings stand for what was rejected."""
        return self._starts(_REJECTED)

    @cached_property
    def others(self) -> set[int]:
        """Where times begin that another window takes the place of, or that are those of a clock in the video."""
        return {found.end() for found in _LEAD.finditer(self.text)}

    @cached_property
    def doubts(self) -> list[int]:
        """Where an example or somebody's words begin."""
        return self._starts(_UNSAID)

    @cached_property
    def conditions(self) -> list[int]:
        """Where a condition is made."""
        return self._starts(_CONDITION)

    @cached_property
    def judges(self) -> bool:
        """Whether anything asks, supposes, denies or marks, or speaks of another clock: else all windows are said."""
        said = (self.doubts, self.conditions, self.others, self.crosses, self.rejected, self.denials, self.inabilities)
        return "?" in self.text or any(said)

    def between_contrasts(self, place: Place) -> tuple[int, int]:
        """The sentence of a window, or the part of it between the `but`s, in the narrow sense, around the window."""
        begin, end = self.sentences.around(place)
        following = bisect_right(self.contrasts, place.start)
        last = self.contrasts[following - 1] if following else 0
        return max(begin, last), min(end, self.contrasts[following] if following < len(self.contrasts) else end)

    @cached_property
    def contrasts(self) -> list[int]:
        """Where each `but` in the narrow sense begins."""
        return self._starts(CONTRAST)

    def _starts(self, pattern: Scan) -> list[int]:
        return [found.start() for found in pattern.finditer(self.text)]

    def between_buts(self, place: Place) -> tuple[int, int]:
        """The sentence of a window, or the part of it after the last `but` and before the next."""
        begin, end = self.sentences.around(place)
        following = bisect_right(self.buts, place.start)
        last = self.buts[following - 1] if following else 0
        return max(begin, last), min(end, self.buts[following] if following < len(self.buts) else end)


def one_in(places: Sequence[int], begin: int, end: int) -> bool:
    """Whether one of the sorted places lies in a part of a text."""
    first = bisect_left(places, begin)
    return first < len(places) and places[first] < end
