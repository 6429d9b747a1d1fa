"""Weighted sums of scores, as recipes name them: `{tiou: 0.9, format: 0.1}`.

TVG-R1's rewards are `{tiou: 0.9, format: 0.1}` for grounding and `{answer: 0.7, format: 0.1, tiou: 0.2}` for grounded
questions; Time-R1's is `{tiou_boundary: 1, format: 1}`.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array

Score = Callable[[Sequence[Answer], Sequence[Sample]], Array]


def weighted(weights: Mapping[str, float]) -> Score:
    """The weighted mean of some scores, as a score.

    Weights that sum to 1 give the weighted sum. Where a score does not apply to a sample (an option's letter where
    none is asked), the others share its weight, so that the right answer is 1 everywhere; NaN where none applies.

    Args:
        weights: by name of the score plug-in, or dotted path; not negative, not all 0.

    Raises VtgError for a weight that is none, and for an unknown score.
    """
    check_weights(weights)
    functions: dict[str, Score] = {name: plugins.load("scores", name).score for name in weights}

    def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
        values = np.array([function(answers, samples) for function in functions.values()])
        weight = np.array(list(weights.values()), dtype=np.float64)[:, None] * ~np.isnan(values)
        total = weight.sum(axis=0)
        summed = (weight * np.nan_to_num(values)).sum(axis=0)
        return np.divide(summed, total, out=np.full(len(answers), np.nan), where=total > 0)

    return score


def check_weights(weights: Mapping[str, float]) -> None:
    """Raise VtgError unless every weight is a number of at least 0, and one is above it."""
    wrong = [name for name, weight in weights.items() if not (math.isfinite(weight) and weight >= 0)]
    if wrong:
        raise VtgError(f"weight of {wrong[0]}: {weights[wrong[0]]} must be a number of at least 0.")
    if not any(weights.values()):
        raise VtgError("weights: give at least one score a weight above 0, as in tiou=0.9.")
