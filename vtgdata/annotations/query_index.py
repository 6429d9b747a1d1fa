"""An index of queries: finds the one most similar to another, without a comparison with each of them.

Similarity is that of `similar_queries`. The index lists, for each three-letter piece, the queries that have it. Two
queries whose similarity is `level` or more have in common one of the rarest pieces of each, so that only the lists of
these have to be read. Where queries are made of few different pieces, each is in most lists: there a query is a row of
bits, and a comparison counts those that two rows share.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.annotations.similar_queries import figures, pieces

_SLACK = 1e-9
"""Subtracted before rounding up, so that float error does not push a whole number up to the next one."""
_FIRST = 0.8
"""A search for the most similar query of all looks first for one that is at least so similar."""
_BITS = 64
"""Pieces that one number holds."""
_MOST_BITS = 64_000_000
"""Most bytes of the rows of bits of an index."""
_PER_WORD = 8
"""Entries of lists that take as long to read as this many numbers of bits."""


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

    def kept(self, query: str, least: float) -> Nearest | None:
        """The most similar query among those that were kept, if its similarity is `least`, above 0, or more.

        Without one the query, which must be of the index, is kept: a later one that is as similar to it finds it.
        """
        part, wanted = self._parts[figures(query)], pieces(query)
        found = part.nearest(wanted, least, kept=True)
        if found is None:
            part.keep(wanted)
        return found

    def nearest(self, query: str, least: float = 0.0) -> Nearest | None:
        """The most similar query, if its similarity is above 0 and `least` or more; None without one."""
        key = (query, least)
        if key not in self._known:
            part = self._parts.get(figures(query))
            found = part.nearest(pieces(query), least) if part is not None else None
            self._known[key] = found if found is not None and found.likeness >= least else None
        return self._known[key]


class _Part:
    """Queries that can be compared with each other, each different set of pieces once, short ones first."""

    def __init__(self, places: dict[frozenset[str], int]) -> None:
        """Build the lists; `places` has the first place of each set of pieces."""
        self._places = places
        ordered = sorted(places, key=len)
        self._numbers = {each: number for number, each in enumerate(ordered)}
        self._first = np.fromiter((places[each] for each in ordered), np.int64, len(places))
        self._sizes = np.fromiter(map(len, ordered), np.int64, len(places))
        self._starts = np.cumsum(self._sizes) - self._sizes
        ids: dict[str, int] = {}
        self._flat = np.array([ids.setdefault(piece, len(ids)) for each in ordered for piece in each], dtype=np.int32)
        self._ids = ids
        self._has = np.zeros(len(ids), dtype=bool)
        self._every = np.arange(len(places))
        self._kept = np.zeros(len(places), dtype=bool)
        owners = np.repeat(np.arange(len(places), dtype=np.int32), self._sizes)[np.argsort(self._flat, kind="stable")]
        ends = np.cumsum(np.bincount(self._flat, minlength=len(ids)))
        same: dict[bytes, int] = {}
        self._lists: list[NDArray[np.int32]] = []
        """The numbers of the queries that have a piece, rising. Pieces of one rare word are in the same queries."""
        self._list_of: dict[str, int] = {}
        for piece, (start, end) in zip(ids, itertools.pairwise([0, *ends.tolist()]), strict=True):
            own = owners[start:end]
            number = self._list_of[piece] = same.setdefault(own.tobytes(), len(self._lists))
            if number == len(self._lists):
                self._lists.append(own)
        self._lengths = list(map(len, self._lists))
        self._rows = self._bits()

    def _bits(self) -> NDArray[np.uint64] | None:
        """(numbers, queries): a bit for each piece of each query; None where these would be too many."""
        numbers = -(-len(self._ids) // _BITS)
        if numbers * len(self._places) * 8 > _MOST_BITS:
            return None
        rows = np.zeros((numbers, len(self._places)), np.uint64)
        owners = np.repeat(np.arange(len(self._places)), self._sizes)
        word, bit = np.divmod(self._flat, _BITS)
        np.bitwise_or.at(rows, (word, owners), np.left_shift(np.uint64(1), bit.astype(np.uint64)))
        return rows

    def keep(self, wanted: frozenset[str]) -> None:
        """Count a query of the index among those that are kept."""
        self._kept[self._numbers[wanted]] = True

    def nearest(self, wanted: frozenset[str], least: float, *, kept: bool = False) -> Nearest | None:
        """The query with the most similar set of pieces, if that is as similar as `least`; of the kept ones alone."""
        if wanted in self._places and (not kept or self._kept[self._numbers[wanted]]):
            return Nearest(1.0, self._places[wanted])
        counts = Counter(self._list_of[piece] for piece in wanted if piece in self._list_of)
        lists = sorted(counts.items(), key=lambda item: self._lengths[item[0]])
        for level in (least,) if least >= _FIRST else (_FIRST, least):
            found = self._best(wanted, lists, level, kept=kept)
            if found is not None and found.likeness >= level:
                return found
        return None

    def _best(
        self, wanted: frozenset[str], lists: list[tuple[int, int]], level: float, *, kept: bool
    ) -> Nearest | None:
        """The most similar query, if its similarity is `level` or more; else any query or none."""
        size = len(wanted)
        low, high = np.searchsorted(self._sizes, [math.ceil(level * size - _SLACK), self._longest(size, level) + 1])
        needed = _needed(lists, level * size)
        share = (high - low) / len(self._sizes)
        some, whole = (sum(self._lengths[number] for number, _ in part) * share for part in (lists[:needed], lists))
        if not some:
            return None
        if self._rows is not None and (high - low) * len(self._rows) < _PER_WORD * min(some * size, whole):
            tried: Any = np.flatnonzero(self._kept[low:high]) + low if kept else slice(low, high)
            # Shared pieces that even the shortest query must have to be so similar.
            least = math.ceil(level * (size + int(self._sizes[low])) / (1 + level) - _SLACK)
            chosen, shared = self._likely(self._rows, wanted, tried, least)
            return self._first_best(size, chosen, shared, kept=kept)
        few = [self._within(number, int(low), int(high)) for number, _ in lists[:needed]]
        some = sum(map(len, few)) * size
        if not some:
            return None
        chosen: NDArray[Any] = self._every[low:high]
        if some < whole:
            chosen = np.unique(np.concatenate(few))
            shared = self._shared(wanted, chosen)
        else:
            rest = [self._within(number, int(low), int(high)) for number, _ in lists[needed:]]
            parts = [(part, weight) for part, (_, weight) in zip(few + rest, lists, strict=True)]
            weights = np.repeat([weight for _, weight in parts], [len(part) for part, _ in parts])
            shared = np.bincount(np.concatenate([part for part, _ in parts]) - low, weights, minlength=int(high - low))
        return self._first_best(size, chosen, shared, kept=kept)

    def _first_best(self, size: int, chosen: NDArray[Any], shared: NDArray[Any], *, kept: bool) -> Nearest | None:
        """The most similar of the chosen queries to one of so many pieces, given how many they share with it."""
        likeness = shared / (size + self._sizes[chosen] - shared)
        if kept:
            likeness = np.where(self._kept[chosen], likeness, 0.0)
        best = likeness.max(initial=0.0)
        return Nearest(float(best), int(self._first[chosen[likeness == best]].min())) if best > 0 else None

    def _likely(
        self, rows: NDArray[np.uint64], wanted: frozenset[str], tried: Any, least: int
    ) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Those of the queries tried that have `least` of the wanted pieces or more, and how many each has."""
        own: dict[int, int] = {}
        for piece in wanted:
            if piece in self._ids:
                number, bit = divmod(self._ids[piece], _BITS)
                own[number] = own.get(number, 0) | 1 << bit
        numbers = sorted(own, key=lambda number: -own[number].bit_count())
        # A query that has `least` pieces lacks no more than the others: few have half of twice as many.
        lacks = sum(each.bit_count() for each in own.values()) - least
        if lacks < 0:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        seen, first = 0, list[int]()
        while len(first) < len(numbers) and seen <= 2 * lacks:
            first.append(numbers[len(first)])
            seen += own[first[-1]].bit_count()
        counted = _shared_bits(rows, own, first, tried)
        places = np.flatnonzero(counted >= seen - lacks)
        shared = counted[places].astype(np.int64)
        chosen: NDArray[Any] = self._every[tried][places]
        if len(first) < len(numbers):
            shared += _shared_bits(rows, own, numbers[len(first) :], chosen)
        enough = shared >= least
        return chosen[enough], shared[enough]

    def _longest(self, size: int, level: float) -> int:
        """The number of pieces that a query of similarity `level` can have at most."""
        return int(size / level + _SLACK) if level > 0 else int(self._sizes[-1])

    def _within(self, number: int, low: int, high: int) -> NDArray[np.int32]:
        """The part of a list with queries from number `low` to before `high`."""
        whole = self._lists[number]
        start, end = np.searchsorted(whole, [low, high])
        return whole[start:end]

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


def _shared_bits(rows: NDArray[np.uint64], own: dict[int, int], numbers: list[int], where: Any) -> NDArray[np.uint16]:
    """How many bits of these numbers each row has in common with `own`."""
    shared = np.bitwise_count(rows[numbers[0]][where] & np.uint64(own[numbers[0]])).astype(np.uint16)
    for number in numbers[1:]:
        shared += np.bitwise_count(rows[number][where] & np.uint64(own[number]))
    return shared


def _needed(lists: list[tuple[int, int]], shared: float) -> int:
    """How many of the lists, from the first on, have among them every query with `shared` pieces or more in common."""
    left = sum(weight for _, weight in lists)
    for number, (_, weight) in enumerate(lists):
        # A query in none of the lists so far has at most the pieces of the others in common.
        if left < max(1.0, shared - _SLACK):
            return number
        left -= weight
    return len(lists)
