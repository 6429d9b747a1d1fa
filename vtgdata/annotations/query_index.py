"""An index of queries: finds the one most similar to another, without a comparison with each of them.

Similarity is that of `similar_queries`. The index lists, for each three-letter piece, the queries that have it. Two
queries whose similarity is `level` or more have in common one of the rarest pieces of each, so that only the lists of
these have to be read.
"""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.annotations.similar_queries import figures, pieces

_SLACK = 1e-9
"""Subtracted before rounding up, so that float error does not push a whole number up to the next one."""
_FIRST = 0.8
"""A search for the most similar query of all looks first for one that is at least so similar."""


class Nearest(NamedTuple):
    """The most similar query."""

    likeness: float
    """Similarity in [0, 1]."""
    place: int
    """Its number among the queries of the index, from 0; of equally similar ones the first."""


class QueryIndex:
    """The queries of one video (or of anything else), in their order."""

    def __init__(self, queries: Iterable[str]) -> None:
        found: dict[frozenset[str], dict[frozenset[str], int]] = {}
        for place, query in enumerate(queries):
            # Queries with other numbers in them have similarity 0, so each set of numbers has an index of its own.
            found.setdefault(figures(query), {}).setdefault(pieces(query), place)
        self._parts = {named: _Part(places) for named, places in found.items()}
        self._known: dict[tuple[str, float], Nearest | None] = {}

    def nearest(self, query: str, least: float = 0.0) -> Nearest | None:
        """The most similar query, if its similarity is above 0 and `least` or more; None without one."""
        key = (query, least)
        if key not in self._known:
            part = self._parts.get(figures(query))
            found = part.nearest(pieces(query), least) if part is not None else None
            self._known[key] = found if found is not None and found.likeness >= least else None
        return self._known[key]


class _Part:
    """Queries that can be compared with each other, each different set of pieces once."""

    def __init__(self, places: dict[frozenset[str], int]) -> None:
        """Build the lists; `places` has the first place of each set of pieces, rising."""
        self._places = places
        self._first = np.fromiter(places.values(), np.int64, len(places))
        self._ids: dict[str, int] = {}
        flat = [self._ids.setdefault(piece, len(self._ids)) for each in places for piece in each]
        self._flat = np.array(flat, dtype=np.int32)
        self._sizes = np.fromiter(map(len, places), np.int64, len(places))
        self._starts = np.cumsum(self._sizes) - self._sizes
        owners = np.repeat(np.arange(len(places), dtype=np.int32), self._sizes)
        self._owners = owners[np.argsort(self._flat, kind="stable")]
        ends = np.cumsum(np.bincount(self._flat, minlength=len(self._ids)))
        self._ends: list[int] = ends.tolist()
        self._has = np.zeros(len(self._ids), dtype=bool)

    def nearest(self, wanted: frozenset[str], least: float) -> Nearest | None:
        """The query with the most similar set of pieces, if that is as similar as `least`."""
        if wanted in self._places:
            return Nearest(1.0, self._places[wanted])
        lists = sorted((self._list(self._ids[piece]) for piece in wanted if piece in self._ids), key=len)
        for level in (least,) if least >= _FIRST else (_FIRST, least):
            # A query in none of the first lists has at most the pieces of the others in common.
            needed = len(lists) - max(1, math.ceil(level * len(wanted) - _SLACK)) + 1
            found = self._best(wanted, lists, needed) if needed > 0 else None
            if found is not None and found.likeness >= level:
                return found
        return None

    def _list(self, piece: int) -> NDArray[np.int32]:
        return self._owners[self._ends[piece - 1] if piece else 0 : self._ends[piece]]

    def _best(self, wanted: frozenset[str], lists: list[NDArray[np.int32]], needed: int) -> Nearest | None:
        """The most similar query of those in the first `needed` lists."""
        few = np.concatenate(lists[:needed])
        whole = sum(map(len, lists))
        if len(few) * len(wanted) < whole:
            chosen = np.unique(few)
            shared = self._shared(wanted, chosen)
        else:
            shared = np.bincount(np.concatenate(lists), minlength=len(self._sizes))
            chosen = slice(None)
        likeness = shared / (len(wanted) + self._sizes[chosen] - shared)
        best = int(likeness.argmax())
        place = self._first[chosen][best]
        return Nearest(float(likeness[best]), int(place)) if likeness[best] > 0 else None

    def _shared(self, wanted: frozenset[str], chosen: NDArray[Any]) -> NDArray[np.int64]:
        """How many pieces each chosen query has in common with the wanted ones."""
        ids = [self._ids[piece] for piece in wanted if piece in self._ids]
        self._has[ids] = True
        sizes = self._sizes[chosen]
        begun = np.cumsum(sizes) - sizes
        places = np.arange(int(sizes.sum())) + np.repeat(self._starts[chosen] - begun, sizes)
        shared = np.add.reduceat(self._has[self._flat[places]], begun, dtype=np.int64)
        self._has[ids] = False
        return shared
