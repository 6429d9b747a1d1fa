"""Difficulty that is remembered: what an earlier checkpoint, or another model, answered becomes a prior for this one.

How much of it counts is learnt from a probe, a small share of the samples that is asked afresh: a logistic regression
of the probe's rates on the earlier rates and on facts of the samples (share of the window, corpus, what a guess without
looking scores, length of the query) gives each sample the mean of its prior, and the spread of the probe's rates round
these means gives its weight. Both are judged on samples left out of the fit; where the pool's own prior says as much,
the earlier answers are of no help and are not used. Source of the Bayesian part, for prompts in text: MoPPS
(2507.04632).
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtgdata.engine.adaptive import posteriors
from vtgdata.engine.adaptive.rounds import Places
from vtgdata.engine.adaptive.rule import Floats, Prior, Rule
from vtgdata.engine.measures import Measure

SHARE, LEAST = 0.05, 100
"""Share of the samples in the probe, and their least number."""
FOLDS = 5
RIDGE = 1.0
"""Weight of the squared coefficients against the log-likelihood; the facts have a spread of 1."""
WEIGHTS = np.geomspace(0.5, 50.0, 40)
"""Answers that a prior may be worth."""
CAUTION = 2.0
"""By how much the log-likelihood of a weight may be below that of the best one: a 95 % interval."""


class Learnt(msgspec.Struct, frozen=True):
    """What the probe said of the earlier answers."""

    gain: float
    """Log-likelihood of a probe's sample that was left out, above that under the pool's prior; a mean."""
    error: float
    """Standard error of the gain."""
    worth: float
    """Answers that the prior of a sample is worth."""
    coefficients: tuple[float, ...]
    """Of the facts, in units of their spread; the first is the constant."""
    weight: float
    """Pass/fail answers that one answer is worth."""

    @property
    def helps(self) -> bool:
        """Whether the gain is surely above 0."""
        return self.gain > 2 * self.error


def probe_of(n: int, seed: int) -> NDArray[np.intp]:
    """The numbers of the samples that are asked afresh at first, sorted."""
    size = min(n, max(LEAST, round(SHARE * n)))
    return np.sort(np.random.default_rng(seed).permutation(n)[:size])


def logit(means: Floats, counts: Floats) -> Floats:
    """The log odds of a rate of few answers, drawn towards 1/2 by one answer; 0 where there is no answer."""
    passes = np.nan_to_num(means) * counts
    return np.log((passes + 0.5) / (counts - passes + 0.5))


def learn(facts: Floats, means: Floats, stds: Floats, counts: Floats) -> Learnt:
    """Learn from a probe.

    Args:
        facts: (n, k) of its samples, each with mean 0 and a spread of 1.
        means: (n,) means of the values of their fresh answers.
        stds: (n,) their standard deviations.
        counts: (n,) their numbers.
    """
    pool = posteriors.fit(means, stds, counts)
    design = np.column_stack([np.ones(len(means)), facts])
    fold = np.arange(len(means)) % FOLDS
    left_out = np.zeros(len(means))
    for each in range(FOLDS):
        kept = fold != each
        beta = _fit(design[kept], means[kept], counts[kept] * pool.weight)
        left_out[~kept] = _sigmoid(design[~kept] @ beta)
    passes, answers = means * counts * pool.weight, counts * pool.weight
    scores = [_likelihood(left_out * worth, (1 - left_out) * worth, passes, answers) for worth in WEIGHTS]
    sums = np.array([score.sum() for score in scores])
    # Of the weights that the probe allows the least: a prior that claims too much ends the asking too early.
    best = int(np.flatnonzero(sums >= sums.max() - CAUTION)[0])
    ones = np.ones(len(means))
    gains = scores[best] - _likelihood(pool.a * ones, pool.b * ones, passes, answers)
    return Learnt(
        gain=float(gains.mean()),
        error=float(gains.std() / np.sqrt(len(gains))),
        worth=float(WEIGHTS[best]),
        coefficients=tuple(_fit(design, means, counts * pool.weight).tolist()),
        weight=pool.weight,
    )


def priors(learnt: Learnt, facts: Floats) -> tuple[Floats, Floats]:
    """The prior's a and b of each sample; `facts` as for `learn`."""
    mean = _sigmoid(np.column_stack([np.ones(len(facts)), facts]) @ np.array(learnt.coefficients))
    return mean * learnt.worth, (1 - mean) * learnt.worth


