"""Centre distance: 1 - |c - c'|/T, where c and c' are the middles of the answer and of the truth, T the duration.

It says where an answer lies and nothing of its length: a help beside an IoU, not in its place. One window counts
against the best true one; of several, the middle is that of all they cover. Source: LongVTG-R1's centre reward.
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.window_table import Flat, Table, clamped, mean_per_row, one_or_several
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """The score of each answer. Returns: (n,) in [0, 1], NaN where a sample has no window or no duration."""
    return one_or_several(answers, samples, centre_array, _several, timed=True)


def _several(of: Table) -> Array:
    of = clamped(of)
    return np.clip(1.0 - np.abs(_middle(of.said) - _middle(of.true)) / of.duration, 0.0, 1.0)


def _middle(flat: Flat) -> Array:
    return mean_per_row(flat.windows.mean(axis=1), flat)


def centre_array(a: Array, b: Array, duration: Array) -> Array:
    """Nearness of the middles row by row: 1 - |c - c'| / T, both windows clamped to [0, T] first.

    Args: a, b: (n, 2) seconds, 0 <= start < end; duration: (n,) seconds, above 0. Returns: (n,) in [0, 1].

    >>> centre_array(np.array([[0.0, 4.0]]), np.array([[4.0, 6.0]]), np.array([10.0]))
    array([0.7])
    """
    whole = duration[:, None]
    return 1.0 - np.abs(np.minimum(a, whole).mean(axis=1) - np.minimum(b, whole).mean(axis=1)) / duration
