"""A text in which every time is spelled in one way, so that one grammar reads it.

The unit goes behind its number, ordinals and numbers in words become digits, decimal commas become points, and where
the duration is known, `the end of the video` becomes a time.
"""

import re
from functools import lru_cache

from vtgdata.conversation import answer_choice_words as marks
from vtgdata.conversation import answer_sayings as sayings
from vtgdata.conversation import answer_words as words
from vtgdata.conversation.answer_scan import Scan, folded
from vtgdata.conversation.answer_times import EDGE, LETTER, SECONDS, Units, whole_words


def _compiled(*spellings: tuple[str, str]) -> tuple[tuple[Scan, str], ...]:
    """Patterns with what takes the place of their matches."""
    return tuple((Scan(pattern), instead) for pattern, instead in spellings)


_NUMBER = r"\d{1,5}(?:[.,]\d{1,3})?(?!\d)"
_UNITS = rf"(?:{words.SECOND}|{words.MINUTE})(?![{LETTER}])"
_WORDS = rf"(?:{words.SECOND_WORD}|{words.MINUTE_WORD})"
_BEFORE = rf"(?:(?<!\d)(?<!\d )|(?=و))(?<![{EDGE}])(و)?(?:ال)?"
_FILLED = rf"(?:\.? ?(?:{words.ABOUT}))? ?"
_UNIT_FIRST = _compiled(
    # The unit before the number: `second 12`, `segundo 14`, `giây thứ 12`. A clock time needs none.
    (rf"{_BEFORE}{_WORDS}{_FILLED}(?=\d{{1,3}}:\d\d)", r"\1 "),
    (rf"{_BEFORE}(?:{words.SECOND_WORD}){_FILLED}({_NUMBER})(?! ?{_UNITS})", r"\1 \2 s"),
    (rf"{_BEFORE}(?:{words.MINUTE_WORD}){_FILLED}({_NUMBER})(?! ?{_UNITS})", r"\1 \2 min"),
)
_ORDINALS = _compiled(
    # Ordinals: `12e`, `12-й`, `19. saniyede`, `od 12. do 19.`.
    (r"(\d)-(?:ї|й|я|ю|е|го|ой)(?![а-я])", r"\1"),
    (r"(\d)(?:वें|वीं|वां|वाँ)", r"\1"),
    # `1 dakika 5 saniyeden 22 saniyeye`: the case of the first time is the word between the two.
    (r"((?:saniye|dakika)(?:sin)?)den (?=\d)", r"\1 - "),
    (
        r"(\d)(?:-?(?:[еоы]?[йюя]|ой|ая|ую|ти|ми|м)|è?me|e|st|nd|rd|th|º|ª|°|\.|'?[iıuü]?nc[iıuü])"
        rf"(?= (?:{words.SECOND}|{words.MINUTE}|{words.TO}|{words.AND})(?![{LETTER}]))",
        r"\1",
    ),
)
_TO_END, _FROM_START = (Scan(f"(?:{row})(?! of)") for row in (words.TO_END, words.FROM_START))
_END_IS_END = Scan(
    r"(\bend(?:s|ing)? ?(?:time)? ?[:=] ?)(?:the )?(?:very )?end(?: of (?:the |this )?(?:video|clip))?\b"
)
_SPELLED = Scan(
    rf"\b(?:({'|'.join(words.TENS)})(?:[ -]({'|'.join(words.NUMBERS[1:10])}))?"
    rf"|({'|'.join(words.NUMBERS)}))(?= (?:seconds?|minutes?)\b)"
)
_ONE_MINUTE = Scan(
    rf"(?<![{EDGE}\d])(?<!\d )(?:(?:an?|one|une?|uno|uma?|eine?r?|одн\w{{1,3}}|bir) )?({words.MINUTE_WORD})"
    rf"(?= ?(?:{words.AND}) ?(?:{_NUMBER}) ?(?:{words.SECOND_WORD}))"
)
"""A minute without a number before seconds: `a minute and 10 seconds`."""
_VALUES = dict(zip((*words.NUMBERS, *words.TENS), (*range(20), *range(20, 100, 10)), strict=True))
_SIMPLE = re.compile(
    r"(?:[\d\s.,:;()\[\]{}|<>~+=/\"'-]|(?:from|to|and|between|seconds|secs?|s|in|at|is|it|happens|occurs|answer|time)(?![a-z]))*+\Z",
    re.IGNORECASE,
)
_CHINESE = Scan(r"([一二三四五六七八九]?)(十)?([零一二三四五六七八九]?)(?=[秒分])", cased=True)
_COMMAS = Scan(r"(?<![\d.,:])(\d{1,6}),(\d{1,2})(?![\d.,:]\d|\d)", cased=True)
_COMMA_UNIT = Scan(rf"(?<![\d.,\[(] )(?<![\d.,:\[(])(\d{{1,5}}),(\d{{1,2}})(?= ?(?:{words.SECOND})(?![{LETTER}]))")
_POINTED = Scan(r"(?<![\d.,:])(\d{1,3})\.(\d{3}),(\d{1,2})(?![\d.,:])", cased=True)
"""Thousands with a point and a decimal comma: `1.234,5`."""
_LISTED = Scan(r"([\[(] ?[-+]?\d++(?:\.\d++)?),([-+]?\d++(?:\.\d++)? ?[\])])", cased=True)


