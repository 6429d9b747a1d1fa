"""What scores of windows share: the windows of a table of answers as flat arrays, and how a score is made of them.

Every array has one row for a window and says of which answer it is, so that one answer and a million are the same
code. Only `Answer.counted` gets here: valid windows of an answer whose status is ok. What is reversed, empty, not a
number or said beside another where one was asked is kept out by the parser.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.records import Answer, Sample, Window
from vtgdata.records.windows import Array, merged

Index = NDArray[np.intp]


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
    said = [answer.counted for answer in answers]
    true = [sample.windows for sample in samples]
    if join:
        said = [_support(windows) for windows in said]
    if join == "both":
        true = [_support(windows) for windows in true]
    durations = [sample.video.duration or np.nan for sample in samples]
    return Table(_flat(said), _flat(true), np.array(durations, dtype=np.float64))


def check(answers: Sequence[Answer], samples: Sequence[Sample]) -> None:
    """Raise ValueError when answers and samples are not as many."""
    if len(answers) != len(samples):
        raise ValueError(f"{len(answers)} answers for {len(samples)} samples")


def _support(windows: tuple[Window, ...]) -> tuple[Window, ...]:
    return merged(windows) if len(windows) > 1 else windows


def _flat(rows: Sequence[Sequence[Window]]) -> Flat:
    sizes = np.array([len(windows) for windows in rows], dtype=np.intp)
    flat = [(window.start, window.end) for windows in rows for window in windows]
    return Flat(np.array(flat, dtype=np.float64).reshape(-1, 2), np.repeat(np.arange(len(rows)), sizes), sizes)


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
    said, true = of.said.windows[i], of.true.windows[j]
    overlap = np.minimum(said[:, 1], true[:, 1]) - np.maximum(said[:, 0], true[:, 0])
    return _sums(np.maximum(overlap, 0.0), of.said.row[i], len(of.duration))


def support_iou(of: Table) -> Array:
    """Intersection over union of two supports, row by row. Returns: (n,) in [0, 1], 0 where neither covers anything."""
    both = shared(of)
    return ratio(both, of.said.length + of.true.length - both)


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
