"""The other-truth control: what the same answers score against the truths of other videos.

A model earns IoU without looking where answers of some length and place fit any video. So each answer is also scored
against true windows of other sources, moved to its own video as shares of the duration; `seen` is its score minus that.
A guess that depends on nothing but the duration earns as much on other truths as on its own, so it has `seen` 0. No
model is asked a second time, so this works on files of predictions too.

What the words of the query give away counts as seen: "the end of the song" is late in any video. So looking is shown
only by `seen` of the model with the video minus `seen` without it (`evaluate --blind`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics.cluster_means import Clusters
from vtgdata.metrics.flat import Index
from vtgdata.metrics.intervals import of_estimate
from vtgdata.metrics.truth_parts import TOGETHER, Meetings, meetings, parts_of
from vtgdata.metrics.truths import Moved, Truths, as_truths, moved, shares_of
from vtgdata.records import Sample
from vtgdata.records.windows import Array

DRAWS = 8
"""Other truths that each answer is scored against."""
RANGES = 8
"""Most ranges of duration; a truth is taken from a video of the same range, so that no guess gains by the duration."""
LEAST = 100
"""Fewest samples in a range."""

Score = Callable[[Sequence[Sample]], Mapping[str, Array]]
"""Scores fixed answers against the windows of n samples: {metric: (n,), NaN where it does not apply}."""


class Others(NamedTuple):
    """The truths that the answers to n samples are scored against, drawn once for all systems."""

    own: Truths
    """The n samples with their own windows."""
    donor: Index
    """(DRAWS, n) whose windows these are."""
    usable: NDArray[np.bool_]
    """(n,) False for a sample without a duration, whose share of it nobody knows, and for one without a moment."""
    clusters: Clusters
    """The source of each sample."""
    met: Meetings
    """The same donors, as `parts_of` takes them."""

    @property
    def samples(self) -> Iterator[Truths]:
        """DRAWS times the n samples, each with another sample's windows in place of its own: one draw at a time."""
        return (Moved(self.own, row) for row in self.donor)


class Donors(NamedTuple):
    """Whose truths the answers to n samples are scored against; their samples are made as they are asked for."""

    donor: Index
    """(draws, n) whose windows these are."""
    usable: NDArray[np.bool_]
    """(n,) False for a sample without a duration, whose share of it nobody knows."""
    clusters: Clusters
    """The source of each sample."""

    def of(self, samples: Sequence[Sample], places: Sequence[int]) -> list[list[Sample]]:
        """For each draw the samples at some places, each with another sample's windows in place of its own."""
        asked: list[list[int]] = self.donor[:, list(places)].tolist()
        shares = {donor: shares_of(samples[donor]) for donor in {donor for row in asked for donor in row}}
        return [[moved(samples[i], shares[j]) for i, j in zip(places, row, strict=True)] for row in asked]


class Seen(msgspec.Struct, frozen=True):
    """A score, and what of it other videos' truths would give."""

    score: float
    """Mean of the metric over the samples whose video has a duration."""
    others: float
    """Mean of the same answers against other samples' truths."""
    seen: float
    """`score` minus `others`."""
    low: float
    high: float
    """95 % interval of `seen`, clustered by source; NaN for a single source."""


def draw(samples: Sequence[Sample], *, seed: int = 0, draws: int = DRAWS) -> Others | None:
    """Other samples' truths for each of n samples; None where no two samples have another source.

    In each draw every truth is used once, as far as sources allow: one that has more than half of all samples cannot
    do without drawing others more than once.
    """
    found = draw_donors(samples, seed=seed, draws=draws)
    if found is None:
        return None
    return Others(as_truths(samples), *found, meetings(found.donor, found.usable))


def draw_donors(samples: Sequence[Sample], *, seed: int = 0, draws: int = DRAWS) -> Donors | None:
    """As `draw`, without the samples: for answers that come a few at a time, as in training."""
    of = as_truths(samples)
    clusters, durations = of.clusters, of.durations
    usable = ~np.isnan(durations) & ~of.absent
    if np.count_nonzero(np.bincount(clusters.of[usable])) < 2:
        return None
    rng = np.random.default_rng(seed)
    # Drawn in the order of their ids, so that the order of the rows changes nothing.
    order = of.columns.by_id()
    ranges = _ranges(durations[order], usable[order])
    donor = np.empty((draws, len(of)), dtype=np.intp)
    for row in donor:
        row[order] = order[_donors(ranges, clusters.of[order], usable[order], rng)]
    return Donors(donor, usable, clusters)


def against(score: Score, samples: Iterable[Sequence[Sample]]) -> dict[str, Array]:
    """What the same answers score on other truths. Returns {metric: (draws, n)} of those that every draw gives."""
    found = _kept_against(score, samples)
    return {name: _whole(found.pop(name)) for name in list(found)}


def _kept_against(score: Score, samples: Iterable[Sequence[Sample]]) -> dict[str, list[NDArray[Any]]]:
    rounds = iter(samples)
    found = {name: [_small(array)] for name, array in score(next(rounds)).items()}
    for each in rounds:
        scored = score(each)
        found = {name: [*arrays, _small(scored[name])] for name, arrays in found.items() if name in scored}
    return found


def _small(values: Array) -> NDArray[Any]:
    """Values in an eighth of the memory, where all are 0 or 1, as recalls are."""
    short = values == 1.0
    return short if np.array_equal(short, values) else values


def _whole(arrays: list[NDArray[Any]]) -> Array:
    return np.array(arrays, dtype=np.float64)


