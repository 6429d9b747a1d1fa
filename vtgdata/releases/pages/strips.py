"""Strips of frames: of some samples' videos, small, with the times at which they are really shown."""

import base64
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.errors import VtgError
from vtgdata.records import FrameSampling, Video
from vtgdata.video.store import FrameStore

THREADS = 4


class Strip(msgspec.Struct, frozen=True, array_like=True):
    """The frames of a video."""

    status: str
    """`ok`, or why there are none."""
    times: list[float]
    images: list[str]
    """JPEGs in base64."""


def choose(frame: Any, most: int, seed: int) -> list[int]:
    """Rows that get frames and texts: the queue's first, in its order, then a draw from the others.

    Args:
        frame: the samples.
        most: number of rows.
        seed: of the draw.
    """
    places = frame["place"].to_list()
    queued = sorted((row for row, place in enumerate(places) if place is not None), key=lambda row: places[row])
    others = [row for row, place in enumerate(places) if place is None]
    random.Random(seed).shuffle(others)
    return (queued + others)[:most]


def strips(frame: Any, rows: Sequence[int], videos: str, folder: str, number: int, short_side: int) -> dict[int, Strip]:
    """{row: its frames}; a video of several rows is decoded once, and a stored one not at all.

    Args:
        frame: the samples.
        rows: those wanted.
        videos: the folder of the videos.
        folder: of the frame store; empty for the user's cache.
        number: frames of a strip.
        short_side: their size in pixels.

    Raises VtgError when the folder has no video.
    """
    store = FrameStore(
        Path(videos), FrameSampling(frames=number, short_side=short_side, midpoint=True),
        Path(folder) if folder else None,
    )  # fmt: skip
    keys: dict[int, tuple[str, str]] = {row: (frame["video_id"][row], frame["video_file"][row]) for row in rows}
    distinct = list(dict.fromkeys(keys.values()))
    with ThreadPoolExecutor(THREADS) as pool:
        found = dict(zip(distinct, pool.map(partial(_strip, store), distinct), strict=True))
    return {row: found[key] for row, key in keys.items()}


def _strip(store: FrameStore, key: tuple[str, str]) -> Strip:
    try:
        frames = store.frames(Video(video_id=key[0], file=key[1]))
    except VtgError as error:  # two files match, or a bound file is another one now
        return Strip(status=str(error), times=[], images=[])
    times = [round(time, 3) for time in frames.times]
    return Strip(status=frames.status, times=times, images=[base64.b64encode(each).decode() for each in frames.images])
