"""The blind control: the same question, with what could answer it taken away.

A model gains IoU without looking, by learning where answers usually lie. So times, frame count and duration stay the
video's own, and the pixels come from a video of another source, or are grey. Or the pixels stay and the query is
another's.
"""

import io
from collections.abc import Mapping, Sequence

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint
from vtgdata.records import Frames, Sample, Video
from vtgdata.video.decode import jpeg

GREY = 128


def donors(videos: Sequence[Video], seed: int) -> dict[str, Video]:
    """For each video id, the video whose pixels stand in: never of the same source.

    Every video gives once, as long as no source has more than half of the videos. The order of the input does not
    matter.

    Raises VtgError when all videos are of one source.
    """
    by_id = {video.video_id: video for video in sorted(videos, key=lambda video: (video.video_id, video.file))}
    others = _others({key: _source(video) for key, video in by_id.items()}, seed)
    return {key: by_id[other] for key, other in others.items()}


def other_queries(samples: Sequence[Sample], seed: int) -> dict[str, str]:
    """For each sample id, a query that nobody asks of its source: another one's, in other words.

    Raises VtgError when every query is asked of every source.
    """
    asked: dict[str, set[str]] = {}
    for sample in samples:
        asked.setdefault(_source(sample.video), set()).add(sample.query.casefold())
    pool = sorted({sample.query for sample in samples})
    found: dict[str, str] = {}
    for sample in samples:
        own = asked[_source(sample.video)]
        # A start that depends on seed and sample alone, then the next that differs.
        start = int(fingerprint.short([seed, sample.sample_id]), 16) % len(pool)
        other = next((query for query in (*pool[start:], *pool[:start]) if query.casefold() not in own), None)
        if other is None:
            raise VtgError("--other-query needs queries that differ between videos, and here every video has them all.")
        found[sample.sample_id] = other
    return found


def _source(video: Video) -> str:
    return video.source_id or video.video_id


def _others(sources: Mapping[str, str], seed: int) -> dict[str, str]:
    """For each key another key of another source, from a seeded order.

    Keys lie source by source, the largest first, on a circle; going on by the size of the largest always leaves the
    source. Where one source has more than half of all keys, the rest of them serve it in turn.
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
    """The video's own times and duration with other pixels.

    Args:
        own: frames of the video asked about.
        donor: frames of another one, taken at the same relative position where their number differs; None for blank
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

    width, height = Image.open(io.BytesIO(image)).size
    return jpeg(np.full((height, width, 3), GREY, np.uint8), min(width, height))
