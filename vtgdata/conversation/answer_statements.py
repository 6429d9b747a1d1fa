"""Which windows in a text are asserted: not denied, asked back, hypothetical, quoted as an example, or taken back.

A text is cut into sentences, and these into clauses at commas and at words like `but`. What stands in a window's clause
and sentence decides; of drafts and a final answer the final one counts.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence

from vtgdata.conversation import answer_choice_words as marks
from vtgdata.conversation import answer_sayings as sayings
from vtgdata.conversation import answer_words as words
from vtgdata.conversation.answer_choice import ASKED, chosen
from vtgdata.conversation.answer_clauses import CONTRAST, CROSSES, Judged, Place, any_of, one_in
from vtgdata.conversation.answer_phrases import REGRET
from vtgdata.conversation.answer_scan import Scan, folded
from vtgdata.conversation.answer_spellings import is_simple
from vtgdata.conversation.answer_times import EDGE, Pair, Units, whole_words

MOST_FOLLOWING = 100
"""Most characters after a window in which it can be called wrong."""

_AFTERWARDS = Scan(
    r"[\"']?\)? (?:was|is|were) (?:wrong|incorrect|a typo|not right)|[\"']? ?(?:가|이)? ?(?:아니|말고)"
    r"|(?:では|じゃ)な| değil",
    cased=True,
)
"""Directly after a window: it is not that one."""
_MARK = Scan(f"[{CROSSES}{marks.CHECKS}]", cased=True)
_DIGIT = re.compile(r"\d")
_POINTING = Scan(rf"\W{{0,3}}(?:{sayings.POINTING})(?![{EDGE}])")
_ALSO = Scan(r"[^\n]{0,4}(?:間|사이|の)?(?:に|の間)?も", cased=True)
"""Directly after a window: in it too, what the end of the sentence says."""
_SPANNING = any_of(words.START, words.LASTS, sayings.SHOWN)
_COMPLEMENT, _RELATIVE = any_of(sayings.INHERITED, sayings.WHETHER), any_of(sayings.RELATIVE)
_DESCRIBING = re.compile(r"\W*(?:with|mit|avec|con|com|met|dengan|với)\b", re.IGNORECASE)
_LAST = Scan(sayings.NEGATION_JOINED, cased=True)
_INHERITED = Scan(rf"\W*(?:{sayings.INHERITED})(?![{EDGE}])")
_QUESTION = Scan(r"(?:か|까요?|吗|嗎|呢)\s*\Z", cased=True)
_EVENT, _ELSE, _NEVER = any_of(sayings.EVENT, words.VIDEO), any_of(sayings.ELSE), any_of(sayings.NEVER)
_ELSE_OR_TIME = Scan(rf"{_ELSE.pattern}|\d")
_WORD = re.compile(r"[^\W\d_]{2}")
_LEAD_IN = re.compile(rf"(?:{words.FROM}|{words.BETWEEN})(?![{EDGE}])", re.IGNORECASE)
_REQUEST = any_of(sayings.REQUEST)
_BESIDE = (_QUESTION, _REQUEST, _AFTERWARDS)
_ABSENT = Scan(sayings.ABSENT_JOINED, cased=True)
_ABSENCE = Scan(rf"(?:{words.VIDEO})|\b{sayings.APPEARS}")
_ABSENT_EVENT = Scan(r"\b(?:event|moment|scene|action|query|activity)\b[^.;!?\n]{0,30}\b(?:absent|missing)\b")
_CORRECTION = Scan(rf"(?:\A|[.,;:!?\n(-]\s{{0,3}})(?:{sayings.CORRECTION})(?![{EDGE}])")
_ORDINALS = {"first": 0, "former": 0, "second": 1, "third": 2, "fourth": 3, "latter": -1, "last": -1}
_CHOICE = Scan(
    rf"\b(?:answer|choice|match|one)\b[^.;\n]{{0,30}} (?:is|:)[^.;\n]{{0,20}}\b"
    rf"(?:candidate |option |number |#)?({'|'.join(_ORDINALS)}|[1-9])\b"
    r"|\b(?:candidate|option|number) ([1-9]) is the\b|\bthe (former|latter) (?:is|matches|fits)\b"
    r"|\b(?:is|take|pick|choose|select|report) (?:the |candidate |option |number |no\.? ?|#)+"
    rf"({'|'.join(_ORDINALS)}|[1-9])(?! (?:second|minute|frame|s\b))\b"
)
"""After several windows, which of them is meant."""
_THERE, _FINALLY = any_of(sayings.THERE), any_of(sayings.FINALLY)
_MERELY = Scan(rf"[^.;!?\n]{{0,30}}{whole_words(sayings.MERELY)}")
_REASON = Scan(rf"(?:\n|\. |\A)\W{{0,4}}(?:{sayings.REASON})\W{{0,4}}[:：]")
_REMARK = Scan(r"\((?=[^()\n]{0,80}[^\W\d_]{2})[^()\n]{0,300}\)", cased=True)
_ABOUT_ALL = Scan(
    rf"{words.LENGTH}|(?:{words.VIDEO}|\bit)\b[^.;!?\n]{{0,40}}\b(?:runs?|lasts?|spans|goes|plays|shows?|only|is|covers)\b"
)


def asserted(
    text: str, found: Sequence[Place], units: Units, *, one: bool = False, cut: bool = False
) -> tuple[list[Pair], bool]:
    """The windows that a text asserts, and whether it denied, asked back or doubted all that it has.

    Args:
        text: in which the places are; with quotes.
        found: windows in the order of the text.
        units: with the duration of the video.
        one: whether one window is wanted.
        cut: whether the text was cut off: then a draft, or what stands before the announcement of an answer, is none.
    """
    if not found or is_simple(text):
        return [place.pair for place in found], False
    whole = Judged(text)
    judged = whole.judges or any(scan.may_match(whole.text) for scan in _BESIDE)
    kept = [place for place in found if not (judged and _unsaid(whole, place))]
    inside = [place for place in kept if not whole.text[place.start : place.end].isspace()]
    kept = inside or kept
    if len({place.pair for place in kept}) > 1 and whole.wrongs:
        kept = [place for place in kept if not _retracted(whole, place)]
    kept = chosen(text, _final(whole, _without_remarks(whole, _after_absence(whole, kept))), one=one)
    kept = [place for place in kept if not (cut and _is_before_the_end(whole, place))]
    refused = kept and (whole.denials or REGRET.search(whole.text))
    kept = [place for place in kept if not (_is_all(place, units) and (refused or _is_length(whole, place)))]
    return [place.pair for place in kept], not kept


def _unsaid(text: Judged, place: Place) -> bool:
    """Whether a window is asked, hypothetical, an example, requested or denied rather than said."""
    begin, end = text.sentences.around(place)
    asked = "?" in text.text[end : end + 2] or _QUESTION.search(text.text, max(begin, end - 6), end)
    if asked or one_in(text.doubts, begin, place.start):
        return True
    if one_in(text.conditions, begin, end):
        condition = text.conditions[bisect_left(text.conditions, begin)]
        if not one_in(text.finals, begin, min(place.start, condition)):
            return True
    if place.start in text.others or _crossed(text, place):
        return True
    return _REQUEST.compiled.match(text.text[begin : place.start].lstrip(" -*\"'")) is not None or _denied(text, place)


def _is_before_the_end(text: Judged, place: Place) -> bool:
    """Whether a text that was cut off calls a window a draft, or has just begun to say which one is asked for."""
    begin, end = text.sentences.around(place)
    if one_in(text.drafts, begin, end):
        return True
    asked = list(ASKED.finditer(text.text, place.end))
    return bool(asked) and not _DIGIT.search(text.text, asked[-1].end())


def _crossed(text: Judged, place: Place) -> bool:
    """Whether a window is in a line with a cross, or under a heading for what was rejected."""
    if text.crosses and _is_crossed(text.text, place):
        return True
    return (
        bool(text.rejected)
        and text.rejected[0] < place.start
        and not one_in(text.finals, text.rejected[0], place.start)
    )


def _is_crossed(text: str, place: Place) -> bool:
    """Whether the mark of a window in its line is a cross: the last one before it, or the next one if marks follow."""
    line = text.rfind("\n", 0, place.start) + 1
    end = text.find("\n", place.end)
    first = _MARK.search(text)
    before = list(_MARK.finditer(text, line, place.start))
    if first is not None and _DIGIT.search(text, line, first.start()) and line <= first.start():
        following = _MARK.search(text, place.end, end if end >= 0 else len(text))
        return following is not None and following[0] in CROSSES
    return bool(before) and before[-1][0] in CROSSES


def _denied(text: Judged, place: Place) -> bool:
    """Whether a window's clause is denied, or its sentence refuses."""
    begin, end = text.sentences.around(place)
    if not (denied := one_in(text.denials, begin, end)) and not text.inabilities:
        return _AFTERWARDS.match(text.text, place.end) is not None
    first, last = text.clauses.around(place)
    since = text.between_buts(place)[0]
    if _AFTERWARDS.match(text.text, place.end) or one_in(text.inabilities, since, last):
        return True
    if not denied:
        return False
    if one_in(text.denials, first, last) and not _denies_another(text, first, last, place):
        return True
    if _INHERITED.match(text.text, first, place.start) and one_in(text.denials, begin, first):
        return True
    lead_in = _LEAD_IN.sub("", text.text[first : place.start])
    if not _WORD.search(lead_in) and not text.text[place.end : last].strip():
        # `Between 5 and 9 s, nobody is seen`: the verb is in the next clause.
        following = text.clauses.after(last)
        if one_in(text.denials, *following) and not _ELSE_OR_TIME.search(text.text, *following):
            return True
    # In languages with the verb at the end, the last clause of a sentence denies them all.
    if _ALSO.match(text.text, place.end) and _LAST.search(text.text, place.end, end):
        return True
    return REGRET.search(text.text, begin, place.start) is not None and one_in(text.denials, since, end)


