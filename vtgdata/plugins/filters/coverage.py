"""Coverage: drops samples whose windows take up too little or too much of their video.

A window that covers the whole video does not locate anything: ActivityNet Captions has a thousand of them in its train
split.
"""

import math
from collections.abc import Sequence

from vtgdata.annotations.filtering import FilterExample, Why, check_limits, example_sample, leave
from vtgdata.metrics.flat import as_array
from vtgdata.metrics.window_table import support
from vtgdata.records import LeftOut, Sample


def keep(
    samples: Sequence[Sample], frames: object, *, low: float = 0.0, high: float = 0.95, keep_unknown: bool = False
) -> list[LeftOut]:
    """Leave out samples whose windows together cover a share of the video outside [low, high].

    Samples without windows stay. If the length of the video is unknown, so is the share: its samples are left out
    unless `keep_unknown` is set.
    """
    del frames
    check_limits("coverage", low, high, most=1)

    def why(sample: Sample) -> Why | None:
        if not sample.windows:
            return None
        seconds = sample.video.duration
        if seconds is None:
            return None if keep_unknown else ("duration_unknown", "nobody said or probed how long the video is")
        covered = support(as_array(sample.windows)).tolist()
        share = math.fsum(end - start for start, end in covered) / seconds
        if share < low:
            return "covers_too_little", f"{share:.2%} of {seconds:g} s, below {low:.4g}"
        return ("covers_too_much", f"{share:.2%} of {seconds:g} s, above {high:.4g}") if share > high else None

    return leave(samples, why)


EXAMPLE = FilterExample(
    samples=(
        example_sample("whole", windows=[(0, 20), (15, 30)]),
        example_sample("part", windows=[(0, 20)]),
        example_sample("length unknown", duration=None),
        example_sample("none", windows=[]),
    ),
    left_out={"whole": "covers_too_much", "length unknown": "duration_unknown"},
)
