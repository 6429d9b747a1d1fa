"""IoU of sets with the answer joined and the truth as it is: how VUE-TR, TimeLens2 and MomentSeeker count.

Overlapping windows of the answer are joined; time that several true windows cover counts as often as they do. Where no
true windows overlap this is `union_iou`, which joins both sides (OMTG, CG-Bench). Source: VUE-TR's qa_eval.py.
"""

from collections.abc import Sequence

from vtgdata.metrics.window_sets import prediction_merged_iou
from vtgdata.metrics.window_table import table
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """IoU of the sets. Returns: (n,) in [0, 1], NaN if a sample has no window."""
    of = table(answers, samples)
    return of.where_scored(prediction_merged_iou(of))
