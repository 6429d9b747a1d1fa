"""Query words: drops queries of too few or too many words.

The upper limit of 200 is that of TimeLens. Words are separated by blanks. Chinese, Japanese, Thai, Lao, Khmer and
Burmese write none: there two letters count as one word, which is about their mean length.
"""

import re
from collections.abc import Sequence

from vtgdata.annotations.filtering import FilterExample, Why, check_limits, example_sample, leave
from vtgdata.records import LeftOut, Sample

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)
"""Runs of letters of the scripts that are written without blanks between words."""


def words(query: str) -> int:
    """Number of words in a query.

    >>> words("a dog jumps"), words("\u4e00\u53ea\u72d7\u8df3\u8d77\u6765")
    (3, 3)
    """
    if query.isascii():
        return len(query.split())
    unspaced = sum((len(run) + 1) // 2 for run in _UNSPACED.findall(query))
    spaced = _UNSPACED.sub(" ", query).split()
    return unspaced + sum(any(map(str.isalnum, word)) for word in spaced) if unspaced else len(query.split())


def keep(samples: Sequence[Sample], frames: object, *, low: int = 1, high: int = 200) -> list[LeftOut]:
    """Leave out samples whose query has fewer than `low` or more than `high` words."""
    del frames
    check_limits("query_words", low, high)

    def why(sample: Sample) -> Why | None:
        count = words(sample.query)
        if count < low:
            return "query_too_short", f"{count} words, below {low:g}"
        return ("query_too_long", f"{count} words, above {high:g}") if count > high else None

    return leave(samples, why)


EXAMPLE = FilterExample(
    samples=(
        example_sample("empty", " "),
        example_sample("one word", "jumps"),
        example_sample("200 words", "jumps " * 200),
        example_sample("201 words", "jumps " * 201),
        example_sample("200 words without blanks", "\u8df3\u8d77" * 200),
        example_sample("201 words without blanks", "\u8df3\u8d77" * 201),
    ),
    left_out={
        "empty": "query_too_short",
        "201 words": "query_too_long",
        "201 words without blanks": "query_too_long",
    },
)
