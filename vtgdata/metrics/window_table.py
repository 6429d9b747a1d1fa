"""The one arithmetic of windows as arrays: overlaps, intersection over union, supports, and tables of many answers.

Scores, metrics and baselines all measure with it; `records.windows.tiou` is the same for two `Window`s. A table has one
row for a window and says of which answer it is, so that one answer and a million are the same code.

Of a model's text only `Answer.counted` gets here: valid windows of an answer whose status is ok. Of a file of
predictions a window may also be a row of NaN, which holds the rank of one that is none and meets nothing.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.records import Answer, Sample, Window
from vtgdata.records.windows import Array

Index = NDArray[np.intp]


def as_array(windows: Sequence[Window]) -> Array:
    """Windows as (k, 2) float64, in seconds."""
    return np.array([(window.start, window.end) for window in windows], dtype=np.float64).reshape(-1, 2)


def overlap(a: Array, b: Array) -> Array:
    """Seconds that windows share: of each row of a with that row of b, or as the shapes (..., 2) broadcast. At least 0.

    >>> overlap(np.array([[0.0, 10.0]]), np.array([[5.0, 15.0]]))
    array([5.])
    """
    # Of NaN and 0, fmax takes the 0.
    return np.fmax(np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0]), 0.0)


def tiou_array(a: Array, b: Array) -> Array:
    """Temporal IoU of windows, as `records.windows.tiou` has it to the last bit. Args: a, b: (..., 2), broadcast.

    Returns values in [0, 1]: 0 for a window of NaN, and for one that covers nothing.

    >>> tiou_array(np.array([[0.0, 10.0]]), np.array([[5.0, 15.0]]))
    array([0.33333333])
    """
    shared = overlap(a, b)
    return ratio(shared, (a[..., 1] - a[..., 0]) + (b[..., 1] - b[..., 0]) - shared)


def tiou_in_place(a: Array, b: Array) -> Array:
    """`tiou_array` of millions of rows, without its temporary arrays. Args: a, b: (n, 2), no NaN. Returns: (n,).

    It adds in another order, so one value in five is another in its last bit. Scores and pass rates were always stored
    from this one, metrics of evaluations from the other; a release would see changed rows if that were changed.
    """
    shared = np.minimum(a[:, 1], b[:, 1])
    shared -= np.maximum(a[:, 0], b[:, 0])
    np.maximum(shared, 0.0, out=shared)
    total = a[:, 1] - a[:, 0]
    total += b[:, 1]
    total -= b[:, 0]
    total -= shared
    # A window that was clamped to nothing covers nothing.
    np.divide(shared, total, out=shared, where=total > 0)
    return np.minimum(shared, 1.0, out=shared)


def iou_matrix(a: Array, b: Array) -> Array:
    """Temporal IoU of each window of a with each of b. Args: a: (k, 2); b: (m, 2). Returns: (k, m) in [0, 1]."""
    return tiou_array(a[:, None], b[None])


def support(windows: Array) -> Array:
    """The time that a set of windows covers: sorted, overlapping and touching ones joined, NaN left out.

    Args: windows: (k, 2). Returns: (m, 2), m <= k.

    >>> support(np.array([[5.0, 9.0], [0.0, 5.0], [11.0, 12.0]])).tolist()
    [[0.0, 9.0], [11.0, 12.0]]
    """
    windows = windows[~np.isnan(windows).any(axis=1)]
    if len(windows) < 2:
        return windows
    windows = windows[np.argsort(windows[:, 0], kind="stable")]
    reach = np.maximum.accumulate(windows[:, 1])
    first = np.r_[True, windows[1:, 0] > reach[:-1]]
    return np.stack([windows[first, 0], reach[np.r_[first[1:], True]]], axis=1)


class Flat(NamedTuple):
    """Windows of n answers (or samples), answer by answer."""

    windows: Array
    """(k, 2) seconds."""
    row: Index
    """(k,) which answer each belongs to."""
    sizes: Index
    """(n,) how many each has."""

    @property
    def length(self) -> Array:
        """(n,) seconds that the windows of each row cover, where they do not overlap."""
        return _per_row(self.windows[:, 1] - self.windows[:, 0], self)


class Table(NamedTuple):
    """Answers beside the truth."""

    said: Flat
    true: Flat
    duration: Array
    """(n,) seconds, NaN where it is not known."""

    def where_scored(self, values: Array, *, timed: bool = False) -> Array:
        """The (n,) values, with NaN where a sample has no true window or, with `timed`, no duration."""
        unknown = (self.true.sizes == 0) | (timed & np.isnan(self.duration))
        return np.where(unknown, np.nan, np.where(self.said.sizes == 0, 0.0, values))


def table(answers: Sequence[Answer], samples: Sequence[Sample], *, join: Literal["", "said", "both"] = "") -> Table:
    """The windows of answers and of their samples.

    Args:
        answers: n of them.
        samples: n of them.
        join: whose overlapping and touching windows become one: the answers', or also the true ones.

    Raises ValueError when they are not as many.
    """
    check(answers, samples)
    durations = [sample.video.duration or np.nan for sample in samples]
    said = _flat_windows([answer.counted for answer in answers])
    true = _flat_windows([sample.windows for sample in samples])
    of = Table(said, true, np.array(durations, dtype=np.float64))
    return of if not join else of._replace(said=_joined(said), true=_joined(true) if join == "both" else true)


def table_of(said: Sequence[Array], true: Sequence[Array]) -> Table:
    """The same of windows that are arrays already, without durations. Args: said, true: n arrays (k, 2), seconds."""
    return Table(_flat(said), _flat(true), np.full(len(said), np.nan))


def check(answers: Sequence[Answer], samples: Sequence[Sample]) -> None:
    """Raise ValueError when answers and samples are not as many."""
    if len(answers) != len(samples):
        raise ValueError(f"{len(answers)} answers for {len(samples)} samples")


def _flat_windows(rows: Sequence[Sequence[Window]]) -> Flat:
    flat = as_array([window for windows in rows for window in windows])
    return _parted(flat, [len(windows) for windows in rows])


def _flat(rows: Sequence[Array]) -> Flat:
    return _parted(np.concatenate([as_array(()), *rows]), [len(windows) for windows in rows])


def _parted(windows: Array, sizes: Sequence[int]) -> Flat:
    counts = np.array(sizes, dtype=np.intp)
    return Flat(windows, np.repeat(np.arange(len(counts)), counts), counts)


def _joined(flat: Flat) -> Flat:
    """The supports of all rows."""
    if not (flat.sizes > 1).any():
        return flat
    rows = np.split(flat.windows, np.cumsum(flat.sizes)[:-1])
    return _flat([support(windows) if len(windows) > 1 else windows for windows in rows])


def clamped(of: Table) -> Table:
    """The table with windows that end with the video; one that starts after it covers nothing."""
    said, true = (
        flat._replace(windows=np.fmin(flat.windows, of.duration[flat.row][:, None])) for flat in (of.said, of.true)
    )
    return Table(said, true, of.duration)


def pairs(of: Table) -> tuple[Index, Index]:
    """Indexes (said, true) of every pair of windows of the same row: by row, then by said window, then by true one."""
    repeats = of.true.sizes[of.said.row]
    said = np.repeat(np.arange(len(of.said.row)), repeats)
    first = np.cumsum(of.true.sizes) - of.true.sizes
    within = np.arange(len(said)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return said, first[of.said.row[said]] + within


def best(of: Table, function: Callable[[Array, Array, Array], Array]) -> Array:
    """For each row its best pair of windows: how one answered window is measured against several true ones.

    Args:
        of: the table.
        function: of said windows (m, 2), true windows (m, 2) and durations (m,), to (m,) in [0, 1].

    Returns: (n,) in [0, 1], 0 where there is no pair.
    """
    i, j = pairs(of)
    row = of.said.row[i]
    found = np.zeros(len(of.duration))
    # An unknown duration gives NaN, which `where_scored` names.
    with np.errstate(invalid="ignore"):
        np.maximum.at(found, row, function(of.said.windows[i], of.true.windows[j], of.duration[row]))
    return found


def one_or_several(
    answers: Sequence[Answer],
    samples: Sequence[Sample],
    one: Callable[[Array, Array, Array], Array],
    several: Callable[[Table], Array],
    *,
    timed: bool = False,
) -> Array:
    """A score that measures one window against the best true one, and several all together.

    Touching windows of an answer are one. True windows that touch count both apart and as one, so that the truth itself
    is right however it is cut. Args: one: as in `best`; several: of a table of supports, to (n,); timed: it needs
    durations. Returns: (n,), NaN where it does not apply.
    """
    answered, supports = (table(answers, samples, join=join) for join in ("said", "both"))
    value = np.fmax(best(answered, one), best(supports, one))
    many = supports.said.sizes > 1
    if many.any():
        value = np.where(many, several(supports), value)
    return supports.where_scored(value, timed=timed)


def shared(of: Table) -> Array:
    """Seconds that both the answer and the truth cover. The windows of each must not overlap. Returns: (n,)."""
    i, j = pairs(of)
    return _sums(overlap(of.said.windows[i], of.true.windows[j]), of.said.row[i], len(of.duration))


def support_iou(of: Table) -> Array:
    """Intersection over union of two supports, row by row. Returns: (n,) in [0, 1], 0 where neither covers anything."""
    both = shared(of)
    return ratio(both, of.said.length + of.true.length - both)


def answer_iou(of: Table, one: Callable[[Array, Array], Array] = tiou_array) -> Array:
    """The IoU of answers: one window against the best true one; several against all, on their supports.

    Args: of: windows as they were said; one: the IoU of two windows, row by row. Returns: (n,) in [0, 1], 0 where
    either side is empty. Source: QVHighlights' R1 takes the best true window for a single prediction.
    """
    value = best(of, lambda said, true, _: one(said, true))
    many = of.said.sizes > 1
    if not many.any():
        return value
    return np.where(many, support_iou(Table(_joined(of.said), _joined(of.true), of.duration)), value)


def ratio(part: Array, whole: Array) -> Array:
    """Part of a whole, at most 1, and 0 where the whole is. Args: (n,) each. Returns: (n,) in [0, 1]."""
    return np.minimum(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0), 1.0)


def hull(flat: Flat) -> Array:
    """First start and last end of each row's windows. Returns: (n, 2), NaN where it has none."""
    found = np.full((len(flat.sizes), 2), np.nan)
    np.fmin.at(found[:, 0], flat.row, flat.windows[:, 0])
    np.fmax.at(found[:, 1], flat.row, flat.windows[:, 1])
    return found


def _sums(values: Array, row: Index, n: int) -> Array:
    return np.bincount(row, values, minlength=n).astype(np.float64)


def _per_row(values: Array, flat: Flat) -> Array:
    return _sums(values, flat.row, len(flat.sizes))


def mean_per_row(values: Array, flat: Flat) -> Array:
    """Mean over each row's windows of a value of every window, weighted by their length. Args: (k,). Returns: (n,)."""
    length = flat.windows[:, 1] - flat.windows[:, 0]
    total = _per_row(values * length, flat)
    return np.divide(total, flat.length, out=np.zeros_like(total), where=flat.length > 0)