def _denies_another(text: Judged, first: int, last: int, place: Place) -> bool:
    """Whether the denials of a clause are about something else than its window.

    They are part of what describes the event (`the part in which she does not speak spans ...`), or stand after the
    window with a word for all the rest (`and nowhere else`).
    """
    before = text.denials[bisect_left(text.denials, first) : bisect_left(text.denials, place.start)]
    if one_in(text.denials, place.start, last) and not _ELSE.search(text.text, place.end, last):
        return False
    if not before:
        return True
    between = text.text[before[-1] : place.start]
    verb = _SPANNING.search(between)
    if verb is None or _COMPLEMENT.search(between[: verb.start()]):
        return False
    least = 2 if _RELATIVE.search(text.text, first, before[-1]) else 3
    return len(between[: verb.start()].split()) >= least


def _retracted(text: Judged, place: Place) -> bool:
    """Whether a window is called wrong, in its clause, or after it before the next number."""
    end = text.sentences.around(place)[1]
    if _POINTING.match(text.text, end):
        end = text.sentences.after(end)[1]
    number = _DIGIT.search(text.text, place.end, min(end, place.end + MOST_FOLLOWING))
    end = number.start() if number else min(end, place.end + MOST_FOLLOWING)
    return one_in(text.wrongs, text.clauses.around(place)[0], end)


