"""Finds repeated rows: the same query about one video, with or without the same windows. Both are kept, with a note."""

import hashlib
from array import array
from collections.abc import Sequence
from itertools import accumulate, chain
from typing import NamedTuple

import msgspec

from vtgdata.records import RawRow, Repair, Sample, Window


class _First(msgspec.Struct, frozen=True, gc=False):
    """The first sample with a query, or with a query and windows."""

    sample_id: str
    query: int
    """Hash of the raw query; it holds in this process only."""
    windows: tuple[Window, ...]


class Asked(NamedTuple):
    """Samples that may repeat earlier ones, as columns."""

    videos: list[str]
    queries: list[str]
    raw: list[str]
    """Queries before their repairs."""
    bounds: list[tuple[float, ...]]
    """Starts and ends of the windows of each."""


class _Firsts:
    """The first sample of each query, as arrays: of ten million samples they take 0.5 GB, as objects 3 GB."""

    def __init__(self) -> None:
        self._sample_ids: list[str] = []
        self._queries = array("q")
        self._bounds = array("d")
        """Starts and ends of the windows of all samples, one after the other."""
        self._ends = array("q", [0])
        """For each sample, the number of bounds up to its last one."""

    def __len__(self) -> int:
        return len(self._sample_ids)

    def extend(self, ids: Sequence[str], queries: Sequence[int], windows: Sequence[Sequence[float]]) -> None:
        """Keep samples, given their ids, the hashes of their raw queries, and the bounds of each one's windows."""
        self._sample_ids.extend(ids)
        self._queries.extend(queries)
        begun = len(self._bounds)
        self._bounds.extend(chain.from_iterable(windows))
        if {*map(len, windows)} == {2}:
            self._ends.extend(range(begun + 2, len(self._bounds) + 1, 2))  # by far the most common case
        else:
            self._ends.extend(begun + end for end in accumulate(map(len, windows)))

    def add(self, sample_id: str, query: int, windows: Sequence[Window]) -> int:
        """Keep a sample, given its id, the hash of its raw query, and its windows; returns its number."""
        self._sample_ids.append(sample_id)
        self._queries.append(query)
        for window in windows:
            self._bounds.append(window.start)
            self._bounds.append(window.end)
        self._ends.append(len(self._bounds))
        return len(self._sample_ids) - 1

    def __getitem__(self, number: int) -> _First:
        bounds = self._bounds[self._ends[number] : self._ends[number + 1]]
        windows = tuple(map(Window, bounds[::2], bounds[1::2]))
        return _First(self._sample_ids[number], self._queries[number], windows)


class Seen:
    """What earlier rows had, to make ids unique and to find repeats; little for each row, so that millions fit."""

    def __init__(self) -> None:
        self.queries: dict[bytes, int] = {}
        """Hash of (annotation set, video, raw query) -> number of occurrences."""
        self.ids: dict[str, int] = {}
        self.asked: dict[bytes, int] = {}
        """Hash of (video, normalised query without case) -> number of the first sample in `firsts`."""
        self.firsts = _Firsts()
        self.again: dict[bytes, dict[tuple[Window, ...], tuple[_First, set[int]]]] = {}
        """For queries that came again: the same key -> windows -> the first sample with them, all their raw queries."""

    def occurrence(self, row: RawRow) -> int:
        """How often this raw query was asked of its video so far, this row included."""
        key = _hash(row.annotation_set, row.video_id, row.query)
        count = self.queries[key] = self.queries.get(key, 0) + 1
        return count

    def all_unused(self, sample_ids: Sequence[str]) -> list[str]:
        """What `unused` gives for each id in turn."""
        own = dict.fromkeys(sample_ids, 1)
        if len(own) == len(sample_ids) and self.ids.keys().isdisjoint(own):
            self.ids |= own
            return list(sample_ids)
        return list(map(self.unused, sample_ids))

    def unused(self, sample_id: str) -> str:
        """The id itself at its first use, later with a number: `x`, `x~2`, `x~3`."""
        candidate = sample_id
        while candidate in self.ids:
            self.ids[sample_id] += 1
            candidate = f"{sample_id}~{self.ids[sample_id]}"
        self.ids[candidate] = 1
        return candidate

    def repeats(self, row: RawRow, sample: Sample) -> list[Repair]:
        """Notes on what the sample repeats of an earlier one; it is kept: a benchmark's number of rows is published."""
        key = _hash(row.video_id, sample.query.casefold())
        number = self.asked.get(key)
        if number is None:
            self.asked[key] = self.firsts.add(sample.sample_id, hash(row.query), sample.windows)
            return []
        return self._again(key, number, _First(sample.sample_id, hash(row.query), sample.windows))

    def all_repeats(self, sample_ids: Sequence[str], asked: Asked) -> dict[int, list[Repair]]:
        """What `repeats` gives for some samples in turn: {number of the sample: its notes}, where it has any."""
        begun = len(self.firsts)
        keys = list(map(_hash, asked.videos, map(str.casefold, asked.queries)))
        # All are kept, also those that repeat others, so that a sample's number is known before it is looked for.
        self.firsts.extend(sample_ids, list(map(hash, asked.raw)), asked.bounds)
        numbers = list(map(self.asked.setdefault, keys, range(begun, begun + len(keys))))
        return {
            at: self._again(keys[at], number, self.firsts[begun + at])
            for at, number in enumerate(numbers)
            if number != begun + at
        }

    def _again(self, key: bytes, number: int, this: _First) -> list[Repair]:
        """The note on a sample whose query came before, first with the sample of that number."""
        raw = this.query
        earlier = self.firsts[number]
        again = self.again.setdefault(key, {earlier.windows: (earlier, {earlier.query})})
        same, queries = again.setdefault(this.windows, (this, {raw}))
        if same is this:
            return [Repair("query_ambiguous", earlier.sample_id, "kept")]
        code = "duplicate" if raw in queries else "duplicate_but_for_case_and_blanks"
        queries.add(raw)
        return [Repair(code, same.sample_id, "kept")]


def _hash(*parts: str) -> bytes:
    return _blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=12).digest()


_blake2b = hashlib.blake2b
