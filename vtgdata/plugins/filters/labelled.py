"""Labelled: drops samples that have no moment to learn from: hidden labels, or no usable window."""

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
    return None if sample.windows else ("no_window", "it has no usable window")


EXAMPLE = FilterExample(
    samples=(
        example_sample("moment"),
        example_sample("hidden", windows=[], labelled=False),
        example_sample("no moment", windows=[]),
    ),
    left_out={"hidden": "unlabelled", "no moment": "no_window"},
)
