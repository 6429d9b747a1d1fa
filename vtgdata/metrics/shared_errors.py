"""How many of the labels that no answer meets are right? Answers err together, so not all of them are wrong.

On a hard sample with a salient other moment all answers are there, and look like the answers to a wrong label. How
often, is estimated from the pool itself: a right label is met by some of K voters, and how many of K differs from label
to label more than if each voter met it by chance alone, which is their agreement. The labels met by one, two, .. of
them, nearly all right, tell how many right ones are met by none: the animals never caught of a capture-recapture count.

    P(m of K meet | right) = Beta-binomial(m; K, mean, agreement);  P(m | wrong) is counted on labels made wrong
    P(m | pool) = (1 - t most) P(m | right) + t most P(m | wrong),  t in [0, 1]

`most` is the largest share of wrong labels that a pool can hold, met where right ones never look like wrong ones. Of t
the mean under flat priors of t, mean and agreement is taken, with its 95 % interval; the design effect of sources
divides the likelihood. One voter tells nothing, two little, and t is then about a half, from nearly 0 to nearly 1; so
it is with answers of one model that are always the same. That chances differ as a Beta distribution does is an
assumption that no pool can test, and one t for all labels is another: a person's decisions can.
Sources: Dorazio and Royle, Mixture models for estimating the size of a closed population when capture rates vary among
individuals (Biometrics 2003); Link, Nonidentifiability of population size from capture-recapture data with
heterogeneous detection probabilities (Biometrics 2003); Eckhardt and Lee, A theoretical basis for the analysis of
multiversion software subject to coincident errors (IEEE TSE 1985).
"""

from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics.window_table import tiou_array
from vtgdata.records.windows import Array

STRONG = 0.5
"""Least reliability, of the best answer's, of an answer that is a voter; weaker ones stand by the voter before them."""
GRID, LEVELS, REACH = 16, 6, 6.0
"""Values of the mean and of the agreement; how often they are drawn anew, and how many standard deviations around."""
STEPS = 41
"""Values of t."""
LEAST = 20
"""Fewest labels with the same number of voters that are counted."""


class Votes(NamedTuple):
    """How many voters met each of n labels."""

    voters: NDArray[np.int64]
    """(n,) that voted."""
    met: NDArray[np.int64]
    """(n,) of these, voters with a window that has an IoU of 0.5 or more with a true one."""


class Shared(NamedTuple):
    """What the pool tells of errors that its voters share."""

    voters: int
    """Of most labels."""
    agreement: float
    """Correlation of two voters meeting a right label, in (0, 1)."""
    part: float
    """Of the largest share of wrong labels that the pool can hold, what is taken to be wrong: the mean of t."""
    low: float
    """Lower end of its 95 % interval."""

    @property
    def independent(self) -> float:
        """Number of voters that err independently and tell as much of a mean.

        >>> Shared(4, 0.25, 1.0, 1.0).independent
        2.2857142857142856
        """
        return self.voters / (1.0 + (self.voters - 1) * self.agreement)


def voters_of(weights: Array) -> list[list[int]]:
    """The columns of each voter.

    A strong answer is a voter; the weaker ones that follow it, as the further windows of a ranked list do, are its
    second guesses. Answers of one model that are drawn alike are a voter each: how alike they are is measured, not
    assumed. Args: weights: (n, k) of the answers, as `label_noise.reliability` gives them.

    >>> voters_of(np.array([[1.0, 0.2, 0.1, 0.8, 0.3]]))
    [[0, 1, 2], [3, 4]]
    """
    found: list[list[int]] = []
    of_column = cast(Array, weights.max(axis=0))
    for column, strong in enumerate((of_column >= STRONG * of_column.max()).tolist()):
        if strong:
            found.append([column])
        elif found:
            found[-1].append(column)
    return found


def votes(answers: Array, asked: NDArray[np.bool_], labels: Array, voters: Sequence[Sequence[int]]) -> Votes:
    """The votes on labels. Args: answers: (n, k, 2); asked: (n, k); labels: (n, m, 2)."""
    meets = tiou_array(answers[:, :, None], labels[:, None]).max(axis=2) >= 0.5
    there = np.stack([asked[:, columns].any(axis=1) for columns in voters], axis=1)
    met = np.stack([(meets & asked)[:, columns].any(axis=1) for columns in voters], axis=1)
    return Votes(there.sum(axis=1).astype(np.int64), met.sum(axis=1).astype(np.int64))


