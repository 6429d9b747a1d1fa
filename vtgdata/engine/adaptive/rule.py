"""Adaptive n: asks a sample in rounds until its place (too hard, wanted, too easy) is known well enough.

A sample has a true rate in [0, 1]: its pass rate at a threshold, or its mean IoU. Its place is `too_hard` below LOW,
`too_easy` above HIGH, else `wanted`. A Beta prior is fitted to the pool's first round; after each round every sample
has a posterior, hence a probability of being misplaced. The samples with the highest get more answers until the mean
over the pool is below ERROR. Looking at a posterior repeatedly does not bias it, so frequent looks cost nothing; only
the prior can be wrong, and benchmarks/adaptive.py shows by how much.

An answer with a value between 0 and 1 counts as a fraction of a pass, and carries more information than pass/fail,
since pass/fail varies most of all variables in [0, 1] with the same mean. So `Prior.weight` multiplies each answer by
the ratio of the pass/fail (Bernoulli) variance to the variance observed in this pool.
"""

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtgdata.errors import VtgError

Floats = NDArray[np.float64]

ZONE = 0.05
"""Indifference zone: a rate closer than this to an edge counts as well placed on either side of it."""
MARGIN = 0.75
"""Share of ERROR that is used; the rest is a reserve for pools that one Beta distribution or one weight fits badly."""
STEP = 4
"""Additional answers to a sample in each round after the first."""
PLACES = ("too_hard", "wanted", "too_easy")
ALPHA = 0.05


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What to decide about each sample, and how surely: `MEASURE:LOW:HIGH:ERROR`."""

    measure: str
    """Measure of pass rates, as in `iou>=0.5`, `mean_iou` or a score's name: see `engine.measures`."""
    low: float
    """Rates below this are too hard; 0 if no rate is."""
    high: float
    """Rates above this are too easy; 1 if no rate is."""
    error: float
    """Share of the pool that may be misplaced, expected under the fitted prior, in (0, 0.5)."""


class Prior(msgspec.Struct, frozen=True):
    """A Beta distribution of true rates in the pool."""

    a: float
    b: float
    weight: float = 1.0
    """Pass/fail answers that one answer is worth, at least 1: values between 0 and 1 vary less than pass/fail."""


def parse_rule(text: str) -> Rule:
    """A rule from `MEASURE:LOW:HIGH:ERROR`; raises VtgError when the text is not one.

    >>> parse_rule("mean_iou:0.2:0.8:0.05").high
    0.8
    """
    parts = text.split(":")
    try:
        measure, (low, high, error) = parts[0], map(float, parts[1:])
    except ValueError:
        low, high, error, measure = 1.0, 0.0, 0.0, ""
    if not measure or not 0 <= low < high <= 1 or not 0 < error < 0.5 or (low, high) == (0, 1):
        raise VtgError(
            f"--adaptive {text!r}: write MEASURE:LOW:HIGH:ERROR with 0 <= LOW < HIGH <= 1, not both edges at the ends, "
            "and 0 < ERROR < 0.5, as in mean_iou:0.2:0.8:0.05."
        )
    return Rule(measure=measure, low=low, high=high, error=error)


def fit(values: Sequence[Sequence[float]]) -> Prior:
    """The Beta prior whose mean and variance match the estimated ones of the pool's true rates.

    Args:
        values: for each sample, the values of its first answers, in [0, 1]; samples with fewer than two are left out.

    The variance within samples is subtracted, so that few answers do not make the pool look wider than it is. Small
    pools are pulled towards Beta(1/2, 1/2), which counts as much as two samples.
    """
    used = [np.asarray(one, dtype=np.float64) for one in values if len(one) >= 2]
    weight = 2.0 / (len(used) + 2.0)
    means = np.array([one.mean() for one in used] or [0.5])
    within = np.array([one.var(ddof=1) / len(one) for one in used] or [0.0])
    between = float(means.var() - within.mean()) if used else 0.125
    mean = min(max((1 - weight) * float(means.mean()) + weight * 0.5, 0.01), 0.99)
    most = mean * (1 - mean)
    spread = min(max((1 - weight) * between + weight * 0.125, 0.01 * most), 0.95 * most)
    total = most / spread - 1
    return Prior(mean * total, (1 - mean) * total, _weight(used))


def _weight(values: Sequence[Floats]) -> float:
    """Pass/fail (Bernoulli) variance at the samples' means, over the variance within samples; in [1, 10]."""
    within = sum(float(one.var(ddof=1)) for one in values)
    coins = sum(float(one.mean() * (1 - one.mean()) + one.var(ddof=1) / len(one)) for one in values)
    return min(max(coins / within, 1.0), 10.0) if within > 0 and coins > 0 else 1.0


