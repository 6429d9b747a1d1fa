"""Contamination: drops samples whose video is in a benchmark, so that no model is trained on its test videos.

A video is recognised by its id, its file name, its YouTube id and the known forms of a cut (`video_keys`). Two cuts of
one longer video count as the same video, because they may overlap. If the query is also nearly the same as the
benchmark's, the reason is `benchmark_query` instead of `benchmark_video`: the sample is a test question itself.
"""

from collections.abc import Sequence
from functools import lru_cache

from vtgdata.annotations import video_keys
from vtgdata.annotations.filtering import Benchmarks, FilterExample, Why, check_choice, example_sample, leave
from vtgdata.annotations.query_index import QueryIndex
from vtgdata.annotations.similar_queries import similarity
from vtgdata.errors import VtgError
from vtgdata.records import LeftOut, Sample

_FEW = 64
"""Up to this many benchmark queries on one video, an index takes longer than it saves."""
_VIDEOS = 256
"""Number of videos whose benchmark queries are remembered: samples come video by video."""


def keep(
    samples: Sequence[Sample],
    frames: object,
    benchmarks: Benchmarks,
    *,
    by: str = "video",
    threshold: float = 0.8,
) -> list[LeftOut]:
    """Leave out samples on a benchmark's video; with `by="query"` only if a benchmark asks nearly the same query there.

    Args:
        samples: candidates for training.
        frames: not used.
        benchmarks: the samples of benchmark splits, by the keys of their videos.
        by: `video` or `query`.
        threshold: similarity, in (0, 1], from which two queries count as nearly the same.
    """
    del frames
    check_choice("contamination", "by", by, ("video", "query"))
    if not 0 < threshold <= 1:
        raise VtgError(f"contamination: threshold={threshold:g} must be 0 < threshold <= 1.")

    @lru_cache(maxsize=_VIDEOS)
    def held(keys: tuple[str, ...], corpus: str, split: str) -> _Held:
        others = {other.sample_id: other for key in keys for other in benchmarks.get(key, ())}
        return _Held([other for other in others.values() if (other.corpus, other.split) != (corpus, split)])

    def why(sample: Sample) -> Why | None:
        found = held(tuple(sorted(video_keys.keys(sample))), sample.corpus, sample.split).nearest(
            sample.query, threshold
        )
        if found is None:
            return None
        likeness, other = found
        place = f"{other.corpus} {other.split} ({other.sample_id})"
        if likeness >= threshold:
            return "benchmark_query", f"{likeness:.2f} like {other.query!r} of the same video in {place}"
        return ("benchmark_video", f"video {sample.video.video_id} is in {place}") if by == "video" else None

    return leave(samples, why)


class _Held:
    """What benchmarks ask about one video; a split is not compared with itself."""

    def __init__(self, others: Sequence[Sample]) -> None:
        self._others = others
        self._index = QueryIndex(other.query for other in others) if len(others) > _FEW else None

    def nearest(self, query: str, least: float) -> tuple[float, Sample] | None:
        """(similarity, sample) of the first sample with the most similar query, where that is `least` or more.

        Otherwise 0 and the first sample of all; None where there is none at all.
        """
        if not self._others:
            return None
        if self._index is not None:
            found = self._index.nearest(query, least)
            return (found.likeness, self._others[found.place]) if found is not None else (0.0, self._others[0])
        likeness, other = max(
            ((similarity(query, other.query), other) for other in self._others), key=lambda pair: pair[0]
        )
        return (likeness, other) if likeness >= least else (0.0, self._others[0])


EXAMPLE = FilterExample(
    samples=(
        example_sample("same question", "a man rows a boat", video_id="v_aB3_dE-6hIj"),
        example_sample("same video", "a woman laughs", video_id="aB3_dE-6hIj_60.0_210.0"),
        example_sample("other video", "a man rows a boat", video_id="v_0123456789a"),
    ),
    left_out={"same question": "benchmark_query", "same video": "benchmark_video"},
    benchmarks=(
        example_sample("test:1", "A man rows the boat.", video_id="aB3_dE-6hIj", corpus="benchmark", split="test"),
    ),
)
