"""Count right: 1 for an answer with as many windows as the truth has, else 0; where they lie does not matter.

Windows are counted as they are listed, touching ones apart. Use it beside an IoU. Source: C-Acc of OMTG (2606.06294).
"""

from collections.abc import Sequence

from vtgdata.metrics.window_sets import count_right
from vtgdata.metrics.window_table import table
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """Whether the number is right. Returns: (n,) of 0.0 and 1.0, NaN if a sample has no window."""
    of = table(answers, samples)
    return of.where_scored(count_right(of))
