"""Filling the frame store in parallel: each video is decoded by whichever worker is free."""

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from os import cpu_count

from vtgdata.records import Video
from vtgdata.video.store import FrameStore


def warm(store: FrameStore, videos: Iterable[Video], count: int | None = None) -> Iterator[tuple[Video, str]]:
    """Each video with its status once its frames are in the store; in no order.

    Args:
        store: to fill.
        videos: each once.
        count: of videos decoded at a time; as many as there are cores when None.

    Raises VtgError when two files match a video, or frames cannot be kept.
    """
    count = count or cpu_count() or 1
    with ThreadPoolExecutor(count) as pool:
        pending: dict[Future[str], Video] = {}
        try:
            for video in videos:
                pending[pool.submit(_status, store, video)] = video
                # A few wait in line, not all of a million.
                if len(pending) >= 2 * count:
                    yield from _done(pending)
            while pending:
                yield from _done(pending)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _status(store: FrameStore, video: Video) -> str:
    return store.frames(video).status


def _done(pending: dict[Future[str], Video]) -> Iterator[tuple[Video, str]]:
    done, _ = wait(pending, return_when=FIRST_COMPLETED)
    for each in done:
        yield pending.pop(each), each.result()
