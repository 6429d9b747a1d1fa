"""Control sets of the size of a choice, drawn from its pool: at random, and matched in what rates depend on.

A band of rates picks middle lengths of windows, since IoU depends on them. So what a choice does must be compared with
a random set of the same corpora, durations and shares of window, and not with a random set alone.
"""

from typing import Any

import numpy as np

from vtgdata.engine.selection import draws, preview, quotas

PARTS = 5
"""Ranges of duration and of window share within which a matched set is drawn: each holds as much of the pool."""
AFTER = 1
"""Added to the seed, so that a control of a uniform draw is another draw."""


def random_set(pool: Any, chosen: Any, seed: int, limits: quotas.Limits) -> list[str]:
    """A uniform draw with the same caps, of as many rows as were chosen; with quotas, of each of their parts as many.

    Args: pool: facts of the pool, a row per sample. chosen: series of ids. limits: of the choice.
    """
    import polars as pl

    capped = quotas.capped(lambda ids, n: draws.permuted(ids.sort(), n, seed + AFTER), pool, len(chosen), limits)
    if not limits.quotas:
        return draws.permuted(capped["sample_id"].sort(), len(chosen), seed + AFTER)
    labels = quotas.labels(pool, limits.quotas)
    keys = labels.columns[1:]
    wanted = labels.filter(pl.col("sample_id").is_in(chosen.implode())).group_by(keys).agg(pl.len().alias("wanted"))
    there = labels.join(capped.select("sample_id"), on="sample_id", how="semi").group_by(keys).agg("sample_id")
    return _drawn(there.join(wanted, on=keys).sort(keys), seed)


def _drawn(groups: Any, seed: int) -> list[str]:
    """`wanted` ids of each row's list `sample_id`, in random order."""
    import polars as pl

    found: list[str] = []
    for number, (ids, wanted) in enumerate(groups.select("sample_id", "wanted").iter_rows()):
        found += draws.permuted(pl.Series(sorted(ids), dtype=pl.String), wanted, seed + AFTER + number)
    return draws.permuted(pl.Series(sorted(found), dtype=pl.String), len(found), seed + AFTER)


def matched_set(pool: Any, chosen: Any, seed: int) -> list[str]:
    """As many rows as were chosen of each corpus, range of duration and range of window share, drawn uniformly.

    Args: pool: facts of the pool. chosen: series of ids.
    """
    import polars as pl

    keys = ["corpus", "(duration)", "(share)"]
    parts = pool.select(
        "sample_id",
        "corpus",
        pl.Series("(duration)", _ranges(pool["duration"])),
        pl.Series("(share)", _ranges(pool["window_share"])),
    )
    inside = pl.col("sample_id").is_in(chosen.implode())
    groups = parts.group_by(keys).agg("sample_id", inside.sum().alias("wanted")).sort(keys)
    return _drawn(groups.filter(pl.col("wanted") > 0), seed)


def _ranges(values: Any) -> list[int]:
    """The number of the range in which each value lies; -1 where it is not known."""
    known = values.drop_nulls().drop_nans().to_numpy()
    if not len(known):
        return [-1] * len(values)
    edges = np.unique(np.quantile(known, np.arange(1, PARTS) / PARTS))
    found = preview.ranges(edges.tolist(), values.fill_null(float("nan")).to_numpy())
    return [-1 if unknown else place for unknown, place in zip(values.is_null(), found, strict=True)]
