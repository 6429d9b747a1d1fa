"""Arithmetic of windows: supports, overlaps, intersection over union. Pure; numpy only."""

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


def merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    """The support of a set of windows: sorted, with overlapping and touching ones joined.

    >>> merged([Window(5, 9), Window(0, 5), Window(11, 12)])
    (Window(start=0, end=9), Window(start=11, end=12))
    """
    out: list[Window] = []
    for window in sorted(windows):
        if out and window.start <= out[-1].end:
            out[-1] = Window(out[-1].start, max(out[-1].end, window.end))
        else:
            out.append(window)
    return tuple(out)


def union_iou(a: Sequence[Window], b: Sequence[Window]) -> float:
    """Intersection over union of two sets of windows, on their merged supports.

    In [0, 1]; 0 when either is empty; does not depend on order or on how a support is cut into windows.

    >>> union_iou([Window(0, 2), Window(2, 4)], [Window(0, 4)])
    1.0
    """
    first, second = merged(a), merged(b)
    overlap = sum(max(0.0, min(x.end, y.end) - max(x.start, y.start)) for x in first for y in second)
    total = sum(w.duration for w in first) + sum(w.duration for w in second) - overlap
    return min(1.0, overlap / total) if total > 0 else 0.0


def answer_iou(predicted: Sequence[Window], truth: Sequence[Window]) -> float:
    """The IoU of an answer: one window against the best true one; several against all, on merged supports.

    In [0, 1]; 0 when either is empty. Source: QVHighlights' R1 takes the best true window for a single prediction.
    """
    if not predicted or not truth:
        return 0.0
    if len(predicted) == 1:
        return max(tiou(predicted[0], window) for window in truth)
    return union_iou(predicted, truth)


def tiou_array(a: Array, b: Array) -> Array:
    """Temporal IoU row by row. Args: a, b: (n, 2) seconds, 0 <= start < end. Returns: (n,) in [0, 1].

    >>> tiou_array(np.array([[0.0, 10.0]]), np.array([[5.0, 15.0]]))
    array([0.33333333])
    """
    overlap = np.minimum(a[:, 1], b[:, 1])
    overlap -= np.maximum(a[:, 0], b[:, 0])
    np.maximum(overlap, 0.0, out=overlap)
    total = a[:, 1] - a[:, 0]
    total += b[:, 1]
    total -= b[:, 0]
    total -= overlap
    # A window that was clamped to nothing covers nothing.
    np.divide(overlap, total, out=overlap, where=total > 0)
    return np.minimum(overlap, 1.0, out=overlap)


def tiou_boundary_array(a: Array, b: Array, duration: Array) -> Array:
    """Timestamp-aware IoU row by row: tIoU x (1 - |s - s'|/T) x (1 - |e - e'|/T), both clamped to [0, T] first.

    The clamp keeps it from being negative: published code scores -0.31 for a window that runs past the video.
    Args: a, b: (n, 2) seconds, 0 <= start < end; duration: (n,) seconds, above 0. Returns: (n,) in [0, 1].
    Source: Wang et al., Time-R1 (NeurIPS 2025).

    >>> tiou_boundary_array(np.array([[0.0, 5.0]]), np.array([[0.0, 10.0]]), np.array([20.0]))
    array([0.375])
    """
    whole = duration[:, None]
    a, b = np.minimum(a, whole), np.minimum(b, whole)
    value = tiou_array(a, b)
    off = np.abs(np.subtract(a, b, out=a), out=a)
    off /= whole
    np.subtract(1.0, off, out=off)
    value *= off[:, 0]
    value *= off[:, 1]
    return value


def giou_array(a: Array, b: Array) -> Array:
    """Generalised IoU row by row, mapped to [0, 1]: (1 + IoU - (hull - union) / hull) / 2.

    Windows that only touch score 0.5; a disjoint one scores more the nearer it is.
    Args: a, b: (n, 2) seconds, 0 <= start < end. Returns: (n,) in (0, 1].
    Source: Rezatofighi et al., Generalized IoU (CVPR 2019), in one dimension.

    >>> giou_array(np.array([[0.0, 1.0]]), np.array([[3.0, 4.0]]))
    array([0.25])
    """
    hull = np.maximum(a[:, 1], b[:, 1]) - np.minimum(a[:, 0], b[:, 0])
    gap = np.maximum(np.maximum(a[:, 0], b[:, 0]) - np.minimum(a[:, 1], b[:, 1]), 0.0)
    return (1.0 + tiou_array(a, b) - gap / hull) / 2.0


def centre_array(a: Array, b: Array, duration: Array) -> Array:
    """Nearness of the middles row by row: 1 - |c - c'| / T, both windows clamped to [0, T] first.

    Args: a, b: (n, 2) seconds, 0 <= start < end; duration: (n,) seconds, above 0. Returns: (n,) in [0, 1].

    >>> centre_array(np.array([[0.0, 4.0]]), np.array([[4.0, 6.0]]), np.array([10.0]))
    array([0.7])
    """
    whole = duration[:, None]
    return 1.0 - np.abs(np.minimum(a, whole).mean(axis=1) - np.minimum(b, whole).mean(axis=1)) / duration


def as_pairs(windows: Iterable[Window]) -> list[list[float]]:
    """Windows as plain [start, end] lists, for files."""
    return [[window.start, window.end] for window in windows]


def from_pairs(pairs: Iterable[Sequence[float]] | None) -> tuple[Window, ...]:
    """Windows from [start, end] pairs out of our own files; raises ValueError on a wrong pair."""
    return tuple(Window(float(start), float(end)) for start, end in pairs or ())
