"""Windows of many answers or samples as columns."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.records import Window
from vtgdata.records.windows import Array

Index = NDArray[np.intp]


class Flat(NamedTuple):
    """Windows of n answers (or samples), answer by answer."""

    windows: Array
    """(k, 2) seconds."""
    row: Index
    """(k,) index of the answer that each window belongs to."""
    sizes: Index
    """(n,) number of windows of each answer."""

    @property
    def arrays(self) -> list[Array]:
        """The windows of each answer: n arrays (k, 2), which share the memory of the columns."""
        return np.split(self.windows, np.cumsum(self.sizes)[:-1]) if len(self.sizes) else []

    @property
    def first(self) -> Index:
        """(n,) where the windows of each answer begin."""
        return np.cumsum(self.sizes) - self.sizes

    def only(self, mask: NDArray[np.bool_]) -> "Flat":
        """The windows of some answers. Args: mask: (n,)."""
        sizes = self.sizes[mask]
        return Flat(self.windows[mask[self.row]], np.repeat(np.arange(len(sizes)), sizes), sizes)

    @property
    def one_each(self) -> bool:
        """Whether each answer has exactly one window."""
        return len(self.row) == len(self.sizes) and bool((self.sizes == 1).all())

    @property
    def length(self) -> Array:
        """(n,) sum of the lengths of each answer's windows, in seconds: the time covered if they do not overlap."""
        return sums_of(self.windows[:, 1] - self.windows[:, 0], self.row, len(self.sizes))


def as_array(windows: Sequence[Window]) -> Array:
    """Windows as (k, 2) float64, in seconds."""
    return np.array([(window.start, window.end) for window in windows], dtype=np.float64).reshape(-1, 2)


def flat_windows(rows: Sequence[Sequence[Window]]) -> Flat:
    """The windows of n answers or samples as columns."""
    return _parted(as_array([window for windows in rows for window in windows]), [len(windows) for windows in rows])


def flat_arrays(rows: Sequence[Array]) -> Flat:
    """`flat_windows` of windows that are already arrays. Args: rows: n arrays (k, 2)."""
    return _parted(np.concatenate([as_array(()), *rows]), [len(windows) for windows in rows])


def _parted(windows: Array, sizes: Sequence[int]) -> Flat:
    counts = np.array(sizes, dtype=np.intp)
    return Flat(windows, np.repeat(np.arange(len(counts)), counts), counts)


def sums_of(values: Array, row: Index, n: int) -> Array:
    """(n,) sums of the values of each answer. Args: values: (k,); row: (k,) the answer of each."""
    return np.bincount(row, values, minlength=n).astype(np.float64)
