"""What groups of samples share: videos, sources, queries and moments.

A group is the rows of one split of one corpus. Videos are recognised by all names they are known by (`video_keys`).
`overlap_columns` compares millions of rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import msgspec

from vtgdata.annotations import video_keys
from vtgdata.annotations.benchmarks import is_benchmark
from vtgdata.annotations.query_index import QueryIndex
from vtgdata.annotations.similar_queries import similarity
from vtgdata.records import Sample

NEAR = 0.8
"""Similarity from which two queries on one source are nearly the same."""

_FEW = 1_000
"""Up to this many pairs of queries on one source, an index takes longer than it saves."""

CENT = 2
"""Decimals of a second to which two windows must agree to be the same moment."""


class Group(NamedTuple):
    """A split of a corpus."""

    corpus: str
    split: str

    def __str__(self) -> str:
        return f"{self.corpus} {self.split}" if self.split else self.corpus

    @property
    def benchmark(self) -> bool:
        """Whether papers report scores on it: then it must not be trained on."""
        return is_benchmark(self.corpus, self.split)


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What two groups have in common."""

    first: Group
    second: Group
    sources: int
    """Videos in both groups; cuts count as the longer video that they come from."""
    youtube: int
    """Those of `sources` that have a YouTube id, as their corpus says."""
    queries: int
    """Rows of the first group with nearly the same query, on the same source, as a row of the second."""
    duplicates: int
    """Rows of the first group that repeat a row of the second: same source, query (case aside) and windows."""

    @property
    def contaminates(self) -> bool:
        """Whether one of the two is trained on, the other is a benchmark, and they share a video."""
        return self.first.benchmark != self.second.benchmark and self.sources > 0

    @property
    def leaks(self) -> bool:
        """Whether two splits of one corpus share a video, and one of them is a benchmark."""
        return self.contaminates and self.first.corpus == self.second.corpus


def grouped(samples: Iterable[Sample]) -> dict[Group, list[Sample]]:
    """The rows of each group, groups by name."""
    found: dict[Group, list[Sample]] = {}
    for sample in samples:
        found.setdefault(Group(sample.corpus, sample.split), []).append(sample)
    return dict(sorted(found.items()))


class Index:
    """The rows of each group by source, built once for all methods."""

    def __init__(self, groups: Mapping[Group, Sequence[Sample]]) -> None:
        self.groups = groups
        self.by_source: dict[Group, dict[str, list[Sample]]] = {}
        for group, samples in groups.items():
            rows = self.by_source[group] = {}
            for sample in samples:
                rows.setdefault(video_keys.source(sample), []).append(sample)

    def pairs(self, near: float = NEAR) -> list[Shared]:
        """What each pair of groups shares, including pairs that share nothing."""
        return [self._shared(first, second, near) for first, second in combinations(self.groups, 2)]

    def _shared(self, first: Group, second: Group, near: float) -> Shared:
        ours, theirs = self.by_source[first], self.by_source[second]
        common = sorted(ours.keys() & theirs.keys())
        asked = same = 0
        for name in common:
            moments = {moment(row) for row in theirs[name]}
            asked += _asked_again(ours[name], theirs[name], near)
            same += sum(bool(row.windows) and moment(row) in moments for row in ours[name])
        return Shared(
            first=first,
            second=second,
            sources=len(common),
            youtube=sum(any(map(video_keys.youtube, ours[name] + theirs[name])) for name in common),
            queries=asked,
            duplicates=same,
        )

    def duplicates(self) -> dict[str, str]:
        """Id of each row that repeats an earlier one, in any group -> the earlier row's id.

        Benchmarks come first: of a benchmark's row and its copy elsewhere, the copy is the repeat.
        """
        first: dict[tuple[str, str, tuple[tuple[float, float], ...]], str] = {}
        found: dict[str, str] = {}
        for group in sorted(self.groups, key=lambda group: not group.benchmark):
            for sample in self.groups[group]:
                if sample.windows:
                    earlier = first.setdefault(moment(sample), sample.sample_id)
                    if earlier != sample.sample_id:
                        found[sample.sample_id] = earlier
        return found


def _asked_again(ours: Sequence[Sample], theirs: Sequence[Sample], near: float) -> int:
    """The number of our rows with nearly the same query as one of theirs."""
    queries = dict.fromkeys(row.query for row in theirs)
    if len(ours) * len(queries) <= _FEW:
        return sum(any(similarity(row.query, other) >= near for other in queries) for row in ours)
    index = QueryIndex(queries)
    return sum(index.nearest(row.query, near) is not None for row in ours)


def moment(sample: Sample) -> tuple[str, str, tuple[tuple[float, float], ...]]:
    """What makes two rows the same: source, query without case and last dot, windows on the source's clock."""
    origin = video_keys.source_start(sample)
    windows = tuple((round(w.start + origin, CENT), round(w.end + origin, CENT)) for w in sample.windows)
    return video_keys.source(sample), sample.query.casefold().rstrip(". "), windows
