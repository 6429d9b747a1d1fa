"""Matched F1: the mean F1 of matched windows at IoU 0.3, 0.5 and 0.7; for queries that happen several times.

Windows are matched one to one so that the sum of their IoUs is largest; a window too many or too few lowers it.
Source: tF1 of OMTG (2606.06294), averaged over its three thresholds as its reward does.
"""

from collections.abc import Sequence

from vtgdata.metrics.window_sets import mean_matched_f1
from vtgdata.metrics.window_table import table
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """The F1 of each answer. Returns: (n,) in [0, 1], NaN if a sample has no window."""
    of = table(answers, samples)
    return of.where_scored(mean_matched_f1(of))
