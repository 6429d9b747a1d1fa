"""Format: 1 for an answer in exactly the form that its prompt asked for, else 0.

Strict on purpose: it requires reasoning if the prompt asked for some, one answer, no empty tag and a valid window.
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.window_table import check
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """Whether each answer has exactly the form that was asked for. Returns: (n,) of 0.0 and 1.0."""
    check(answers, samples)
    return np.array([float(answer.strict_ok) for answer in answers], dtype=np.float64)
