"""Count close: exp(-|n - m| / min(m, 3)), where n windows are answered and m are true; where they lie does not matter.

Softer than `count_right`: one window too many costs less where there are several. Use it beside an IoU. Source: the
count reward of TempR1 (2512.03963) with its scale sigma at 1, which the paper's notes do not state.
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.window_sets import count_error
from vtgdata.metrics.window_table import table
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array

MOST = 3
"""True windows from which on another one makes no answer easier."""


def score(answers: Sequence[Answer], samples: Sequence[Sample], *, sigma: float = 1.0) -> Array:
    """The score of each answer. Returns: (n,) in [0, 1], NaN if a sample has no window."""
    of = table(answers, samples)
    return of.where_scored(np.exp(-count_error(of) / (sigma * np.clip(of.true.sizes, 1, MOST))))
