"""Rows of two releases, matched by their keys: of a row of any length a few numbers are in memory.

Rows are told apart by hashes of 128 bits of their keys, and compared by hashes of their values.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtgdata.files.pieces import ANY, names_of, read_frames
from vtgdata.releases.document import Release

NO_MEANING = ("rank", "first_version")
"""Columns that give a row's place in its release and not its meaning; they do not count as a difference."""
SPLIT = "(split)"
"""Column with the split that a row is in."""
KEY = ("k1", "k2")
"""Columns with the hash of a row's key."""
_TOGETHER = 1 << 19
"""Rows that are matched at a time: a join takes some hundred bytes for each."""


def digest(names: Sequence[str], seed: int) -> Any:
    """A Polars expression: 64 bits of a hash over some columns."""
    import polars as pl

    return pl.struct(*names).hash(seed) if names else pl.lit(0, pl.UInt64)


def matched(old: Any, new: Any) -> Iterator[Any]:
    """Yield the rows of two frames with the columns KEY, joined by these, a part at a time and in no order.

    A column of `old` that `new` has too is named with `_old`; rows without a partner have nulls in its place.
    """
    parts = 1 + max(old.height, new.height) // _TOGETHER
    for ours, theirs in zip(_split(new, parts), _split(old, parts), strict=True):
        yield ours.join(theirs, on=KEY, how="full", suffix="_old")


def _split(frame: Any, parts: int) -> Iterator[Any]:
    """Yield the rows in so many parts by their keys; their order is made once, since a look at all for each grows."""
    if parts == 1:
        yield frame
        return
    part = (frame["k1"] % parts).to_numpy().astype(np.uint16)
    order = np.argsort(part, kind="stable").astype(np.uint32)
    ends = np.cumsum(np.bincount(part, minlength=parts))
    for start, end in itertools.pairwise([0, *ends.tolist()]):
        yield frame[order[start:end]]


class Keys:
    """The different keys of some rows, by their hashes, among which those of other rows are looked up."""

    def __init__(self, k1: NDArray[np.uint64], k2: NDArray[np.uint64]) -> None:
        """Sort the keys. Args: k1, k2: (n,) the two halves of each row's hash."""
        order = np.argsort(k1, kind="stable")
        again = k1[order[1:]] == k1[order[:-1]]
        if again.any():
            order = np.lexsort((k2, k1))
            again = (k1[order[1:]] == k1[order[:-1]]) & (k2[order[1:]] == k2[order[:-1]])
        firsts = np.concatenate([np.ones(len(order[:1]), dtype=bool), ~again])
        self.places = np.empty(len(k1), dtype=np.int32)
        """(n,) The place of each row's key among the different ones."""
        self.places[order] = np.cumsum(firsts, dtype=np.int32) - 1
        order = order[firsts]
        self._k1, self._k2 = k1[order], k2[order]

    def __len__(self) -> int:
        return len(self._k1)

    def find(self, k1: NDArray[np.uint64], k2: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The place of each of some other rows' keys; -1 where no row has it."""
        found = np.full(len(k1), -1, dtype=np.int64)
        left = np.argsort(k1)  # in their order, one lookup finds in the cache what the one before it read
        places = np.searchsorted(self._k1, k1[left])
        while len(left):
            same = places < len(self._k1)
            left, places = left[same], places[same]
            same = self._k1[places] == k1[left]
            left, places = left[same], places[same]
            same = self._k2[places] == k2[left]
            found[left[same]] = places[same]
            left, places = left[~same], places[~same] + 1
        return found


def columns_of(release: Release, config: str) -> list[str]:
    """The columns of a config in a release, as its first file has them; none where it lacks the config."""
    for data in release.document.configs.get(config, {}).values():
        return names_of(release.path / data.file)
    return []


def released(release: Release, config: str, names: Sequence[str]) -> Iterator[Any]:
    """Yield some columns of a config and SPLIT, piece by piece in the order of its files, as Polars frames.

    A column that is of no config of ours comes as it is.
    """
    import polars as pl

    known = release.document.columns(config)
    for split, data in release.document.configs.get(config, {}).items():
        for frame in read_frames(release.path / data.file, {name: known.get(name, ANY) for name in names}):
            yield frame.with_columns(pl.lit(split).alias(SPLIT))


def repeated(hashes: Any) -> Any:
    """For each of a series of hashes, whether it occurs twice or more; they are sorted, since a table takes more."""
    import polars as pl

    ordered = np.sort(hashes.to_numpy())
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    return hashes.is_in(pl.Series(twice, dtype=pl.UInt64).implode())


def hashed(
    frames: Iterable[Any], keys: Sequence[Any], compared: Sequence[str], more: Mapping[str, Any], *, brief: bool = False
) -> Any:
    """A frame of `hashes`."""
    import polars as pl

    return pl.concat(list(hashes(frames, keys, compared, more, brief=brief)))


def hashes(
    frames: Iterable[Any], keys: Sequence[Any], compared: Sequence[str], more: Mapping[str, Any], *, brief: bool = False
) -> Iterator[Any]:
    """Yield frames with a row for each row: KEY, `content` (hash of the values compared), and more columns.

    Args:
        frames: the rows, in one piece or more.
        keys: expressions whose values make the key.
        compared: names of the columns to compare.
        more: {name: expression} of further columns.
        brief: give the first half of the key's hash alone.
    """
    named = [key.alias(f"(key {place})") for place, key in enumerate(keys)]
    names = [f"(key {place})" for place in range(len(keys))]
    wanted = {"k1": digest(names, 1)}
    if not brief:
        wanted |= {"k2": digest(names, 2), "content": digest(compared, 3), **more}
    return (frame.with_columns(named).select(**wanted) for frame in frames)