_UNIT_SAID = Scan(
    rf"(?:\((?:[^()\d]{{0,20}} )?(?:in|en|em|w|в) |\b(?:start|end|begin|time)\w* \()"
    rf"(?:({words.MINUTE})|(?:{words.MILLISECOND}))\)"
)


def unit_said(text: str) -> float:
    """Seconds of a number without a unit where a heading says one: `times (in minutes)`; else 1.

    >>> unit_said("Start (in minutes): 1.5")
    60.0
    """
    said = _UNIT_SAID.search(text) if "(" in text else None
    return 1.0 if said is None else 60.0 if said[1] else 0.001


def prepared(text: str, units: Units = SECONDS) -> str:
    """A text in which times are written in one way, and bounds in words as times.

    >>> prepared("Desde el segundo 14 hasta el final del vídeo", Units(duration=30.0))
    'Desde el 14 s until 30.0 s '
    """
    text = _plain(text)
    if is_simple(text) and units.plain == 1.0:
        return text
    if units.plain != 1.0 or units.duration != units.duration:
        text = re.sub(r" ?(?:%|per ?cent\b|percent\b)", "", text)
    units_said = words.may_hold(text, "unit")
    if units_said:
        text = _ONE_MINUTE.sub(r"1 \1", _SPELLED.sub(_spelled, text))
    if "秒" in text or "分" in text:
        text = _CHINESE.sub(_chinese, text.replace("分零", "分"))
    known = units.duration is not None
    if known and words.may_hold(text, "start"):
        text = _FROM_START.sub(" from 0 s ", text)
    if not re.search(r"\d", text):
        return text
    for pattern, instead in (*_ORDINALS, *(_UNIT_FIRST if units_said else ())):
        text = pattern.sub(instead, text)
    if known and words.may_hold(text, "end"):
        before = text
        text = _TO_END.sub(lambda found: _to_end(before, found, units), text)
        text = _END_IS_END.sub(rf"\g<1>{units.duration} s", text)
    return re.sub(" {2,}", " ", text) if "  " in text else text


def is_simple(text: str) -> bool:
    """Whether a text has nothing but numbers, signs and a few English words, so that no other words can matter.

    >>> is_simple("From 12.5 to 17.8 seconds."), is_simple("Not from 12.5 to 17.8 seconds.")
    (True, False)
    """
    return _SIMPLE.match(text) is not None


def _to_end(text: str, found: re.Match[str], units: Units) -> str:
    """The end in words as a time, where a time stands shortly before it."""
    near = re.search(r"\d[^.;!?\n]{0,60}\Z", text[max(0, found.start() - 66) : found.start()])
    return f" until {units.duration} s " if near else found[0]


def _spelled(found: re.Match[str]) -> str:
    """Digits of an English number in words below one hundred."""
    values = [_VALUES[folded(word)] for word in found.groups() if word]
    return str(sum(values))


def _chinese(found: re.Match[str]) -> str:
    """Digits of a Chinese number below one hundred."""
    first, ten, last = found[1], found[2], found[3]
    if not (first or ten or last) or (not ten and first and last):
        return found[0]
    tens = (words.CHINESE.index(first) if first else 1) if ten else 0
    return str(tens * 10 + (words.CHINESE.index(last or ("" if ten else first) or "零")))


