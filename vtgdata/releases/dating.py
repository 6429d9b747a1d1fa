"""When a release's rows came: the version that first had each row, and what changed since the release before."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.errors import VtgError
from vtgdata.releases.document import Release, parse_version
from vtgdata.releases.matching import KEY, NO_MEANING, Keys, columns_of, hashed, hashes, released, repeated
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
    assert previous is not None
    found, content = Keys(*(new[name].to_numpy() for name in KEY)), new["content"].to_numpy()
    del new
    rows = released(previous, config.name, [*keys, *compared, "first_version"])
    old = _earlier(found, hashes(rows, made, compared, {"first": pl.col("first_version")}))
    versions = sorted({*old.versions, version}, key=parse_version)
    numbers = np.array([versions.index(each) for each in (*old.versions, version)], dtype=np.uint16)
    known = (old.first < len(old.versions))[found.places]
    differs = known & (old.content[found.places] != content)
    if config.joined and changed is not None:
        differs |= known & changed[config.ranks]
    counts = {
        "added": int((old.first == len(old.versions)).sum()), "removed": old.gone, "changed": int(differs.sum()),
    }  # fmt: skip
    return Dated(versions, numbers[old.first[found.places]], counts, differs)


class _Earlier(NamedTuple):
    """The rows of the previous release."""

    versions: list[str]
    """Their versions."""
    first: NDArray[np.uint16]
    """(n,) For each key of ours the place of its version there; the length of `versions` where it has none."""
    content: NDArray[np.uint64]
    """(n,) The hash of its values."""
    gone: int
    """How many of its keys we lack."""


def _earlier(keys: Keys, frames: Iterator[Any]) -> _Earlier:
    """Look up the rows of the previous release; dropped raw rows may be identical, and then the last one counts."""
    import polars as pl

    none = np.iinfo(np.uint16).max
    first, content = np.full(len(keys), none, dtype=np.uint16), np.zeros(len(keys), dtype=np.uint64)
    seen: dict[str, int] = {}
    gone: list[Any] = []
    for frame in frames:
        places = keys.find(frame["k1"].to_numpy(), frame["k2"].to_numpy())
        known = places >= 0
        for version in frame["first"].unique():
            seen.setdefault(version, len(seen))
        numbers = frame["first"].replace_strict(seen, return_dtype=pl.UInt16).to_numpy()
        first[places[known]] = numbers[known]
        content[places[known]] = frame["content"].to_numpy()[known]
        if not known.all():
            gone.append(frame.filter(~known).select(KEY))
    first[first == none] = len(seen)
    return _Earlier(list(seen), first, content, pl.concat(gone).unique().height if gone else 0)


def _check_unique(config: Config, rows: Any, keys: Sequence[str]) -> int:
    """The number of different keys; raises VtgError when one occurs twice where it must not."""
    import polars as pl

    twice = rows.filter(repeated(rows["k1"]))
    if twice.is_empty():
        return rows.height
    if config.name == "drops":
        return rows.height - twice.height + twice["k1"].n_unique()
    named = twice["k1"].implode()
    seen: set[tuple[Any, ...]] = set()
    for frame in config.frames(list(keys)):
        texts = frame.select(pl.col(name).fill_null("") for name in keys)
        own = hashed([texts], [pl.col(name) for name in keys], [], {})["k1"]
        for key in texts.filter(own.is_in(named)).iter_rows():
            if key in seen:
                raise VtgError(f"config {config.name!r}: {dict(zip(keys, key, strict=True))} occurs twice.")
            seen.add(key)
    return rows.height
