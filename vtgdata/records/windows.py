"""Two windows beside each other, and windows as plain pairs for files.

Many windows at once are arrays, and `metrics.window_table` has their arithmetic.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from vtgdata.records.sample import Window

Array = NDArray[np.float64]


def tiou(a: Window, b: Window) -> float:
    """Temporal intersection over union of two windows.

    Returns a number in [0, 1]; windows that only touch score 0.
    Source: Gao et al., TALL (ICCV 2017).

    >>> tiou(Window(0, 10), Window(5, 15))
    0.3333333333333333
    """
    overlap = max(0.0, min(a.end, b.end) - max(a.start, b.start))
    # Bounded from above because a tiny difference of large floats can round past 1.
    return min(1.0, overlap / (a.duration + b.duration - overlap))


def as_pairs(windows: Iterable[Window]) -> list[list[float]]:
    """Windows as plain [start, end] lists, for files."""
    return [[window.start, window.end] for window in windows]


def from_pairs(pairs: Iterable[Sequence[float]] | None) -> tuple[Window, ...]:
    """Windows from [start, end] pairs out of our own files; raises ValueError on a wrong pair."""
    return tuple(Window(float(start), float(end)) for start, end in pairs or ())
