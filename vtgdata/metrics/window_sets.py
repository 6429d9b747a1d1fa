"""Sets of windows compared with sets: IoU in two readings, covered time, counts, matching, and transport of time.

For queries that happen several times. All functions take a table of n answers and give (n,) values; neither the order
of windows nor, unless it is said, how a stretch of time is cut into windows changes them.
"""

import numpy as np

from vtgdata.metrics.flat import Flat, Index
from vtgdata.metrics.window_table import Table, answer_iou, iou_matrix, ratio, shared, support, support_iou, supports
from vtgdata.records.windows import Array

MATCHED_AT = (0.3, 0.5, 0.7)
"""IoU thresholds of OMTG's F1."""


def both_merged_iou(of: Table) -> Array:
    """Set IoU: |P n G| / |P u G|, with overlapping and touching windows joined on both sides.

    Returns: (n,) in [0, 1]; 0 if a side covers nothing. Sources: OMTG's tIoU, CG-Bench.
    """
    return support_iou(supports(of))


def prediction_merged_iou(of: Table) -> Array:
    """Set IoU with only the answer's windows joined: time that several true windows cover counts as often as they do.

    The intersection is the sum over all pairs, the union |P| + |G| less the intersection. It is `both_merged_iou`
    where no two true windows overlap. Returns: (n,) in [0, 1]; 0 if a side covers nothing.
    Source: VUE-TR's qa_eval.py, TimeLens2's `tiou`, MomentSeeker as TimeLens2 evaluates it.
    """
    merged = supports(of)._replace(true=of.true)
    inter = shared(merged)
    return ratio(inter, merged.said.length + merged.true.length - inter)


def covered_precision(of: Table) -> Array:
    """Share of the answer's time that is in the truth, on merged supports. Returns: (n,) in [0, 1]."""
    merged = supports(of)
    return ratio(shared(merged), merged.said.length)


def covered_recall(of: Table) -> Array:
    """Share of the true time that is in the answer, on merged supports. Returns: (n,) in [0, 1]."""
    merged = supports(of)
    return ratio(shared(merged), merged.true.length)


def best_window(of: Table) -> Array:
    """IoU of a single window with the best true one; that of merged supports for several. Returns: (n,) in [0, 1].

    It is mIoU of the metrics that are not of sets. Source: QVHighlights' R1.
    """
    return answer_iou(of)


def count_error(of: Table) -> Array:
    """How many windows the answer has too many or too few, as they are listed. Returns: (n,) whole numbers."""
    return np.abs(of.said.sizes - of.true.sizes).astype(np.float64)


def count_right(of: Table) -> Array:
    """Whether the answer has as many windows as the truth, as they are listed. Returns: (n,) of 0.0 and 1.0.

    Source: OMTG's C-Acc.
    """
    return (of.said.sizes == of.true.sizes).astype(np.float64)


def matched_ious(of: Table) -> list[Array]:
    """For each answer the IoUs of the one-to-one matching of windows that has the largest sum of IoUs.

    Returns: n arrays (at most the smaller number of windows,). Source: OMTG's scorer (Hungarian matching).
    """
    said, true = (_split(flat) for flat in (of.said, of.true))
    found: list[Array] = []
    for first, second in zip(said, true, strict=True):
        ious = iou_matrix(first, second)
        if ious.size == 0 or 1 in ious.shape:
            found.append(ious.max(keepdims=True).reshape(-1) if ious.size else np.empty(0))
        else:
            found.append(ious[best_assignment(ious)])
    return found


def matched_f1(of: Table, ious: list[Array], threshold: float) -> Array:
    """F1 of the pairs of a matching whose IoU is at least `threshold`. Args: ious: of `matched_ious`.

    Returns: (n,) in [0, 1]; 0 if a side is empty. Source: OMTG's tF1@t.
    """
    hits = np.array([np.count_nonzero(each >= threshold) for each in ious], dtype=np.float64)
    return ratio(2.0 * hits, (of.said.sizes + of.true.sizes).astype(np.float64))


