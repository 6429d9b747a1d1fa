"""Doing one thing to many videos, some at a time: the work is in other processes, so threads do to wait for it."""

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
    """Each item with what was made of it, in no order; an error of one ends it all.

    Args:
        do: what to do; called by several threads.
        items: taken as they are wanted, not all at once.
        count: of items in work at a time; as many as there are cores when None.
    """
    count = count or cpu_count() or 1
    with ThreadPoolExecutor(count) as pool:
        pending: dict[Future[R], T] = {}
        try:
            for item in items:
                pending[pool.submit(do, item)] = item
                # A few wait in line, not all of a million.
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
    """Each video with its status once its frames are in the store; in no order.

    Args:
        store: to fill.
        videos: each once.
        count: of videos decoded at a time; as many as there are cores when None.

    Raises VtgError when two files match a video, or frames cannot be kept.
    """
    return parallel.each(lambda video: store.frames(video).status, videos, count)
