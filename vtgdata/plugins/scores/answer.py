"""Answer: 1 for the right option's letter, else 0; NaN if the question has no options.

The window beside the letter does not matter: it may be wrong or missing.
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.qa import right_option
from vtgdata.metrics.window_table import check
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """Whether each answer has the right option. Returns: (n,) of 0.0 and 1.0, NaN if a sample has no right option."""
    check(answers, samples)
    right = [
        np.nan if sample.answer is None else float(right_option(answer.option, sample))
        for answer, sample in zip(answers, samples, strict=True)
    ]
    return np.array(right, dtype=np.float64)
