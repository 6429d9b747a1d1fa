"""Intervals and tests that hold when there are few videos: clustered by source, with the degrees of freedom these give.

A score's interval is mean -+ t x standard error, both cluster-robust (`cluster_means`). Where the score is so near 0 or
1, or the sources so few, that fewer than `FEW` effective successes or failures were seen, such an interval is too
short; then it is widened to that of a proportion (Clopper-Pearson) on the effective number of samples. Two sets of
answers are compared by an interval of the same kind, and tested by flipping signs (`sign_flips`).
`benchmarks/intervals.py` shows how often the intervals hold the truth.
"""

from collections.abc import Mapping, Sequence
from statistics import NormalDist

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics import sign_flips
from vtgdata.metrics.cluster_means import Clusters, Means, cluster_means, clusters_of
from vtgdata.metrics.student import clopper_pearson, t_quantile
from vtgdata.records.windows import Array

FEW = 5.0
"""Fewer effective successes, or failures, than this: the t interval alone is too short."""
LEAST_SOURCES = 6
"""Fewer sources than this give no p-value: of five, no flip of signs goes below .0625."""

Bounds = tuple[float, float]
_NAN = float("nan")


class Difference(msgspec.Struct, frozen=True):
    """How two sets of answers to the same samples differ in one metric."""

    difference: float
    """Mean of the first minus mean of the second."""
    low: float
    high: float
    """95 % interval of the difference; NaN for a single source."""
    p: float | None
    """Two-sided, in (0, 1]: how often chance alone would give a difference at least this far from 0; None for fewer
    than six sources, where no p can be small."""
    n: int
    """Number of samples on which both are scored."""
    sources: int
    """Number of their sources."""


_NO_DIFFERENCE = Difference(_NAN, _NAN, _NAN, None, 0, 0)


def clustered(values: Array, clusters: Sequence[str], *, level: float = 0.95) -> Bounds:
    """Interval of the mean of `values`, which are scores in [0, 1].

    Args:
        values: (n,) per-sample scores in [0, 1]; NaN where the metric does not apply.
        clusters: (n,) cluster of each sample: its source.
        level: coverage in (0, 1).

    Returns (low, high) in [0, 1]; (nan, nan) for fewer than two clusters.
    Sources: `cluster_means` for the standard error; Korn and Graubard, Confidence intervals for proportions with small
    expected number of positive counts estimated from survey data (Survey Methodology 1998) for the effective number.
    """
    return clustered_all({"": values}, clusters, level=level)[""]


def clustered_all(values: Mapping[str, Array], clusters: Sequence[str], *, level: float = 0.95) -> dict[str, Bounds]:
    """`clustered` for many metrics of the same samples."""
    if not values or not len(clusters):
        return dict.fromkeys(values, (_NAN, _NAN))
    found = cluster_means(np.stack(list(values.values()), axis=1), clusters_of(clusters))
    return {name: _of_score(found, column, level) for column, name in enumerate(values)}


def _of_score(found: Means, column: int, level: float) -> Bounds:
    mean, error, df = (float(array[column]) for array in (found.mean, found.error, found.df))
    if error != error:
        return _NAN, _NAN
    t = t_quantile(level, df)
    low, high = max(0.0, mean - t * error), min(1.0, mean + t * error)
    normal = NormalDist().inv_cdf((1 + level) / 2)
    # Without any variance the values say nothing about how alike those of one source are: only sources count then.
    number = mean * (1 - mean) / error**2 * (normal / t) ** 2 if error else float(found.equal_clusters[column])
    if min(mean, 1 - mean) * number >= FEW and error:
        return low, high
    bounds = clopper_pearson(min(max(mean, 0.0), 1.0) * number, number, level)
    return min(low, bounds[0]), max(high, bounds[1])


def of_estimate(values: Array, clusters: Clusters, level: float = 0.95) -> Bounds:
    """Interval of the mean of values in [-1, 1] that are not scores, by t alone: no width where all are equal.

    Args: values: (n,). Returns (nan, nan) for fewer than two clusters.
    """
    return _by_t(cluster_means(values[:, None], clusters), 0, level)


def _by_t(found: Means, column: int, level: float = 0.95) -> Bounds:
    mean, error, df = (float(array[column]) for array in (found.mean, found.error, found.df))
    if error != error:
        return _NAN, _NAN
    reach = t_quantile(level, df) * error
    return max(-1.0, mean - reach), min(1.0, mean + reach)


def paired(first: Array, second: Array, clusters: Sequence[str], *, seed: int = 0) -> Difference:
    """Compare two sets of answers sample by sample.

    Args: first, second: (n,) per-sample values of one metric, NaN where it does not apply; clusters: (n,) sources.
    """
    return paired_all({"": first}, {"": second}, clusters, seed=seed)[""]


def paired_all(
    first: Mapping[str, Array], second: Mapping[str, Array], clusters: Sequence[str], *, seed: int = 0
) -> dict[str, Difference]:
    """`paired` for every metric of `first`."""
    if not first or not len(clusters):
        return dict.fromkeys(first, _NO_DIFFERENCE)
    differences = np.stack([array - second[name] for name, array in first.items()], axis=1)
    return dict(zip(first, differences_of(differences, clusters_of(clusters), seed=seed), strict=True))


def differences_of(differences: Array, clusters: Clusters, *, seed: int = 0) -> list[Difference]:
    """The `Difference` of each column of paired differences. Args: differences: (n, m), NaN where none applies."""
    found = cluster_means(differences, clusters)
    p = sign_flips.p_values(found.totals, seed=seed)
    return [_difference(found, column, float(p[column])) for column in range(differences.shape[1])]


def _difference(found: Means, column: int, p: float) -> Difference:
    n, sources = int(found.sizes[:, column].sum()), int(found.clusters[column])
    if not n:
        return _NO_DIFFERENCE
    low, high = _by_t(found, column)
    if found.error[column] == 0:
        # A few sources on which two systems differ alike do not show that they do so on all.
        most = clopper_pearson(0.0, float(found.equal_clusters[column]))[1]
        low, high = max(-1.0, low - most), min(1.0, high + most)
    return Difference(float(found.mean[column]), low, high, p if sources >= LEAST_SOURCES else None, n, sources)


def auc(scores: Array, positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve: the chance that a positive scores above a negative; ties count half.

    Args: scores: (n,); positive: (n,) of bool. Returns [0, 1], nan when a class is empty.

    >>> auc(np.array([0.1, 0.9, 0.5]), np.array([False, True, True]))
    1.0
    """
    if not positive.any() or positive.all():
        return float("nan")
    # Ranks, with the mean rank for ties, then the Mann-Whitney statistic.
    unique, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    del unique
    ends = np.cumsum(counts)
    ranks: Array = np.asarray((ends - counts + 1 + ends) / 2, dtype=np.float64)[inverse]
    n_positive = int(np.count_nonzero(positive))
    n_negative = len(scores) - n_positive
    return float((float(np.sum(ranks[positive])) - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))
