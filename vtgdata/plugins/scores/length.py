"""Length: 1 for reasoning of a reasonable length, less if it is shorter or longer; 0 if there is none.

With n words the score is 1 from `low` to `high`, n / `low` below and `high` / n above. In Chinese, Japanese and Korean
each character counts as a word. The content of the reasoning is ignored, so combine this score, with a small weight,
with a score of the answer.
"""

import re
from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.window_table import check
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array

LOW, HIGH = 8, 400
"""Words: a sentence, and about as many as fit into 512 tokens."""

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]++")


def score(answers: Sequence[Answer], samples: Sequence[Sample], *, low: int = LOW, high: int = HIGH) -> Array:
    """The score of each answer's reasoning. Returns: (n,) in [0, 1]."""
    check(answers, samples)
    words = np.array([len(_WORD.findall(answer.reasoning)) for answer in answers], dtype=np.float64)
    return np.minimum(words / low, np.minimum(1.0, high / np.maximum(words, 1.0)))
