"""What a guess without looking scores: the best constant answer, as fractions of the duration."""

from collections.abc import Sequence

import numpy as np

from vtgdata.records import Sample, Window
from vtgdata.windows import answer_iou, tiou_array

GRID = 50
"""Fractions tried: multiples of 1/GRID."""


def best_constant(samples: Sequence[Sample]) -> tuple[float, float]:
    """The one window, as fractions of the duration, with the highest mean IoU on the given (training) samples.

    Only samples with a duration and a window count; several true windows give the best of them.
    Returns (start, end) with 0 <= start < end <= 1; (0, 1) when no sample counts.
    """
    usable = [sample for sample in samples if sample.windows and sample.video.duration]
    if not usable:
        return (0.0, 1.0)
    width = max(len(sample.windows) for sample in usable)
    # (n, width, 2) true windows as fractions, the last one repeated to fill up.
    truth = np.array(
        [
            [
                (window.start / duration, window.end / duration)
                for window in (*sample.windows, *[sample.windows[-1]] * (width - len(sample.windows)))
            ]
            for sample in usable
            if (duration := sample.video.duration)
        ]
    )
    best, best_window = -1.0, (0.0, 1.0)
    for i in range(GRID):
        for j in range(i + 1, GRID + 1):
            guess = np.broadcast_to([i / GRID, j / GRID], (len(truth), 2))
            ious = np.max([tiou_array(guess, truth[:, k]) for k in range(width)], axis=0)
            mean = float(ious.mean())
            if mean > best + 1e-12:
                best, best_window = mean, (i / GRID, j / GRID)
    return best_window


def constant_ious(samples: Sequence[Sample], window: tuple[float, float]) -> list[float]:
    """IoU of the constant answer on each sample: 0 without a duration or a true window."""
    ious: list[float] = []
    for sample in samples:
        duration = sample.video.duration
        if not duration:
            ious.append(0.0)
            continue
        ious.append(answer_iou([Window(window[0] * duration, window[1] * duration)], sample.windows))
    return ious
