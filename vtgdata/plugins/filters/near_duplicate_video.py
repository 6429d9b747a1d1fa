"""Near-duplicate video: of videos that show the same, drops the samples of all but the first.

Found by what stored frames show (perceptual hashes), whatever the files are called: re-encodes of another size, codec
or bit rate, and cuts, with the time in the longer video at which they begin. A cut's frames lie between those of the
longer video, so frames must be close: `--fps 2` finds cuts of calm videos, `--fps 8` those of quick ones. At least four
frames must be compared.

Videos are compared that share a quarter of the hash of some frames, found through an index: the time grows with the
number of videos, not with that of their pairs.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vtgdata.annotations.filtering import FilterExample, Look, example_sample, seen
from vtgdata.errors import VtgError
from vtgdata.records import Frames, LeftOut, Sample, Video
from vtgdata.video.decode import jpeg
from vtgdata.video.hashes import NEAR_BITS, flat, of_image

LOOKS = True
WHOLE = True

_LEAST_FRAMES = 4
"""Pairs of frames that two videos are compared by, at least."""
_TYPICAL_BITS = 5
"""By which half of them may differ at most: two videos of one room are nearer than two of different rooms."""
_PRECISION = 0.1
"""Seconds to which an offset is told."""
_CROWDED = 500
"""Frames that share a quarter of their hash before it tells nothing."""


class Shown(NamedTuple):
    """What a video shows: frames that show something, with their times and hashes."""

    video: Video
    duration: float
    step: float
    """Seconds between frames."""
    times: NDArray[np.float64]
    hashes: NDArray[np.uint64]


class Match(NamedTuple):
    """A shorter video found in a longer one."""

    offset: float
    """Seconds of the longer one at which it begins."""
    near: int
    """Pairs of frames, at the same time, that are alike, of `compared`."""
    compared: int
    bits: float
    """Median number of bits by which they differ."""
    mean_bits: float


def keep(
    samples: Sequence[Sample], frames: Look | None, *, share: float = 0.75, keep_unknown: bool = True
) -> list[LeftOut]:
    """The samples of videos that show what an earlier one shows, is cut from, or was cut from.

    Args:
        samples: in their order, which says what is earlier.
        frames: how to look at a video.
        share: of the frames compared that must be alike, in (0, 1].
        keep_unknown: keep the samples of a video that cannot be seen.
    """
    if not 0 < share <= 1:
        raise VtgError(f"near_duplicate_video: share={share:g} must be 0 < share <= 1.")
    videos: dict[str, list[Sample]] = {}
    for sample in samples:
        videos.setdefault(sample.video.video_id, []).append(sample)
    gone: dict[str, tuple[str, str]] = {}
    known = _Known(share)
    for video_id, asked in videos.items():
        found = seen("near_duplicate_video", frames, asked[0].video)
        if found.status != "ok":
            if not keep_unknown:
                gone[video_id] = ("video_unseen", f"the video is {found.status}")
        elif (why := known.why(shown(asked[0].video, found))) is not None:
            gone[video_id] = why
    return [
        LeftOut(sample.sample_id, *gone[sample.video.video_id]) for sample in samples if sample.video.video_id in gone
    ]


class _Known:
    """The videos that were kept so far, and the index of their frames."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.videos: list[Shown] = []
        self.places: dict[tuple[int, int], list[int]] = {}

    def why(self, video: Shown) -> tuple[str, str] | None:
        """Why a video is to go; None for one that is new, which is then known too."""
        keys = [key for value in np.unique(video.hashes) for key in _quarters(int(value))]
        for number in self._candidates(keys):
            other = self.videos[number]
            longer = video.duration > other.duration
            found = match(other, video, self.share) if longer else match(video, other, self.share)
            if found is not None:
                return _told(found, video, other)
        for key in keys:
            self.places.setdefault(key, []).append(len(self.videos))
        self.videos.append(video)
        return None

    def _candidates(self, keys: Sequence[tuple[int, int]]) -> Iterator[int]:
        """Kept videos that share quarters of hashes, the most first."""
        lists = (self.places.get(key, ()) for key in keys)
        hits = Counter(number for some in lists if len(some) <= _CROWDED for number in some)
        return (number for number, count in hits.most_common(50) if count > 1)


def _quarters(value: int) -> Iterator[tuple[int, int]]:
    return ((quarter, value >> 16 * quarter & 0xFFFF) for quarter in range(4))


