"""Bootstrap intervals clustered by video: queries of one video are not independent."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtgdata.records.windows import Array

RESAMPLES = 2000
CHUNK = 100
"""Resamples held in memory at a time, as a table of how often each cluster was drawn."""


class Difference(msgspec.Struct, frozen=True):
    """How two sets of answers to the same samples differ in one metric."""

    difference: float
    """Mean of the first minus mean of the second."""
    low: float
    high: float
    """95 % interval of the difference."""
    p: float
    """Two-sided, in (0, 1]: how often the choice of videos alone would give a difference at least this far from 0."""
    n: int
    """Number of samples on which both are scored."""


_NAN = float("nan")
_NO_DIFFERENCE = Difference(_NAN, _NAN, _NAN, _NAN, 0)


def clustered(values: Array, clusters: Sequence[str], *, seed: int = 0, level: float = 0.95) -> tuple[float, float]:
    """Percentile interval of the mean of `values`, resampling whole clusters.

    Args:
        values: (n,) per-sample values, or differences of paired values; NaN where the metric does not apply.
        clusters: (n,) cluster of each sample: its video.
        seed: seed of the resampling.
        level: coverage in (0, 1).

    Returns (low, high); (nan, nan) if there are no values.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap.
    """
    return clustered_all({"": values}, clusters, seed=seed, level=level)[""]


def clustered_all(
    values: Mapping[str, Array], clusters: Sequence[str], *, seed: int = 0, level: float = 0.95
) -> dict[str, tuple[float, float]]:
    """`clustered` for many metrics of the same samples, with the same resamples for all of them."""
    if not values or not len(clusters):
        return dict.fromkeys(values, (float("nan"), float("nan")))
    means = _resampled(np.stack(list(values.values()), axis=1), clusters, seed)
    tail = (1 - level) / 2
    found: dict[str, tuple[float, float]] = {}
    for column, name in enumerate(values):
        drawn = means[:, column][~np.isnan(means[:, column])]
        low, high = np.quantile(drawn, [tail, 1 - tail]) if len(drawn) else (np.nan, np.nan)
        found[name] = float(low), float(high)
    return found


def paired(first: Array, second: Array, clusters: Sequence[str], *, seed: int = 0) -> Difference:
    """Compare two sets of answers sample by sample, resampling whole clusters.

    Args: first, second: (n,) per-sample values of one metric, NaN where it does not apply; clusters: (n,) videos.

    The p-value: the resampled differences are shifted to mean 0; p is the share of them that lie at least as far from 0
    as the observed difference. The observed one is counted too, so that p is never 0. Source: Efron and Tibshirani,
    chapter 16.
    """
    return paired_all({"": first}, {"": second}, clusters, seed=seed)[""]


def paired_all(
    first: Mapping[str, Array], second: Mapping[str, Array], clusters: Sequence[str], *, seed: int = 0
) -> dict[str, Difference]:
    """`paired` for every metric of `first`, with the same resamples for all of them."""
    if not first or not len(clusters):
        return dict.fromkeys(first, _NO_DIFFERENCE)
    differences = np.stack([array - second[name] for name, array in first.items()], axis=1)
    drawn = _resampled(differences, clusters, seed)
    return {name: _difference(differences[:, c], drawn[:, c]) for c, name in enumerate(first)}


def _difference(differences: Array, drawn: Array) -> Difference:
    differences, drawn = differences[~np.isnan(differences)], drawn[~np.isnan(drawn)]
    if not len(differences):
        return _NO_DIFFERENCE
    mean = float(differences.mean())
    low, high = np.quantile(drawn, [0.025, 0.975])
    # Slightly below the observed difference, so that rounding in another order of summation does not matter.
    as_far = int(np.count_nonzero(np.abs(drawn - mean) >= abs(mean) * (1 - 1e-9)))
    return Difference(mean, float(low), float(high), (1 + as_far) / (1 + len(drawn)), len(differences))


def _resampled(values: Array, clusters: Sequence[str], seed: int) -> Array:
    """Means over resampled clusters; NaN for a mean of no values.

    Args: values: (n, m); clusters: (n,). Returns: (RESAMPLES, m).
    """
    # Clusters are sorted by name, so that the interval does not depend on the order of the rows.
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    present = ~np.isnan(values)
    filled = np.where(present, values, 0.0)
    size = len(names)
    columns = range(values.shape[1])
    sums = np.stack([np.bincount(index, weights=filled[:, c], minlength=size) for c in columns], axis=1)
    counts = np.stack([np.bincount(index, weights=present[:, c], minlength=size) for c in columns], axis=1)
    rng = np.random.default_rng(seed)
    means = np.empty((RESAMPLES, values.shape[1]))
    for start in range(0, RESAMPLES, CHUNK):
        drawn = np.stack([np.bincount(rng.integers(0, size, size), minlength=size) for _ in range(CHUNK)])
        total, number = drawn @ sums, drawn @ counts
        means[start : start + CHUNK] = np.divide(total, number, out=np.full_like(total, np.nan), where=number > 0)
    return means


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
