"""Union IoU: intersection over union of all that the answer covers and all that the truth covers.

On merged supports, so that it depends neither on the order of windows nor on how a stretch of time is cut into them.
For one true window it is tIoU; for several, all of them have to be found. Source: METHOD of VideoChat-R1's grounded
question answering, with an empty union as 0 rather than 1.
"""

from collections.abc import Sequence

from vtgdata.metrics.window_table import support_iou, table
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """IoU of the supports. Returns: (n,) in [0, 1], NaN where a sample has no window."""
    supports = table(answers, samples, join="both")
    return supports.where_scored(support_iou(supports))
