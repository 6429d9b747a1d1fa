"""Published IoU: drops samples whose published IoU of one model answer is too low, too high or missing.

Time-R1 keeps samples with 0 < IoU <= 0.7 for its base model's greedy answer: neither hopeless (often a wrong label) nor
solved. Its files call IoU x 100 `difficulty`, although higher is easier; ingest stores it as `mean_iou` in [0, 1].
"""

from collections.abc import Sequence

from vtgdata.annotations.filtering import FilterExample, Why, check_limits, example_sample, leave
from vtgdata.records import LeftOut, Sample


def keep(
    samples: Sequence[Sample], frames: object, *, low: float = 0.0, high: float = 0.7, key: str = "mean_iou"
) -> list[LeftOut]:
    """Leave out samples whose `extra[key]` is outside (low, high], or is missing or not a number in [0, 1]."""
    del frames
    check_limits("published_iou", low, high, most=1)

    def why(sample: Sample) -> Why | None:
        value = sample.extra.get(key)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
            return "no_published_iou", f"extra.{key} is {value!s:.80}, no number in [0, 1]"
        if value <= low:
            return "published_iou_too_low", f"{value:g}, not above {low:g}"
        return ("published_iou_too_high", f"{value:g}, above {high:g}") if value > high else None

    return leave(samples, why)


EXAMPLE = FilterExample(
    samples=(
        example_sample("between", extra={"mean_iou": 0.5}),
        example_sample("hopeless", extra={"mean_iou": 0}),
        example_sample("solved", extra={"mean_iou": 0.71}),
        example_sample("unknown"),
    ),
    left_out={
        "hopeless": "published_iou_too_low", "solved": "published_iou_too_high", "unknown": "no_published_iou",
    },
)  # fmt: skip
