"""QVHighlights' moment metrics: R1 and mAP of ranked windows by IoU threshold, for each range of true windows' lengths.

All queries are scored together, as arrays, since an evaluation scores its answers many times (against other samples'
truths, and for every guess). QVHighlights' own scorer refuses a file that leaves queries out, and its mAP is a mean
over the queries that have a guess; here a query without an answer counts as 0.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics.flat import Index
from vtgdata.metrics.window_table import tiou_array
from vtgdata.records.windows import Array

THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
"""IoU 0.5, 0.55 .. 0.95."""
LENGTHS = {"short": (0.0, 10.0), "middle": (10.0, 30.0), "long": (30.0, 150.0), "full": (-np.inf, np.inf)}
"""{range: (low, high)} of a true window's length, in seconds: above low, at most high."""
MOST_WINDOWS = 10
"""Most guesses of a query that count for mAP."""


def moments(
    windows: Sequence[Array], confidence: Sequence[Array | None], truths: Sequence[Array]
) -> dict[str, Array]:  # fmt: skip
    """QVHighlights' moment metrics of n queries.

    Args:
        windows: n arrays (k, 2), best first; only the first ten count for mAP, and only the first for R1.
        confidence: n arrays (k,), by which mAP ranks the windows; None to keep their order.
        truths: n arrays (m, 2).

    Returns {name: (n,) in [0, 1]} (`MR-full-R1@0.5`, `MR-short-mAP`); NaN for a range without a true window. Only in
    `full`, a query without any true window scores 0 instead.
    """
    n = len(windows)
    precisions = {name: np.full((n, len(THRESHOLDS)), 0.0 if name == "full" else np.nan) for name in LENGTHS}
    best = {name: np.full(n, 0.0 if name == "full" else np.nan) for name in LENGTHS}
    sizes = np.array([min(len(each), MOST_WINDOWS) for each in windows], dtype=np.intp)
    truth = _padded(truths)
    # Queries with the same number of guesses are one array; one number of guesses is the usual case.
    for size in np.unique(sizes).tolist():
        rows = np.flatnonzero(sizes == size)
        places = rows.tolist()
        found = _ranked([windows[i] for i in places], [confidence[i] for i in places], size)
        _score(found, truth[rows], rows, precisions, best)
    return _named(precisions, best)


def _named(precisions: dict[str, Array], best: dict[str, Array]) -> dict[str, Array]:
    values: dict[str, Array] = {}
    for name in LENGTHS:
        for i, threshold in enumerate(THRESHOLDS):
            applies = ~np.isnan(best[name])
            values[f"MR-{name}-R1@{threshold}"] = np.where(applies, best[name] >= threshold, np.nan)
            values[f"MR-{name}-mAP@{threshold}"] = precisions[name][:, i].copy()
        values[f"MR-{name}-mAP"] = precisions[name].mean(axis=1)
    return values


def _padded(truths: Sequence[Array]) -> Array:
    """True windows as one array (n, most, 2), filled up with NaN."""
    sizes = np.array([len(truth) for truth in truths], dtype=np.intp)
    found = np.full((len(truths), int(sizes.max(initial=1)), 2), np.nan)
    within = np.arange(found.shape[1]) < sizes[:, None]
    found[within] = np.concatenate([np.empty((0, 2)), *truths])
    return found


def _ranked(windows: Sequence[Array], confidence: Sequence[Array | None], size: int) -> tuple[Array, Array]:
    """The first windows (g, 1 or 0, 2) as given, and all that count (g, size, 2) by falling confidence."""
    given = np.stack([each[:size] for each in windows])
    rated = [np.zeros(size) if each is None else each[:size] for each in confidence]
    order = np.argsort(-np.stack(rated), axis=1, kind="stable")
    return given[:, :1], np.take_along_axis(given, order[:, :, None], axis=1)


def _score(
    found: tuple[Array, Array], truth: Array, rows: Index, precisions: dict[str, Array], best: dict[str, Array]
) -> None:
    """Fill in the rows of queries with the same number of guesses."""
    first, ious = (tiou_array(each[:, :, None], truth[:, None]) for each in found)
    length = truth[..., 1] - truth[..., 0]
    for name, (low, high) in LENGTHS.items():
        chosen = (length > low) & (length <= high)
        some = chosen.any(axis=1)
        top = np.where(chosen[some][:, None], first[some], 0.0)
        best[name][rows[some]] = top.max(axis=(1, 2), initial=0.0)
        precisions[name][rows[some]] = average_precision(ious[some], chosen[some])


def average_precision(ious: Array, chosen: NDArray[np.bool_]) -> Array:
    """Average precision of ranked guesses at each of `THRESHOLDS`, for g queries.

    Each guess is matched with the unmatched true window of the highest IoU, if that IoU reaches the threshold.
    Precision is interpolated (the best precision at this recall or a higher one).

    Args:
        ious: (g, k, m) IoU of each guess, best first, with each true window.
        chosen: (g, m) which of the true windows count: at least one of each query.

    Returns: (g, 10) in [0, 1]. Source: ActivityNet's detection mAP as QVHighlights' evaluation uses it (Lei et al.,
    NeurIPS 2021).
    """
    queries, guesses, _ = ious.shape
    thresholds = np.array(THRESHOLDS)[:, None]
    free = np.repeat(chosen[:, None], len(thresholds), axis=1)
    hits = np.zeros((queries, len(thresholds), guesses))
    for i in range(guesses):
        usable = np.where(free & (ious[:, None, i] >= thresholds), ious[:, None, i], -1.0)
        best = usable.argmax(axis=2)[..., None]
        hit = np.take_along_axis(usable, best, axis=2) >= 0
        hits[..., i] = hit[..., 0]
        np.put_along_axis(free, best, np.take_along_axis(free, best, axis=2) & ~hit, axis=2)
    precision = np.cumsum(hits, axis=2, dtype=np.float64) / np.arange(1.0, guesses + 1)
    return np.sum(hits * best_from_here(precision), axis=2) / chosen.sum(axis=1)[:, None]


def best_from_here(values: Array) -> Array:
    """The running maximum from the end of the last axis. Returns the shape given."""
    return np.maximum.accumulate(values[..., ::-1], axis=-1)[..., ::-1]
