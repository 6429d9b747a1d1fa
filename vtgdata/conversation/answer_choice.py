"""Which of several windows in a text is meant, where the words around them tell.

Six rules, each of which leaves all windows where it does not tell them apart: marks beside the windows (`selected`,
`rejected`), a denial before brackets, words for a draft (`at first glance`), words that make a window something else
(`that is merely a trailer`), the query that the text repeats, and a window that the text calls the asked one.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from vtgdata.conversation import answer_choice_words as marks
from vtgdata.conversation import answer_sayings as sayings
from vtgdata.conversation import answer_words as words
from vtgdata.conversation.answer_clauses import CROSSES, NEGATION, SENTENCE, Place
from vtgdata.conversation.answer_scan import Scan
from vtgdata.conversation.answer_times import whole_words

MOST_WINDOWS = 40
"""Most windows between which a choice is looked for: more are a list."""
MOST_MARKS = 5
"""Most places that are looked at where the text speaks of what was asked for."""
MOST_PHRASE = 300
"""Most characters that are read of the repeated query, and of the words around a window."""
CLEAR = 2.0
"""How many times as well as any other window the chosen one must fit the repeated query."""
LEAST_STEM = 3
"""Fewest letters with which two words must begin alike to be forms of one word."""

_LABEL_ENDS = r"(?=\s*(?:[:)\]|\n]|[.,;]?\s*\Z))"
"""After a mark: it is a label, a remark or a cell of its own, and not part of what describes the event."""
CHOSEN = Scan(rf"[{marks.CHECKS}]|(?:{whole_words(marks.CHOSEN)}|{marks.CHOSEN_JOINED}){_LABEL_ENDS}")
"""Marks a window, or a row of a table, as the answer."""
REJECTED = Scan(rf"[{CROSSES}]|(?:{whole_words(marks.REJECTED)}|{marks.REJECTED_JOINED}){_LABEL_ENDS}")
"""Marks a window, or a row of a table, as not the answer."""
ASKED = Scan(
    rf"(?P<direct>{whole_words(marks.ASKED_FOR)}|{marks.ASKED_FOR_JOINED})"
    rf"|{whole_words(marks.ASKED)}|{marks.ASKED_JOINED}"
)
"""Speaks of what was asked for; `direct` where it calls the event beside it so."""
_BLANKLESS = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff"
_JOINS = "|".join(
    word
    for row in (words.AND, words.OR, sayings.CONTRAST)
    for word in row.split("|")
    if not re.search(rf"[{_BLANKLESS}\uac00-\ud7af]", word)
)
_PART = re.compile(
    rf"[,;!?\n]|\.(?=\s|\Z)|(?<=[\u0e00-\u0e7f]) (?=[\u0e00-\u0e7f])|{whole_words(_JOINS)}", re.IGNORECASE
)
_DRAFT = Scan(
    rf"(?!(?:drafts?|rough|preliminary|initial(?:ly)?)\b(?!\s?[:)]))"
    rf"(?:{whole_words(sayings.DRAFT)}|{sayings.DRAFT_JOINED})"
)
_MERELY = Scan(
    rf"(?!(?:only|just)\W*\Z)(?:{whole_words(sayings.MERELY)}|{sayings.MERELY_JOINED}"
    r"|, not (?:the|an?|his|her|our|their)\b)"
)
_THAI = re.compile("[\u0e00-\u0e7f]")
_TOKEN = re.compile(rf"[^\s\d.,;:!?()\[\]\"'~|/=*\-{_BLANKLESS}]{{2,}}|[{_BLANKLESS}]{{2,}}")
_SENTENCE_END = re.compile(r"[.;!?]\s*\Z|[.;!?]\s")
_SIGN = re.compile(f"[{CROSSES}{marks.CHECKS}]")
_JOINED = re.compile(rf"[{_BLANKLESS}\uac00-\ud7af]")


class _Region(NamedTuple):
    """The words that stand with one window."""

    place: Place
    begin: int
    end: int


def chosen(text: str, found: list[Place], *, one: bool) -> list[Place]:
    """The windows that the words around them tell to be the answer; all of them where no words do.

    Args:
        text: in which the windows stand, with quotes.
        found: windows in the order of the text.
        one: whether one window is wanted; else what stands with the query's words does not rule out others.
    """
    if not 1 < len({place.pair for place in found}) <= len(found) <= MOST_WINDOWS:
        return found
    rules = (_marked, _not_denied, _not_drafts, _not_merely)
    for rule in (*rules, _asked) if one else rules:
        kept = rule(text, found)
        if kept and len({place.pair for place in kept}) < len({place.pair for place in found}):
            return kept
    return found


def _regions(text: str, found: Sequence[Place]) -> list[_Region]:
    """The words with each window: its part of the sentence, or what stands before it where that has no words."""
    cuts = _Cuts(text)
    regions: list[_Region] = []
    last = 0
    for number, place in enumerate(found):
        following = found[number + 1].start if number + 1 < len(found) else len(text)
        begin, end = cuts.before(place.start), min(following, cuts.after(place.end))
        own = text[max(last, begin) : place.start] + text[place.end : end]
        if not _TOKEN.search(own) and not _SIGN.search(own):
            before = cuts.before(begin - 1)
            begin = before if before >= last and not _SENTENCE_END.search(text, before, begin) else begin
        regions.append(_Region(place, max(last, begin, place.start - MOST_PHRASE), min(end, place.end + MOST_PHRASE)))
        last = place.end
    return regions


class _Cuts:
    """Where the parts of a text's sentences begin and end."""

    def __init__(self, text: str) -> None:
        found = [cut.span() for cut in _PART.finditer(text)]
        self.begins, self.ends = [0, *(end for _, end in found)], [*(start for start, _ in found), len(text)]

    def before(self, place: int) -> int:
        """Where the part begins that holds a place."""
        return self.begins[max(0, bisect_right(self.begins, place) - 1)]

    def after(self, place: int) -> int:
        """Where the part ends that holds a place."""
        return self.ends[min(len(self.ends) - 1, bisect_left(self.ends, place))]


