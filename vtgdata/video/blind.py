"""Blind controls: the same question without the evidence that answers it.

A model can gain IoU without looking, by learning where answers usually lie. To measure that, the times, the number of
frames and the duration stay the video's own, but the pixels come from a video of another source, or are grey. In the
third control the pixels stay and the query is that of another sample.
"""

import io
from collections.abc import Mapping, Sequence

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint
from vtgdata.files.video_files import PICTURES
from vtgdata.records import Frames, Sample, Video
from vtgdata.video.decode import jpeg

GREY = 128


def donors(videos: Sequence[Video], seed: int) -> dict[str, Video]:
    """{video id: the donor video whose pixels replace its own}; a donor is always of another source.

    Every video is a donor once, unless one source has more than half of the videos. The order of the input does not
    matter.

    Raises VtgError when all videos are of one source.
    """
    by_id = {video.video_id: video for video in sorted(videos, key=lambda video: (video.video_id, video.file))}
    others = _others({key: video.source for key, video in by_id.items()}, seed)
    return {key: by_id[other] for key, other in others.items()}


def other_queries(samples: Sequence[Sample], seed: int) -> dict[str, str]:
    """{sample id: the query of another sample}, chosen from queries that no sample asks about the same source.

    Raises VtgError when every query is asked about every source.
    """
    asked: dict[str, set[str]] = {}
    for sample in samples:
        asked.setdefault(sample.video.source, set()).add(sample.query.casefold())
    pool = sorted({sample.query for sample in samples})
    found: dict[str, str] = {}
    for sample in samples:
        own = asked[sample.video.source]
        # Start at a place that depends only on seed and sample; take the first query that this source does not have.
        start = int(fingerprint.short([seed, sample.sample_id]), 16) % len(pool)
        other = next((query for query in (*pool[start:], *pool[:start]) if query.casefold() not in own), None)
        if other is None:
            raise VtgError("--other-query needs queries that differ between videos, and here every video has them all.")
        found[sample.sample_id] = other
    return found


def _others(sources: Mapping[str, str], seed: int) -> dict[str, str]:
    """{key: a key of another source}, in a seeded order.

    Keys are placed on a circle, source by source, the largest source first. A step by the size of the largest source
    always leads to another source. If one source has more than half of all keys, the other keys serve it in turn.
    """
    if not sources:
        return {}
    groups: dict[str, list[str]] = {}
    for key in sorted(sources, key=lambda key: fingerprint.of_value([seed, key])):
        groups.setdefault(sources[key], []).append(key)
    if len(groups) < 2:
        raise VtgError(
            f"the blind control needs videos of at least two sources, and all {len(sources)} are of "
            f"{next(iter(groups))!r}. Take more samples, or blank frames (--blind-frames blank)."
        )
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), fingerprint.of_value([seed, group[0]])))
    circle = [key for _, keys in ordered for key in keys]
    largest, count = len(ordered[0][1]), len(circle)
    return {
        key: circle[largest + i % (count - largest)] if i < largest else circle[(i + largest) % count]
        for i, key in enumerate(circle)
    }


def blinded(own: Frames, donor: Frames | None) -> Frames:
    """Frames with the video's own times and duration, and other pixels.

    Args:
        own: frames of the video asked about.
        donor: frames of another video, taken at the same relative positions if their number differs; None for blank
            images of the video's own size.
    """
    if own.status != "ok":
        return own
    if donor is None:
        blank = _blank(own.images[0])
        return msgspec.structs.replace(own, frames_id="blank", images=(blank,) * len(own.images))
    if donor.status != "ok":
        return msgspec.structs.replace(own, frames_id="", times=(), images=(), status=f"blind: donor {donor.status}")
    count = len(own.images)
    images = tuple(donor.images[k * len(donor.images) // count] for k in range(count))
    return msgspec.structs.replace(own, frames_id=f"blind:{donor.frames_id}", images=images)


def _blank(image: bytes) -> bytes:
    import numpy as np
    from PIL import Image

    width, height = Image.open(io.BytesIO(image), formats=PICTURES).size
    return jpeg(np.full((height, width, 3), GREY, np.uint8), min(width, height))
