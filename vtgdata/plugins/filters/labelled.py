"""Labelled: drops samples that have nothing to learn from: hidden labels, or no usable window.

A sample that is known to have no moment stays: refusing it is what can be learnt.
"""

from collections.abc import Sequence

from vtgdata.annotations.filtering import FilterExample, Why, example_sample, leave
from vtgdata.records import LeftOut, Sample


def keep(samples: Sequence[Sample], frames: object) -> list[LeftOut]:
    """Leave out samples that are unlabelled or have no window."""
    del frames
    return leave(samples, _why)


def _why(sample: Sample) -> Why | None:
    if not sample.labelled:
        return "unlabelled", "its labels are hidden"
    return None if sample.windows or sample.none_is_right else ("no_window", "it has no usable window")


EXAMPLE = FilterExample(
    samples=(
        example_sample("moment"),
        example_sample("hidden", windows=[], labelled=False),
        example_sample("no window", windows=[]),
        example_sample("no moment", windows=[], none_is_right=True),
    ),
    left_out={"hidden": "unlabelled", "no window": "no_window"},
)
