"""Damaged video: drops samples whose windows lie where `videos verify` found pictures lost, and of unreadable videos.

    --filter damaged_video:verified=work/verified

A video that is missing or cannot be read takes all its samples with it. One with a hole, with frames that repeat since
nothing else can be decoded, or without its end takes those whose windows touch these seconds; the others stay.
"""

from collections.abc import Sequence

from vtgdata.annotations.filtering import FilterExample, Why, example_sample, leave
from vtgdata.errors import VtgError
from vtgdata.records import LeftOut, Sample
from vtgdata.video import damage


def keep(samples: Sequence[Sample], frames: object, *, verified: str = "") -> list[LeftOut]:
    """Leave out samples on pictures that are lost; the reason is the kind of finding, or `video_unreadable`.

    `verified` is the folder that `vtgdata videos verify` wrote. Samples of videos that it did not look at are left out
    as `video_not_verified`.
    """
    del frames
    if not verified:
        raise VtgError("damaged_video: name the folder that `vtgdata videos verify` wrote, as verified=work/verified.")
    found = damage.read(verified)
    spoilt = {row["sample_id"]: row for row in damage.spoilt(samples, found.findings)}

    def why(sample: Sample) -> Why | None:
        video, _ = damage.found_under(sample.video)
        if video not in found.statuses:
            return "video_not_verified", f"{verified} knows nothing of {sample.video.file}"
        if video in found.unreadable:
            return "video_unreadable", found.unreadable[video]
        row = spoilt.get(sample.sample_id)
        if row is None:
            return None
        window = f"window {row['window_start']:g} to {row['window_end']:g} s"
        return f"window_in_{row['kind']}", f"{window}, {row['kind']} from {row['start']:.2f} to {row['end']:.2f} s"

    return leave(samples, why)


EXAMPLE = FilterExample(
    samples=(
        example_sample("before the hole", windows=[(1, 4)]),
        example_sample("reaches into it", windows=[(3, 6)]),
        example_sample("no file", video_id="v1"),
        example_sample("not looked at", video_id="v9"),
        example_sample("whole", video_id="v2"),
    ),
    left_out={
        "reaches into it": "window_in_hole",
        "no file": "video_unreadable",
        "not looked at": "video_not_verified",
    },
    settings={"verified": "{verified}"},
)
