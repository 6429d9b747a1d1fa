"""Several answers to each sample, and several checkpoints of one method: means, the best, and the spread."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vtgdata.metrics import intervals
from vtgdata.metrics.breakdown import mean
from vtgdata.metrics.cluster_means import clusters_of
from vtgdata.metrics.metric_set import Values

LEAST_SEEDS = 5
"""Fewer checkpoints than this give no interval over training: their range is all that is known."""


def sampled(answers: Sequence[Values], sources: Sequence[str] | intervals.Clusters) -> dict[str, Any]:
    """What k answers drawn for each of n samples score.

    Args: answers: k times {metric: (n,)}; sources: (n,).

    Returns `n`, the number of answers, and by metric: `metrics`, the mean over all answers, with `intervals`; `best`,
    the mean over samples of the best of the k; `spread`, the mean over samples of the standard deviation of the k.
    """
    means: Values = {}
    best: dict[str, float] = {}
    spread: dict[str, float] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a metric that applies to no sample is NaN
        for name in answers[0]:
            table = np.stack([each[name] for each in answers if name in each])
            means[name] = np.nanmean(table, axis=0)
            best[name] = mean(np.fmax.reduce(table))
            spread[name] = mean(np.asarray(np.nanstd(table, axis=0, ddof=1), dtype=np.float64))
        return {
            "n": len(answers),
            "metrics": {name: mean(array) for name, array in means.items()},
            "intervals": intervals.clustered_all(means, sources),
            "best": best,
            "spread": spread,
        }


def as_seeds(checkpoints: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """What checkpoints of one method score, which differ in the seed of their training.

    The interval is that over training, t with one degree of freedom less than checkpoints; the samples are the same for
    all. Args: checkpoints: {metric: mean} of each.

    Returns by metric {"values", "mean", "least", "most", "low", "high"}; the last two NaN below five checkpoints.
    """
    found: dict[str, Any] = {}
    for name in checkpoints[0]:
        values = np.array([each[name] for each in checkpoints], dtype=np.float64)
        low, high = float("nan"), float("nan")
        if len(values) >= LEAST_SEEDS:
            low, high = intervals.of_estimate(values, clusters_of([str(i) for i in range(len(values))]))
        found[name] = {"values": values.tolist(), "mean": float(values.mean()), "least": float(values.min())}
        found[name] |= {"most": float(values.max()), "low": low, "high": high}
    return found
