"""Arithmetic of windows as arrays: overlaps, intersection over union, supports, and tables of many answers.

Scores, metrics and baselines all use it; `records.windows.tiou` is the same for two `Window`s. A table has one row per
window and says which answer each belongs to, so that the same code handles one answer and a million.

From a model's text only `Answer.counted` gets here: the valid windows of an answer whose status is ok. From a file of
predictions a window may also be a row of NaN, which keeps the rank of an invalid window and overlaps nothing.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Literal, NamedTuple

import numpy as np

from vtgdata.metrics.flat import Flat, Index, flat_arrays, flat_windows, sums_of
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array

_NONE_IS_RIGHT = attrgetter("none_is_right")


def overlap(a: Array, b: Array) -> Array:
    """Seconds that windows share, at least 0: row by row, or as the shapes (..., 2) of a and b broadcast.

    >>> overlap(np.array([[0.0, 10.0]]), np.array([[5.0, 15.0]]))
    array([5.])
    """
    # fmax of NaN and 0 is 0.
    return np.fmax(np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0]), 0.0)


def tiou_array(a: Array, b: Array) -> Array:
    """Temporal IoU of windows, to the last bit equal to `records.windows.tiou`. Args: a, b: (..., 2), broadcast.

    Returns values in [0, 1]; 0 if a window is NaN or covers nothing.

    >>> tiou_array(np.array([[0.0, 10.0]]), np.array([[5.0, 15.0]]))
    array([0.33333333])
    """
    shared = overlap(a, b)
    return ratio(shared, (a[..., 1] - a[..., 0]) + (b[..., 1] - b[..., 0]) - shared)


def tiou_in_place(a: Array, b: Array) -> Array:
    """`tiou_array` for millions of rows, without its temporary arrays. Args: a, b: (n, 2), no NaN. Returns: (n,).

    It adds in another order, so one value in five differs in its last bit. Stored scores and pass rates always came
    from this function, metrics of evaluations from the other; exchanging them would change rows of a release.
    """
    shared = np.minimum(a[:, 1], b[:, 1])
    shared -= np.maximum(a[:, 0], b[:, 0])
    np.maximum(shared, 0.0, out=shared)
    total = a[:, 1] - a[:, 0]
    total += b[:, 1]
    total -= b[:, 0]
    total -= shared
    # Two windows may cover nothing after clamping: then the IoU is 0.
    np.divide(shared, total, out=shared, where=total > 0)
    return np.minimum(shared, 1.0, out=shared)


def iou_matrix(a: Array, b: Array) -> Array:
    """Temporal IoU of each window in a with each in b. Args: a: (k, 2); b: (m, 2). Returns: (k, m) in [0, 1]."""
    return tiou_array(a[:, None], b[None])


def support(windows: Array) -> Array:
    """The time that a set of windows covers: windows sorted, overlapping and touching ones joined, NaN left out.

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


class Table(NamedTuple):
    """The windows of n answers, and the true windows of their samples."""

    said: Flat
    true: Flat
    duration: Array
    """(n,) seconds, NaN if it is not known."""
    refusals: Array | None = None
    """(n,) 1.0 or 0.0, whether the answer says so, where it is known that there is no moment; NaN elsewhere."""

    def where_scored(self, values: Array, *, timed: bool = False) -> Array:
        """(n,) values: NaN for a sample without a true window or, with `timed`, a duration; 0 for an empty answer.

        Where it is known that there is no moment, refusing scores 1 and anything else 0.
        """
        unknown = (self.true.sizes == 0) | (timed & np.isnan(self.duration))
        found = np.where(unknown, np.nan, np.where(self.said.sizes == 0, 0.0, values))
        return found if self.refusals is None else np.where(np.isnan(self.refusals), found, self.refusals)


def table(answers: Sequence[Answer], samples: Sequence[Sample], *, join: Literal["", "said", "both"] = "") -> Table:
    """The table of n answers and their samples.

    Args:
        answers: n answers.
        samples: n samples.
        join: which overlapping and touching windows are joined: none, those of answers, or also the true ones.

    Raises ValueError when their numbers differ.
    """
    check(answers, samples)
    durations = [sample.video.duration or np.nan for sample in samples]
    said = flat_windows([answer.counted for answer in answers])
    true = flat_windows([sample.windows for sample in samples])
    of = Table(said, true, np.array(durations, dtype=np.float64), refusals(answers, samples))
    return of if not join else of._replace(said=_joined(said), true=_joined(true) if join == "both" else true)


def table_of(said: Sequence[Array], true: Sequence[Array]) -> Table:
    """A table of windows that are already arrays, without durations. Args: said, true: n arrays (k, 2), seconds."""
    return Table(flat_arrays(said), flat_arrays(true), np.full(len(said), np.nan))


def refusals(answers: Sequence[Answer], samples: Sequence[Sample]) -> Array | None:
    """Whether each answer rightly says that there is no moment; see `Table.refusals`."""
    if not any(map(_NONE_IS_RIGHT, samples)):
        return None
    pairs_of = zip(answers, samples, strict=True)
    found = (float(a.says_none and not a.counted) if s.none_is_right else np.nan for a, s in pairs_of)
    return np.fromiter(found, np.float64, len(samples))