def standardised(columns: Sequence[Floats]) -> Floats:
    """Columns with mean 0 and a spread of 1, unknown values at the mean; a column without a spread is 0."""
    found: list[Floats] = []
    for column in columns:
        known = np.isfinite(column)
        mean = float(column[known].mean()) if known.any() else 0.0
        filled = np.where(known, column, mean) - mean
        spread = float(filled.std())
        found.append(filled / spread if spread > 1e-12 else np.zeros(len(column)))
    return np.column_stack(found)


def _fit(design: Floats, means: Floats, counts: Floats) -> Floats:
    """Coefficients of a ridge logistic regression of rates, by Newton's method."""
    beta = np.zeros(design.shape[1])
    ridge = RIDGE * np.eye(design.shape[1])
    ridge[0, 0] = 1e-6
    for _ in range(30):
        mu = _sigmoid(design @ beta)
        slope = design.T @ (counts * (means - mu)) - ridge @ beta
        curve = (design * (counts * mu * (1 - mu))[:, None]).T @ design + ridge
        step = np.linalg.solve(curve, slope)
        # A step of rates that are all 0 or 1 would run off.
        beta = beta + step * min(1.0, 4.0 / (1e-12 + float(np.abs(step).max())))
        if float(np.abs(step).max()) < 1e-8:
            break
    return beta


def _sigmoid(x: Floats) -> Floats:
    return np.clip(1 / (1 + np.exp(-np.clip(x, -30, 30))), 0.005, 0.995)


def _likelihood(a: Floats, b: Floats, passes: Floats, counts: Floats) -> Floats:
    """The log-likelihood of answers under a Beta prior, without the part that depends on the answers alone."""
    return _log_beta(a + passes, b + counts - passes) - _log_beta(a, b)


def _log_beta(a: Floats, b: Floats) -> Floats:
    return posteriors.log_gamma(a) + posteriors.log_gamma(b) - posteriors.log_gamma(a + b)


class Remembered(Places):
    """An adaptive rule that begins with what earlier answers say, if a probe shows that they help."""

    def __init__(
        self, rule: Rule, measure: Measure, *, first: int, most: int, seed: int, ids: Sequence[str], facts: Floats
    ) -> None:
        """Take the rule and the facts: (n, k) of the samples in the order of `ids`, as `standardised` makes them."""
        super().__init__(rule, measure, first=first, most=most)
        self._seed, self._facts = seed, facts
        self._place = {name: place for place, name in enumerate(ids)}
        self.learnt: Learnt | None = None
        """What the probe said; None before it was asked, or if nothing of it was answered."""

    def opening(self, ids: Sequence[str]) -> Iterator[dict[str, int]]:
        """Yield the round of the probe, `first` answers each, and that of the others: one answer, or as many."""
        places: list[int] = probe_of(len(ids), self._seed).tolist()
        probe = [ids[place] for place in places]
        yield dict.fromkeys(probe, self.first)
        self._learn([name for name in probe if len(self.found.get(name, ())) >= self.first])
        asked = set(probe)
        each = 1 if self.learnt is not None and self.learnt.helps else self.first
        if rest := [name for name in ids if name not in asked]:
            yield dict.fromkeys(rest, each)

    def _learn(self, probe: Sequence[str]) -> None:
        if len(probe) < 2 * FOLDS:
            return
        values = np.array([self.found[name][: self.first] for name in probe], dtype=np.float64)
        places = [self._place[name] for name in probe]
        counts = np.full(len(probe), float(self.first))
        self.learnt = learn(self._facts[places], values.mean(axis=1), values.std(axis=1), counts)

    def priors(self, ids: Sequence[str]) -> Prior:
        """The prior of each sample: that of the pool, where the earlier answers are of no help."""
        if self.learnt is None or not self.learnt.helps:
            return super().priors(ids)
        a, b = priors(self.learnt, self._facts[[self._place[name] for name in ids]])
        # `judge` takes arrays as well, an entry for each sample.
        return Prior(cast("Any", a), cast("Any", b), self.learnt.weight)
