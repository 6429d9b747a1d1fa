"""Where most of a sample's answers lie: the densest cluster of their windows, its share and its spread.

An answer's neighbours are the answers whose window has an IoU of 0.5 or more with its own. The answer with the most
neighbours names the cluster; the window is the median of their starts and that of their ends. Arrays hold n samples
with at most k answers each; a row of NaN is an answer without a window, or none.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics.window_table import tiou_array
from vtgdata.records.windows import Array

NEAR = 0.5
"""Least IoU of neighbours."""
CHUNK = 20_000
"""Samples whose pairs of answers are in memory at a time."""


class Consensus(NamedTuple):
    """Of n samples."""

    window: Array
    """(n, 2) seconds; NaN without any window."""
    share: Array
    """(n,) of the answers' weight, that of those without a window included, what lies in the cluster; 0 for none."""
    spread: Array
    """(n,) median distance of the members' starts and ends from the window's, in seconds."""
    members: NDArray[np.bool_]
    """(n, k) the answers of the cluster."""


class Densest(NamedTuple):
    """Of one sample."""

    window: tuple[float, float]
    share: float
    spread: float


def densest(windows: Sequence[Sequence[float]]) -> Densest:
    """The densest cluster of some windows, at least one.

    >>> densest([(5, 10), (5, 11), (6, 10), (20, 25)]).window
    (5.0, 10.0)
    """
    found = consensus(np.array([windows], dtype=np.float64), np.ones((1, len(windows))))
    start, end = found.window[0].tolist()
    return Densest((start, end), float(found.share[0]), float(found.spread[0]))


def consensus(windows: Array, weights: Array) -> Consensus:
    """The densest cluster of each sample.

    Args: windows: (n, k, 2) seconds, NaN where an answer has none; weights: (n, k) of the answers, 0 where none is.
    """
    parts = [
        _part(windows[first : first + CHUNK], weights[first : first + CHUNK]) for first in range(0, len(windows), CHUNK)
    ]
    if not parts:
        k = windows.shape[1]
        return Consensus(np.zeros((0, 2)), np.zeros(0), np.zeros(0), np.zeros((0, k), dtype=np.bool_))
    return Consensus(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _part(windows: Array, weights: Array) -> Consensus:
    ious = tiou_array(windows[:, :, None], windows[:, None])
    near = ious >= NEAR
    # Of neighbours of equal weight, the closer ones; of equally close ones, the first answer.
    weight = ((near + ious / (ious.shape[2] + 1)) * weights[:, None]).sum(axis=2)
    there = ~np.isnan(windows[..., 0]) & (weights > 0)
    leader = np.argmax(np.where(there, weight, -1.0), axis=1)
    members = near[np.arange(len(windows)), leader] & there
    kept = np.where(members[..., None], windows, np.nan)
    window = _median(kept)
    spread = _median(np.abs(kept - window[:, None]).max(axis=2, keepdims=True))[:, 0]
    total = weights.sum(axis=1)
    share = np.divide((members * weights).sum(axis=1), total, out=np.zeros_like(total), where=total > 0)
    return Consensus(window, share, spread, members)


def _median(values: Array) -> Array:
    """Medians over the second axis without NaN, the lower one of two; NaN where all are. Args: (n, k, c)."""
    ordered = np.sort(values, axis=1)
    count = (~np.isnan(ordered)).sum(axis=1, keepdims=True)
    return np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=1)[:, 0]
