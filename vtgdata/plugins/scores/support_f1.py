"""Support F1: how much of the time is right, times how many of the windows are; for samples with many windows.

The first factor is the F1 of covered seconds on merged supports: independent of the order of windows and of how a
stretch is cut. The second is the F1 of the number of windows matched, one to one and in the order of time, each to one
that it overlaps: an answer that cuts one moment into ten is not as good as one that counts right. A matching that
zips the two lists, as MUSEG's, scores the same answer 1.0 or 0.25 by how it is written. Sources: MUSEG (2505.20715),
TempR1 (2512.03963).
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.window_table import Index, Table, pairs, ratio, shared, table
from vtgdata.records import Answer, Sample, Window
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """The score of each answer. Returns: (n,) in [0, 1], NaN where a sample has no window."""
    supports, plain = table(answers, samples, join="both"), table(answers, samples)
    covered = ratio(2.0 * shared(supports), supports.said.length + supports.true.length)
    found = _single_matches(plain)
    # One window matches at most one; where both have several, the matching has to be found.
    for row in np.flatnonzero((plain.said.sizes > 1) & (plain.true.sizes > 1)).tolist():
        found[row] = matches(answers[row].counted, samples[row].windows)
    counted = ratio(2.0 * found, (plain.said.sizes + plain.true.sizes).astype(np.float64))
    return plain.where_scored(covered * counted)


def _single_matches(of: Table) -> Array:
    i, j = pairs(of)
    said, true = of.said.windows[i], of.true.windows[j]
    overlaps = np.minimum(said[:, 1], true[:, 1]) > np.maximum(said[:, 0], true[:, 0])
    row: Index = of.said.row[i][overlaps]
    return np.minimum(np.bincount(row, minlength=len(of.duration)), 1).astype(np.float64)


def matches(said: Sequence[Window], true: Sequence[Window]) -> int:
    """Most pairs of overlapping windows, one to one and in the order of time, by dynamic programming.

    >>> matches([Window(0, 2), Window(5, 9)], [Window(1, 6), Window(8, 9)])
    2
    """
    first, second = sorted(said), sorted(true)
    above = [0] * (len(second) + 1)
    for window in first:
        row = [0]
        for k, other in enumerate(second):
            overlaps = min(window.end, other.end) > max(window.start, other.start)
            row.append(max(row[k], above[k + 1], above[k] + overlaps))
        above = row
    return above[-1]
