"""The videos that a file of samples speaks of, each once, with what its samples say of it."""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files.samples import open_samples
from vtgdata.records import Video
from vtgdata.video.find import Videos

log = logging.getLogger("vtgdata")
T = TypeVar("T")
SHOWN = 5
"""Files of a kind that a summary names; the table has all."""
TELL_SECONDS = 10.0
"""Between two lines on how far a run is."""


class Listed(msgspec.Struct, kw_only=True):
    """One video of the samples."""

    video: Video
    durations: set[float]
    """Seconds, as its samples have them."""
    samples: int = 0
    """Rows on it."""
    last_end: float | None = None
    """Where the last of all its windows ends, in seconds."""


def listed(path: str, where: str = "", limit: int | None = None) -> list[Listed]:
    """The videos of a file of samples, by file name.

    Args:
        path: of the samples.
        where: a SQL condition on their columns; empty for all.
        limit: of samples to look at; None for all.

    Raises VtgError when there are none, or the file is none of samples.
    """
    found: dict[tuple[str, str], Listed] = {}
    for sample in open_samples(path, where=where or None, limit=limit):
        video = sample.video
        one = found.setdefault((video.file, video.video_id), Listed(video=video, durations=set()))
        one.samples += 1
        if video.duration is not None:
            one.durations.add(video.duration)
        for window in sample.windows:
            one.last_end = max(one.last_end or 0.0, window.end)
    if not found:
        raise VtgError(f"{path}: no sample is left, so there is no video to look at.")
    return [found[key] for key in sorted(found)]


def told(results: Iterator[T], total: int, verb: str) -> Iterator[T]:
    """Results as they come, with a line on how many of `total` there are: at the end, and every ten seconds."""
    said = time.monotonic()
    for number, result in enumerate(results, 1):
        yield result
        if number == total or time.monotonic() - said >= TELL_SECONDS:
            said = time.monotonic()
            log.info("%s: %d of %d videos", verb, number, total)


def ambiguous(videos: Videos, video: Video) -> str | None:
    """The status of a video that two files match, so that one such does not hide all others; None where it is found."""
    try:
        videos.path(video.file, video.video_id)
    except VtgError:
        return "ambiguous: two files match it"
    return None


def kind(status: str) -> str:
    """The kind of a status, for counting.

    >>> kind("truncated at 12.4 s"), kind("unreadable: the decoder hangs on it"), kind("not a video (an HTML page)")
    ('truncated', 'unreadable', 'not a video')
    """
    return status.partition(":")[0].partition(" (")[0].partition(" at ")[0]


def examples(rows: Iterable[tuple[str, ...]]) -> dict[str, list[str]]:
    """The first few of each kind that is not ok, for people: `file: what`.

    Args:
        rows: file, status and, where the status does not say it all, words of each.
    """
    found: dict[str, list[str]] = {}
    for file, status, *words in rows:
        if status == "ok":
            continue
        some = found.setdefault(kind(status), [])
        if len(some) < SHOWN:
            some.append(f"{file}: {words[0] if words else status}")
    return found


def failure(failed: Sequence[tuple[str, str]], total: int, most: float, mend: str) -> str | None:
    """What to tell the user when more than a share `most` of the videos failed, else None.

    Args:
        failed: file and status of each.
        total: number of videos.
        most: share in [0, 1] that may fail.
        mend: what to do, a sentence.
    """
    if len(failed) <= most * total:
        return None
    file, status = failed[0]
    return f"{len(failed):,} of {total:,} videos failed, first {file!r}: {status}. {mend}"
