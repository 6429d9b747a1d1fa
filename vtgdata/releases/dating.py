"""When a release's rows came: the version that first had each row, and what changed since the release before."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.errors import VtgError
from vtgdata.releases.document import Release, parse_version
from vtgdata.releases.matching import KEY, NO_MEANING, columns_of, hashed, matched, released, repeated
from vtgdata.releases.rows import Config, keys_of


class Dated(NamedTuple):
    """When each row of a config came."""

    versions: list[str]
    """All versions that a row came with, the earliest first."""
    came: NDArray[np.uint16]
    """(n,) For each row the place of its version in the list."""
    counts: dict[str, int]
    """Numbers of rows `added`, `removed` and `changed` against the previous release, by key."""
    changed: NDArray[np.bool_]
    """(n,) Whether the row has other values than in the previous release."""


def date(config: Config, version: str, previous: Release | None, changed: NDArray[np.bool_] | None) -> Dated:
    """Give each row of a config the version that first had it.

    Args:
        config: the rows.
        version: version of the release that is being made.
        previous: the release before, if there is one.
        changed: for each rank, whether that sample changed; needed for a config whose rows have its columns too.

    Raises VtgError when a key occurs twice.
    """
    import polars as pl

    keys, size = keys_of(config.name), len(config.ranks)
    there = set(columns_of(previous, config.name)) if previous is not None else set[str]()
    compared = [name for name in config.own if name in there and name not in (*NO_MEANING, *keys)]
    made = [pl.col(name).fill_null("") for name in keys]
    frames = config.frames(list(dict.fromkeys([*keys, *compared])))
    new = hashed(frames, made, compared, {}, brief=not there)
    distinct = _check_unique(config, new, keys)
    if not there:
        counts = {"added": distinct, "removed": 0, "changed": 0}
        return Dated([version], np.zeros(size, dtype=np.uint16), counts, np.zeros(size, dtype=bool))
    new = new.with_row_index("row")
    assert previous is not None
    seen: dict[str, int] = {}
    rows = _numbered(released(previous, config.name, [*keys, *compared, "first_version"]), seen)
    old = hashed(rows, made, compared, {"first": pl.col("first_version")})
    versions = sorted({*seen, version}, key=parse_version)
    places = np.array([versions.index(each) for each in seen], dtype=np.uint16)
    old = old.with_columns(first=pl.Series(places[old["first"].to_numpy()], dtype=pl.UInt16))
    inherited = changed[config.ranks] if config.joined and changed is not None else None
    return _compared(new, old, versions, versions.index(version), inherited)


def _numbered(frames: Iterator[Any], seen: dict[str, int]) -> Iterator[Any]:
    """The frames with a number for each version, which takes a tenth of its text; `seen` gets {version: number}."""
    import polars as pl

    for frame in frames:
        for version in frame["first_version"].unique():
            seen.setdefault(version, len(seen))
        yield frame.with_columns(pl.col("first_version").replace_strict(seen, return_dtype=pl.UInt16))


def _compared(new: Any, old: Any, versions: list[str], now: int, changed: NDArray[np.bool_] | None) -> Dated:
    """When rows came. Args: versions: the numbers of `first` are places in it; now: the place of this version."""
    import polars as pl

    came = np.full(new.height, now, dtype=np.uint16)
    differs = np.zeros(new.height, dtype=bool)
    added = removed = 0
    # Dropped raw rows may be identical; then the last one counts.
    for part in matched(old, new, last=True):
        known = part.filter(pl.col("row").is_not_null() & pl.col("first").is_not_null())
        numbers = known["row"].to_numpy()
        came[numbers] = known["first"].to_numpy()
        differs[numbers] = (known["content"] != known["content_old"]).to_numpy()
        if changed is not None:
            differs[numbers] |= changed[numbers]
        removed += part["row"].null_count()
        added += part.filter(pl.col("first").is_null()).unique(KEY).height
    counts = {"added": added, "removed": removed, "changed": int(differs.sum())}
    return Dated(versions, came, counts, differs)


def _check_unique(config: Config, hashes: Any, keys: Sequence[str]) -> int:
    """The number of different keys; raises VtgError when one occurs twice where it must not."""
    import polars as pl

    twice = hashes.filter(repeated(hashes["k1"]))
    if twice.is_empty():
        return hashes.height
    if config.name == "drops":
        return hashes.height - twice.height + twice["k1"].n_unique()
    named = twice["k1"].implode()
    seen: set[tuple[Any, ...]] = set()
    for frame in config.frames(list(keys)):
        texts = frame.select(pl.col(name).fill_null("") for name in keys)
        own = hashed([texts], [pl.col(name) for name in keys], [], {})["k1"]
        for key in texts.filter(own.is_in(named)).iter_rows():
            if key in seen:
                raise VtgError(f"config {config.name!r}: {dict(zip(keys, key, strict=True))} occurs twice.")
            seen.add(key)
    return hashes.height