def mean_matched_f1(of: Table) -> Array:
    """Mean of `matched_f1` over OMTG's three thresholds. Returns: (n,) in [0, 1]; 0 if a side is empty."""
    ious = matched_ious(of)
    return np.mean([matched_f1(of, ious, threshold) for threshold in MATCHED_AT], axis=0)


def best_assignment(values: Array) -> tuple[Index, Index]:
    """The one-to-one assignment of rows to columns with the largest sum. Args: values: (k, m), finite.

    Returns (rows, columns), min(k, m) each. Source: Kuhn, The Hungarian method for the assignment problem (1955), by
    shortest augmenting paths.

    >>> rows, columns = best_assignment(np.array([[0.6, 0.5], [0.5, 0.0]]))
    >>> rows.tolist(), columns.tolist()
    ([0, 1], [1, 0])
    """
    if values.shape[0] > values.shape[1]:
        columns, rows = best_assignment(values.T)
        order = np.argsort(rows, kind="stable")
        return rows[order], columns[order]
    cost = -values
    k, m = cost.shape
    of_row, of_column = np.zeros(k), np.zeros(m)
    owner = np.full(m + 1, -1, dtype=np.intp)  # the row of each column; column m is where a search begins
    for row in range(k):
        owner[m] = row
        at, seen = m, np.zeros(m, dtype=np.bool_)
        least, came = np.full(m, np.inf), np.full(m, m, dtype=np.intp)
        while owner[at] >= 0:
            if at < m:
                seen[at] = True
            reduced = cost[owner[at]] - of_row[owner[at]] - of_column
            closer = ~seen & (reduced < least)
            least, came = np.where(closer, reduced, least), np.where(closer, at, came)
            following = int(np.where(seen, np.inf, least).argmin())
            delta = least[following]
            of_row[owner[[*np.flatnonzero(seen).tolist(), m]]] += delta
            of_column[seen] -= delta
            least = np.where(seen, least, least - delta)
            at = following
        while at < m:
            owner[at] = owner[came[at]]
            at = int(came[at])
    columns = np.flatnonzero(owner[:m] >= 0)
    order = np.argsort(owner[columns], kind="stable")
    return owner[columns][order], columns[order]


def transport(of: Table) -> Array:
    """Seconds that the answer's time lies away from the truth, as a share of the true time: W1 of uniform densities.

    Each side is joined and becomes a uniform density on its support; W1 is the integral of |F_P - F_G|, exact, since
    both distribution functions are piecewise linear. Returns: (n,) at least 0; infinite where a side covers nothing.
    Source: TimeLens2's `twass` (grpo/timelens/rewards), before the exponential.
    """
    said, true = (_split(flat) for flat in supports(of)[:2])
    return np.array([_distance(first, second) for first, second in zip(said, true, strict=True)], dtype=np.float64)


def _distance(said: Array, true: Array) -> float:
    said, true = support(said), support(true)
    if not len(said) or not len(true):
        return float("inf")
    if np.array_equal(said, true):
        return 0.0
    bounds = np.unique(np.concatenate([said.ravel(), true.ravel()]))
    gap = _share_before(said, bounds) - _share_before(true, bounds)
    left, right, width = gap[:-1], gap[1:], np.diff(bounds)
    # Between two bounds the gap is a straight line: where it changes sign, two triangles.
    crossing = left * right < 0
    apart = np.where(crossing, np.abs(left) + np.abs(right), 1.0)
    area = np.where(crossing, (left**2 + right**2) / (2.0 * apart), np.abs(left + right) / 2.0)
    return float((area * width).sum() / (true[:, 1] - true[:, 0]).sum())


def _share_before(windows: Array, times: Array) -> Array:
    """Share of the time of disjoint windows that lies before each of some times. Returns: (k,) in [0, 1]."""
    length = windows[:, 1] - windows[:, 0]
    before = np.clip(times[:, None] - windows[None, :, 0], 0.0, length[None])
    return before.sum(axis=1) / length.sum()


def _split(flat: Flat) -> list[Array]:
    """The windows of each answer: n arrays (k, 2), without rows of NaN."""
    return [part[~np.isnan(part).any(axis=1)] for part in flat.arrays]
