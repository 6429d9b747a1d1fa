"""Wrong or hard? What answers say about labels: P(wrong) of each label, by a mixture over the pool.

Where answers agree with each other and not with the label, the label may be wrong; where they scatter, the sample is
hard. Both have a low pass rate. A label's features say how its answers lie to each other and to it. What they are for
wrong labels is known: labels of the pool are made wrong (moved, exchanged with another query's, both ends moved), and
the same answers are looked at again. What they are for right ones is not, since the pool has wrong ones itself:

    f_pool = (1 - s) f_right + s f_wrong,     P(wrong | x) = s f_wrong(x) / f_pool(x)

The ratio of the two densities comes from a logistic regression of made labels against those of the pool (each counted
half), and the share s is the largest that leaves f_right nowhere below 0. Sources: Elkan and Noto, Learning classifiers
from only positive and unlabeled data (KDD 2008); Blanchard et al., Semi-supervised novelty detection (JMLR 2010).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics.consensus import Consensus, consensus
from vtgdata.metrics.window_table import tiou_array
from vtgdata.records.windows import Array

MADE = 3
"""Wrong labels that are made of each sample."""
MOST = 30_000
"""Samples that the regression is fitted on, at most, drawn by the seed."""
LEAST = 50
"""Fewest samples that say anything about a pool."""
JITTER = (2.0, 10.0)
"""Seconds by which both ends are moved, in a third of the made labels."""
TAIL = 0.1
"""Least share of made labels that must lie above a bound for the bound to say something about the share."""
RIDGE = 1e-3
"""Weight of the square of the regression's coefficients, per row."""
ROUNDS = 25


class Pool(NamedTuple):
    """The answers to n samples and their labels."""

    answers: Array
    """(n, k, 2) windows in seconds; NaN where an answer has none, or there is none."""
    asked: NDArray[np.bool_]
    """(n, k) whether there is such an answer, with a window or without; a column is one model's answer of one index."""
    labels: Array
    """(n, m, 2) true windows; NaN where a sample has fewer."""
    duration: Array
    """(n,) seconds."""
    source: NDArray[np.int64]
    """(n,) number of the video's source."""


class Found(NamedTuple):
    """What was found of n labels."""

    wrong: Array
    """(n,) P(wrong), in [0, 1]."""
    share: float
    """Estimated share of wrong labels in the pool."""
    consensus: Consensus
    iou: Array
    """(n,) of the consensus with the nearest true window."""
    passed: Array
    """(n,) share of the answers whose IoU with a true window is 0.5 or more."""


def judge(pool: Pool, seed: int = 0) -> Found:
    """P(wrong) of each label; raises ValueError for fewer than LEAST samples. The same seed gives the same numbers."""
    n = len(pool.asked)
    if n < LEAST:
        raise ValueError(f"{n} samples with answers, and a mixture needs {LEAST}")
    rng = np.random.default_rng(seed)
    weights = reliability(pool)
    most = consensus(pool.answers, weights)
    real = features(pool, weights, most, pool.labels)
    chosen = np.sort(rng.permutation(n)[:MOST])
    some = Pool(*(each[chosen] for each in pool))
    near = Consensus(*(each[chosen] for each in most))
    made = np.concatenate([features(some, weights[chosen], near, _made_wrong(some, rng)) for _ in range(MADE)])
    wrong, of_pool = _ratio(real[chosen], made), real
    score = wrong.of(of_pool)
    share = _largest_share(score, wrong.of(made))
    ious = tiou_array(pool.answers[:, :, None], pool.labels[:, None]).max(axis=2)
    return Found(
        wrong=np.clip(share * np.exp(score), 0.0, 1.0),
        share=share,
        consensus=most,
        iou=tiou_array(most.window[:, None], pool.labels).max(axis=1),
        passed=(ious >= 0.5).sum(axis=1) / np.maximum(pool.asked.sum(axis=1), 1),
    )


def reliability(pool: Pool) -> Array:
    """(n, k) weights of answers: how often answers of that model and index meet the labels of the pool, if there.

    The fifth guess of a ranked list counts for less than the first, and a weak model for less than a good one; answers
    of one model that are drawn alike count alike.
    """
    passed = tiou_array(pool.answers[:, :, None], pool.labels[:, None]).max(axis=2) >= 0.5
    asked = pool.asked.sum(axis=0)
    rate = (passed.sum(axis=0) + 1.0) / (asked + 20.0)
    return pool.asked * np.round(rate / rate.max(), 2)


