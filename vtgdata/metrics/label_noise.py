"""Wrong or hard? What answers say about labels: P(wrong) of each label, by a mixture over the pool.

Where answers agree with each other and not with the label, the label may be wrong; where they scatter, the sample is
hard. Both have a low pass rate. A label's features say how its answers lie to each other and to it. What they are for
wrong labels is known: labels of the pool are made wrong, in KINDS, and the same answers are looked at again. What they
are for right ones is not, since the pool has wrong ones itself:

    f_pool = (1 - s1 - s2) f_right + s1 f_1 + s2 f_2,     P(wrong | x) = (s1 f_1(x) + s2 f_2(x)) / f_pool(x)

The ratios of densities come from logistic regressions of made labels against those of the pool (each counted half).
The largest share of each kind leaves something right everywhere, one after the other, on what the first leaves over;
the second at most half the first. They suppose that somewhere only wrong labels are, which is false where answers err
together: `shared_errors` says what part of them is taken to be wrong, and P(wrong), which is at most 1 without that, is
this part of it everywhere. So the most that is said of any label is the part: where something else shows for certain
that it is wrong, as answers that lie at two other moments may, that is too little.
Sources: Elkan and Noto, Learning classifiers from only positive and unlabeled data (KDD 2008); Blanchard et al.,
Semi-supervised novelty detection (JMLR 2010).
"""

from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics import shared_errors
from vtgdata.metrics.consensus import Consensus, consensus
from vtgdata.metrics.shared_errors import Shared, Votes, votes
from vtgdata.metrics.window_table import tiou_array
from vtgdata.records.windows import Array

MADE = 2
"""Wrong labels of each kind that are made of each sample."""
MOST = 10_000
"""Samples that the regression is fitted on, at most, drawn by the seed."""
LEAST = 50
"""Fewest samples that say anything about a pool."""
JITTER = (2.0, 10.0)
"""Seconds by which both ends are moved, in a third of the made labels."""
MOST_ENDS = 0.5
"""Most labels with wrong ends for each label of another moment: answers cannot tell them from right ones that are met
loosely, so that the largest share that a pool can hold says too much."""
TAIL, FEW = 0.1, 40
"""Least share of made labels that must lie above a bound for the bound to say something about the share; in a small
pool, so large a share that FEW of as many labels as the pool has lie above it."""
RIDGE = 1e-3
"""Weight of the square of the regression's coefficients, per row."""
ROUNDS = 15
MEAN_IOU, AWAY = 0, 6
"""Columns of features."""


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
    order: Array
    """(n,) what it would be if answers never erred together, and may be above 1: by it labels are put in order."""
    share: float
    """Share of wrong labels."""
    low: float
    """Lower end of its 95 % interval."""
    most: float
    """The largest share of wrong labels that the pool can hold, if answers never erred together."""
    shared: Shared
    """How far answers err together."""
    consensus: Consensus
    iou: Array
    """(n,) of the consensus with the nearest true window."""
    passed: Array
    """(n,) share of the answers whose IoU with a true window is 0.5 or more."""

    @property
    def highest(self) -> Array:
        """(n,) P(wrong) if answers never erred together."""
        return np.clip(self.order, 0.0, 1.0)

    @property
    def lowest(self) -> Array:
        """(n,) P(wrong) at the lower end of the share of wrong labels."""
        return self.shared.low * self.highest


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
    some = Pool(*(cast(Any, each)[chosen] for each in pool))
    near = Consensus(*(cast(Any, each)[chosen] for each in most))
    order, shares = np.zeros(n), list[float]()
    voters, voted = shared_errors.voters_of(weights), list[Votes]()
    for make in KINDS:
        labels = [make(some, rng) for _ in range(MADE)]
        made = np.concatenate([features(some, weights[chosen], near, each) for each in labels])
        ratio = _ratio(real[chosen], made)
        score = ratio.of(real)
        part = _largest_share(_away(real), np.clip(1.0 - order, 0.0, 1.0), _away(made))
        shares.append(min(part, MOST_ENDS * shares[0]) if shares else part)
        order = order + shares[-1] * np.exp(np.clip(score, -30, 30))
        each = [votes(some.answers, some.asked, each, voters) for each in labels]
        voted.append(Votes(*(np.concatenate(column) for column in zip(*each, strict=True))))
    real_votes = votes(some.answers, some.asked, some.labels, voters)
    shared, share = shared_errors.estimate(real_votes, voted, shares, some.source), min(sum(shares), 1.0)
    ious = tiou_array(pool.answers[:, :, None], pool.labels[:, None]).max(axis=2)
    return Found(
        wrong=shared.part * np.clip(order, 0.0, 1.0),
        order=order,
        share=shared.part * share,
        low=shared.low * share,
        most=share,
        shared=shared,
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
    return np.where(pool.asked, cast(Array, np.round(rate / rate.max(), 2)), 0.0)


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


def _elsewhere(pool: Pool, rng: np.random.Generator) -> Array:
    """Labels of another moment: half of them moved, half another query's. Returns: (n, m, 2)."""
    half = rng.uniform(size=len(pool.asked)) < 0.5
    return np.where(half[:, None, None], _moved(pool, rng), _exchanged(pool, rng))


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


KINDS = (_elsewhere, _jittered)
"""Makers of wrong labels: of another moment, and of the right moment with wrong ends."""


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
    ridge: Array = np.diag(np.r_[np.full(rows.shape[1] - 1, RIDGE), 0.0])
    for _ in range(ROUNDS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope: Array = rows.T @ (each * (chance - target)) + ridge @ weights
        curve = (rows * (each * chance * (1.0 - chance))[:, None]).T @ rows + ridge
        step = cast(Array, np.linalg.solve(curve + 1e-9 * np.eye(len(weights)), slope))
        weights = weights - step
        if np.abs(step).max() < 1e-4:
            break
    return _Ratio(middle, scale, weights)


def _away(found: Array) -> Array:
    """How far a label lies from its answers: what of them agrees elsewhere, less their mean IoU. Args: features."""
    return found[:, AWAY] - found[:, MEAN_IOU]


def _largest_share(pool: Array, left: Array, made: Array) -> float:
    """The largest share of made labels that a pool can hold, by how far they lie from their answers.

    Not by the ratio of densities: where answers are good, made labels that half overlap the moment are like nothing in
    the pool, which says nothing of those that do not overlap it.

    Args: pool: (n,); left: (n,) what of each label of the pool is not yet another kind's; made: (r,).
    """
    tail = min(0.5, max(TAIL, FEW / len(pool)))
    bounds = np.quantile(made, np.linspace(0.0, 1.0 - tail, 60))
    of_pool = np.array([(((pool >= bound) * left).sum() + 1.0) / (len(pool) + 1.0) for bound in bounds])
    of_made = np.array([(made >= bound).mean() for bound in bounds])
    return float(np.clip((of_pool / of_made).min(), 1.0 / len(pool), 1.0))
