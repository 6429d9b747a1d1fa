"""Quantiles of Student's t and of the beta distribution, without scipy, which a plain installation does not have.

Both come from the regularised incomplete beta function. Source: Press et al., Numerical Recipes, 3rd edition, 6.4 and
6.14; tests compare it with scipy.
"""

import math
from functools import lru_cache

TINY = 1e-300
STEPS = 500
"""Most steps of a search; nearly all take fewer than ten."""


def beta_cdf(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta function: the chance that a Beta(a, b) number is at most x.

    Args: x: in [0, 1]; a, b: above 0. Returns [0, 1].

    >>> beta_cdf(0.25, 1.0, 1.0)
    0.25
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )  # fmt: skip
    if x < (a + 1) / (a + b + 2):  # the side on which the fraction converges fast
        return min(1.0, front * _fraction(x, a, b) / a)
    return max(0.0, 1.0 - front * _fraction(1 - x, b, a) / b)


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1.0 / ((1.0 - (a + b) * x / (a + 1)) or TINY)
    found = d
    for m in range(1, 10_000):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / ((1.0 + numerator * d) or TINY)
            c = (1.0 + numerator / c) or TINY
            found *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return found


@lru_cache(maxsize=10_000)
def beta_quantile(p: float, a: float, b: float) -> float:
    """The number in [0, 1] that a Beta(a, b) number is at most with chance p. Args: p: in (0, 1); a, b: above 0.

    By Newton's method; where a step would leave the bounds found so far, by halving them.
    """
    low, high, x = 0.0, 1.0, a / (a + b)
    whole = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    for _ in range(STEPS):
        over = beta_cdf(x, a, b) - p
        low, high = (low, x) if over > 0 else (x, high)
        density = math.exp(whole + (a - 1) * math.log(x) + (b - 1) * math.log1p(-x)) if 0 < x < 1 else 0.0
        step = x - over / density if density > TINY else math.nan
        following = step if low < step < high else (low + high) / 2
        if abs(following - x) <= 1e-12 * min(x, 1.0 - x) or following in (low, high):
            return following
        x = following
    return x


def t_quantile(level: float, df: float) -> float:
    """The t that a Student's t with `df` degrees of freedom lies within, on both sides of 0, with chance `level`.

    Args: level: in (0, 1); df: above 0, whole or not. T^2 / (df + T^2) has a Beta(1/2, df/2) distribution.

    >>> round(t_quantile(0.95, 9.0), 4)
    2.2622
    """
    x = beta_quantile(level, 0.5, df / 2)
    return math.sqrt(df * x / (1 - x)) if x < 1 else math.inf


def clopper_pearson(successes: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson's interval of a proportion; neither number need be whole.

    Args: successes: in [0, n]; n: above 0. Returns (low, high) in [0, 1].

    >>> [round(bound, 4) for bound in clopper_pearson(0, 100)]
    [0.0, 0.0362]
    """
    tail, failures = (1 - level) / 2, n - successes
    low = beta_quantile(tail, successes, failures + 1) if successes > 1e-12 else 0.0
    high = beta_quantile(1 - tail, successes + 1, failures) if failures > 1e-12 else 1.0
    return low, high
