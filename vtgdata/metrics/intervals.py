"""Intervals and tests that hold when there are few videos: clustered by source, with the degrees of freedom these give.

A score's interval is mean -+ t x standard error, both cluster-robust (`cluster_means`). Where the score is so near 0 or
1, or the sources so few, that fewer than `FEW` effective successes or failures were seen, such an interval is too
short; then it is widened to that of a proportion (Clopper-Pearson) on the effective number of samples. Two sets of
answers are compared by an interval of the same kind, and tested by flipping signs (`sign_flips`).
`benchmarks/intervals.py` shows how often the intervals hold the truth.
"""

import math
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


def clustered_all(
    values: Mapping[str, Array], clusters: Sequence[str] | Clusters, *, level: float = 0.95
) -> dict[str, Bounds]:
    """`clustered` for many metrics of the same samples."""
    of = clusters_of(clusters)
    if not values or not len(of.of):
        return dict.fromkeys(values, (_NAN, _NAN))
    found = cluster_means(np.stack(list(values.values())).T, of)
    return {name: _of_score(found, column, level) for column, name in enumerate(values)}


def _of_score(found: Means, column: int, level: float = 0.95) -> Bounds:
    bounds = _by_t(found, column, level, least=0.0)
    if (counted := _counted(found, column, level)) is None:
        return bounds
    successes, failures = counted
    if min(successes, failures) >= FEW and found.error[column]:
        return bounds
    proportion = clopper_pearson(successes, successes + failures, level)
    return min(bounds[0], proportion[0]), max(bounds[1], proportion[1])


def _counted(found: Means, column: int, level: float) -> tuple[float, float] | None:
    """Effective numbers of successes and failures of a score; None where its error is not known.

    So many independent ones would give the same interval, its degrees of freedom included.
    """
    mean, error, df = (float(array[column]) for array in (found.mean, found.error, found.df))
    if error != error:
        return None
    # Without any variance the values do not say how alike those of one source are: then only sources count.
    number = float(found.equal_clusters[column])
    if error:
        normal = NormalDist().inv_cdf((1 + level) / 2)
        number = mean * (1 - mean) / error**2 * (normal / t_quantile(level, df)) ** 2
    mean = min(max(mean, 0.0), 1.0)
    return mean * number, (1 - mean) * number


def of_estimate(values: Array, clusters: Clusters, level: float = 0.95) -> Bounds:
    """Interval of the mean of values in [-1, 1] that are not scores, by t alone: no width where all are equal.

    Args: values: (n,). Returns (nan, nan) for fewer than two clusters.
    """
    return _by_t(cluster_means(values[:, None], clusters), 0, level)


def _by_t(found: Means, column: int, level: float, least: float = -1.0) -> Bounds:
    """Mean -+ t x error, in [least, 1]."""
    mean, error, df = (float(array[column]) for array in (found.mean, found.error, found.df))
    if error != error:
        return _NAN, _NAN
    reach = t_quantile(level, df) * error
    return max(least, mean - reach), min(1.0, mean + reach)


def paired(first: Array, second: Array, clusters: Sequence[str], *, seed: int = 0) -> Difference:
    """Compare two sets of answers sample by sample.

    Args: first, second: (n,) scores in [0, 1] by one metric, NaN where it does not apply; clusters: (n,) sources.
    """
    return paired_all({"": first}, {"": second}, clusters, seed=seed)[""]


def paired_all(
    first: Mapping[str, Array], second: Mapping[str, Array], clusters: Sequence[str] | Clusters, *, seed: int = 0
) -> dict[str, Difference]:
    """`paired` for every metric of `first`.

    Where one of the two scores has few successes or failures, the interval is at least that of a difference of two
    paired proportions. Source: Newcombe, Improved confidence intervals for the difference between binomial proportions
    based on paired data (Statistics in Medicine 1998), method 10, with the correlation of the clustered means.
    """
    of = clusters_of(clusters)
    if not first or not len(of.of):
        return dict.fromkeys(first, _NO_DIFFERENCE)
    both = [np.stack([array, second[name]], axis=1) for name, array in first.items()]
    for pair in both:
        pair[np.isnan(pair).any(axis=1)] = np.nan
    found = differences_of(np.stack([pair[:, 0] - pair[:, 1] for pair in both], axis=1), of, seed=seed)
    errors = cluster_means(np.stack([pair[:, 0] - pair[:, 1] for pair in both], axis=1), of).error.tolist()
    wide = [_widened(each, cluster_means(pair, of), e) for each, pair, e in zip(found, both, errors, strict=True)]
    return dict(zip(first, wide, strict=True))


def differences_of(differences: Array, clusters: Clusters, *, seed: int = 0) -> list[Difference]:
    """The `Difference` of each column of paired differences, by t alone. Args: differences: (n, m), NaN for none."""
    found = cluster_means(differences, clusters)
    p = sign_flips.p_values(found.totals, seed=seed)
    return [_difference(found, column, float(p[column])) for column in range(differences.shape[1])]


def _difference(found: Means, column: int, p: float) -> Difference:
    n, sources = int(found.sizes[:, column].sum()), int(found.clusters[column])
    if not n:
        return _NO_DIFFERENCE
    low, high = _by_t(found, column, 0.95)
    return Difference(float(found.mean[column]), low, high, p if sources >= LEAST_SOURCES else None, n, sources)


def _widened(of: Difference, both: Means, error: float) -> Difference:
    """The difference with the interval that few successes or failures call for.

    Args: both: of the two scores; error: of their difference.
    """
    counted = [_counted(both, column, 0.95) for column in (0, 1)]
    few = [each is not None and (min(each) < FEW or not both.error[k]) for k, each in enumerate(counted)]
    if not any(few):
        return of
    low, high = of.low, of.high
    if low == high:
        # Some sources on which two systems differ alike do not show that they do so on all.
        most = clopper_pearson(0.0, float(both.equal_clusters[0]))[1]
        low, high = max(-1.0, low - most), min(1.0, high + most)
    bounds = [(float(both.mean[k]), *_of_score(both, k)) for k in (0, 1)]
    (one, one_low, one_high), (two, two_low, two_high) = bounds
    alike = _correlation(float(both.error[0]), float(both.error[1]), error)
    low = min(low, of.difference - _reach(one - one_low, two_high - two, alike))
    high = max(high, of.difference + _reach(one_high - one, two - two_low, alike))
    return msgspec.structs.replace(of, low=max(-1.0, low), high=min(1.0, high))


def _reach(first: float, second: float, alike: float) -> float:
    return math.sqrt(max(0.0, first**2 + second**2 - 2 * alike * first * second))


def _correlation(first: float, second: float, error: float) -> float:
    """Of two means with these errors, whose difference has the third; 0 rather than less."""
    if not first or not second:
        return 0.0
    return min(1.0, max(0.0, (first**2 + second**2 - error**2) / (2 * first * second)))


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


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % Wilson interval of a share of n; for a mean of values in [0, 1] it is conservative, since these vary less.

    Source: Wilson, JASA 22 (1927).

    >>> [round(bound, 3) for bound in wilson(0.5, 8)]
    [0.215, 0.785]
    """
    z = 1.959963984540054
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
