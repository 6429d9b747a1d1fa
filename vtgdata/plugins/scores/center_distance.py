"""Centre distance: 1 - |c - c'|/T, where c and c' are the middles of the answer and of the truth, T the duration.

It measures the position of an answer and ignores its length: use it together with an IoU, not instead of one. One
window is compared with the best true window; several are compared with all true ones by the centre of mass of the time
that they cover. Source: LongVTG-R1's centre reward.
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.flat import Flat
from vtgdata.metrics.window_table import Table, clamped, mean_per_row, one_or_several
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """The score of each answer. Returns: (n,) in [0, 1], NaN if a sample has no window or no duration."""
    return one_or_several(answers, samples, centre_array, _several, timed=True)


def _several(of: Table) -> Array:
    of = clamped(of)
    return np.clip(1.0 - np.abs(_middle(of.said) - _middle(of.true)) / of.duration, 0.0, 1.0)


def _middle(flat: Flat) -> Array:
    return mean_per_row(flat.windows.mean(axis=1), flat)


def centre_array(a: Array, b: Array, duration: Array) -> Array:
    """Closeness of the middles row by row: 1 - |c - c'| / T, after clamping both windows to [0, T].

    Args: a, b: (n, 2) seconds, 0 <= start < end; duration: (n,) seconds, above 0. Returns: (n,) in [0, 1].

    >>> centre_array(np.array([[0.0, 4.0]]), np.array([[4.0, 6.0]]), np.array([10.0]))
    array([0.7])
    """
    whole = duration[:, None]
    return 1.0 - np.abs(np.minimum(a, whole).mean(axis=1) - np.minimum(b, whole).mean(axis=1)) / duration