def features(pool: Pool, weights: Array, most: Consensus, labels: Array) -> Array:
    """How the answers to each sample lie to each other and to a label.

    Args: weights: (n, k) of the answers; labels: (n, m, 2). Returns: (n, d).
    """
    ious = tiou_array(pool.answers[:, :, None], labels[:, None])
    best, total = ious.max(axis=2), np.maximum(weights.sum(axis=1), 1e-9)
    lies = ~np.isnan(pool.answers[..., 0])
    far = np.where((lies & (best < 0.3))[..., None], pool.answers, np.nan)
    away = consensus(far, weights)
    true = ~np.isnan(labels[..., 0])
    covered = np.where(true, ious.max(axis=1), 1.0)
    centre = np.abs(most.window.mean(axis=1)[:, None] - labels.mean(axis=2))
    columns = [
        (best * weights).sum(axis=1) / total,
        ((best >= 0.5) * weights).sum(axis=1) / total,
        ((best >= 0.3) * weights).sum(axis=1) / total,
        best.max(axis=1),
        tiou_array(most.window[:, None], labels).max(axis=1),
        most.share,
        away.share,
        covered.min(axis=1),
        covered.max(axis=1),
        np.nan_to_num(most.spread / pool.duration),
        np.nan_to_num(np.nanmin(np.where(true, centre, np.nan), axis=1) / pool.duration, nan=1.0),
        np.nansum(labels[..., 1] - labels[..., 0], axis=1) / pool.duration,
        (lies * weights).sum(axis=1) / total,
    ]
    plain = np.stack(columns, axis=1)
    i, j = np.triu_indices(9)
    return np.concatenate([plain, plain[:, i] * plain[:, j]], axis=1)


def _made_wrong(pool: Pool, rng: np.random.Generator) -> Array:
    """Labels that are wrong, in equal parts moved, another query's, and with both ends moved. Returns: (n, m, 2)."""
    n = len(pool.asked)
    kind = rng.integers(0, 3, n)
    made = _moved(pool, rng)
    made[kind == 1] = _exchanged(pool, rng)[kind == 1]
    made[kind == 2] = _jittered(pool, rng)[kind == 2]
    return made


def _moved(pool: Pool, rng: np.random.Generator) -> Array:
    first, last = np.nanmin(pool.labels[..., 0], axis=1), np.nanmax(pool.labels[..., 1], axis=1)
    start = rng.uniform(size=len(first)) * np.maximum(pool.duration - (last - first), 0.0)
    return pool.labels + (start - first)[:, None, None]


def _exchanged(pool: Pool, rng: np.random.Generator) -> Array:
    """Of another query of the source, or of any, as shares of the duration."""
    order = np.lexsort((rng.uniform(size=len(pool.source)), pool.source))
    follows = np.empty(len(order), dtype=np.int64)
    follows[order] = np.roll(order, -1)
    alone = pool.source[follows] != pool.source
    follows[alone] = rng.permutation(len(order))[alone]
    return pool.labels[follows] * (pool.duration / pool.duration[follows])[:, None, None]


def _jittered(pool: Pool, rng: np.random.Generator) -> Array:
    by = rng.uniform(*JITTER, pool.labels.shape) * rng.choice([-1.0, 1.0], pool.labels.shape)
    moved = np.clip(np.sort(pool.labels + by, axis=2), 0.0, pool.duration[:, None, None])
    empty = moved[..., 1] - moved[..., 0] < 0.1
    return np.where(empty[..., None], np.clip(pool.labels + by[..., :1], 0.0, None), moved)


class _Ratio(NamedTuple):
    """The logarithm of a ratio of densities, linear in features."""

    middle: Array
    scale: Array
    weights: Array

    def of(self, values: Array) -> Array:
        """(n,) of n rows of features."""
        return _with_one((values - self.middle) / self.scale) @ self.weights


def _with_one(values: Array) -> Array:
    return np.concatenate([values, np.ones((len(values), 1))], axis=1)


def _ratio(pool: Array, made: Array) -> _Ratio:
    """Fit log f_made - log f_pool by logistic regression, both counted alike."""
    middle, scale = pool.mean(axis=0), pool.std(axis=0) + 1e-6
    rows = _with_one((np.concatenate([pool, made]) - middle) / scale)
    target = np.r_[np.zeros(len(pool)), np.ones(len(made))]
    each = np.r_[np.full(len(pool), 0.5 / len(pool)), np.full(len(made), 0.5 / len(made))]
    weights = np.zeros(rows.shape[1])
    ridge = np.diag(np.r_[np.full(rows.shape[1] - 1, RIDGE), 0.0])
    for _ in range(ROUNDS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (each * (chance - target)) + ridge @ weights
        curve = (rows * (each * chance * (1.0 - chance))[:, None]).T @ rows + ridge
        step = np.linalg.solve(curve + 1e-9 * np.eye(len(weights)), slope)
        weights = weights - step
        if np.abs(step).max() < 1e-8:
            break
    return _Ratio(middle, scale, weights)


def _largest_share(pool: Array, made: Array) -> float:
    """The largest share of made labels that a pool can hold, by their scores. Args: pool: (n,); made: (r,)."""
    bounds = np.quantile(made, np.linspace(0.0, 1.0 - TAIL, 60))
    of_pool = np.array([(pool >= bound).mean() for bound in bounds])
    of_made = np.array([(made >= bound).mean() for bound in bounds])
    return float(np.clip((of_pool / of_made).min(), 1.0 / len(pool), 1.0))
