"""How TimeLens2's evaluation reads an answer on VUE-TR and MomentSeeker (arXiv 2607.17423): anything that gives pairs.

A JSON list of pairs, anywhere in the text; else every `[A, B]`; else every `A - B` or `A to B`; else all numbers of the
text, two by two. Known failures: a draft in the reasoning counts where its pairs are the first of a kind; a text
without any window gives windows from whatever numbers it has (`I see 2 dogs and 3 cats` is [2, 3]). Its runs may have a
judge model rewrite answers first; this is the parser alone. Source: MCG-NJU/TimeLens2 at a5ce450.
"""

import math
import re

from vtgdata.annotations.json_text import parse_json

MOST = 200
"""Pairs that are read."""
_LIST = re.compile(r"\[\s{0,9}\[[^\[\]]{0,200}\](?:\s{0,9},\s{0,9}\[[^\[\]]{0,200}\]){0,200}\s{0,9}\]")
_NUMBER = r"(-?\d{1,15}(?:\.\d{1,15})?)"
_BRACKETS = re.compile(rf"\[\s{{0,9}}{_NUMBER}\s{{0,9}},\s{{0,9}}{_NUMBER}\s{{0,9}}\]")
_JOINED = re.compile(rf"{_NUMBER}\s{{0,9}}(?:-|to)\s{{0,9}}{_NUMBER}")
_ANY = re.compile(_NUMBER)


def read(text: str, duration: float | None) -> tuple[tuple[float, float], ...] | None:
    """All pairs, in the order of the text, as they are; `duration` is not used.

    >>> read("They are [[12.0, 15.5], [20, 31]].", 60.0), read("2 dogs and 3 cats", 60.0)
    (((12.0, 15.5), (20.0, 31.0)), ((2.0, 3.0),))
    """
    del duration
    numbers = _ANY.findall(text)
    found = (
        _of_json(text)
        or _BRACKETS.findall(text)
        or _JOINED.findall(text.lower())
        or list(zip(numbers[::2], numbers[1::2], strict=False))
    )
    pairs = [(float(start), float(end)) for start, end in found[:MOST]]
    return tuple(pair for pair in pairs if all(map(math.isfinite, pair))) or None


def _of_json(text: str) -> list[tuple[float, float]]:
    for match in _LIST.finditer(text):
        try:
            return [(float(pair[0]), float(pair[1])) for pair in parse_json(match[0])]
        except (ValueError, IndexError, TypeError, OverflowError):
            continue
    return []


EXAMPLE = ("[[12.0, 15.5], [20, 31]]", ((12.0, 15.5), (20.0, 31.0)))
"""A text in the form that this parser expects, and the pairs it reads."""
