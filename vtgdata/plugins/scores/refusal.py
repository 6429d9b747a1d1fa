"""Refusal: 1 where an answer is right about whether the moment is there at all, else 0; where it lies does not matter.

A sample that is known to have no moment wants an answer that says so; any other wants a window. An answer that says
neither (an empty text, words without a window, a model that declines) scores 0 on both. All other window scores give
the same 1 or 0 to samples without a moment; so `tiou_boundary` is RA-RFT's reward on both kinds.
Sources: `refuse_iou` of RA-RFT (2511.23151); rejection accuracy of NA-VMR (WACV 2025).
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.window_table import table
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """Whether each answer is right about it. Returns: (n,) of 0.0 and 1.0, NaN if nobody knows whether there is one."""
    of = table(answers, samples)
    return of.where_scored(np.ones(len(of.duration)))
