"""Covered recall: the share of the true time that an answer names, on merged supports.

The whole video scores 1, so as a reward it needs `covered_precision` or an IoU beside it.
"""

from collections.abc import Sequence

from vtgdata.metrics.window_sets import covered_recall
from vtgdata.metrics.window_table import table
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """The recall of each answer. Returns: (n,) in [0, 1], NaN if a sample has no window."""
    of = table(answers, samples)
    return of.where_scored(covered_recall(of))
