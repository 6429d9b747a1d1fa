"""Support F1: F1 of the covered time, times F1 of the matched windows; for samples with many windows.

The first factor is the F1 of covered seconds on merged supports: the order of windows does not matter, nor how a
stretch of time is split into windows. The second is the F1 of matched windows: windows are matched one to one, in
order of time, to windows that they overlap. So an answer that splits one moment into ten scores less than one with the
right number of windows. MUSEG matches by position in the two lists, which gives the same answer 1.0 or 0.25 depending
on how it is written. Sources: MUSEG (2505.20715), TempR1 (2512.03963).
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.metrics.flat import Index
from vtgdata.metrics.window_table import Table, pairs, ratio, shared, table
from vtgdata.records import Answer, Sample, Window
from vtgdata.records.windows import Array


def score(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
    """The score of each answer. Returns: (n,) in [0, 1], NaN if a sample has no window."""
    supports, plain = table(answers, samples, join="both"), table(answers, samples)
    covered = ratio(2.0 * shared(supports), supports.said.length + supports.true.length)
    found = _single_matches(plain)
    # If either side has a single window, at most one pair matches; otherwise search for the best matching.
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
    """Largest number of overlapping pairs in a one-to-one matching in order of time, by dynamic programming.

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
