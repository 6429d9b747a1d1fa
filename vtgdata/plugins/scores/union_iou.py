"""Union IoU: intersection over union of all the time that the answer covers and all that the truth covers.

It is computed on merged supports, so that neither the order of windows matters nor how a stretch of time is split into
them. With one window on each side it equals tIoU; with several true windows, an answer must find all of them. Source:
the method of VideoChat-R1's grounded question answering, except that an empty union gives 0 instead of 1.
"""

from collections.abc import Sequence

from vtgdata.metrics.window_table import support_iou, table
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """IoU of the supports. Returns: (n,) in [0, 1], NaN if a sample has no window."""
    supports = table(answers, samples, join="both")
    return supports.where_scored(support_iou(supports))
