"""Near-duplicate video: drops samples of videos that show the same as an earlier one.

Videos are compared by perceptual hashes of their stored frames; file names do not matter. This finds copies of another
size, codec or bit rate, and cuts, with the time in the longer video at which they begin. A cut's frames fall between
the stored frames of the longer video, so these must be dense: `--fps 2` finds cuts of calm videos, `--fps 8` cuts of
fast ones. At least four pairs of frames must be compared.

An index finds videos that share a quarter of the hash of some frames, and only these are compared: the time grows with
the number of videos, not of their pairs.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vtgdata.annotations.filtering import FilterExample, FrameReader, example_sample, seen
from vtgdata.errors import VtgError
from vtgdata.files.video_files import PICTURES
from vtgdata.records import Frames, LeftOut, Sample, Video
from vtgdata.video.decode import jpeg
from vtgdata.video.hashes import NEAR_BITS, flat, of_image

LOOKS = True
WHOLE = True

_LEAST_FRAMES = 4
"""Fewest pairs of frames by which two videos are compared."""
_TYPICAL_BITS = 5
"""Highest median difference in bits. It is below `NEAR_BITS`, the limit of a single frame, because two different videos
of one room differ less than videos of different rooms."""
_PRECISION = 0.1
"""Offsets are multiples of this many seconds."""
_CROWDED = 500
"""If more frames than this share a quarter of their hash, that quarter is too common to be looked up."""


class Shown(NamedTuple):
    """The times and hashes of a video's frames, without blank frames."""

    video: Video
    duration: float
    step: float
    """Seconds between frames."""
    times: NDArray[np.float64]
    hashes: NDArray[np.uint64]


class Match(NamedTuple):
    """A shorter video found in a longer one."""

    offset: float
    """Seconds of the longer video at which the shorter one begins."""
    near: int
    """Number of frame pairs (frames at the same time) that look alike."""
    compared: int
    """Number of frame pairs compared."""
    bits: float
    """Median number of differing bits over all pairs."""
    mean_bits: float
    """Mean number of differing bits over all pairs."""


def keep(
    samples: Sequence[Sample], frames: FrameReader | None, *, share: float = 0.75, keep_unknown: bool = True
) -> list[LeftOut]:
    """Leave out samples of a video that shows the same as an earlier one, is a cut of it, or contains it.

    Args:
        samples: the samples; their order decides which video is earlier.
        frames: function from a video to its frames.
        share: share of the compared frame pairs that must look alike, in (0, 1].
        keep_unknown: keep samples whose video has no frames to look at.
    """
    if not 0 < share <= 1:
        raise VtgError(f"near_duplicate_video: share={share:g} must be 0 < share <= 1.")
    videos: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        videos.setdefault(_names(sample), []).append(sample)
    gone: dict[tuple[str, str], tuple[str, str]] = {}
    known = _Known(share)
    for names, asked in videos.items():
        found = seen("near_duplicate_video", frames, asked[0].video)
        if found.status != "ok":
            if not keep_unknown:
                gone[names] = ("video_unseen", f"the video is {found.status}")
        elif (why := known.why(shown(asked[0].video, found))) is not None:
            gone[names] = why
    return [LeftOut(sample.sample_id, *gone[_names(sample)]) for sample in samples if _names(sample) in gone]


def _names(sample: Sample) -> tuple[str, str]:
    """File and id of a sample's video: two corpora may give two videos one id."""
    return sample.video.file, sample.video.video_id


class _Known:
    """The videos kept so far, and an index from a quarter of a frame's hash to the videos that have it."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.videos: list[Shown] = []
        self.places: dict[tuple[int, int], list[int]] = {}

    def why(self, video: Shown) -> tuple[str, str] | None:
        """The reason to drop a video, as (code, detail); None if it is new, and then it is added to the kept ones."""
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
        """Up to 50 kept videos that share at least two quarters of hashes, most shared quarters first."""
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
    """The times and hashes of a video's stored frames, without blank frames."""
    hashes = np.array([_hash(image) for image in frames.images], dtype=np.uint64)
    times = np.array(frames.times)
    telling = ~flat(hashes)
    return Shown(video, frames.duration, frames.duration / len(times), times[telling], hashes[telling])


def _hash(image_file: bytes) -> int:
    with Image.open(io.BytesIO(image_file), formats=PICTURES) as image:
        return of_image(np.asarray(image.convert("RGB")))


def match(short: Shown, long: Shown, share: float = 0.75) -> Match | None:
    """Find the shorter video in the longer one; None if it is not there, or too few frames can be compared."""
    if not len(short.times) or not len(long.times):
        return None
    bits = np.bitwise_count(short.hashes[:, None] ^ long.hashes[None, :])
    ours, theirs = np.nonzero(bits <= NEAR_BITS)
    offsets = np.unique(np.round((long.times[theirs] - short.times[ours]) / _PRECISION)) * _PRECISION
    slack = max(short.step, long.step)
    offsets = offsets[(offsets >= -slack) & (offsets <= long.duration - short.duration + slack)]
    found = [each for offset in offsets if (each := _at(short, long, bits, float(offset))) is not None]
    good = [each for each in found if each.near >= share * each.compared and each.bits <= _TYPICAL_BITS]
    # In a scene that hardly moves, several offsets are equally good: the middle one is closest to the truth.
    good.sort(key=lambda each: (each.near / each.compared, -each.mean_bits), reverse=True)
    ties = [each for each in good if each.mean_bits <= good[0].mean_bits and each.compared == good[0].compared]
    return sorted(ties)[len(ties) // 2] if ties else None


def _at(short: Shown, long: Shown, bits: NDArray[np.uint8], offset: float) -> Match | None:
    """Compare the videos with the shorter one placed at `offset`; None if too few frames can be compared.

    Each frame of the video with sparser frames is compared with the other's nearest frame.
    """
    moved = short.times + offset
    if short.step >= long.step:
        far, probes = _nearest(moved, long.times), np.arange(len(moved))
        pairs, late = bits[probes, far], np.abs(long.times[far] - moved)
    else:
        probes = np.flatnonzero((long.times >= offset) & (long.times < offset + short.duration))
        far = _nearest(long.times[probes], moved)
        pairs, late = bits[far, probes], np.abs(long.times[probes] - moved[far])
    # Blank frames were left out, so the nearest frame may be too far away in time to compare with.
    pairs = pairs[late <= max(_PRECISION, min(short.step, long.step))]
    if len(pairs) < _LEAST_FRAMES:
        return None
    near = pairs <= NEAR_BITS
    return Match(max(0.0, round(offset, 1)), int(near.sum()), len(pairs), float(np.median(pairs)), float(pairs.mean()))


def _nearest(times: NDArray[np.float64], among: NDArray[np.float64]) -> NDArray[np.intp]:
    """For each time, the index of the nearest one in `among`, which is sorted."""
    after = np.clip(np.searchsorted(among, times), 1, max(1, len(among) - 1))
    if len(among) == 1:
        return np.zeros(len(times), dtype=np.intp)
    return np.where(times - among[after - 1] <= among[after] - times, after - 1, after)


def _drawn(video: Video) -> Frames:
    """Frames of an invented video, one every 2 s; the first word of its id decides what they show."""
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