def check(answers: Sequence[Answer], samples: Sequence[Sample]) -> None:
    """Raise ValueError when the numbers of answers and samples differ."""
    if len(answers) != len(samples):
        raise ValueError(f"{len(answers)} answers for {len(samples)} samples")


def _joined(flat: Flat) -> Flat:
    """The windows of each answer, replaced by their support."""
    if not (flat.sizes > 1).any():
        return flat
    return flat_arrays([support(windows) if len(windows) > 1 else windows for windows in flat.arrays])


def supports(of: Table) -> Table:
    """The table with the windows of each answer, and the true ones of each sample, replaced by their support."""
    return of._replace(said=_joined(of.said), true=_joined(of.true))


def clamped(of: Table) -> Table:
    """The table with windows cut at the video's end; a window that starts after it then covers nothing."""
    said, true = (
        flat._replace(windows=np.fmin(flat.windows, of.duration[flat.row][:, None])) for flat in (of.said, of.true)
    )
    return of._replace(said=said, true=true)


def pairs(of: Table) -> tuple[Index, Index]:
    """Indexes (said, true) of every pair of windows of the same answer, sorted by answer, said window, true window."""
    repeats = of.true.sizes[of.said.row]
    said = np.repeat(np.arange(len(of.said.row)), repeats)
    first = np.cumsum(of.true.sizes) - of.true.sizes
    within = np.arange(len(said)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return said, first[of.said.row[said]] + within


def best(of: Table, function: Callable[[Array, Array, Array], Array]) -> Array:
    """The highest value of `function` over an answer's pairs of windows: so one window is scored against several true.

    Args:
        of: the table.
        function: from said windows (m, 2), true windows (m, 2) and durations (m,) to values (m,) in [0, 1].

    Returns: (n,) in [0, 1], 0 if there is no pair.
    """
    found = np.zeros(len(of.duration))
    # An unknown duration gives NaN; `where_scored` handles such samples.
    with np.errstate(invalid="ignore"):
        if of.said.one_each and of.true.one_each:
            return np.maximum(found, function(of.said.windows, of.true.windows, of.duration), out=found)
        i, j = pairs(of)
        row = of.said.row[i]
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
    """A score that compares one window with the best true one, and several windows with all true ones together.

    Touching windows of an answer are joined. Touching true windows are tried both apart and joined, and the better
    value counts, so that the truth itself gets the full score however it is cut. Args: one: as `function` in `best`;
    several: from a table of supports to (n,); timed: whether the score needs durations. Returns: (n,), NaN where it
    does not apply.
    """
    answered, joined = (table(answers, samples, join=join) for join in ("said", "both"))
    value = np.fmax(best(answered, one), best(joined, one))
    many = joined.said.sizes > 1
    if many.any():
        value = np.where(many, several(joined), value)
    return joined.where_scored(value, timed=timed)


def shared(of: Table) -> Array:
    """Seconds that both answer and truth cover; neither may have windows that overlap each other. Returns: (n,)."""
    i, j = pairs(of)
    return sums_of(overlap(of.said.windows[i], of.true.windows[j]), of.said.row[i], len(of.duration))


def support_iou(of: Table) -> Array:
    """IoU of each answer's support with that of the truth. Returns: (n,) in [0, 1], 0 if neither covers anything."""
    both = shared(of)
    return ratio(both, of.said.length + of.true.length - both)


def answer_iou(of: Table, one: Callable[[Array, Array], Array] = tiou_array) -> Array:
    """The IoU of answers: one window with the best true one; several windows with all true ones, on their supports.

    Args: of: windows as they were given; one: the IoU of two windows, row by row. Returns: (n,) in [0, 1], 0 if either
    side is empty. Source: QVHighlights' R1 takes the best true window for a single prediction.
    """
    value = best(of, lambda said, true, _: one(said, true))
    many = of.said.sizes > 1
    if not many.any():
        return value
    return np.where(many, support_iou(supports(of)), value)


def ratio(part: Array, whole: Array) -> Array:
    """`part / whole`, at most 1, and 0 where the whole is 0. Args: (n,) each. Returns: (n,) in [0, 1]."""
    return np.minimum(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0), 1.0)


def hull(flat: Flat) -> Array:
    """First start and last end of each answer's windows. Returns: (n, 2), NaN if it has no windows."""
    found = np.full((len(flat.sizes), 2), np.nan)
    np.fmin.at(found[:, 0], flat.row, flat.windows[:, 0])
    np.fmax.at(found[:, 1], flat.row, flat.windows[:, 1])
    return found


def mean_per_row(values: Array, flat: Flat) -> Array:
    """Mean of the values of each answer's windows, weighted by window length. Args: values: (k,). Returns: (n,)."""
    total = sums_of(values * (flat.windows[:, 1] - flat.windows[:, 0]), flat.row, len(flat.sizes))
    return np.divide(total, flat.length, out=np.zeros_like(total), where=flat.length > 0)
