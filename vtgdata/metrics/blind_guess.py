"""What answers score that are given without looking, for millions of samples as arrays: position bias."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics import baselines, grounding
from vtgdata.metrics.flat import Flat
from vtgdata.metrics.window_table import Table, answer_iou
from vtgdata.records.windows import Array


class BlindGuess(msgspec.Struct, frozen=True, kw_only=True):
    """What answers without looking score on the rows that they were fitted on: position bias.

    Each is {window: (start, end) as fractions of the duration, metric: a fraction}.
    """

    mean_window: dict[str, Any]
    best_constant: dict[str, Any]


def blind_guess(windows: Array, sizes: NDArray[np.int64], durations: Array) -> BlindGuess | None:
    """Fit and score both guesses; None where there is no sample.

    Args:
        windows: (k, 2) true windows of all samples, in seconds, sample by sample.
        sizes: (n,) number of windows of each sample, 1 or more.
        durations: (n,) of their videos, in seconds.
    """
    if not len(sizes):
        return None
    owner = np.repeat(np.arange(len(sizes)), sizes)
    fractions = windows / durations[owner][:, None]
    start, end = np.clip(fractions.mean(axis=0), 0.0, 1.0).tolist()
    # A sample's last window is repeated to fill its row.
    last: NDArray[np.int64] = sizes[:, None] - 1
    column = np.minimum(np.arange(int(sizes.max()))[None], last)
    first = np.cumsum(sizes) - sizes
    best = baselines.best_window(fractions[first[:, None] + column])
    true = Flat(windows, owner, sizes)
    return BlindGuess(
        mean_window=_scored((start, end), true, durations),
        best_constant=_scored(best, true, durations),
    )


def _scored(window: tuple[float, float], true: Flat, durations: Array) -> dict[str, Any]:
    start, end = window
    count = len(durations)
    said = Flat(np.stack([start * durations, end * durations], axis=1), np.arange(count), np.ones(count, np.intp))
    ious = answer_iou(Table(said, true, np.full(count, np.nan)))
    return {"window": window, **grounding.metrics(ious)}
