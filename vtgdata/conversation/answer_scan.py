r"""Patterns that are searched for only in texts that hold what every match of theirs needs.

A pattern of a hundred words is tried at every place of a text, although most texts hold none of the words. `Scan` reads
off a pattern which signs and parts of words a match cannot do without, looks for these first, and compiles the pattern
only when a text has them.
"""

import re
import sys
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache

LEAST = 10_000
"""Least product of the characters of a text and the alternatives of a pattern for which the text is looked at first."""
_COMMON, _DIGITS = " etaonisrhldcumfpgwybvk", frozenset("0123456789")
"""The most frequent letters, the first of them most; and plain digits."""
DIGIT = r"\d"
"""Stands for any digit among what a match needs."""
_ODD = frozenset("\u00b5\u0345\u1e9b\u1fbe\u1fd3\u1fe3\ua64b\ufb05\ufb06").union(
    map(chr, (*range(0x370, 0x400), *range(0x1C80, 0x1C89)))
)
"""Letters that match others where case is ignored although `folded` does not make them alike."""
_QUANTIFIER = re.compile(r"(?:[*?]|\+|\{(\d*)(?:,\d*)?\})[?+]?")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_ESCAPED = re.compile(r"\\(?:u([0-9a-f]{4})|(.))", re.DOTALL)
_OPENING = re.compile(r"\((?:\?(?:P<\w+>|<?[=!]|[:>]|[aimsux]+\))|(?!\?))")
_MOST_SIGNS = 8
"""Most signs of a set in brackets that are taken apart."""
_UNREAD, _NAMED = "wWsSDbBAZ", {"n": "\n", "t": "\t"}
"""Letters after a backslash: those that stand for no one sign, and those that do."""
Needs = list[frozenset[str]]
"""Sets of texts in lower case; every match holds one of each set, or a digit where the set has `DIGIT`."""


def folded(text: str) -> str:
    """The text in lower case, and with an `i` or `s` for the other letters that match these where case is ignored.

    What a pattern found is looked up by this: a Turkish `FİVE` or a `ſecond` of an old print are in no table.

    >>> folded("FİVE fıve ſecond")
    'five five second'
    """
    return text.replace("İ", "i").lower().replace("ı", "i").replace("ſ", "s")


@lru_cache(maxsize=16)
def lowered(text: str) -> str:
    """The text as `folded` gives it, kept for when the same text is looked at again."""
    return folded(text)


def needed(pattern: str) -> Needs:
    r"""What every match of a pattern holds; nothing where that cannot be told from the pattern.

    >>> [sorted(each) for each in needed(r"(?:from|since) (?:the )?\d+(?! of)")]
    [[' '], ['\\d'], ['from', 'since']]
    """
    return sorted(_either(pattern, 0)[0], key=len)


def _either(pattern: str, place: int) -> tuple[Needs, int]:
    """What the alternatives that begin at a place need, and where they end."""
    each: list[Needs] = []
    while True:
        needs, place = _row(pattern, place)
        each.append(needs)
        if pattern[place : place + 1] != "|":
            break
        place += 1
    if len(each) == 1:
        return each[0], place
    return ([frozenset().union(*map(_best, each))] if all(each) else []), place


def _best(needs: Needs) -> frozenset[str]:
    """Of what a match needs, what the fewest texts hold by chance: long parts, and few of them."""
    return max(needs, key=lambda parts: (min(map(len, parts - {DIGIT}), default=0), -len(parts)))


def _row(pattern: str, place: int) -> tuple[Needs, int]:
    """What a sequence needs, up to the next `|` or the bracket that closes it."""
    needs: Needs = []
    run = ""
    while place < len(pattern) and pattern[place] not in "|)":
        sign, inner, place = _atom(pattern, place)
        quantifier = _QUANTIFIER.match(pattern, place)
        least = 1
        if quantifier:
            place = quantifier.end()
            least = int(quantifier[1] or 0) if quantifier[0][0] == "{" else int(quantifier[0][0] == "+")
        if sign and least:
            run += sign
        if (not sign or quantifier) and run:
            needs.append(frozenset([folded(run)]))
            run = ""
        needs += inner if least else []
    if run:
        needs.append(frozenset([folded(run)]))
    return needs, place


def _atom(pattern: str, place: int) -> tuple[str, Needs, int]:
    """The sign that stands at a place of a pattern, or else what stands there needs; and where the next one is."""
    sign = pattern[place]
    if sign == "(":
        opening = _OPENING.match(pattern, place)
        if opening is None:
            raise ValueError(f"no kind of group that is read: {pattern[place : place + 8]}")
        if opening[0].endswith(")"):
            return "", [], opening.end()
        needs, end = _either(pattern, opening.end())
        return "", [] if opening[0].endswith("!") else needs, end + 1
    if sign == "[":
        found = _CLASS.match(pattern, place)
        if found is None:
            raise ValueError(f"no end of a set: {pattern[place:]}")
        return "", _of_set(found[0][1:-1]), found.end()
    if sign == "\\":
        escaped = _ESCAPED.match(pattern, place)
        if escaped is None:
            raise ValueError(f"no sign after a backslash: {pattern}")
        if escaped[1]:
            return chr(int(escaped[1], 16)), [], escaped.end()
        if escaped[2] == "d":
            return "", [frozenset([DIGIT])], escaped.end()
        if escaped[2] in _UNREAD or escaped[2].isdigit():
            return "", [], escaped.end()
        if escaped[2].isalpha() and escaped[2] not in _NAMED:
            raise ValueError(f"no escape that is read: {escaped[0]}")
        return _NAMED.get(escaped[2], escaped[2]), [], escaped.end()
    return ("" if sign in ".^$" else sign), [], place + 1