def _after_absence(text: Judged, found: list[Place]) -> list[Place]:
    """Without the windows beside a statement that the video does not show the event: they describe something else.

    A `but` after the statement, or the announcement of an answer, takes that back.
    """
    if not found or not (text.denials or _ABSENT_EVENT.search(text.text)):
        return found
    absences = [part for part in text.clauses.parts() if _is_absence(text, *part, found)]
    if not absences:
        return found
    finals = [place for place in text.finals if not any(begin <= place < end for begin, end in absences)]
    return [
        place for place in found
        if one_in(finals, 0, place.start)
        or (absences[0][0] < place.start and CONTRAST.search(text.text, text.sentences.around(place)[0], place.start))
    ]  # fmt: skip


def _is_absence(text: Judged, begin: int, end: int, found: Sequence[Place]) -> bool:
    """Whether a clause without a window says that the video does not show the event."""
    if any(begin <= place.start < end for place in found):
        return False
    part = text.text[begin:end]
    if _ABSENT_EVENT.search(part):
        return True
    if re.search(r"\d", part) or _DESCRIBING.match(part):
        return False  # `In the first 5 s nobody is seen`
    if _THERE.search(part) and any(place.end <= begin for place in found):
        return False
    never = _NEVER.search(part)
    if never and CONTRAST.search(text.text, max(0, begin - 12), begin):
        return True  # `He drinks from 5 to 9 s, but at no moment does he spill it.`
    if not one_in(text.denials, begin, end) or _ELSE.search(part) or _CORRECTION.search(part):
        return False
    if _EVENT.search(part) or _ABSENCE.search(part) or _ABSENT.search(part):
        return True
    return bool(never) and any(_MERELY.match(text.text, place.end) for place in found if place.start > end)


