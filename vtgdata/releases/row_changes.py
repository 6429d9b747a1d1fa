"""How a config differs between two releases: rows added, removed and changed, and in which columns."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from vtgdata.releases.document import Release
from vtgdata.releases.matching import KEY, NO_MEANING, SPLIT, columns_of, digest, hashed, matched, released, repeated
from vtgdata.releases.rows import keys_of


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """How one config differs."""

    added: list[str]
    """Keys of rows, sorted; a key is the values of the config's key columns, joined by a space."""
    removed: list[str]
    changed: dict[str, list[str]]
    """{key: columns whose value differs}."""
    columns: dict[str, int]
    """{column: number of rows in which it differs}."""

    @property
    def counts(self) -> dict[str, int]:
        """How many rows were added, removed and changed."""
        return {"added": len(self.added), "removed": len(self.removed), "changed": len(self.changed)}

    @property
    def nothing(self) -> bool:
        """Whether the rows are the same."""
        return not (self.added or self.removed or self.changed)


def row_changes(config: str, first: Release, second: Release) -> Change:
    """How a config differs; dropped raw rows may be identical, and each of them counts."""
    import polars as pl

    there = [columns_of(release, config) for release in (first, second)]
    if not all(there):
        gone, fresh = (sorted(_names(release, config).values()) for release in (first, second))
        return Change(added=fresh, removed=gone, changed={}, columns={})
    both = [name for name in dict.fromkeys(there[0] + there[1]) if name not in NO_MEANING]
    common = [name for name in both if all(name in names for names in there)]
    alone = [name for name in both if name not in common]
    old, new = (_hashes(release, config, common, alone) for release in (first, second))
    gone: list[Any] = []
    fresh: list[Any] = []
    changed: list[Any] = []
    for part in matched(old, new):
        fresh.append(part.filter(pl.col("row_old").is_null())["row"])
        gone.append(part.filter(pl.col("row").is_null())["row_old"])
        differs = (pl.col("content") != pl.col("content_old")) | pl.col("alone") | pl.col("alone_old")
        known = part.filter(pl.col("row").is_not_null() & pl.col("row_old").is_not_null() & differs)
        changed.append(known.select("row", "row_old"))
    pairs = pl.concat(changed)
    columns = _columns(config, (first, second), pairs, (common, alone))
    names = _names(second, config, new, pl.concat([*fresh, pairs["row"]]))
    return Change(
        added=sorted(names[row] for part in fresh for row in part),
        removed=sorted(_names(first, config, old, pl.concat(gone)).values()),
        changed=dict(sorted((names[row], found) for row, found in zip(pairs["row"], columns, strict=True))),
        columns=dict(sorted(Counter(name for found in columns for name in found).items())),
    )


def _hashes(release: Release, config: str, common: Sequence[str], alone: Sequence[str]) -> Any:
    """For each row its number, and hashes of its key and of its values.

    The column `alone` says whether it has a value in one of the columns that the other release lacks.
    """
    import polars as pl

    frames = released(release, config, list(dict.fromkeys([*keys_of(config), *common, *alone])))
    valued = pl.any_horizontal(pl.col(name).is_not_null() for name in alone) if alone else pl.lit(False)
    return _told_apart(hashed(frames, [_key(config)], [*common, SPLIT], {"alone": valued}).with_row_index("row"))


def _told_apart(rows: Any) -> Any:
    """The rows with another key for each that has the key of an earlier one, and `times`: how many earlier ones."""
    import polars as pl

    again = repeated(rows["k1"])
    if not again.any():
        return rows.with_columns(times=pl.lit(0, pl.UInt64))
    times = pl.int_range(pl.len()).over(KEY).cast(pl.UInt64)
    counted = rows.filter(again).select("row", times=times)
    placed = rows.join(counted, on="row", how="left", maintain_order="left").with_columns(pl.col("times").fill_null(0))
    return placed.with_columns(k2=pl.col("k2") ^ pl.col("times"))


def _key(config: str) -> Any:
    """The key of a row for people: the values of the key columns, joined by a space."""
    import polars as pl

    return pl.concat_str([pl.col(name).fill_null("None") for name in keys_of(config)], separator=" ")


def _names(release: Release, config: str, rows: Any = None, wanted: Any = None) -> dict[int, str]:
    """{row: its key for people} of some rows, or of all."""
    import polars as pl

    if not columns_of(release, config):
        return {}
    if rows is None:
        rows = _told_apart(
            hashed(released(release, config, keys_of(config)), [_key(config)], [], {}).with_row_index("row")
        )
    mask = np.full(rows.height, wanted is None)
    if wanted is not None:
        mask[wanted.to_numpy()] = True
    found: dict[int, str] = {}
    begun = 0
    for frame in released(release, config, keys_of(config)) if mask.any() else ():
        here = np.flatnonzero(mask[begun : begun + frame.height])
        found |= dict(zip((here + begun).tolist(), frame[here].select(_key(config)).to_series(), strict=True))
        begun += frame.height
    for row, times in rows.filter(pl.col("times") > 0).select("row", "times").rows():
        if row in found:
            found[row] = f"{found[row]} ({times + 1})"
    return found


def _columns(
    config: str, releases_: tuple[Release, Release], pairs: Any, names: tuple[Sequence[str], Sequence[str]]
) -> list[list[str]]:
    """For each pair of rows the columns in which they differ, read one column at a time."""
    common, alone = names
    found: list[list[str]] = [[] for _ in range(pairs.height)]
    if not found:
        return found
    for name in sorted([*common, *alone, SPLIT]):
        old, new = (
            _values(release, config, name, pairs[rows], alone=name in alone)
            for release, rows in zip(releases_, ("row_old", "row"), strict=True)
        )
        differs = np.flatnonzero((old | new) if name in alone else (old != new))
        for place in differs.tolist():
            found[place].append(name)
    return found


def _values(release: Release, config: str, name: str, rows: Any, *, alone: bool) -> Any:
    """(n,) A hash of a column's value in each of some rows; for a column that one release lacks, whether it has one."""
    import polars as pl

    made = pl.col(name).is_not_null() if alone else digest([name], 3)
    names = [name if name != SPLIT else keys_of(config)[0]]
    parts = [frame.select(made).to_series() for frame in released(release, config, names)]
    return pl.concat(parts)[rows].to_numpy()
