"""Length: 1 for reasoning of a reasonable length, less for shorter and for longer; 0 for none.

Between `low` and `high` words it is 1; below, the share of `low` that is there; above, `high` over the number of
words. A word of Chinese, Japanese or Korean counts as a word a sign. What the reasoning says is not looked at, so it
belongs beside a score of the answer, with a small weight.
"""

import re
from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.window_table import check
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array

LOW, HIGH = 8, 400
"""Words: a sentence, and what fits into about 512 tokens."""

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]++")


def score(answers: Sequence[Answer], samples: Sequence[Sample], *, low: int = LOW, high: int = HIGH) -> Array:
    """The score of each answer's reasoning. Returns: (n,) in [0, 1]."""
    check(answers, samples)
    words = np.array([len(_WORD.findall(answer.reasoning)) for answer in answers], dtype=np.float64)
    return np.minimum(words / low, np.minimum(1.0, high / np.maximum(words, 1.0)))
