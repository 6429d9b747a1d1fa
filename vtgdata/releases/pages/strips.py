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
from vtgdata.video.find import find
from vtgdata.video.store import FrameStore

THREADS = 4


class Strip(msgspec.Struct, frozen=True, array_like=True):
    """The frames of a video."""

    status: str
    """`ok`, or why there are none."""
    times: list[float]
    images: list[str]
    """JPEGs in base64."""


def choose(frame: Any, most: int, seed: int, videos: str) -> list[int]:
    """Rows that get frames and texts: the queue's first, in its order, then a draw from those whose video is there.

    Args:
        frame: the samples.
        most: number of rows.
        seed: of the draw.
        videos: folder of the videos; empty for none, and then all rows are alike.
    """
    places = frame["place"].to_list()
    queued = sorted((row for row, place in enumerate(places) if place is not None), key=lambda row: places[row])
    others = [row for row, place in enumerate(places) if place is None]
    random.Random(seed).shuffle(others)
    if videos and len(queued) + len(others) > most:
        index = find(Path(videos))
        there = [bool(index.named(*each)) for each in frame.select("video_file", "video_id").iter_rows()]
        others.sort(key=lambda row: not there[row])  # a stable sort: the draw stays a draw
    return (queued + others)[:most]


def store(videos: str, folder: str, number: int, short_side: int) -> FrameStore:
    """The store of the strips' frames.

    Args:
        videos: the folder of the videos.
        folder: of the frame store; empty for the user's cache.
        number: frames of a strip.
        short_side: their size in pixels.

    Raises VtgError when the folder has no video.
    """
    sampling = FrameSampling(frames=number, short_side=short_side, midpoint=True)
    return FrameStore(Path(videos), sampling, Path(folder) if folder else None)


def strips(frame: Any, rows: Sequence[int], store: FrameStore) -> dict[int, Strip]:
    """{row: its frames}; a video of several rows is decoded once, and a stored one not at all.

    Args:
        frame: the samples.
        rows: those wanted.
        store: of their frames.
    """
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
