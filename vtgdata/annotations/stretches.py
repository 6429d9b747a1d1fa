"""Stretches of a long video: overlapping parts of its file, each with the samples that ask about it, on its own clock.

A stretch is a video of its own (`records.file_parts`), so that whatever reads samples shows its frames alone, and
decodes nothing before it. Its windows are the moments of the whole as far as they lie in it; one in which none lies is
known to have none (`none_is_right`), if the whole is labelled.
"""

import math
import re
from collections.abc import Iterable, Sequence

import msgspec

from vtgdata.annotations import video_keys
from vtgdata.errors import VtgError
from vtgdata.records import Sample, Video, Window
from vtgdata.records.file_parts import FilePart, part_of, whole_file

Pair = tuple[float, float]
_ID = re.compile(r"(.+)@(\d+(?:\.\d{1,3})?)-(\d+(?:\.\d{1,3})?)", re.ASCII | re.DOTALL)
LEAST_WINDOW = 1e-3
"""Seconds of a moment that must lie in a stretch: less is what rounding leaves of one that ends where it begins."""


def bounds(duration: float, length: float, overlap: float) -> list[Pair]:
    """Start and end of the stretches that cover a video, in seconds; neighbours share at least `overlap` seconds.

    All are `length` long, or as long as the video where that is shorter; the last one ends with the video, so that it
    may share more. Args: duration, length: above 0; overlap: in [0, length).

    >>> bounds(100.0, 40.0, 10.0)
    [(0.0, 40.0), (30.0, 70.0), (60.0, 100.0)]
    >>> bounds(90.0, 40.0, 10.0), bounds(30.0, 40.0, 10.0)
    ([(0.0, 40.0), (30.0, 70.0), (50.0, 90.0)], [(0.0, 30.0)])
    """
    if duration <= length:
        return [(0.0, duration)]
    step = length - overlap
    # In whole milliseconds, which names have: two stretches that differ by less would be one.
    more = math.ceil(round(round(duration - length, 3) / step, 9))
    return [(start, start + length) for start in (*(k * step for k in range(more)), duration - length)]


def check(length: float, overlap: float) -> None:
    """Raise VtgError where stretches of such a length cannot overlap by so much."""
    if overlap >= length:
        raise VtgError(
            f"--overlap {overlap:g} is not below --stretch {length:g}: stretches would not get on. Lower it; about the "
            "length of the longest moments is enough, so that each lies whole in one stretch."
        )


def stretches(sample: Sample, length: float, overlap: float) -> list[Sample]:
    """The samples of the stretches of a sample's video, in order.

    A video no longer than a stretch is asked about as it is, and so is one of unknown duration: it gives the sample
    itself.
    """
    duration = sample.video.duration
    if duration is None or duration <= length:
        return [sample]
    return [stretch(sample, start, end) for start, end in bounds(duration, length, overlap)]


def stretch(sample: Sample, start: float, end: float) -> Sample:
    """The sample of the stretch from `start` to `end`, in seconds of the sample's video; see the module.

    What the corpus says besides (`extra`) is on the clock of the whole, and is left out.
    """
    start, end = round(start, 3), round(end, 3)
    windows = tuple(cropped(sample.windows, start, end))
    video = sample.video
    # A stretch of a part is a part of the file, by its id as by its name.
    whole, begin = whole_file(video)
    part = FilePart(round(begin + start, 3), round(begin + end, 3))
    return msgspec.structs.replace(
        sample,
        sample_id=f"{sample.sample_id}@{_text(start)}-{_text(end)}",
        video=Video(
            video_id=whole.video_id + part.suffix,
            file=part_of(video.file, start, end),
            duration=part.duration,
            source_id=video.source,
            source_start=round(video_keys.source_start(sample) + start, 3),
            status=video.status,
        ),
        windows=windows,
        none_is_right=sample.none_is_right or bool(sample.labelled and sample.windows and not windows),
        extra={"stretch_of": sample.sample_id, "stretch": [start, end]},
    )


def cropped(windows: Iterable[Window], start: float, end: float) -> Iterable[Window]:
    """The windows as far as they lie between two times, on the clock that begins at the first."""
    for window in windows:
        first, last = max(window.start, start) - start, min(window.end, end) - start
        if last - first >= LEAST_WINDOW:
            yield Window(first, last)


def named(sample_id: str) -> tuple[str, Pair] | None:
    """The id of the whole's sample, start and end of the stretch, from the id of a stretch's sample; else None.

    >>> named("vue_tr:17@60-180.5"), named("vue_tr:17")
    (('vue_tr:17', (60.0, 180.5)), None)
    """
    found = _ID.fullmatch(sample_id)
    if found is None or float(found[2]) >= float(found[3]):
        return None
    return found[1], (float(found[2]), float(found[3]))


def put_back(windows: Iterable[Sequence[float]], start: float) -> list[Pair]:
    """Windows of a stretch on the clock of the whole video, in which the stretch begins at `start`."""
    return [(first + start, last + start) for first, last in windows]


def _text(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")
