"""Chances corrected by what turned out: a factor for each fifth of [0, 1], 1 where little is known.

    factor of a fifth = (PRIOR + labels found wrong) / (PRIOR + labels said to be wrong, the sum of their chances)

Between the fifths' means corrected chances are interpolated, and never fall where the chance rises. With nothing
judged, chances stay as they are. The rows that were judged may have been chosen by the chance itself, as the top of a
queue is: what is fitted is how often a label of about that chance is wrong, which such a choice leaves alone. A line on
the log-odds (Platt) was tried: a queue is nearly all of high chances, and what it says of them spoilt the low ones,
which most labels have.
Sources: the factor is the mean of a Gamma(PRIOR, PRIOR) prior after Poisson counts, as a standardised ratio of deaths
is shrunk (Clayton and Kaldor, Biometrics 1987); Zadrozny and Elkan, calibrated estimates by bins (ICML 2001); monotone
by pooling adjacent violators (Ayer et al., Ann. Math. Stat. 1955).
"""

from typing import Any, NamedTuple, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics.intervals import wilson
from vtgdata.records.windows import Array

PRIOR = 5.0
"""Labels found as wrong as they were said to be, before anything is judged."""
FOLDS, BINS = 5, 5


class Correction(NamedTuple):
    """Of BINS fifths of [0, 1], in their order."""

    said: Array
    """Mean chance of the judged labels; the middle where there are none."""
    wrong: Array
    """The corrected chance."""
    known: Any
    """(BINS,) how many wrong labels it stands on, PRIOR included."""

    def of(self, chance: Array) -> tuple[Array, Array, Array]:
        """The corrected chances, and the ends of their 95 % intervals."""
        above = min(float(self.wrong[-1]) / float(self.said[-1]), 1.0)
        said, wrong = np.concatenate([[0.0], self.said, [1.0]]), np.concatenate([[0.0], self.wrong, [above]])
        middle = np.interp(chance, said, wrong)
        known = cast(Array, np.interp(chance, self.said, self.known))
        half = np.exp(1.96 / np.sqrt(known))
        return middle, middle / half, np.minimum(middle * half, 1.0)


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """Judged labels with about the same chance of being wrong."""

    said: float
    """Their mean chance."""
    wrong: float
    """Share of them that is wrong."""
    low: float
    high: float
    """95 % interval of that share."""
    labels: int


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """How well chances fit what was decided."""

    labels: int
    """Labels that were decided."""
    wrong: int
    """Of these, labels that were not accepted."""
    before: list[Bin]
    """With the chances as they were."""
    after: list[Bin]
    """With corrected ones; of each label by the decisions about other sources alone."""


def fit(chance: Array, wrong: NDArray[np.bool_]) -> Correction:
    """The correction. Args: chance: (n,) in [0, 1]; wrong: (n,) what turned out."""
    place = _places(chance)
    labels, total, found = (
        np.bincount(place, weights=each, minlength=BINS) for each in (np.ones(len(chance)), chance, wrong)
    )
    middle = (np.arange(BINS) + 0.5) / BINS
    said = np.where(total > 0, total / np.maximum(labels, 1.0), middle)
    known = found + PRIOR
    return Correction(said, _rising(np.minimum(said * known / (total + PRIOR), 1.0), total + PRIOR), known)


def _rising(values: Array, weights: Any) -> Array:
    """The nearest values that never fall: the weighted mean of neighbours, where they would.

    >>> _rising(np.array([0.1, 0.5, 0.3]), np.array([1.0, 1.0, 3.0])).round(3).tolist()
    [0.1, 0.35, 0.35]
    """
    blocks: list[list[float]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        blocks.append([value, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (first, one, m), (second, other, n) = blocks[-2:]
            blocks[-2:] = [[(first * one + second * other) / (one + other), one + other, m + n]]
    return np.concatenate([np.full(int(number), value) for value, _, number in blocks])


def measured(chance: Array, wrong: NDArray[np.bool_], source: NDArray[np.int64]) -> Measured:
    """How well the chances fit what turned out, as they are and corrected. Args: (n,) each."""
    _, number = np.unique(source, return_inverse=True)
    fold = np.random.default_rng(0).permutation(int(number.max()) + 1)[number] % FOLDS
    after = chance.copy()
    for held in range(FOLDS):
        after[fold == held] = fit(chance[fold != held], wrong[fold != held]).of(chance[fold == held])[0]
    return Measured(labels=len(wrong), wrong=int(wrong.sum()), before=_bins(chance, wrong), after=_bins(after, wrong))


def _bins(chance: Array, wrong: NDArray[np.bool_]) -> list[Bin]:
    place = _places(chance)
    found: list[Bin] = []
    for number in np.unique(place).tolist():
        here = place == number
        share = float(wrong[here].mean())
        low, high = wilson(share, int(here.sum()))
        found.append(Bin(said=float(chance[here].mean()), wrong=share, low=low, high=high, labels=int(here.sum())))
    return found


def _places(chance: Array) -> NDArray[np.int64]:
    """The number of each chance's fifth."""
    return np.minimum((chance * BINS).astype(np.int64), BINS - 1)