def _told(found: Match, video: Shown, other: Shown) -> tuple[str, str]:
    ours, theirs = video.duration, other.duration
    alike = f"{found.near} of {found.compared} frames"
    if abs(ours - theirs) <= max(1.0, 0.02 * theirs) and found.offset < 1:
        return "same_video", f"shows what {other.video.file} shows ({alike})"
    if ours <= theirs:
        return "cut_of_video", f"is {other.video.file} from {found.offset:.1f} s on, for {ours:.1f} s ({alike})"
    return "source_of_video", f"holds {other.video.file} from {found.offset:.1f} s on, for {theirs:.1f} s ({alike})"


def shown(video: Video, frames: Frames) -> Shown:
    """The hashes of a video's stored frames, without those that show nothing."""
    hashes = np.array([_hash(image) for image in frames.images], dtype=np.uint64)
    times = np.array(frames.times)
    telling = ~flat(hashes)
    return Shown(video, frames.duration, frames.duration / len(times), times[telling], hashes[telling])


def _hash(image_file: bytes) -> int:
    with Image.open(io.BytesIO(image_file)) as image:
        return of_image(np.asarray(image.convert("RGB")))


def match(short: Shown, long: Shown, share: float = 0.75) -> Match | None:
    """Where the shorter video lies in the longer one; None when it does not, or too few frames tell."""
    if not len(short.times) or not len(long.times):
        return None
    bits = np.bitwise_count(short.hashes[:, None] ^ long.hashes[None, :])
    ours, theirs = np.nonzero(bits <= NEAR_BITS)
    offsets = np.unique(np.round((long.times[theirs] - short.times[ours]) / _PRECISION)) * _PRECISION
    slack = max(short.step, long.step)
    offsets = offsets[(offsets >= -slack) & (offsets <= long.duration - short.duration + slack)]
    found = [each for offset in offsets if (each := _at(short, long, bits, float(offset))) is not None]
    good = [each for each in found if each.near >= share * each.compared and each.bits <= _TYPICAL_BITS]
    # Of a scene that hardly moves several are as good: the middle one is nearest to the truth.
    good.sort(key=lambda each: (each.near / each.compared, -each.mean_bits), reverse=True)
    ties = [each for each in good if each.mean_bits <= good[0].mean_bits and each.compared == good[0].compared]
    return sorted(ties)[len(ties) // 2] if ties else None


def _at(short: Shown, long: Shown, bits: NDArray[np.uint8], offset: float) -> Match | None:
    """How the two compare when the shorter begins at `offset`: each frame of the sparser with the nearest other."""
    moved = short.times + offset
    if short.step >= long.step:
        far, probes = _nearest(moved, long.times), np.arange(len(moved))
        pairs, late = bits[probes, far], np.abs(long.times[far] - moved)
    else:
        probes = np.flatnonzero((long.times >= offset) & (long.times < offset + short.duration))
        far = _nearest(long.times[probes], moved)
        pairs, late = bits[far, probes], np.abs(long.times[probes] - moved[far])
    # Where a frame that shows nothing was left out there is nothing to compare with.
    pairs = pairs[late <= max(_PRECISION, min(short.step, long.step))]
    if len(pairs) < _LEAST_FRAMES:
        return None
    near = pairs <= NEAR_BITS
    return Match(max(0.0, round(offset, 1)), int(near.sum()), len(pairs), float(np.median(pairs)), float(pairs.mean()))


def _nearest(times: NDArray[np.float64], among: NDArray[np.float64]) -> NDArray[np.intp]:
    """For each time the place of the nearest among others, which rise."""
    after = np.clip(np.searchsorted(among, times), 1, max(1, len(among) - 1))
    if len(among) == 1:
        return np.zeros(len(times), dtype=np.intp)
    return np.where(times - among[after - 1] <= among[after] - times, after - 1, after)


def _drawn(video: Video) -> Frames:
    """Frames of an invented video, one every 2 s: what they show depends on the first word of its id."""
    chance = np.random.default_rng([*video.video_id.partition("-")[0].encode()])
    ends = chance.integers(0, 256, (2, 6, 8, 3))
    cells = [((ends[0] * (15 - i) + ends[1] * i) // 15).astype(np.uint8) for i in range(16)]
    images = tuple(jpeg(each.repeat(8, axis=0).repeat(8, axis=1), 48) for each in cells)
    first, last = (4, 12) if video.video_id.endswith("-cut") else (0, 16)
    times = tuple(2.0 * i for i in range(last - first))
    return Frames(frames_id="", times=times, images=images[first:last], duration=2.0 * len(times), status="ok")


EXAMPLE = FilterExample(
    samples=(
        example_sample("first", video_id="rowing"),
        example_sample("copy", video_id="rowing-copy"),
        example_sample("cut", video_id="rowing-cut", duration=16.0),
        example_sample("other", video_id="laughing"),
    ),
    left_out={"copy": "same_video", "cut": "cut_of_video"},
    frames=_drawn,
)
