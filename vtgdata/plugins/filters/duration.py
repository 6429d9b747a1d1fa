"""Duration: drops samples whose video is too short or too long.

The default limits are those of TimeLens's training: 5 s to 500 s. A video of unknown length is dropped as well:
`vtgdata ingest` with `--videos` probes lengths.
"""

from collections.abc import Sequence

from vtgdata.annotations.filtering import FilterExample, Why, check_limits, example_sample, leave
from vtgdata.records import LeftOut, Sample


def keep(
    samples: Sequence[Sample], frames: object, *, low: float = 5.0, high: float = 500.0, keep_unknown: bool = False
) -> list[LeftOut]:
    """Leave out samples whose video is shorter than `low` or longer than `high` seconds.

    Samples whose video has an unknown length are left out too, unless `keep_unknown` is set.
    """
    del frames
    check_limits("duration", low, high)

    def why(sample: Sample) -> Why | None:
        seconds = sample.video.duration
        if seconds is None:
            return None if keep_unknown else ("duration_unknown", "nobody said or probed how long the video is")
        if seconds < low:
            return "video_too_short", f"{seconds:g} s, below {low:g} s"
        return ("video_too_long", f"{seconds:g} s, above {high:g} s") if seconds > high else None

    return leave(samples, why)


EXAMPLE = FilterExample(
    samples=(
        example_sample("short", windows=[(1, 2)], video_id="v1", duration=4.9),
        example_sample("long enough", windows=[(1, 2)], video_id="v2", duration=5.0),
        example_sample("long", video_id="v3", duration=501.0),
        example_sample("unknown", video_id="v4", duration=None),
    ),
    left_out={"short": "video_too_short", "long": "video_too_long", "unknown": "duration_unknown"},
)
