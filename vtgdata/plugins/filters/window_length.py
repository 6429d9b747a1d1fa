"""Window length: drops samples that have a window too short or too long to be grounded.

One such window is enough to drop a sample, because an answer has to give all windows.
"""

import math
from collections.abc import Sequence

from vtgdata.annotations.filtering import FilterExample, Why, check_limits, example_sample, leave
from vtgdata.records import LeftOut, Sample


def keep(samples: Sequence[Sample], frames: object, *, low: float = 1.0, high: float = math.inf) -> list[LeftOut]:
    """Leave out samples with a window shorter than `low` or longer than `high` seconds; without windows they stay."""
    del frames
    check_limits("window_length", low, high)

    def why(sample: Sample) -> Why | None:
        lengths = [window.duration for window in sample.windows]
        if lengths and min(lengths) < low:
            return "window_too_short", f"{min(lengths):.4g} s, below {low:g} s"
        return (
            ("window_too_long", f"{max(lengths):.4g} s, above {high:g} s") if max(lengths, default=0) > high else None
        )

    return leave(samples, why)


EXAMPLE = FilterExample(
    samples=(
        example_sample("short", windows=[(3, 9), (12, 12.9)]),
        example_sample("long enough", windows=[(3, 9), (12, 13)]),
        example_sample("none", windows=[]),
    ),
    left_out={"short": "window_too_short"},
)
