"""What each sample adds to the mean score of answers against other samples' truths: as an answer, and as a truth.

An answer meets only a few truths, which would make its own part noisy: so parts of answers and of truths are fitted
together, each to what the other leaves over. Several metrics are fitted together, since most of the time goes to fetch
what lies far apart in memory.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics.flat import Index
from vtgdata.records.windows import Array

ROUNDS = 4
"""Rounds in which parts of answers and of truths are fitted; each leaves about 1 / draws of the noise."""
TOGETHER = 4
"""Metrics that are fitted together."""
BLOCK = 16_384
"""Samples looked at together, so that they stay near the processor."""


class Meetings(NamedTuple):
    """Which truths the answers to n samples meet."""

    donor: Index
    """(draws, n) whose truth it is."""
    back: Index | None
    """(draws, n) the answer that each truth meets; None where one meets several or none in a draw."""
    uses: Index
    """(n,) how often each truth is met by a usable sample."""


def meetings(donor: Index, usable: NDArray[np.bool_]) -> Meetings:
    """Args: donor: (draws, n) whose truth each answer meets; usable: (n,) which samples count."""
    draws, n = donor.shape
    uses = np.bincount(donor[:, usable].ravel(), minlength=n)
    back, numbers = np.full((draws, n), -1, dtype=np.intp), np.arange(n, dtype=np.intp)
    for row, its in zip(back, donor, strict=True):
        row[its] = numbers
    return Meetings(donor, back if (back >= 0).all() else None, uses)


def parts_of(values: Array, of: Meetings) -> Array:
    """The part of each sample, by metric.

    Args: values: (draws, n, m) what each meeting adds to the mean of m metrics; they are overwritten. Returns: (n, m).
    """
    draws, n, metrics = values.shape
    if not values.any():
        return np.zeros((n, metrics))
    values *= draws
    uses = of.uses[:, None]
    of_answer, of_truth = np.zeros((n, metrics)), np.zeros((n, metrics))
    for _ in range(ROUNDS):
        of_truth = _by_truth(values, of_answer, of)
        of_truth /= np.maximum(uses, 1)
        _by_answer(values, of_truth, of, of_answer)
    of_truth *= uses
    of_truth /= draws
    return np.add(of_answer, of_truth, out=of_answer)


def _by_truth(values: Array, of_answer: Array, of: Meetings) -> Array:
    """(n, m) sums over the answers that each truth meets, without the answers' parts."""
    n, metrics = of_answer.shape
    if of.back is None:
        flat, columns = of.donor.ravel(), range(metrics)
        sums = [np.bincount(flat, (values[:, :, k] - of_answer[:, k]).ravel(), n) for k in columns]
        return np.stack(sums, axis=1).astype(np.float64)
    found, left, here = np.zeros((n, metrics)), np.empty((n, metrics)), np.empty((BLOCK, metrics))
    for its, back in zip(values, of.back, strict=True):
        np.subtract(its, of_answer, out=left)
        for low in range(0, n, BLOCK):
            some = back[low : low + BLOCK]
            found[low : low + BLOCK] += np.take(left, some, axis=0, out=here[: len(some)], mode="clip")
    return found


def _by_answer(values: Array, of_truth: Array, of: Meetings, found: Array) -> None:
    """Set `found`, (n, m), to the means over the truths that each answer meets, without the truths' parts."""
    draws, n, metrics = values.shape
    here = np.empty((BLOCK, metrics))
    for low in range(0, n, BLOCK):
        block = slice(low, min(low + BLOCK, n))
        total, met = found[block], here[: block.stop - low]
        for number in range(draws):
            np.take(of_truth, of.donor[number, block], axis=0, out=met, mode="clip")
            np.subtract(values[number, block], met, out=met if number else total)
            if number:
                total += met
        total /= draws
