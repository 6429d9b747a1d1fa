"""Metrics of moment retrieval: recalls at thresholds, F1 of sets, DiDeMo's ranks, over arrays of windows or of IoUs.

All are fractions in [0, 1]. Windows are (k, 2) float64 in seconds; a row of NaN is no window and overlaps nothing.
"""

import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics.window_table import Table, best, iou_matrix, overlap, pairs, ratio, shared, supports, tiou_array
from vtgdata.records.windows import Array

THRESHOLDS = (0.3, 0.5, 0.7)
CHUNK = 5.0
"""Seconds of a chunk of DiDeMo."""


def recall_at(threshold: float, ious: Array) -> float:
    """Share of samples with IoU >= threshold (R1@m for one answer each). Args: ious: (n,). Returns [0, 1].

    >>> recall_at(0.5, np.array([0.5, 0.49, 1.0, 0.0]))
    0.5
    """
    return float(np.mean(ious >= threshold)) if len(ious) else 0.0


def recall_above(threshold: float, ious: Array) -> float:
    """Share of samples with IoU > threshold: the strict test of Ego4D's and UniTime's code, named R1>m here.

    Args: ious: (n,). Returns [0, 1].

    >>> recall_above(0.5, np.array([0.5, 0.49, 1.0, 0.0]))
    0.25
    """
    return float(np.mean(ious > threshold)) if len(ious) else 0.0


def metrics(ious: Array) -> dict[str, float]:
    """Mean IoU (mIoU) and R1@0.3, 0.5, 0.7, as fractions. Args: ious: (n,) in [0, 1], 0 for a failed answer."""
    values = {"mIoU": float(np.mean(ious)) if len(ious) else 0.0}
    return values | {f"R1@{threshold}": recall_at(threshold, ious) for threshold in THRESHOLDS}


def answer_iop(of: Table) -> Array:
    """Share of each answer that lies in the truth: one window against the best true one; several on merged supports.

    Returns: (n,) in [0, 1]; 0 when either side is empty. Source: Xiao et al., NExT-GQA (CVPR 2024). In their code a
    predicted point inside a true window scores 1; here a point is no window and scores 0.
    """
    value = best(of, lambda said, true, _: ratio(overlap(said, true), said[:, 1] - said[:, 0]))
    many = of.said.sizes > 1
    if not many.any():
        return value
    merged = supports(of)
    return np.where(many, ratio(shared(merged), merged.said.length), value)


def best_ious(ranked: Array, truth: Array) -> Array:
    """IoU of each guess with the best true window. Args: ranked: (k, 2), truth: (m, 2). Returns: (k,)."""
    if not len(truth):
        return np.zeros(len(ranked))
    return iou_matrix(ranked, truth).max(axis=1)


def covered_f1(of: Table) -> Array:
    """F1 of covered time: harmonic mean of the share of the answer in the truth and of the truth in the answer.

    It does not depend on the order of windows or on how a support is cut into windows. Returns: (n,) in [0, 1].
    Source: MUSEG's global reward (arXiv 2505.20715), on merged supports.
    """
    merged = supports(of)
    return ratio(2.0 * shared(merged), merged.said.length + merged.true.length)


def matching_f1(of: Table, threshold: float) -> Array:
    """F1 of a largest one-to-one matching of windows, where two may match if their IoU >= threshold.

    A second window on a true window that is already matched lowers precision; so does an invalid window (NaN).

    Returns: (n,) in [0, 1]; 0 when either side is empty.
    """
    i, j = pairs(of)
    row = of.said.row[i]
    allowed = tiou_array(of.said.windows[i], of.true.windows[j]) >= threshold
    # If either side has one window, at most one pair matches; otherwise search for the best matching.
    found = np.minimum(np.bincount(row[allowed], minlength=len(of.duration)), 1).astype(np.float64)
    several = (of.said.sizes > 1) & (of.true.sizes > 1) & (found > 0)
    first = np.searchsorted(row, np.arange(len(of.duration)))
    for k in np.flatnonzero(several).tolist():
        shape = (int(of.said.sizes[k]), int(of.true.sizes[k]))
        found[k] = _most_pairs(allowed[first[k] : first[k] + shape[0] * shape[1]].reshape(shape))
    return ratio(2.0 * found, (of.said.sizes + of.true.sizes).astype(np.float64))


def _most_pairs(allowed: NDArray[np.bool_]) -> int:
    """The size of a largest one-to-one matching, by augmenting paths (Kuhn). Args: allowed: (k, m) of bool."""
    partner: dict[int, int] = {}

    def place(row: int, seen: set[int]) -> bool:
        for column in np.flatnonzero(allowed[row]).tolist():
            if column not in seen:
                seen.add(column)
                if column not in partner or place(partner[column], seen):
                    partner[column] = row
                    return True
        return False

    return sum(place(row, set()) for row in range(len(allowed)))


def chunks(windows: Array) -> NDArray[np.int64]:
    """DiDeMo's chunks [first, last] that fit windows best: bounds rounded to 5 s, at least one chunk.

    Args: windows: (k, 2). Returns: (k, 2) of whole numbers, both inclusive; -1 for a row of NaN.
    """
    edges = np.rint(np.nan_to_num(windows / CHUNK, nan=-1.0)).astype(np.int64)
    first = edges[:, 0]
    last = np.maximum(edges[:, 1] - 1, first)
    return np.where(np.isnan(windows), -1, np.stack([first, last], axis=1))


def didemo(ranked: Array, times: Array) -> tuple[float, float, float]:
    """DiDeMo's rank-1, rank-5 and IoU of one query, over the best three annotators.

    Args:
        ranked: (k, 2) seconds, best guess first.
        times: (a, 2) chunks, inclusive, one pair for each annotator (4, or 7 in a few rows).

    Returns three numbers: whether the mean of the three best ranks is at most 1, whether it is at most 5 (1.0 or 0.0
    each), and the mean of the three highest IoUs of the first guess, in [0, 1].
    Source: Hendricks et al., ICCV 2017. Their code ranks all 21 spans of whole chunks; here a guess is rounded to the
    chunks that fit it best, and a span that was not guessed has no rank (their code raises an error).
    """
    if not len(ranked) or not len(times):
        return 0.0, 0.0, 0.0
    guesses = chunks(ranked)
    same = (guesses[:, None, :] == times[None, :, :]).all(axis=2)
    ranks = np.where(same.any(axis=0), same.argmax(axis=0) + 1.0, np.inf)
    rank = float(np.mean(np.sort(ranks)[:3]))
    spans = np.stack([times[:, 0] * CHUNK, (times[:, 1] + 1) * CHUNK], axis=1)
    ious = iou_matrix(ranked[:1], spans)[0]
    return float(rank <= 1), float(rank <= 5), float(np.mean(np.sort(ious)[-3:]))
