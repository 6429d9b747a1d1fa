"""Timestamp-aware IoU: tIoU x (1 - |s - s'|/T) x (1 - |e - e'|/T), after clamping answer and truth to the video.

s and e are the start and end of the answer, s' and e' those of the truth, T is the duration. One window is compared
with the best true window. For several, tIoU is that of merged supports, and s and e are the first start and the last
end. Time-R1 calls it `iou_v2`; without the clamp it can be negative. A sample without a duration gives NaN. Source:
Wang et al., Time-R1 (NeurIPS 2025).
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.window_table import Table, clamped, hull, one_or_several, support_iou, tiou_in_place
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """The score of each answer. Returns: (n,) in [0, 1], NaN if a sample has no window or no duration."""
    return one_or_several(answers, samples, tiou_boundary_array, _several, timed=True)


def _several(of: Table) -> Array:
    of = clamped(of)
    off = np.abs(hull(of.said) - hull(of.true)) / of.duration[:, None]
    return support_iou(of) * np.prod(1.0 - np.minimum(np.nan_to_num(off), 1.0), axis=1)


def tiou_boundary_array(a: Array, b: Array, duration: Array) -> Array:
    """Timestamp-aware IoU row by row: tIoU x (1 - |s - s'|/T) x (1 - |e - e'|/T), after clamping both to [0, T].

    The clamp keeps it from being negative: published code gives -0.31 for a window that extends past the video.
    Args: a, b: (n, 2) seconds, 0 <= start < end; duration: (n,) seconds, above 0. Returns: (n,) in [0, 1].
    Source: Wang et al., Time-R1 (NeurIPS 2025).

    >>> tiou_boundary_array(np.array([[0.0, 5.0]]), np.array([[0.0, 10.0]]), np.array([20.0]))
    array([0.375])
    """
    whole = duration[:, None]
    a, b = np.minimum(a, whole), np.minimum(b, whole)
    value = tiou_in_place(a, b)
    off = np.abs(np.subtract(a, b, out=a), out=a)
    off /= whole
    np.subtract(1.0, off, out=off)
    value *= off[:, 0]
    value *= off[:, 1]
    return value
