"""Bootstrap intervals clustered by video: queries of one video are not independent."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vtgdata.windows import Array

RESAMPLES = 2000


def clustered(values: Array, clusters: Sequence[str], *, seed: int = 0, level: float = 0.95) -> tuple[float, float]:
    """Percentile interval of the mean of `values`, resampling whole clusters.

    Args:
        values: (n,) per-sample values; for a paired difference, the differences.
        clusters: (n,) cluster of each, its video.
        seed: of the resampling.
        level: coverage in (0, 1).

    Returns (low, high); (nan, nan) for no values. Source: Efron and Tibshirani, An Introduction to the Bootstrap.
    """
    if len(values) == 0:
        return (float("nan"), float("nan"))
    # Clusters by name, so that the interval does not depend on the order of the rows.
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.bincount(index, weights=values, minlength=len(names))
    counts = np.bincount(index, minlength=len(names)).astype(np.float64)
    rng = np.random.default_rng(seed)
    means = np.empty(RESAMPLES)
    for i in range(RESAMPLES):
        drawn = rng.integers(0, len(names), len(names))
        means[i] = sums[drawn].sum() / counts[drawn].sum()
    tail = (1 - level) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def auc(scores: Array, positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties counting half.

    Args: scores: (n,); positive: (n,) of bool. Returns [0, 1], nan when a class is empty.

    >>> auc(np.array([0.1, 0.9, 0.5]), np.array([False, True, True]))
    1.0
    """
    if not positive.any() or positive.all():
        return float("nan")
    # Mean ranks (ties share), then the Mann-Whitney statistic.
    unique, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    del unique
    ends = np.cumsum(counts)
    ranks: Array = np.asarray((ends - counts + 1 + ends) / 2, dtype=np.float64)[inverse]
    n_positive = int(np.count_nonzero(positive))
    n_negative = len(scores) - n_positive
    return float((float(np.sum(ranks[positive])) - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))
