"""Rows of two releases, matched by their keys: of a row of any length a few numbers are in memory.

Rows are told apart by hashes of 128 bits of their keys, and compared by hashes of their values.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

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


def matched(old: Any, new: Any, *, last: bool = False) -> Iterator[Any]:
    """Yield the rows of two frames with the columns KEY, joined by these, a part at a time and in no order.

    A column of `old` that `new` has too is named with `_old`; rows without a partner have nulls in its place.

    Args:
        old: a frame of `hashed`.
        new: another one.
        last: of rows of `old` with one key, take the last.
    """
    import polars as pl

    parts = 1 + max(old.height, new.height) // _TOGETHER
    for number in range(parts):
        ours, theirs = (frame.filter(pl.col("k1") % parts == number) if parts > 1 else frame for frame in (new, old))
        if last:
            theirs = theirs.unique(KEY, keep="last")
        yield ours.join(theirs, on=KEY, how="full", suffix="_old")


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
    """A frame with a row for each row: KEY, `content` (hash of the values compared), and more columns.

    Args:
        frames: the rows, in one piece or more.
        keys: expressions whose values make the key.
        compared: names of the columns to compare.
        more: {name: expression} of further columns.
        brief: give the first half of the key's hash alone.
    """
    import polars as pl

    named = [key.alias(f"(key {place})") for place, key in enumerate(keys)]
    names = [f"(key {place})" for place in range(len(keys))]
    wanted = {"k1": digest(names, 1)}
    if not brief:
        wanted |= {"k2": digest(names, 2), "content": digest(compared, 3), **more}
    return pl.concat([frame.with_columns(named).select(**wanted) for frame in frames])