def beta_cdf(x: float, a: Floats, b: Floats) -> Floats:
    """The probability that a Beta(a, b) variable is below x; (n,) in [0, 1].

    Source: the continued fraction of DLMF 8.17.22, by Lentz's method.

    >>> beta_cdf(0.5, np.array([1.0, 2.0]), np.array([1.0, 2.0])).round(6).tolist()
    [0.5, 0.5]
    """
    if not 0 < x < 1:
        return np.full(a.shape, float(x >= 1))
    turned = x > (a + 1) / (a + b + 2)
    p, q, at = np.where(turned, b, a), np.where(turned, a, b), np.where(turned, 1 - x, x)
    front = np.exp(p * np.log(at) + q * np.log1p(-at) - _log_beta(p, q)) / p
    below = np.clip(front * _fraction(at, p, q), 0.0, 1.0)
    return np.where(turned, 1 - below, below)


def _fraction(x: Floats, p: Floats, q: Floats) -> Floats:
    tiny = 1e-300
    c, d = np.ones_like(x), 1 - (p + q) * x / (p + 1)
    d = 1 / np.where(np.abs(d) < tiny, tiny, d)
    value = d.copy()
    for m in range(1, 300):
        for term in (
            m * (q - m) * x / ((p + 2 * m - 1) * (p + 2 * m)),
            -(p + m) * (p + q + m) * x / ((p + 2 * m) * (p + 2 * m + 1)),
        ):
            d, c = 1 + term * d, 1 + term / c
            d = 1 / np.where(np.abs(d) < tiny, tiny, d)
            c = np.where(np.abs(c) < tiny, tiny, c)
            value = value * (c * d)
        if np.all(np.abs(c * d - 1) < 1e-12):
            break
    return value


def _log_beta(a: Floats, b: Floats) -> Floats:
    return np.array(
        [math.lgamma(p) + math.lgamma(q) - math.lgamma(p + q) for p, q in zip(a.tolist(), b.tolist(), strict=True)]
    )


def judge(sums: Floats, counts: Floats, prior: Prior, rule: Rule) -> tuple[NDArray[np.intp], Floats]:
    """The likeliest place of each sample (an index into PLACES), and the probability that it is misplaced.

    Args:
        sums: (n,) the sum of the values of each sample's answers.
        counts: (n,) the number of each sample's answers.
        prior: of true rates.
        rule: the edges. There is no place too_hard if `low` is 0, and no too_easy if `high` is 1.
    """
    a, b = prior.a + prior.weight * sums, prior.b + prior.weight * (counts - sums)
    hard = beta_cdf(rule.low + ZONE, a, b) if rule.low > 0 else np.zeros_like(a)
    easy = 1 - beta_cdf(rule.high - ZONE, a, b) if rule.high < 1 else np.zeros_like(a)
    above = beta_cdf(rule.low - ZONE, a, b) if rule.low > 0 else np.zeros_like(a)
    below = beta_cdf(rule.high + ZONE, a, b) if rule.high < 1 else np.ones_like(a)
    chances = np.stack([hard, below - above, easy])
    return chances.argmax(axis=0), 1 - chances.max(axis=0)


def more(chances: Floats, counts: Floats, rule: Rule, most: int) -> NDArray[np.bool_]:
    """Which samples to ask again. The surest are left as they are, up to a summed probability of MARGIN x ERROR x n.

    Args:
        chances: (n,) probability that a sample is misplaced.
        counts: (n,) number of answers so far.
        rule: only its `error` is used.
        most: maximum number of answers; a sample that has as many is not asked again.
    """
    allowed = MARGIN * rule.error * len(chances)
    open_ = counts < most
    order = np.lexsort((np.arange(len(chances)), np.where(open_, chances, -1.0)))
    total = np.cumsum(chances[order])
    asked = np.zeros(len(chances), dtype=bool)
    asked[order[total > allowed]] = True
    return asked & open_


def interval(total: float, n: int, alpha: float = ALPHA) -> tuple[float, float]:
    """A confidence interval for the mean of values in [0, 1], valid at all n together, however often one looks.

    It holds all m with B(s + 1/2, n - s + 1/2) / B(1/2, 1/2) < m^s (1 - m)^(n - s) / alpha, where s is the sum. This
    follows from Ville's inequality: the ratio is a martingale for pass/fail values and, because c^x is convex, a
    supermartingale for any values in [0, 1].

    >>> [round(bound, 3) for bound in interval(4.0, 8)]
    [0.094, 0.906]
    """
    if n == 0:
        return 0.0, 1.0
    s, f = total, n - total
    bar = float((_log_beta(np.array([s + 0.5]), np.array([f + 0.5])))[0]) - math.log(math.pi) + math.log(alpha)

    def inside(m: float) -> bool:
        gain = (s * math.log(m) if s > 0 else 0.0) + (f * math.log(1 - m) if f > 0 else 0.0)
        return gain > bar

    return _edge(inside, 0.0, s / n), _edge(inside, 1.0, s / n)


def _edge(inside: Any, end: float, within: float) -> float:
    """The end, on the side of `end`, of an interval that contains `within`; found by bisection."""
    outside = end
    for _ in range(50):
        middle = (outside + within) / 2
        if not 0 < middle < 1:
            break
        outside, within = (outside, middle) if inside(middle) else (middle, within)
    return outside
