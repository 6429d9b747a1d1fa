"""tIoU: intersection over union of the answer and the truth, in time.

One window counts against the best true one; several against all, on merged supports. An answer without a valid
window scores 0; a sample without a true window does not apply (NaN).
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.records import Answer, Sample
from vtgdata.windows import Array, answer_iou


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """IoU of each answer with its sample's windows. Returns: (n,) in [0, 1], NaN where a sample has no window."""
    return np.array(
        [
            answer_iou(answer.counted, sample.windows) if sample.windows else np.nan
            for answer, sample in zip(answers, samples, strict=True)
        ],
        dtype=np.float64,
    )