def _of_set(signs: str) -> Needs:
    """What a set in brackets needs: one of its signs, where it lists a few."""
    if signs in (DIGIT, "1-9", "0-9"):
        return [frozenset([DIGIT])]
    if len(signs) > _MOST_SIGNS or signs[0] == "^" or "\\" in signs or "-" in signs[1:-1]:
        return []
    return [frozenset(folded(signs))]


class _Need:
    """A set of what a match needs, sorted by the rarest sign of each part, so that few parts are looked for."""

    def __init__(self, parts: frozenset[str]) -> None:
        self.signs = {part for part in parts if len(part) == 1 or part == DIGIT}
        self.parts: dict[str, list[str]] = {}
        for part in parts - self.signs:
            self.parts.setdefault(max(part, key=_rareness), []).append(part)

    def held_by(self, text: str, signs: set[str]) -> bool:
        """Whether a text in lower case, which has these signs, holds one of the parts."""
        if not self.signs.isdisjoint(signs):
            return True
        return any(part in text for sign in self.parts.keys() & signs for part in self.parts[sign])


def _rareness(sign: str) -> int:
    """How rare a sign is in texts, roughly."""
    return (_COMMON.find(sign) + 1) or len(_COMMON) + ord(sign)


def _is_sign(part: str) -> bool:
    """Whether a part of what a match needs is one sign, without case and no blank."""
    return len(part) == 1 and part.lower() == part.upper() and not part.isspace()


class _Held:
    """A text in lower case with the signs that it holds, and which patterns may match in it."""

    def __init__(self, text: str) -> None:
        self.low = lowered(text)
        self.signs = set(self.low)
        plain = text.isascii()
        if not _DIGITS.isdisjoint(self.signs) or (not plain and any(map(str.isdecimal, self.signs))):
            self.signs.add(DIGIT)
        self.odd = not plain and not _ODD.isdisjoint(self.signs)
        self.known: dict[Scan, bool] = {}


@lru_cache(maxsize=16)
def _held(text: str) -> _Held:
    return _Held(text)


class Scan:
    r"""A pattern of which case is ignored, searched for only where a text holds what a match needs.

    >>> dog = Scan(r"\b(?:dogs?|puppy)\b")
    >>> dog.may_match("A Puppy sits. " * 1_000), dog.may_match("A man sits. " * 1_000)
    (True, False)
    """

    def __init__(self, pattern: str, *, cased: bool = False) -> None:
        """Args: pattern: a regular expression, without comments. cased: whether case matters."""
        self.pattern = pattern
        self.short = LEAST // (pattern.count("|") + 1)
        """Characters of a text below which it is searched at once: that is as fast."""
        self._flags = re.NOFLAG if cased else re.IGNORECASE

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The pattern itself, to match it at one place."""
        return re.compile(self.pattern, self._flags)

    @cached_property
    def _all(self) -> Needs:
        return needed(self.pattern)

    @cached_property
    def _needs(self) -> list[_Need]:
        """What every match holds."""
        return [_Need(parts) for parts in self._all if not all(map(_is_sign, parts))]

    @cached_property
    def _signs(self) -> list[str]:
        """Signs of which every match holds one of each row: without case, so that they are found in a text as it is."""
        rows = ({"" if part == DIGIT else next(filter(_is_sign, part), "") for part in parts} for parts in self._all)
        return ["".join(row) for row in rows if "" not in row]

    def may_match(self, text: str) -> bool:
        """Whether the pattern can match anywhere in a text. True for all short texts."""
        if len(text) < self.short:
            return True
        for signs in self._signs:
            if not any(sign in text for sign in signs):
                return False
        held = _held(text)
        if (may := held.known.get(self)) is None:
            may = held.odd or all(need.held_by(held.low, held.signs) for need in self._needs)
            held.known[self] = may
        return may

    def search(self, text: str, begin: int = 0, end: int = sys.maxsize) -> re.Match[str] | None:
        """The first match in a text, or in a part of it."""
        return self.compiled.search(text, begin, end) if len(text) < self.short or self.may_match(text) else None

    def match(self, text: str, begin: int = 0, end: int = sys.maxsize) -> re.Match[str] | None:
        """The match at a place of a text: to be asked at many places of one text."""
        return self.compiled.match(text, begin, end) if len(text) < self.short or self.may_match(text) else None

    def finditer(self, text: str, begin: int = 0, end: int = sys.maxsize) -> Iterator[re.Match[str]]:
        """The matches in a text, or in a part of it."""
        return self.compiled.finditer(text, begin, end) if len(text) < self.short or self.may_match(text) else iter(())

    def sub(self, instead: str | Callable[[re.Match[str]], str], text: str) -> str:
        """The text with something else instead of each match."""
        return self.compiled.sub(instead, text) if len(text) < self.short or self.may_match(text) else text
