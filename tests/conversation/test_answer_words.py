"""The quick look for a row's words finds every text in which the row's pattern matches."""

import random
import re
import re._constants as codes  # pyright: ignore
import re._parser as parser  # pyright: ignore
from collections.abc import Iterable
from typing import Any

import pytest

from vtgdata.conversation import answer_words as words

SAMPLES = 400


def written(parts: Iterable[tuple[Any, Any]], chance: random.Random) -> str:
    """A text that a parsed pattern may match: one way through it; what it asks of the text around is left out."""
    text = ""
    for code, value in parts:
        if code is codes.LITERAL:
            text += chr(value)
        elif code is codes.BRANCH:
            text += written(chance.choice(value[1]), chance)
        elif code is codes.SUBPATTERN:
            text += written(value[3], chance)
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            least, most, inner = value
            text += "".join(written(inner, chance) for _ in range(chance.randint(least, min(most, least + 2))))
        elif code is codes.IN:
            kind, one = chance.choice(value)
            text += chr(one) if kind is codes.LITERAL else "a"
        elif code in (codes.ANY, codes.NOT_LITERAL):
            text += "'"
        else:
            assert code in (codes.AT, codes.ASSERT, codes.ASSERT_NOT), code
    return text


@pytest.mark.parametrize(
    ("row", "pattern"),
    [
        ("unit", f"{words.SECOND_WORD}|{words.MINUTE_WORD}"),
        ("start", words.FROM_START),
        ("end", words.TO_END),
        ("lasting", words.LASTING),
        ("lasting", words.LASTING_BEHIND),
    ],
)
def test_what_a_row_matches_holds_one_of_its_stems(row: str, pattern: str) -> None:
    chance, compiled, matched = random.Random(1), re.compile(pattern, re.IGNORECASE), 0
    parsed = parser.parse(pattern)  # pyright: ignore
    for _ in range(SAMPLES):
        found = compiled.search(written(parsed, chance))
        matched += found is not None
        assert found is None or (words.may_hold(found[0], row) and words.may_hold(found[0].upper(), row)), found
    assert matched > SAMPLES / 2
