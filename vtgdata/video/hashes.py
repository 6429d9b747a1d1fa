"""Perceptual hashes of videos: they find re-encoded and rescaled copies of a video by what its frames show.

A frame's hash has 64 bits. The picture is reduced to 9 x 8 grey cells, and each bit says whether a cell is brighter
than its right neighbour, which scaling, compression and a change of brightness hardly alter. A video has one hash for
each of a few frames at fixed fractions of its length. Source: difference hash, N. Krawetz, 2013.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vtgdata.errors import VideoUnreadable
from vtgdata.video import parallel

FRAMES = 8
"""Frames hashed per video, at the midpoints of as many equal parts."""

NEAR_BITS = 10
"""Bits of 64 by which a frame's hash may differ from that of its copy."""

NEAR_FRAMES = 6
"""Frames of `FRAMES` that must be near for two videos to count as one."""

FLAT_BITS = 6
"""A hash with fewer set or fewer unset bits than this is of a blank picture, and would match any other blank one."""

Hashes = NDArray[np.uint64]
"""(FRAMES,) hashes of one video."""


def of_image(image: NDArray[np.uint8]) -> int:
    """The hash of a (height, width, 3) RGB picture, in [0, 2^64)."""
    small = np.asarray(Image.fromarray(image).convert("L").resize((9, 8), Image.Resampling.LANCZOS), dtype=np.int16)
    bits = (small[:, :-1] > small[:, 1:]).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def of_video(path: Path, decoder: Any) -> Hashes | None:
    """The hashes of a file's frames; None when it cannot be read.

    Args:
        path: the file.
        decoder: a decoder plug-in.
    """
    try:
        duration = decoder.probe(path).duration
        images, _ = decoder.frames(path, [(i + 0.5) * duration / FRAMES for i in range(FRAMES)])
    except VideoUnreadable:
        return None
    return np.array([of_image(image) for image in images], dtype=np.uint64)


def alike(one: Hashes, other: Hashes) -> bool:
    """Whether two videos show the same, frame by frame at the same fractions of their length."""
    bits = np.bitwise_count(one ^ other)
    blank = flat(one)
    near = (bits <= NEAR_BITS) & ~blank
    return bool(near.sum() >= min(NEAR_FRAMES, max(3, int((~blank).sum()))) and not blank.all())


def flat(hashes: Hashes) -> NDArray[np.bool_]:
    """Which hashes are of blank pictures. Returns: (FRAMES,) bool."""
    ones = np.bitwise_count(hashes)
    return np.minimum(ones, 64 - ones) < FLAT_BITS


def near_copies(ours: Mapping[str, Hashes], theirs: Mapping[str, Hashes]) -> list[tuple[str, str]]:
    """(name of ours, name of theirs) of each two videos that show the same, sorted; n x m comparisons, in numpy."""
    names, others = sorted(ours), sorted(theirs)
    if not names or not others:
        return []
    table = np.stack([theirs[name] for name in others])
    found: list[tuple[str, str]] = []
    for name in names:
        far = np.bitwise_count(table ^ ours[name])
        # A quick test on all at once finds candidates; `alike` decides.
        for i in np.flatnonzero((far <= NEAR_BITS).sum(axis=1) >= 3):
            if alike(ours[name], table[int(i)]):
                found.append((name, others[int(i)]))
    return found


def of_videos(paths: Sequence[tuple[str, Path]], decoder: Any, count: int | None = None) -> dict[str, Hashes]:
    """{name: hashes} of named files, in their order; files that cannot be read are left out.

    Args:
        paths: (name, file) of each.
        decoder: a decoder plug-in whose functions several threads may call, as `workers.Isolated` is.
        count: number of files read at a time; the number of cores when None.
    """
    found = {
        named[0]: hashes for named, hashes in parallel.each(lambda named: of_video(named[1], decoder), paths, count)
    }
    return {name: hashes for name, _ in paths if (hashes := found[name]) is not None}
