"""tIoU: intersection over union of the answer and the truth, in time.

One window counts against the best true one; several against all, on merged supports. An answer without a valid
window scores 0; a sample without a true window does not apply (NaN).
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.window_table import best, support_iou, table
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array, tiou_array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """IoU of each answer with its sample's windows. Returns: (n,) in [0, 1], NaN where a sample has no window."""
    plain = table(answers, samples)
    one = best(plain, lambda said, true, _: tiou_array(said, true))
    if not (plain.said.sizes > 1).any():
        return plain.where_scored(one)
    return plain.where_scored(np.where(plain.said.sizes > 1, support_iou(table(answers, samples, join="both")), one))
