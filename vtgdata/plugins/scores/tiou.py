"""tIoU: intersection over union of the answer and the truth, in time.

One window is compared with the best true window; several are compared with all true ones, on merged supports. An
answer without a valid window scores 0; a sample without a true window gives NaN.
"""

from collections.abc import Sequence

from vtgdata.metrics.window_table import answer_iou, table, tiou_in_place
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """IoU of each answer with its sample's windows. Returns: (n,) in [0, 1], NaN if a sample has no window."""
    plain = table(answers, samples)
    return plain.where_scored(answer_iou(plain, tiou_in_place))
