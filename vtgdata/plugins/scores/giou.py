"""Distance-aware IoU: generalised IoU in one dimension, mapped to [0, 1].

tIoU is 0 for every answer that misses, near or far, so a group of misses gives no learning signal; here a miss scores
below 0.5, and the closer it is, the higher it scores. One window is compared with the best true window. For several
windows, IoU is that of merged supports, and the gap is the mean distance (weighted by length) of one side's windows to
the nearest window of the other side, averaged over both sides, as a share of the span of both. Source: Rezatofighi et
al., Generalized IoU (CVPR 2019).
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.window_table import Table, hull, mean_per_row, one_or_several, pairs, support_iou, tiou_in_place
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """The score of each answer. Returns: (n,) in [0, 1], NaN if a sample has no window."""
    return one_or_several(answers, samples, lambda said, true, _: giou_array(said, true), _several)


def _several(of: Table) -> Array:
    i, j = pairs(of)
    said, true = of.said.windows[i], of.true.windows[j]
    gap = np.maximum(np.maximum(said[:, 0], true[:, 0]) - np.minimum(said[:, 1], true[:, 1]), 0.0)
    nearest = [np.full(len(flat.row), np.inf) for flat in (of.said, of.true)]
    np.minimum.at(nearest[0], i, gap)
    np.minimum.at(nearest[1], j, gap)
    far = [
        mean_per_row(np.where(np.isinf(value), 0.0, value), flat)
        for value, flat in zip(nearest, (of.said, of.true), strict=True)
    ]
    spans = np.concatenate([hull(of.said), hull(of.true)], axis=1)
    width = np.fmax(spans[:, 1], spans[:, 3]) - np.fmin(spans[:, 0], spans[:, 2])
    return (1.0 + support_iou(of) - (far[0] + far[1]) / 2.0 / np.where(width > 0, width, 1.0)) / 2.0


def giou_array(a: Array, b: Array) -> Array:
    """Generalised IoU row by row, mapped to [0, 1]: (1 + IoU - (hull - union) / hull) / 2.

    Windows that only touch score 0.5; disjoint windows score less the further apart they are.
    Args: a, b: (n, 2) seconds, 0 <= start < end. Returns: (n,) in (0, 1].
    Source: Rezatofighi et al., Generalized IoU (CVPR 2019), in one dimension.

    >>> giou_array(np.array([[0.0, 1.0]]), np.array([[3.0, 4.0]]))
    array([0.25])
    """
    span = np.maximum(a[:, 1], b[:, 1]) - np.minimum(a[:, 0], b[:, 0])
    gap = np.maximum(np.maximum(a[:, 0], b[:, 0]) - np.minimum(a[:, 1], b[:, 1]), 0.0)
    return (1.0 + tiou_in_place(a, b) - gap / span) / 2.0
