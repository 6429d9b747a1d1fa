"""Covered precision: the share of the time that an answer names which lies in the truth, on merged supports.

A short window inside the truth scores 1, so as a reward it needs `covered_recall` or an IoU beside it.
"""

from collections.abc import Sequence

from vtgdata.metrics.window_sets import covered_precision
from vtgdata.metrics.window_table import table
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """The precision of each answer. Returns: (n,) in [0, 1], NaN if a sample has no window."""
    of = table(answers, samples)
    return of.where_scored(covered_precision(of))
