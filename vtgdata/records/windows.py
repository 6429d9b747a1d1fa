"""IoU of two windows, and windows as plain pairs for files.

Arithmetic on many windows at once, as arrays, is in `metrics.window_table`.
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
    # At most 1, because a tiny difference of large floats can round to more.
    return min(1.0, overlap / (a.duration + b.duration - overlap))


def as_pairs(windows: Iterable[Window]) -> list[list[float]]:
    """Windows as plain [start, end] lists, for files."""
    return [[window.start, window.end] for window in windows]


def from_pairs(pairs: Iterable[Sequence[float]] | None) -> tuple[Window, ...]:
    """Windows from [start, end] pairs in our own files; raises ValueError on an invalid pair."""
    return tuple(Window(float(start), float(end)) for start, end in pairs or ())
