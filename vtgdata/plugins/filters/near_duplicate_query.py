"""Near-duplicate query: drops queries that nearly repeat an earlier query of the same video.

Similarity is the share of three-letter pieces in common (`similarity`): endings, articles, punctuation and case hardly
count, so "he cut the carrot" repeats "He cuts a carrot.". Of many queries of one video an index finds the kept one that
is most similar (`query_index`).
"""

from collections.abc import Iterable, Iterator, Sequence

from vtgdata.annotations.filtering import FilterExample, example_sample
from vtgdata.annotations.query_index import QueryIndex
from vtgdata.annotations.similar_queries import similarity
from vtgdata.errors import VtgError
from vtgdata.records import LeftOut, Sample

_FEW = 32
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
    index = QueryIndex(sample.query for sample in samples) if len(samples) > _FEW else None
    kept: list[Sample] = []
    for sample in samples:
        if index is not None:
            found = index.kept(sample.query, threshold)
            near, first = (found.likeness, samples[found.place]) if found is not None else (0.0, None)
        else:
            near, first = _nearest(sample, kept)
        if first is not None and near >= threshold:
            yield LeftOut(
                sample.sample_id, "near_duplicate_query", f"{near:.2f} like {first.query!r} ({first.sample_id})"
            )
        else:
            kept.append(sample)


def _nearest(sample: Sample, others: Iterable[Sample]) -> tuple[float, Sample | None]:
    """The highest similarity to another sample's query, and that sample; of equals, the earlier one.

    Returns (0.0, None) if no query has anything in common.
    """
    best, nearest = 0.0, None
    for other in others:
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
