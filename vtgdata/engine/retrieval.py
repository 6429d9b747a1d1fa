"""Scoring the stretches of long videos by a retrieval model: how well the frames of each fit a query.

The score of a stretch is the mean of the `top` highest cosines that its frames have with the query; with 1 it is that
of its best frame. The mean over all frames, which a moment of a few seconds in a stretch of two minutes hardly moves,
is what Bain et al., A CLIP-Hitchhiker's Guide to Long Video Retrieval (arXiv 2205.08508, 2022), find worse than frames
weighted by how well each fits the query; the best frame alone is the limit of their weights. ExtremeWhenBench's README
(arXiv 2606.12300) calls its baseline a frame-level retriever, and does not say how it takes frames together. Neighbours
whose best frame is the same one, which both of them hold, have equal scores: the mean over all frames tells which of
them has more of the moment.

Every frame is decoded once and becomes a vector once, for all queries of its video and all stretches that it lies in:
the video is cut where stretches begin, and each of these parts is an entry of the frame store. Memory is that of the
vectors of the videos in work, four bytes for each of their numbers, and of the parts that are being decoded.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtgdata.annotations import stretches
from vtgdata.annotations.stretches import Pair
from vtgdata.files import live, plugins
from vtgdata.records import Frames, Sample, Video
from vtgdata.records.retrieval import Retriever
from vtgdata.video import parallel
from vtgdata.video.store import FrameStore

DECIMALS = 4
"""Of a cosine: what is beyond depends on the machine, and must not decide between two stretches."""
EDGE = 1e-6
"""Seconds by which a time may miss the start of a stretch: float noise."""

Numbers = NDArray[np.float64]


class Scores(msgspec.Struct, kw_only=True):
    """What a retrieval model says of the stretches of some samples."""

    retriever: str
    """Id of the model."""
    of: dict[str, Numbers] = {}
    """{sample id: (n, 2), the score of each stretch of its video, in order, and the mean cosine of all its frames}; NaN
    where not all of it could be seen."""
    frames: int = 0
    """Frames that were scored."""
    failures: dict[int, str] = {}
    """{number of a part of a video that could not be seen, in the order of the samples: which, and why}."""

    @property
    def first_failure(self) -> str:
        """The first of the failures; empty without any."""
        return self.failures[min(self.failures)] if self.failures else ""


class _Asked(msgspec.Struct):
    """A video, with the samples that ask about it."""

    parts: list[Video]
    """It in parts, of which each frame lies in one."""
    starts: list[float]
    """Seconds of the video at which they begin."""
    spans: list[Pair]
    """Start and end of the stretches."""
    samples: list[tuple[str, str]]
    """Id and query of each."""
    seen: dict[int, tuple[Numbers, NDArray[np.float32]]] = {}
    """{part: times of its frames in seconds of the video, their vectors}."""
    left: int = 0
    """Parts that are still to come."""


class _Part(NamedTuple):
    asked: _Asked
    number: int
    """Of the video's parts."""
    place: int
    """Among the parts of all videos."""


def open_retriever(spec: str) -> Retriever:
    """Open the retrieval model that a spec names, as in `transformers_clip:FOLDER`."""
    parsed = plugins.parse_spec(spec)
    connect = plugins.load("retrievers", parsed.name).connect
    plugins.check_settings(spec, connect, parsed.settings, given=1)
    found: Retriever = connect(parsed.argument, **parsed.settings)
    return found


def code(spec: str) -> str:
    """The module of a retrieval model, for a step's fingerprint."""
    return plugins.module_name("retrievers", plugins.parse_spec(spec).name)


