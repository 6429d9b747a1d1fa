"""Query words: drops queries of too few or too many words.

The upper limit of 200 is that of TimeLens. Words are separated by blanks.
"""

from collections.abc import Sequence

from vtgdata.annotations.filtering import FilterExample, Why, check_limits, example_sample, leave
from vtgdata.records import LeftOut, Sample


def keep(samples: Sequence[Sample], frames: object, *, low: int = 1, high: int = 200) -> list[LeftOut]:
    """Leave out samples whose query has fewer than `low` or more than `high` words."""
    del frames
    check_limits("query_words", low, high)

    def why(sample: Sample) -> Why | None:
        count = len(sample.query.split())
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
    ),
    left_out={"empty": "query_too_short", "201 words": "query_too_long"},
)
