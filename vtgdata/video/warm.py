"""Filling the frame store in parallel: each video is decoded by whichever worker is free."""

from collections.abc import Iterable, Iterator

from vtgdata.records import Video
from vtgdata.video import parallel
from vtgdata.video.store import FrameStore


def warm(store: FrameStore, videos: Iterable[Video], count: int | None = None) -> Iterator[tuple[Video, str]]:
    """Each video with its status once its frames are in the store; in no order.

    Args:
        store: to fill.
        videos: each once.
        count: of videos decoded at a time; as many as there are cores when None.

    Raises VtgError when two files match a video, or frames cannot be kept.
    """
    return parallel.each(lambda video: store.frames(video).status, videos, count)