class Estimate(NamedTuple):
    """What is seen of one metric."""

    seen: Seen
    values: Array
    """(n,) whose mean `seen` is; those of two systems can be compared pairwise. NaN for a sample without a duration."""


def seen(own: Mapping[str, Array], score: Score, others: Others) -> dict[str, Estimate]:
    """What each metric's score is beyond that against other truths: for metrics of an evaluation and for rewards.

    Args:
        own: {metric: (n,)} scores of the answers on their own truths.
        score: scores the same answers against the samples that it is given; nothing is said of metrics that it leaves
            out. A metric that does not depend on windows has `seen` 0.
        others: the other truths.
    """
    found = _kept_against(score, others.samples)
    names = [name for name in own if name in found]
    estimates: dict[str, Estimate] = {}
    for some in (names[i : i + TOGETHER] for i in range(0, len(names), TOGETHER)):
        estimates |= _estimates({name: own[name] for name in some}, found, others)
    return estimates


def _estimates(
    scores: Mapping[str, Array], against_others: dict[str, list[NDArray[Any]]], others: Others
) -> dict[str, Estimate]:  # fmt: skip
    """`seen` of some metrics, each with a value per sample whose mean it is.

    A truth meets its own answer and others, so samples are not independent, and the spread of score minus others would
    be too wide. `seen` is a difference of two U-statistics; its spread is that of each sample's part in it:
    its own score, less what its answer scores on other truths, less what other answers score on its truth.
    Source: Hoeffding, A class of statistics with asymptotically normal distribution (1948).

    Args:
        scores: (n,) by metric; NaN where it does not apply.
        against_others: by metric the same by draw, on other truths; those of these metrics are taken out.
        others: the other truths.
    """
    usable = others.usable
    count = int(np.count_nonzero(usable))
    drawn = [against_others.pop(name) for name in scores]
    means = [_Mean.of(each, usable, count) for each in drawn]
    parts = np.empty((len(others.donor), len(usable), len(scores)))
    for place, (arrays, mean) in enumerate(zip(drawn, means, strict=True)):
        for number in range(len(arrays)):
            parts[number, :, place] = mean.parts(arrays.pop(0), usable)
    of_others = parts_of(parts, others.met)
    found: dict[str, Estimate] = {}
    for place, (name, own) in enumerate(scores.items()):
        score, other = _Mean.of([own], usable, count), means[place]
        difference = _no_rounding(score.mean - other.mean)
        part = score.parts(own, usable) - np.where(usable, of_others[:, place], 0.0)
        values = np.where(usable, difference + part, np.nan)
        low, high = (_no_rounding(bound) for bound in of_estimate(values, others.clusters))
        found[name] = Estimate(Seen(score.mean, other.mean, difference, low, high), values)
    return found


class _Mean(NamedTuple):
    """The mean of scores, over those that apply."""

    mean: float
    each: float
    """What a score's distance from the mean is multiplied by, for its part in it: samples / scores that apply."""

    @staticmethod
    def of(scores: list[NDArray[Any]], usable: NDArray[np.bool_], count: int) -> "_Mean":
        """Args: scores: by draw, (n,); usable: (n,), of which `count` are true."""
        apply = np.concatenate([each[usable & ~np.isnan(each)] for each in scores]).astype(np.float64)
        return _Mean(float(apply.mean()) if len(apply) else float("nan"), count / max(1, len(apply)))

    def parts(self, scores: NDArray[Any], usable: NDArray[np.bool_]) -> Array:
        """What each score adds to the mean, times the number of samples; 0 for one that does not apply."""
        return np.where(usable & ~np.isnan(scores), scores - self.mean, 0.0) * self.each


def _no_rounding(value: float) -> float:
    """0 for what only the order of adding keeps from being 0."""
    return 0.0 if abs(value) < 1e-12 else value


def ranges_of(samples: Sequence[Sample], usable: NDArray[np.bool_]) -> list[Index]:
    """The samples with a duration, in ranges of similar durations, of about one size."""
    return _ranges(as_truths(samples).durations, usable)


def _ranges(durations: Array, usable: NDArray[np.bool_]) -> list[Index]:
    durations = np.nan_to_num(durations)
    known = durations[usable]
    count = max(1, min(RANGES, len(known) // LEAST))
    ends = np.unique(np.quantile(known, np.arange(1, count) / count, method="inverted_cdf"))
    of = np.where(usable, np.searchsorted(ends, durations), -1)
    return [np.flatnonzero(of == number) for number in np.unique(of[usable]).tolist()]


def _donors(ranges: list[Index], source: Index, usable: NDArray[np.bool_], rng: np.random.Generator) -> Index:
    """(n,) whose truth each sample gets: of another source, and in its range of durations where that has one."""
    donor = np.arange(len(source))
    for rows in ranges:
        donor[rows] = _shuffled(rows, source, rng)
    left = np.flatnonzero(usable & (source[donor] == source))
    for row in left.tolist():
        of_range = next(rows for rows in ranges if row in rows)
        pool = of_range[source[of_range] != source[row]]
        if not len(pool):
            pool = np.flatnonzero(usable & (source != source[row]))
        donor[row] = rng.choice(pool)
    return donor


def _shuffled(rows: Index, source: Index, rng: np.random.Generator) -> Index:
    """The rows in a random order in which as few as possible stand in a place of their own source."""
    order = rng.permutation(rows)
    for _ in range(100):
        wrong = np.flatnonzero(source[rows] == source[order])
        if not len(wrong):
            break
        for place in wrong.tolist():  # each is exchanged with any other, which may put it right
            other = int(rng.integers(len(rows)))
            order[place], order[other] = order[other], order[place]
    return order
