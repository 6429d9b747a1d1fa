"""The sign-flip test: could the difference of two systems be chance, given what each source says?

If two systems are equally good, which of them is ahead on a source is chance, so the sign of each source's difference
may be flipped. p is the share of all choices of signs that give a difference at least as far from 0 as the observed.
The test needs no distribution and no number of sources from which on it holds, but G sources give no p below
2 / 2^G: .0625 for five. Source: Ernst, Permutation methods (Statistical Science 2004); for clusters, Canay, Romano and
Shaikh, Randomization tests under an approximate symmetry assumption (Econometrica 2017).
"""

from collections.abc import Iterator

import numpy as np

from vtgdata.records.windows import Array

EXACT = 13
"""Most sources for which all 2^G choices of signs are tried, not drawn."""
DRAWN = 4_999
"""Choices of signs drawn for more sources; the observed one is counted beside them."""
CHUNK = 500
"""Choices held in memory at a time."""


def p_values(totals: Array, *, seed: int = 0) -> Array:
    """The two-sided p of each of m metrics.

    Args:
        totals: (G, m) sum of the differences of each source.
        seed: of the signs drawn.

    Returns: (m,) in (0, 1].
    """
    # A source without a difference adds nothing, whatever its sign.
    totals = totals[(totals != 0).any(axis=1)]
    count = len(totals)
    # Slightly below the observed one, so that the order of adding does not matter.
    observed = np.abs(totals.sum(axis=0)) * (1 - 1e-9)
    as_far, tried = np.zeros(totals.shape[1]), 0
    for signs in _all(count) if count <= EXACT else _drawn(count, seed):
        as_far += (np.abs(signs @ totals) >= observed).sum(axis=0)
        tried += len(signs)
    return as_far / tried if count <= EXACT else (1 + as_far) / (1 + tried)


def _all(count: int) -> Iterator[Array]:
    """Every choice of signs but for its mirror image, which gives the same distance from 0. Arrays of (k, count)."""
    numbers = np.arange(2 ** max(0, count - 1), dtype=np.int64)
    yield np.where((numbers[:, None] >> np.arange(count)) & 1, -1.0, 1.0)


def _drawn(count: int, seed: int) -> Iterator[Array]:
    rng = np.random.default_rng(seed)
    for n in [CHUNK] * (DRAWN // CHUNK) + [DRAWN % CHUNK]:
        yield np.where(rng.integers(0, 2, (n, count), dtype=np.int8), -1.0, 1.0)
