"""The habit of a model: by how much its windows begin and end beside the annotations, over a whole pool.

Many models end early, or on the frame before: that is no thousand wrong labels. The habit is the median shift of starts
and of ends, over the answers that meet a true window, and is taken off before answers and labels are compared.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics.window_table import tiou_array
from vtgdata.records.windows import Array

MEETS = 0.3
"""Least IoU with a true window of an answer that tells of a habit."""
LEAST = 20
"""Fewest such answers."""


class Habit(NamedTuple):
    """Of one model."""

    start: float
    """Seconds by which its windows begin after the annotations'; below 0, before."""
    end: float
    answers: int
    """Answers that tell of it; below LEAST, both shifts are 0."""


def habit(answers: Array, labels: Array) -> Habit:
    """The habit of a model. Args: answers: (n, k, 2) its windows, NaN for none; labels: (n, m, 2) true ones."""
    ious = tiou_array(answers[:, :, None], labels[:, None])
    nearest = ious.argmax(axis=2)
    meets = np.take_along_axis(ious, nearest[..., None], axis=2)[..., 0] >= MEETS
    true = np.take_along_axis(labels, nearest[..., None], axis=1)
    shifts = (answers - true)[meets]
    if len(shifts) < LEAST:
        return Habit(0.0, 0.0, len(shifts))
    start, end = np.median(shifts, axis=0).tolist()
    return Habit(float(start), float(end), len(shifts))


def taken_off(answers: Array, of: Habit, duration: Array) -> Array:
    """A model's windows without its habit, inside their videos; one that would be empty stays as it was.

    Args: answers: (n, k, 2); duration: (n,). Returns: (n, k, 2).
    """
    moved = np.clip(answers - np.array([of.start, of.end]), 0.0, duration[:, None, None])
    whole: NDArray[np.bool_] = moved[..., 1] - moved[..., 0] > 0.05
    return np.where(whole[..., None], moved, answers)