def _without_remarks(text: Judged, found: list[Place]) -> list[Place]:
    """Without windows in round brackets, if others stand outside."""
    if len(found) < 2 or "(" not in text.text:
        return found
    remarks = [mark.span() for mark in _REMARK.finditer(text.text) if not _CORRECTION.match(text.text, mark.start())]
    return [place for place in found if not any(a < place.start and place.end < b for a, b in remarks)] or found


def _final(text: Judged, found: list[Place]) -> list[Place]:
    """Without drafts: after a final answer, or a correction, what was said before it does not count."""
    if len({place.pair for place in found}) < 2:
        return found
    kept = [place for place in found if not (text.drafts and one_in(text.drafts, *text.between_contrasts(place)))]
    found = kept or found
    found = next((after for label in reversed(text.finals) if (after := _announced(text, label, found))), found)
    if len(found) > 1:
        found = _chosen(text, found)
    for mark in reversed([mark.end() for mark in _CORRECTION.finditer(text.text)]):
        after = [place for place in found if place.start >= mark]
        if after and len(after) < len(found):
            return after
    return found


def _chosen(text: Judged, found: list[Place]) -> list[Place]:
    """The one window that the text after all of them names by its place: `the answer is the second one`."""
    said = list(_CHOICE.finditer(text.text, found[-1].end))
    if not said:
        return found
    word = folded(next(group for group in said[-1].groups() if group))
    place = int(word) - 1 if word.isdecimal() else _ORDINALS[word]
    each = list({one.pair: one for one in found}.values())
    return [each[place]] if place < len(each) else found


def _announced(text: Judged, label: int, found: list[Place]) -> list[Place]:
    """The windows after the announcement of an answer, up to its reasons."""
    reason = _REASON.search(text.text, label)
    end = reason.start() if reason else len(text.text)
    return [place for place in found if label <= place.start < end]


def _is_all(place: Place, units: Units) -> bool:
    """Whether a window is the whole video, or may be where the duration is not known."""
    start, end = place.pair
    return start <= 0.5 and (units.duration is None or end >= units.duration - 0.5)


def _is_length(text: Judged, place: Place) -> bool:
    """Whether a sentence about the video as a whole says how long it is."""
    return _ABOUT_ALL.search(text.text, text.sentences.around(place)[0], place.start) is not None


def replaces(between: str) -> bool:
    """Whether a text between two answers takes back the first: a correction, or the announcement of a final answer.

    >>> replaces("Oops, I mixed them up. Corrected:"), replaces("and later")
    (True, False)
    """
    return _CORRECTION.search(between) is not None or _FINALLY.search(between) is not None