def _marked(text: str, found: list[Place]) -> list[Place]:
    """The windows that are marked as chosen, or all that are not marked as rejected.

    A mark before a window holds for those after it in the sentence, too: `Rejected: 3-7 s and 30-34 s.`
    """
    said: list[str] = []
    leads = ""
    for region in _regions(text, found):
        around = _around(text, region)
        mark = "rejected" if REJECTED.search(around) else "chosen" if CHOSEN.search(around) else ""
        if said and not mark and not _SENTENCE_END.search(text, found[len(said) - 1].end, region.place.start):
            mark = leads
        else:
            before = text[region.begin : region.place.start]
            leads = mark if CHOSEN.search(before) or REJECTED.search(before) else ""
        said.append(mark)
    kept = [place for place, mark in zip(found, said, strict=True) if mark == "chosen"]
    if 0 < len(kept) < len(found):
        return kept
    return [place for place, mark in zip(found, said, strict=True) if mark != "rejected"]


def _not_denied(text: str, found: list[Place]) -> list[Place]:
    """Without the windows in brackets after words with a denial: `not the red car (3-9 s)`."""
    return [
        region.place
        for region in _regions(text, found)
        if text[: region.place.start].rstrip()[-1:] != "("
        or not NEGATION.search(text, region.begin, region.place.start)
    ]


def _around(text: str, region: _Region) -> str:
    """The words of a region, without its window."""
    return f"{text[region.begin : region.place.start]} | {text[region.place.end : region.end]}"


def _not_drafts(text: str, found: list[Place]) -> list[Place]:
    """Without the windows that stand in one part of a sentence with a word for a draft."""
    return [region.place for region in _regions(text, found) if not _DRAFT.search(_around(text, region))]


