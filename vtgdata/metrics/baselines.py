"""Baselines that guess without looking: windows as fractions of the duration, fitted on (training) annotations."""

from collections.abc import Callable, Sequence
from typing import Protocol
from weakref import WeakKeyDictionary

import msgspec
import numpy as np

from vtgdata.metrics.answered import NOTHING, Answered
from vtgdata.metrics.answers import Answers, joined, of_windows
from vtgdata.metrics.metric_set import table_of_answers
from vtgdata.metrics.query_words import query_words
from vtgdata.metrics.truths import Truths, as_truths
from vtgdata.metrics.window_grid import Fractions, grid, grid_ious, mean_ious, usable
from vtgdata.metrics.window_table import Array, answer_iou, tiou_in_place
from vtgdata.records import Sample

GRID = 50
"""Bounds of windows are tried at multiples of 1/GRID of the duration."""
_SURE = 1e-3
"""A window whose mean IoU is about so much below the best one's is not the best; `mean_ious` is ten times as exact."""
BUCKETS = 4
"""Most ranges of duration that get a best constant answer of their own."""


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

    def answers(self, samples: Truths) -> Answers:
        """The guesses for many samples."""
        which = np.searchsorted(self.until, samples.durations) if self.until else np.zeros(len(samples), dtype=np.intp)
        chosen = np.array(self.windows)[np.minimum(which, len(self.windows) - 1)]  # NaN is above all
        return of_windows(chosen * samples.durations[:, None], ~np.isnan(samples.durations))


def whole_video(samples: Sequence[Sample]) -> Guess:
    """The whole video, for every sample."""
    del samples
    return Guess(until=[], windows=[(0.0, 1.0)])


def training_mean(samples: Sequence[Sample]) -> Guess:
    """The mean start and the mean end of the true windows, as fractions of their videos."""
    chosen = usable(samples)
    if not len(chosen):
        return whole_video(samples)
    start, end = np.clip(chosen.shares.windows.mean(axis=0), 0.0, 1.0)
    return Guess(until=[], windows=[(float(start), float(end))])


def constant(samples: Sequence[Sample]) -> Guess:
    """The best constant answer (see `best_constant`), one for all durations."""
    return Guess(until=[], windows=[best_constant(samples)])


def constant_by_duration(samples: Sequence[Sample]) -> Guess:
    """The best constant answer for each quartile of the durations; fewer ranges if many durations are equal."""
    chosen = usable(samples)
    if not len(chosen):
        return whole_video(samples)
    durations = chosen.durations
    steps = np.arange(1, BUCKETS) / BUCKETS
    ends = np.unique(np.quantile(durations, steps, method="inverted_cdf"))
    until = [float(end) for end in ends if end < durations.max()]
    bucket = np.searchsorted(until, durations)
    windows = [best_constant(chosen.only(bucket == i)) for i in range(len(until) + 1)]
    return Guess(until=until, windows=windows)


class Guesser(Protocol):
    """Something that answers without looking."""

    @property
    def until(self) -> list[float]:
        """Upper ends of all ranges of durations but the last, in seconds."""
        ...

    @property
    def windows(self) -> list[Fractions]:
        """The window of each range; empty where windows do not depend on the duration alone."""
        ...

    def answer(self, sample: Sample) -> Answered:
        """The guess for one sample."""
        ...

    def answers(self, samples: Truths) -> Answers:
        """The guesses for many samples."""
        ...


class Crossed(msgspec.Struct, frozen=True):
    """Two guesses, each fitted on one half of the sources, and asked about the other half."""

    halves: tuple[Guesser, Guesser]
    in_first: frozenset[str]
    """Sources that the first was fitted on."""
    until: list[float] = []
    windows: list[Fractions] = []

    def answer(self, sample: Sample) -> Answered:
        """The guess of the half that does not know the sample's source."""
        return self.halves[sample.video.source in self.in_first].answer(sample)

    def answers(self, samples: Truths) -> Answers:
        """The guesses for many samples."""
        known = np.array([name in self.in_first for name in samples.clusters.names], dtype=bool)
        inside = known[samples.clusters.of]
        return joined(
            inside, self.halves[1].answers(samples.only(inside)), self.halves[0].answers(samples.only(~inside))
        )


def crossed(fit: Callable[[Sequence[Sample]], Guesser], samples: Sequence[Sample], seed: int = 0) -> Crossed:
    """A guess fitted on the samples that it is asked about, but never on those of the source in question."""
    of = as_truths(samples)
    sources = of.clusters.names
    first = np.zeros(len(sources), dtype=bool)
    first[np.random.default_rng(seed).permutation(len(sources))[: len(sources) // 2]] = True
    inside = first[of.clusters.of]
    in_first = frozenset(name for name, its in zip(sources, first.tolist(), strict=True) if its)
    return Crossed((fit(of.only(inside)), fit(of.only(~inside))), in_first)


BASELINES: dict[str, Callable[[Sequence[Sample]], Guesser]] = {
    "best_constant": constant,
    "best_constant_by_duration": constant_by_duration,
    "training_mean": training_mean,
    "whole_video": whole_video,
    "query_words": query_words,
}
"""{name: function that fits the guess}; a claim has to beat the first, and the last."""
NEEDS_OTHERS = ("query_words",)
"""Those with so many numbers to fit that they may not be fitted on the samples that they are asked about."""


def best_constant(samples: Sequence[Sample]) -> Fractions:
    """The one window, as fractions of the duration, with the highest mean IoU on the given (training) samples.

    Only samples with a duration and a window count; with several true windows, the best IoU counts.
    Returns (start, end) with 0 <= start < end <= 1; (0, 1) when no sample counts.
    """
    chosen = usable(samples)
    if chosen not in _FITTED:
        _FITTED[chosen] = _best_constant(chosen) if len(chosen) else (0.0, 1.0)
    return _FITTED[chosen]


_FITTED: "WeakKeyDictionary[Truths, Fractions]" = WeakKeyDictionary()
"""What was fitted to samples that are there: where durations have one range, all are fitted twice."""


def _best_constant(chosen: Truths) -> Fractions:
    windows = grid(GRID)
    about = mean_ious(chosen, windows)
    windows = [windows[i] for i in np.flatnonzero(about >= about.max() - _SURE).tolist()]
    best, found = -1.0, (0.0, 1.0)
    for window, ious in zip(windows, grid_ious(chosen, windows), strict=True):
        if (mean := float(ious.mean())) > best + 1e-12:
            best, found = mean, window
    return found


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
    of = as_truths(samples)
    return answer_iou(table_of_answers(Guess(until=[], windows=[window]).answers(of), of)).tolist()
