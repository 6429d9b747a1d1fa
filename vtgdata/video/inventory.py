"""The distinct videos of a file of samples, each with what its samples say about it."""

from collections.abc import Iterable, Sequence

import msgspec

from vtgdata.errors import VideoAmbiguous, VtgError
from vtgdata.files.samples import open_samples
from vtgdata.records import Video
from vtgdata.records.file_parts import whole_file
from vtgdata.video.find import Videos

SHOWN = 5
"""How many files of each class a summary names; the table names all."""


class Listed(msgspec.Struct, kw_only=True):
    """One video of the samples."""

    video: Video
    durations: set[float]
    """The different durations that its samples state, in seconds."""
    samples: int = 0
    """Number of samples on this video."""
    last_end: float | None = None
    """Latest end of any of its windows, in seconds."""


def listed(path: str, where: str = "", limit: int | None = None, *, parts: bool = False) -> list[Listed]:
    """The videos of a file of samples, sorted by file name.

    Args:
        path: the file of samples.
        where: a SQL condition on its columns; empty for all samples.
        limit: most samples to read; None for all.
        parts: list each part of a file (`records.file_parts`) apart; else its file, of which a part says no duration.

    Raises VtgError when no sample is left, or the file is not a file of samples.
    """
    found: dict[tuple[str, str], Listed] = {}
    for sample in open_samples(path, where=where or None, limit=limit):
        video, begin = (sample.video, 0.0) if parts else whole_file(sample.video)
        one = found.setdefault((video.file, video.video_id), Listed(video=video, durations=set()))
        one.samples += 1
        if video.duration is not None:
            one.durations.add(video.duration)
        for window in sample.windows:
            one.last_end = max(one.last_end or 0.0, begin + window.end)
    if not found:
        raise VtgError(f"{path}: no sample is left, so there is no video to look at.")
    return [found[key] for key in sorted(found)]


def ambiguous(videos: Videos, video: Video) -> str | None:
    """The status of a video of which nobody knows which file it is (two match, or the bound one changed), else None.

    A status, so that one such video does not end a run.
    """
    try:
        videos.path(video.file, video.video_id)
    except VideoAmbiguous as error:
        return error.status
    return None


def status_class(status: str) -> str:
    """The class of a status, without its details, for counting.

    >>> [status_class(said) for said in ("truncated at 12.4 s", "unreadable: it hangs", "not a video (an HTML page)")]
    ['truncated', 'unreadable', 'not a video']
    """
    return status.partition(":")[0].partition(" (")[0].partition(" at ")[0]


def examples(rows: Iterable[tuple[str, ...]]) -> dict[str, list[str]]:
    """{class of status: its first few files, as `file: what`}, for people; without the class `ok`.

    Args:
        rows: file and status of each video and, where that is more precise than the status, a text.
    """
    found: dict[str, list[str]] = {}
    for file, status, *words in rows:
        if status == "ok":
            continue
        some = found.setdefault(status_class(status), [])
        if len(some) < SHOWN:
            some.append(f"{file}: {words[0] if words else status}")
    return found


def failure(failed: Sequence[tuple[str, str]], total: int, most: float, mend: str) -> str | None:
    """A message for the user if more than a share `most` of the videos failed, else None.

    Args:
        failed: file and status of each failed video.
        total: number of videos.
        most: share in [0, 1] that may fail.
        mend: a sentence that says how to fix it.
    """
    if len(failed) <= most * total:
        return None
    file, status = failed[0]
    return f"{len(failed):,} of {total:,} videos failed, first {file!r}: {status}. {mend}"
