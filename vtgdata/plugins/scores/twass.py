"""Temporal Wasserstein score, beta 3: exp(-3 W1 / |truth|), where W1 is how far the answer's time lies from the truth.

Answer and truth are joined and become uniform densities on their supports; W1 is the integral of the difference of
their distribution functions, in seconds. A miss scores more the nearer it is, so that a group of misses still teaches,
and neither order nor cutting of windows matters. Source: `twass` of TimeLens2 (2607.17423).
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.window_sets import transport
from vtgdata.metrics.window_table import table
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array

BETA = 3.0
"""How fast the score falls with the distance, measured in lengths of the truth."""


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """The score of each answer. Returns: (n,) in [0, 1], NaN if a sample has no window."""
    of = table(answers, samples)
    return of.where_scored(np.exp(-BETA * transport(of)))
