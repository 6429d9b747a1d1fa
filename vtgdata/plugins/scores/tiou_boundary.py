"""Timestamp-aware IoU: tIoU x (1 - |s - s'|/T) x (1 - |e - e'|/T), answer and truth clamped to the video first.

One window counts against the best true one. Several count on merged supports, their first start and last end against
the truth's. Time-R1 names it `iou_v2`; without the clamp it can be negative. A sample without a duration does not
apply (NaN). Source: Wang et al., Time-R1 (NeurIPS 2025).
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.window_table import Table, clamped, hull, one_or_several, support_iou
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array, tiou_boundary_array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """The score of each answer. Returns: (n,) in [0, 1], NaN where a sample has no window or no duration."""
    return one_or_several(answers, samples, tiou_boundary_array, _several, timed=True)


def _several(of: Table) -> Array:
    of = clamped(of)
    off = np.abs(hull(of.said) - hull(of.true)) / of.duration[:, None]
    return support_iou(of) * np.prod(1.0 - np.minimum(np.nan_to_num(off), 1.0), axis=1)
