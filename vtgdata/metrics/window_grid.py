"""IoU of every window of a grid with the true windows of samples: what guesses without looking are chosen by."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics.flat import Index
from vtgdata.metrics.truths import Truths, as_truths
from vtgdata.records import Sample
from vtgdata.records.windows import Array

Fractions = tuple[float, float]
"""A window as fractions of the duration."""

BLOCK = 16_384
"""Windows whose IoUs are made at a time, so that they stay near the processor."""


def usable(samples: Sequence[Sample]) -> Truths:
    """The samples that have a true window and a duration."""
    of = as_truths(samples)
    return of.only((of.windows.sizes > 0) & ~np.isnan(of.durations))


def grid(steps: int) -> list[Fractions]:
    """The windows with bounds at multiples of 1 / steps of the duration, in order of their starts and ends."""
    return [(i / steps, j / steps) for i in range(steps) for j in range(i + 1, steps + 1)]


def grid_ious(samples: Truths, windows: Sequence[Fractions], rows: slice = slice(None)) -> Iterator[Array]:
    """The IoU of each of these windows with each sample; with several true windows, the best.

    Args:
        samples: n, each with a window and a duration.
        windows: as fractions of the duration.
        rows: which of the samples.

    Yields for each window (n,) in [0, 1]; the array is the same one for all, and holds the last.
    """
    flat = samples.shares
    ends: Index = np.cumsum(flat.sizes[rows], dtype=np.intp)
    begun = int(flat.sizes[: rows.start].sum()) if rows.start else 0
    true = flat.windows[begun : begun + int(ends[-1])]
    first, last = np.ascontiguousarray(true[:, 0]), np.ascontiguousarray(true[:, 1])
    yield from _ious(first, last, windows, None if flat.one_each else ends - flat.sizes[rows])


def _ious(
    first: NDArray[Any], last: NDArray[Any], windows: Sequence[Fractions], owner: Index | None
) -> Iterator[NDArray[Any]]:  # fmt: skip
    """The IoU of windows with those from `first` to `last`. Args: owner: where each sample's begin; None: one each."""
    length, kind = last - first, first.dtype.type
    found, shared, begin = np.empty_like(first), np.empty(BLOCK, kind), np.empty(BLOCK, kind)
    for start, end in windows:
        own = kind(end - start)
        for low in range(0, len(first), BLOCK):
            part = slice(low, min(low + BLOCK, len(first)))
            both, late, iou = shared[: part.stop - low], begin[: part.stop - low], found[part]
            np.minimum(last[part], kind(end), out=both)
            np.maximum(first[part], kind(start), out=late)
            both -= late
            np.maximum(both, kind(0), out=both)
            np.add(length[part], own, out=iou)
            iou -= both
            np.divide(both, iou, out=iou)
            np.minimum(iou, kind(1), out=iou)
        yield found if owner is None else np.maximum.reduceat(found, owner)


def mean_ious(samples: Truths, windows: Sequence[Fractions]) -> Array:
    """About the mean IoU of each of these windows, within 1e-4, in a fraction of the time. Returns: (windows,)."""
    flat = samples.shares
    first, last = (np.ascontiguousarray(flat.windows[:, side], dtype=np.float32) for side in (0, 1))
    ious = _ious(first, last, windows, None if flat.one_each else flat.first)
    return np.array([float(each.mean(dtype=np.float32)) for each in ious])
