"""Baselines that guess without looking: windows as fractions of the duration, fitted on (training) annotations."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from vtgdata.metrics.answered import NOTHING, Answered
from vtgdata.metrics.window_table import answer_iou, as_array, table_of, tiou_in_place
from vtgdata.records import Sample
from vtgdata.records.windows import Array

GRID = 50
"""Bounds of windows are tried at multiples of 1/GRID of the duration."""
BUCKETS = 4
"""Most ranges of duration that get a best constant answer of their own."""

Fractions = tuple[float, float]


class Guess(msgspec.Struct, frozen=True, kw_only=True):
    """A guess that depends only on the duration."""

    until: list[float]
    """Upper ends of all ranges of durations but the last, in seconds; empty for a single range."""
    windows: list[Fractions]
    """(start, end) as fractions of the duration, one for each range."""

    def answer(self, sample: Sample) -> Answered:
        """The guess for one sample; the empty answer if the duration is not known."""
        duration = sample.video.duration
        if not duration:
            return NOTHING
        start, end = self.windows[int(np.searchsorted(self.until, duration))]
        return Answered(windows=np.array([[start * duration, end * duration]]))


def whole_video(samples: Sequence[Sample]) -> Guess:
    """The whole video, for every sample."""
    del samples
    return Guess(until=[], windows=[(0.0, 1.0)])


def training_mean(samples: Sequence[Sample]) -> Guess:
    """The mean start and the mean end of the true windows, as fractions of their videos."""
    usable = _usable(samples)
    if not usable:
        return whole_video(samples)
    bounds = np.concatenate([_fractions(sample) for sample in usable])
    start, end = np.clip(bounds.mean(axis=0), 0.0, 1.0)
    return Guess(until=[], windows=[(float(start), float(end))])


def constant(samples: Sequence[Sample]) -> Guess:
    """The best constant answer (see `best_constant`), one for all durations."""
    return Guess(until=[], windows=[best_constant(samples)])


def constant_by_duration(samples: Sequence[Sample]) -> Guess:
    """The best constant answer for each quartile of the durations; fewer ranges if many durations are equal."""
    usable = _usable(samples)
    if not usable:
        return whole_video(samples)
    durations = np.array([sample.video.duration for sample in usable])
    steps = np.arange(1, BUCKETS) / BUCKETS
    ends = np.unique(np.quantile(durations, steps, method="inverted_cdf"))
    until = [float(end) for end in ends if end < durations.max()]
    bucket = np.searchsorted(until, durations)
    windows = [best_constant([s for s, b in zip(usable, bucket, strict=True) if b == i]) for i in range(len(until) + 1)]
    return Guess(until=until, windows=windows)


BASELINES: dict[str, Callable[[Sequence[Sample]], Guess]] = {
    "best_constant": constant,
    "best_constant_by_duration": constant_by_duration,
    "training_mean": training_mean,
    "whole_video": whole_video,
}
"""{name: function that fits the guess}; a claim has to beat the first."""


def _usable(samples: Sequence[Sample]) -> list[Sample]:
    return [sample for sample in samples if sample.windows and sample.video.duration]


def _fractions(sample: Sample) -> Array:
    duration = sample.video.duration or 1.0
    return np.array([(window.start / duration, window.end / duration) for window in sample.windows])


def best_constant(samples: Sequence[Sample]) -> Fractions:
    """The one window, as fractions of the duration, with the highest mean IoU on the given (training) samples.

    Only samples with a duration and a window count; with several true windows, the best IoU counts.
    Returns (start, end) with 0 <= start < end <= 1; (0, 1) when no sample counts.
    """
    usable = _usable(samples)
    if not usable:
        return (0.0, 1.0)
    width = max(len(sample.windows) for sample in usable)
    # (n, width, 2) true windows as fractions; a sample's last window is repeated to fill its row.
    found = [_fractions(sample) for sample in usable]
    return best_window(np.array([np.concatenate([f, np.repeat(f[-1:], width - len(f), axis=0)]) for f in found]))


def best_window(truth: Array) -> Fractions:
    """The one window with the highest mean IoU.

    Args:
        truth: (n, width, 2) the true windows of n samples, as fractions of the duration; the best IoU of a row counts.
    """
    best, found = -1.0, (0.0, 1.0)
    for i in range(GRID):
        for j in range(i + 1, GRID + 1):
            guess = np.broadcast_to([i / GRID, j / GRID], (len(truth), 2))
            ious = np.max([tiou_in_place(guess, truth[:, k]) for k in range(truth.shape[1])], axis=0)
            mean = float(ious.mean())
            if mean > best + 1e-12:
                best, found = mean, (i / GRID, j / GRID)
    return found


def constant_ious(samples: Sequence[Sample], window: Fractions) -> list[float]:
    """IoU of the constant answer on each sample; 0 if it has no duration or no true window."""
    guesses = [Guess(until=[], windows=[window]).answer(sample).windows for sample in samples]
    return answer_iou(table_of(guesses, [as_array(sample.windows) for sample in samples])).tolist()