_ONE = rf"\d[\d:.]{{0,9}}(?: ?{_UNITS})?"
_SPAN = rf"\d[\d.]{{0,9}}+ ?(?:{_UNITS})? ?(?:-|~|(?:{words.TO}|{words.AND})(?![{LETTER}])) ?\d[\d.]{{0,9}}+ ?{_UNITS}"
_LASTING = Scan(
    rf"(?<![{EDGE}])(?:{words.LASTING}) ?(?:(?:{words.ABOUT}|{words.IN_ALL})(?![{EDGE}]) ?){{0,3}}"
    rf"{_SPAN}|(?<![\d.:]){_SPAN} ?(?:{words.LASTING_BEHIND})"
)
"""How long something takes: `dauert 10 bis 15 Sekunden`, `10〜15秒ほどかかります`."""
_RELATIVE = Scan(
    rf"(?<!at )(?<![\d.:])\d[\d.]{{0,9}}+ ?{_UNITS} (?:after|before) "
    r"(?:it|that|this|the (?!start|begin|open|video|clip|end))"
)
"""A time counted from another event: `5 seconds after the whistle`."""
_SLIP = Scan(
    rf"(?<![\d:.])({_ONE}),? (?:-+ |\.\.\. ?|\()?(?:{sayings.CORRECTION}),? (?:(?:{words.FROM}|{words.UNTIL}) )?"
    rf"(?=({_ONE})(?![\d:]| ?(?:-|~|->|(?:{words.TO}|{words.AND})(?![{LETTER}]))))"
)
"""A time that is corrected on the spot: `at 20 s, sorry, at 22 s`."""
_REMARK = Scan(r" ?\([^()\d]{0,80}\)", cased=True)
_JUDGING = Scan(
    rf"{whole_words(marks.CHOSEN, marks.REJECTED, sayings.DRAFT, sayings.WRONG, marks.ASKED, sayings.CORRECTION)}"
    rf"|{marks.CHOSEN_JOINED}|{marks.REJECTED_JOINED}|{sayings.WRONG_JOINED}|{marks.ASKED_JOINED}"
)
"""In a remark: it says something about the window beside it."""
_REPLACED = Scan(
    rf"(?<![\d.:])(?P<start>{_ONE})(?P<gap> ?(?:-|~|->|(?:{words.TO}|{words.AND})(?![{LETTER}])) ?)"
    rf"(?P<end>{_ONE})[.;,]? ?-? ?"
    rf"(?:{sayings.CORRECTION})[,:;]? (?:the |it |der |die |das |le |la |el |o |il )?"
    rf"(?:(?P<new_start>{words.START})|(?:{words.END}))(?: ?time)?(?: (?:is|was|should be|at|ist|est|es|é|è))*:? "
    rf"(?P<new>{_ONE})(?![\d:]| ?(?:-|~|->|(?:{words.TO}|{words.AND})(?![{LETTER}])))"
)
"""A window of which one bound is corrected: `from 5 to 9 s; no, the end is 12 s`."""
_FRAMES = Scan(r"(?<![\d:])(\d\d:\d\d:\d\d):00(?![\d:])", cased=True)
"""A time code that ends with frames, of which it has none: `00:00:12:00`."""
_NUMBERED = Scan(r"(?m)^(\W{0,4}[A-Za-z]{3,20} \d{1,2}) - (?=\d[\d:.]{0,9} ?[a-z]{0,7} ?(?:-|to) ?\d)", cased=True)
"""A numbered line: `Segment 2 - 12.5 to 17`."""


def _plain(text: str) -> str:
    """The text without remarks that hold no number; decimal commas become points, commas in lists stay."""
    text = _SLIP.sub("", text) if "," in text or "-" in text else text
    text = _FRAMES.sub(r"\1", text) if ":00" in text else text
    text = _NUMBERED.sub(r"\1: ", text)
    if "(" in text:
        text = _REMARK.sub(lambda remark: remark[0] if _judges(remark[0]) else "", text)
    if words.may_hold(text, "lasting"):
        text = _LASTING.sub(" ", text)
    if " after " in text or " before " in text:
        text = _RELATIVE.sub(" ", text)
    if words.may_hold(text, "start") or words.may_hold(text, "end"):
        text = _REPLACED.sub(_replaced, text)
    text = re.sub(" {2,}", " ", text) if "  " in text else text
    text = re.sub(r"\[ ?(\d[\d:.]{0,11} ?s?) ?\]", r"\1", text) if "[" in text else text
    text = _LISTED.sub(r"\1 , \2", text)
    text = _POINTED.sub(r"\1\2.\3", text)
    pattern = _COMMAS if _has_decimal_commas(text) else _COMMA_UNIT
    return pattern.sub(r"\1.\2", text)


@lru_cache(maxsize=1024)
def _judges(remark: str) -> bool:
    """Whether a remark says something about the window beside it; most remarks stand in many answers."""
    return _JUDGING.search(remark) is not None


def _replaced(found: re.Match[str]) -> str:
    """A window with the bound that its correction gives it."""
    start, end = (found["new"], found["end"]) if found["new_start"] else (found["start"], found["new"])
    return f"{start}{found['gap']}{end}"


def _has_decimal_commas(text: str) -> bool:
    """Whether numbers such as `12,5` come in pairs that are separated by a word, `-` or `~`, not by a comma."""
    commas = list(_COMMAS.finditer(text))
    gaps = [text[a.end() : b.start()] for a, b in zip(commas[::2], commas[1::2], strict=False)]
    parted = [not set(gap) & set("[]()\n") and any(sign.isalpha() or sign in "-~" for sign in gap) for gap in gaps]
    return bool(gaps) and len(commas) % 2 == 0 and all(parted)
