"""Near-duplicate query: drops queries that nearly repeat an earlier query of the same video.

Similarity is the share of three-letter pieces in common (`similarity`): endings, articles, punctuation and case hardly
count, so "he cut the carrot" repeats "He cuts a carrot.". An index of rare pieces finds the kept queries that may be
similar enough, and only these are compared: the time grows with the number of queries, not of their pairs.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from vtgdata.annotations.filtering import FilterExample, example_sample
from vtgdata.annotations.similar_queries import pieces, similarity
from vtgdata.errors import VtgError
from vtgdata.records import LeftOut, Sample

# Subtracted before rounding up, so that float error does not push a whole number up to the next one.
_SLACK = 1e-9

_FEW = 16
"""Up to this many queries of one video, an index takes longer than it saves."""


def keep(samples: Sequence[Sample], frames: object, *, threshold: float = 0.8) -> list[LeftOut]:
    """Leave out samples whose query has a similarity of `threshold` or more to an earlier one of its video and task.

    A query that has no moment repeats none that has one, however near they are. `threshold` is in (0, 1].
    """
    del frames
    if not 0 < threshold <= 1:
        raise VtgError(f"near_duplicate_query: threshold={threshold:g} must be 0 < threshold <= 1.")
    videos: dict[tuple[str, str, bool], list[Sample]] = {}
    for sample in samples:
        videos.setdefault((sample.video.video_id, sample.task, sample.none_is_right), []).append(sample)
    return [left for video in videos.values() if len(video) > 1 for left in _repeats(video, threshold)]


def _repeats(samples: Sequence[Sample], threshold: float) -> Iterator[LeftOut]:
    """The repeats among the queries of one video; if there are few, each is compared with all kept ones."""
    if len(samples) <= _FEW:
        marks_of = {sample.query: [""] for sample in samples}
    else:
        frequency = Counter(piece for sample in samples for piece in pieces(sample.query))
        marks_of = {sample.query: _marks(sample.query, threshold, frequency) for sample in samples}
    kept: dict[str, list[Sample]] = {}
    for sample in samples:
        marks = marks_of[sample.query]
        near, first = _nearest(sample, (other for mark in marks for other in kept.get(mark, ())))
        if first is not None and near >= threshold:
            yield LeftOut(
                sample.sample_id, "near_duplicate_query", f"{near:.2f} like {first.query!r} ({first.sample_id})"
            )
            continue
        for mark in marks:
            kept.setdefault(mark, []).append(sample)


def _marks(query: str, threshold: float, frequency: Counter[str]) -> list[str]:
    """The rarest pieces of a query, enough that two queries of similarity `threshold` or more have one in common."""
    ordered = sorted(pieces(query), key=lambda piece: (frequency[piece], piece))
    return ordered[: len(ordered) - math.ceil(threshold * len(ordered) - _SLACK) + 1]


def _nearest(sample: Sample, others: Iterable[Sample]) -> tuple[float, Sample | None]:
    """The highest similarity to another sample's query, and that sample; of equals, the earlier one.

    Returns (0.0, None) if no query has anything in common.
    """
    best, nearest = 0.0, None
    for other in {other.sample_id: other for other in others}.values():
        likeness = similarity(sample.query, other.query)
        if likeness > best:
            best, nearest = likeness, other
    return best, nearest


EXAMPLE = FilterExample(
    samples=(
        example_sample("first", "He cuts a carrot."),
        example_sample("again", "he cut the carrot"),
        example_sample("another video", "he cut the carrot", video_id="M2XP0"),
        example_sample("another query", "he washes a carrot"),
    ),
    left_out={"again": "near_duplicate_query"},
)
