"""What a look gets and what it says."""

import math
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtgdata.annotations.looks.gathered import Columns, Group

FEW = 4
"""Fewer rows or windows than this are no file that can be judged as a whole."""
SURE = math.log(1e-6)
"""Logarithm of the probability below which something is not chance."""


class Seen(msgspec.Struct, frozen=True):
    """What a look saw."""

    count: int
    """How many rows, windows or videos are meant."""
    of: int
    """Of how many."""
    says: str


class Shown(NamedTuple):
    """What a look gets: a group, its arrays, and the corpus's annotation grid in seconds."""

    group: Group
    columns: Columns
    grid: float | None
    elsewhere: NDArray[np.int64]
    """Hashes of the videos that the same file has in other splits."""

    @property
    def limits(self) -> NDArray[np.float64]:
        """(w,) Duration of each window's video; NaN where unknown."""
        return self.columns.durations[self.columns.owner]

    @property
    def unit(self) -> str:
        """Unit that the bounds were read in."""
        return self.group.key.unit or "seconds"


def many(count: int, of: int, share: float) -> bool:
    """Whether so many are meant that slips of single rows are no explanation."""
    return (count >= 3 and count >= share * of) or (count >= 2 and 2 * count >= of > 3)