def estimate(pool: Votes, made: Sequence[Votes], shares: Sequence[float], source: NDArray[np.int64]) -> Shared:
    """What part of the largest share of wrong labels is taken to be wrong.

    Args:
        pool: votes on the labels as they are.
        made: of each kind, votes on labels that were made wrong.
        shares: of each kind, the largest share of wrong labels that the pool can hold.
        source: (n,) number of each label's source.
    """
    t, counted = np.linspace(0.0, 1.0, STEPS), np.bincount(pool.voters)
    groups: list[tuple[int, Array, Array]] = []
    for k in np.flatnonzero(counted >= LEAST).tolist():
        if k:
            wrong = sum((each * _shares(votes, k) for each, votes in zip(shares, made, strict=True)), np.zeros(k + 1))
            groups.append((k, np.bincount(pool.met[pool.voters == k], minlength=k + 1).astype(np.float64), wrong))
    likelihood, agreement = _integrated(groups, t, min(sum(shares), 1.0), _design_effect(pool, source))
    weight = np.exp(likelihood - likelihood.max())
    weight /= weight.sum()
    return Shared(
        voters=int(np.argmax(counted)),
        agreement=float(weight @ agreement),
        part=float(weight @ t),
        low=float(t[int(np.searchsorted(np.cumsum(weight), 0.025))]),
    )


def _integrated(
    groups: Sequence[tuple[int, Array, Array]], t: Array, most: float, effect: float
) -> tuple[Array, Array]:
    """(STEPS,) logarithm of the likelihood of each t, over means and agreements; and their mean agreement.

    On a grid that is drawn anew LEVELS times, each t's around where its likelihood is: a fixed grid is too coarse for a
    large pool, and t would make up for it.
    """
    low, high = np.zeros((2, len(t), 1)), np.ones((2, len(t), 1))
    likelihood, centre = np.zeros(len(t)), np.full((2, len(t), 1), 0.5)
    for _ in range(LEVELS):
        cell = (high - low) / GRID
        axes = np.clip(low + (np.arange(GRID) + 0.5) * cell, 1e-9, 1.0 - 1e-9)
        mean, agreement = np.repeat(axes[0], GRID, axis=1), np.tile(axes[1], GRID)
        fits = np.zeros(mean.shape)
        for k, counts, wrong in groups:
            right = beta_binomial(k, mean.ravel(), agreement.ravel()).reshape(*mean.shape, k + 1)
            chance = (1.0 - t * most)[:, None, None] * right + t[:, None, None] * wrong
            fits += np.log(np.maximum(chance, 1e-300)) @ counts / effect
        best = fits.max(axis=1, keepdims=True)
        weight = np.exp(fits - best)
        total = weight.sum(axis=1)
        likelihood = best[:, 0] + np.log(total * cell.prod(axis=0)[:, 0])
        values = np.stack([mean, agreement])
        centre = (values * weight).sum(axis=2, keepdims=True) / total[:, None]
        spread = np.sqrt(((values - centre) ** 2 * weight).sum(axis=2, keepdims=True) / total[:, None] + cell**2 / 12)
        low, high = np.maximum(centre - REACH * spread, 0.0), np.minimum(centre + REACH * spread, 1.0)
    return likelihood, centre[1, :, 0]


def beta_binomial(k: int, mean: Array, agreement: Array) -> Array:
    """(g, k + 1) chances that 0 to k of k voters meet, of g pairs of mean and agreement, both in (0, 1).

    >>> beta_binomial(2, np.array([0.5]), np.array([1 / 3])).round(3).tolist()
    [[0.333, 0.333, 0.333]]
    """
    size = 1.0 / agreement - 1.0
    a, b, both = (_rising(start, k) for start in (mean * size, (1.0 - mean) * size, size))
    ways = _rising(np.ones(1), k)
    log_ways = ways[:, -1:] - ways - ways[:, ::-1]
    return np.exp(log_ways + a + b[:, ::-1] - both[:, -1:])


def _rising(start: Array, k: int) -> Array:
    """(g, k + 1) logarithms of start (start + 1) .. (start + m - 1), m from 0 to k."""
    steps = np.log(start[:, None] + np.arange(k))
    return np.concatenate([np.zeros((len(start), 1)), np.cumsum(steps, axis=1)], axis=1)


def _shares(made: Votes, k: int) -> Array:
    """(k + 1,) shares of made labels with k voters that 0 to k of them meet; each counts half a label more."""
    counts = np.bincount(made.met[made.voters == k], minlength=k + 1) + 0.5
    return counts / counts.sum()


def _design_effect(pool: Votes, source: NDArray[np.int64]) -> float:
    """How many times as large the variance of the mean vote is by sources as by labels; at least 1."""
    share = pool.met / np.maximum(pool.voters, 1)
    off = share - share.mean()
    alone = float((off**2).sum())
    return max(1.0, float((np.bincount(source, weights=off) ** 2).sum()) / alone) if alone > 0 else 1.0