def _not_merely(text: str, found: list[Place]) -> list[Place]:
    """Without the windows of which the text goes on to say that they are merely something else."""
    kept: list[Place] = []
    for number, place in enumerate(found):
        following = found[number + 1].start if number + 1 < len(found) else len(text)
        sentence = SENTENCE.search(text, place.end)
        end = min(following, sentence.start() if sentence else len(text), place.end + MOST_PHRASE)
        if not _MERELY.search(re.split(r"\d", text[place.end : end])[0]):
            kept.append(place)
    return kept


def _asked(text: str, found: list[Place]) -> list[Place]:
    """The windows that stand with the words of the query, where the text repeats it; else the one called asked for."""
    said = list(islice(ASKED.finditer(text), MOST_MARKS))
    regions, cuts = (_regions(text, found), _Cuts(text)) if said else ([], None)
    for mark in said:
        begin, end = _sentence(text, *mark.span())
        held = [place for place in found if begin <= place.start < end]
        if held and not mark["direct"]:
            continue
        phrase = (begin, end) if not held or cuts is None else (cuts.before(mark.start()), cuts.after(mark.end()))
        after = [place for place in held if place.start >= mark.end()]
        # `The event you asked for happens twice: at 3-5 s and at 8-9 s` lists both.
        listed = len({place.pair for place in after}) > 1
        kept = _fitting(text, phrase, mark.span(), regions)
        if kept and not (listed and kept[0] == after[0]):
            return kept
        if after and not listed and not _THAI.search(text):
            return [place for place in found if place.pair == after[0].pair]
    return []


def _sentence(text: str, begin: int, end: int) -> tuple[int, int]:
    """Where the sentence begins and ends in which a mark stands."""
    ends = [(0, 0), *(edge.span() for edge in SENTENCE.finditer(text)), (len(text), len(text))]
    return max(after for _, after in ends if after <= begin), min(before for before, _ in ends if before >= end)


def _fitting(text: str, phrase: tuple[int, int], mark: tuple[int, int], regions: Sequence[_Region]) -> list[Place]:
    """The windows of which the words fit a phrase clearly better than those of all others."""
    wanted = _tokens(text[max(phrase[0], mark[0] - MOST_PHRASE) : mark[0]]) | _tokens(
        text[mark[1] : min(phrase[1], mark[1] + MOST_PHRASE)]
    )
    tokens = [_tokens(_around(text, region)) for region in regions]
    fits = [0.0] * len(regions)
    for token in wanted:
        each = [max((_alike(token, other) for other in others), default=0.0) for others in tokens]
        shared = sum(fit > 0 for fit in each)
        if shared < len({region.place.pair for region in regions}):
            fits = [fit + one / shared if shared else fit for fit, one in zip(fits, each, strict=True)]
    best = max(range(len(fits)), key=fits.__getitem__)
    others = [fit for fit, region in zip(fits, regions, strict=True) if region.place.pair != regions[best].place.pair]
    if fits[best] <= 0 or fits[best] < CLEAR * max(others, default=0.0):
        return []
    return [region.place for region in regions if region.place.pair == regions[best].place.pair]


def _tokens(text: str) -> set[str]:
    """The words of a text; of scripts without blanks, all pairs of neighbouring signs."""
    tokens: set[str] = set()
    for found in _TOKEN.finditer(text.casefold()):
        word = found[0]
        if _JOINED.search(word):
            tokens |= {word[place : place + 2] for place in range(len(word) - 1)}
        elif len(word) >= LEAST_STEM:
            tokens.add(word)
    return tokens


def _alike(one: str, other: str) -> float:
    """How much of the longer word both words begin with; 0 for too few letters."""
    if _JOINED.search(one) or len(one) <= LEAST_STEM:
        return float(one == other)
    same = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return same / max(len(one), len(other)) if same >= LEAST_STEM else 0.0
