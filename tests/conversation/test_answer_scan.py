"""A scan finds what its pattern finds: a text without what it looks for first has no match."""

import importlib
import pkgutil
import random
import re
import re._parser as parser  # pyright: ignore
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from support.pattern_texts import written
from vtgdata import conversation
from vtgdata.conversation import answer_scan, answer_text
from vtgdata.conversation.answer_scan import DIGIT, Scan, folded, needed

SAMPLES = 25
LONG = "\x01" * answer_scan.LEAST
"""Makes a text long enough to be looked at first, and holds nothing that a pattern needs."""


def scans() -> Iterator[tuple[str, Scan]]:
    for module in pkgutil.iter_modules(conversation.__path__):
        if module.name.startswith("answer_"):
            for name, value in vars(importlib.import_module(f"vtgdata.conversation.{module.name}")).items():
                for each in (part for row in (value if isinstance(value, tuple) else [value]) for part in flat(row)):
                    if isinstance(each, Scan):
                        yield f"{module.name}.{name}", each


def flat(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple) else [value]


SCANS = dict(scans())


def test_no_scan_misses_a_text_in_which_its_pattern_matches():
    chance, tried = random.Random(3), 0
    for name, scan in SCANS.items():
        parsed = parser.parse(scan.pattern)  # pyright: ignore
        matched = 0
        for _ in range(SAMPLES):
            plain = written(parsed, chance)
            for text in (plain, plain.upper(), plain.replace("s", "ſ").replace("i", "ı"), f"{plain} \u0663"):
                found = scan.compiled.search(f"{text}{LONG}")
                matched += found is not None
                assert found is None or scan.may_match(f"{text}{LONG}"), (name, found)
        tried += matched > 0
    assert tried > 0.8 * len(SCANS) > 60


def test_letters_that_match_where_case_is_ignored_are_looked_for_as_one():
    letters = {letter for scan in SCANS.values() for parts in needed(scan.pattern) for part in parts for letter in part}
    every = "".join(map(chr, (*range(0xD800), *range(0xE000, sys.maxunicode + 1))))
    alike = re.findall(f"[{''.join(map(re.escape, sorted(letters)))}]", every, re.IGNORECASE)
    assert len(alike) > len(letters)
    for letter in letters:
        for other in re.findall(re.escape(letter), "".join(alike), re.IGNORECASE):
            assert folded(other) == letter or folded(other) in answer_scan._ODD, (letter, other)


@pytest.mark.parametrize(
    ("pattern", "needs"),
    [
        ("ab?c", [{"a"}, {"c"}]),
        ("ab+c|x{0,2}yy", [{"ab", "yy"}]),
        ("(?:a|b)?", []),
        ("(?:a|b*)c", [{"c"}]),
        (r"(?!no)(?<!not)yes\.", [{"yes."}]),
        (r"[xy]\d{2}[^z]", [{DIGIT}, {"x", "y"}]),
        (r"(?P<name>One|two)(?= 3)", [{" 3"}, {"one", "two"}]),
        (r"\u5230\b", [{"到"}]),
    ],
)
def test_what_a_match_needs_is_read_off_the_pattern(pattern: str, needs: list[set[str]]):
    assert sorted(map(set, needed(pattern)), key=str) == sorted(needs, key=str)


@pytest.mark.parametrize("pattern", ["(a)(?(1)b|c)", r"\x41", "[a", "(?P<a>b)(?P=a)"])
def test_a_pattern_that_cannot_be_read_is_refused(pattern: str):
    with pytest.raises(ValueError, match="no "):
        needed(pattern)


def test_a_short_text_is_searched_at_once():
    assert Scan("dog").may_match("cat")
    assert not Scan("dog").may_match("cat" * answer_scan.LEAST)
    assert Scan("dog").search("cat") is None


def test_the_last_mark_of_reasoning_is_the_same_from_the_end_as_from_the_beginning():
    marks = (
        *(
            "<think>",
            "</think>",
            "[/think]",
            "</ think|>",
            "&lt;/think&gt;",
            "<end_thought>",
            "<unused95>",
            "<channel|>",
        ),
        *("<|channel|>final", "<|message|>", "<", "[", "/think", ">", "]", "\n", "a" * 90, "b" * 3_000, "it opens "),
    )
    chance = random.Random(4)
    for _ in range(2_000):
        text = "".join(chance.choices(marks, k=chance.randint(1, 12)))
        found = list(answer_text._THINK_ENDS.finditer(text))
        last = answer_text._last_end(text)
        assert (last and last.span()) == (found[-1].span() if found else None), text
