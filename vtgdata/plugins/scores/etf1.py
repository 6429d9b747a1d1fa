"""EtF1: whether the number of windows is right, times the mean F1 of matched windows at IoU 0.3, 0.5 and 0.7.

Windows are matched one to one so that the sum of their IoUs is largest. A wrong number of windows scores 0, so use it
beside a softer score while answers are poor. Source: OMTG (2606.06294), whose figure is this in per cent.
"""

from collections.abc import Sequence

from vtgdata.metrics.window_sets import count_right, mean_matched_f1
from vtgdata.metrics.window_table import table
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """EtF1 of each answer. Returns: (n,) in [0, 1], NaN if a sample has no window."""
    of = table(answers, samples)
    return of.where_scored(count_right(of) * mean_matched_f1(of))
