"""Running one function on many videos in parallel. Threads are enough, since other processes do the work."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from os import cpu_count
from typing import TypeVar

from vtgdata.records import Video
from vtgdata.video import parallel
from vtgdata.video.store import FrameStore

T = TypeVar("T")


R = TypeVar("R")


def each(do: Callable[[T], R], items: Iterable[T], count: int | None = None) -> Iterator[tuple[T, R]]:
    """Yield each item with the result of `do`, in no particular order; the first error ends the run.

    Args:
        do: the function to run; several threads call it.
        items: read one by one as threads become free, not all at once.
        count: number of items worked on at a time; the number of cores when None.
    """
    count = count or cpu_count() or 1
    with ThreadPoolExecutor(count) as pool:
        pending: dict[Future[R], T] = {}
        try:
            for item in items:
                pending[pool.submit(do, item)] = item
                # Let only a few items wait, not all of a million.
                if len(pending) >= 2 * count:
                    yield from _done(pending)
            while pending:
                yield from _done(pending)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _done(pending: dict[Future[R], T]) -> Iterator[tuple[T, R]]:
    done, _ = wait(pending, return_when=FIRST_COMPLETED)
    for one in done:
        yield pending.pop(one), one.result()


def warm(store: FrameStore, videos: Iterable[Video], count: int | None = None) -> Iterator[tuple[Video, str]]:
    """Put the frames of videos into a store; yield each finished video with its status, in no particular order.

    Args:
        store: the store to fill.
        videos: the videos, each once.
        count: number of videos decoded at a time; the number of cores when None.

    Raises VtgError when frames cannot be stored.
    """
    return parallel.each(lambda video: store.frames(video).status, videos, count)