def scored(
    retriever: Retriever, samples: Sequence[Sample], store: FrameStore, length: float, overlap: float, top: int
) -> Scores:
    """The scores of the stretches of the samples' videos; parts are decoded beside the scoring of others.

    Args:
        retriever: the model.
        samples: of whole videos.
        store: of the frames to score; its sampling is of each part, which is `length - overlap` seconds long.
        length: of a stretch, in seconds.
        overlap: seconds that neighbouring stretches share.
        top: frames that make the score of a stretch, 1 or more.
    """
    found, videos = Scores(retriever=retriever.id), dict[tuple[str, str, float | None], _Asked]()
    for sample in samples:
        key = sample.video.file, sample.video.video_id, sample.video.duration
        if key not in videos:
            videos[key] = _asked(sample, length, overlap)
        videos[key].samples.append((sample.sample_id, sample.query))
    total = sum(len(asked.parts) for asked in videos.values())
    each = ((asked, number) for asked in videos.values() for number in range(len(asked.parts)))
    parts = (_Part(asked, number, place) for place, (asked, number) in enumerate(each))
    looked = parallel.each(lambda part: store.frames(part.asked.parts[part.number]), parts)
    for part, frames in live.each(looked, total, "scoring", "parts of videos"):
        _take(part, frames, retriever, found)
        if not part.asked.left:
            found.of.update(_scores(part.asked, retriever, top))
            part.asked.seen.clear()
    return found


def _asked(sample: Sample, length: float, overlap: float) -> _Asked:
    duration = sample.video.duration
    if duration is None or duration <= length:
        return _Asked([sample.video], [0.0], [(0.0, math.inf)], [], left=1)
    spans = [(round(start, 3), round(end, 3)) for start, end in stretches.bounds(duration, length, overlap)]
    starts = [start for start, _ in spans]
    parts = [
        stretches.stretch(sample, start, end).video for start, end in zip(starts, [*starts[1:], duration], strict=True)
    ]
    return _Asked(parts, starts, spans, [], left=len(parts))


def _take(part: _Part, frames: Frames, retriever: Retriever, found: Scores) -> None:
    """Make vectors of the frames of a part; of one that cannot be seen, note why."""
    asked = part.asked
    asked.left -= 1
    if frames.status != "ok":
        found.failures[part.place] = f"{asked.parts[part.number].file}: video {frames.status}"
        return
    times = asked.starts[part.number] + np.array(frames.times)
    asked.seen[part.number] = times, retriever.images(frames.images).astype(np.float32)
    found.frames += len(frames.images)


def _scores(asked: _Asked, retriever: Retriever, top: int) -> Iterator[tuple[str, Numbers]]:
    """Each sample's id, with what is said of each stretch: see `Scores.of`."""
    seen = [asked.seen[number] for number in sorted(asked.seen)]
    scores = np.full((len(asked.samples), len(asked.spans), 2), np.nan)
    if seen:
        times = np.concatenate([times for times, _ in seen])
        pictures = np.concatenate([vectors for _, vectors in seen])
        queries = list(dict.fromkeys(query for _, query in asked.samples))
        place = {query: number for number, query in enumerate(queries)}
        cosines = np.round(retriever.texts(queries) @ pictures.T, DECIMALS)
        for number, (start, end) in enumerate(asked.spans):
            if all(each in asked.seen for each in _within(asked.starts, start, end)):
                inside = cosines[:, (times >= start - EDGE) & (times < end - EDGE)]
                if inside.shape[1]:
                    said = np.stack([highest(inside, top), highest(inside, inside.shape[1])], axis=1)
                    scores[:, number] = said[[place[query] for _, query in asked.samples]]
    return zip((sample_id for sample_id, _ in asked.samples), scores, strict=True)


def _within(starts: Sequence[float], start: float, end: float) -> Iterator[int]:
    """The parts that lie in a stretch: one begins with it, and none begins before it and ends in it."""
    return (number for number, first in enumerate(starts) if start <= first < end)


def highest(cosines: Numbers, top: int) -> Numbers:
    """The mean of the highest cosines of each row. Args: cosines: (q, n); top: how many; all where there are fewer.

    >>> highest(np.array([[0.1, 0.5, 0.3]]), 1), highest(np.array([[0.1, 0.5, 0.3]]), 2)
    (array([0.5]), array([0.4]))
    """
    count = min(top, cosines.shape[1])
    found: Numbers = np.partition(cosines, -count, axis=1)[:, -count:].mean(axis=1)
    return np.round(found, DECIMALS + 2)
