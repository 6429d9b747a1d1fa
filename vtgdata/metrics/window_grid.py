"""IoU of every window of a grid with the true windows of samples: what guesses without looking are chosen by."""

from collections.abc import Iterator, Sequence

import numpy as np

from vtgdata.records import Sample
from vtgdata.records.windows import Array

Fractions = tuple[float, float]
"""A window as fractions of the duration."""

CELLS = 1_000_000
"""About so many IoUs are made at once."""


def usable(samples: Sequence[Sample]) -> list[Sample]:
    """The samples that have a true window and a duration."""
    return [sample for sample in samples if sample.windows and sample.video.duration]


def fractions(sample: Sample) -> Array:
    """The true windows of a sample as fractions of its duration. Returns (k, 2)."""
    duration = sample.video.duration or 1.0
    return np.array([(window.start / duration, window.end / duration) for window in sample.windows])


def grid_ious(samples: Sequence[Sample], grid: int) -> Iterator[tuple[list[Fractions], Array]]:
    """The IoU of each window of a grid with each sample; with several true windows, the best.

    Args: samples: n, each with a window and a duration; grid: bounds are at multiples of 1 / grid of the duration.

    Yields windows in order of their starts and ends, at most those of one start together, and fewer of them for many
    samples, so that memory does not grow with the grid; with their IoUs: (windows, n) in [0, 1].
    """
    found = [fractions(sample) for sample in samples]
    truth, first = np.concatenate(found), np.cumsum([0, *(len(each) for each in found[:-1])])
    length = truth[:, 1] - truth[:, 0]
    step = max(1, CELLS // len(truth))
    for i in range(grid):
        for j in range(i + 1, grid + 1, step):
            windows = [(i / grid, k / grid) for k in range(j, min(j + step, grid + 1))]
            start, end = i / grid, np.array([window[1] for window in windows])[:, None]
            shared = np.maximum(np.minimum(end, truth[:, 1]) - np.maximum(start, truth[:, 0]), 0.0)
            ious = shared / ((end - start) + length - shared)
            yield windows, np.maximum.reduceat(np.minimum(ious, 1.0), first, axis=1)
