"""The quick look for a row's words finds every text in which the row's pattern matches."""

import random
import re
import re._parser as parser  # pyright: ignore

import pytest

from support.pattern_texts import written
from vtgdata.conversation import answer_words as words

SAMPLES = 400


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
