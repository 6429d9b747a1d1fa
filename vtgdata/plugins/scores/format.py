"""Format: 1 for an answer in exactly the form that its prompt asked for, else 0.

Strict on purpose: reasoning present where it was asked for, one answer, no empty tag, a window that is one.
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.window_table import check
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """Whether each answer is in the asked form. Returns: (n,) of 0.0 and 1.0."""
    check(answers, samples)
    return np.array([float(answer.strict_ok) for answer in answers], dtype=np.float64)
