"""How many groups of answers will teach nothing: all answers of a group with one reward, so that no advantage is left.

A stored frequency put in would mislead: a sample of which 8 of 8 answers failed may well succeed in the next 8. So each
sample has a posterior: a Beta prior is fitted to the pool, and the chance that G new answers are all alike is that of
the Beta-binomial distribution.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtgdata.engine.adaptive.posteriors import fit, log_gamma
from vtgdata.engine.adaptive.rule import Floats
from vtgdata.files import row_table

COLUMNS = ("sample_id", "measure", "ious", "n_unparsed")


def all_alike(passes: Floats, counts: Floats, group: int) -> Floats:
    """For each sample the chance that each of `group` new answers passes: E[p^G] under its posterior; (n,) in [0, 1].

    Args:
        passes: (n,) answers that passed.
        counts: (n,) answers, above 0.
        group: G.
    """
    shares = passes / counts
    prior = fit(shares, np.sqrt(shares * (1 - shares)), counts)
    a, b = prior.a + passes, prior.b + counts - passes
    return np.exp(log_gamma(a + group) - log_gamma(a) - log_gamma(a + b + group) + log_gamma(a + b))


def without_gradient(pass_rates: Sequence[Any], group: int, measure: str) -> Any:
    """For each sample, the chance that `group` new answers all have one whole reward, as a Polars frame.

    The reward is that of IoU and form together. Answers can be alike in three ways: all miss and cannot be read; all
    miss in the right form; all hit with one and the same IoU. The frame has sample_id and dead; samples of which
    fewer than two IoUs are stored are not in it, since one answer says nothing of a spread.

    Args:
        pass_rates: rows of a pass_rates.parquet.
        group: answers of a group.
        measure: of the rows to look at; the IoUs are the same in those of all measures.
    """
    import polars as pl

    seen: list[Any] = []
    for frame in row_table.frames(pass_rates, COLUMNS):
        if frame["ious"].dtype == pl.Null:
            continue
        frame = frame.filter((pl.col("measure").cast(pl.String) == measure) & (pl.col("ious").list.len() > 1))
        frame = frame.cast({"sample_id": pl.String, "ious": pl.List(pl.Float64), "n_unparsed": pl.Float64})
        misses, top = _alike(frame["ious"])
        seen.append(
            frame.select(
                "sample_id",
                n=pl.col("ious").list.len().cast(pl.Float64),
                misses=pl.Series(misses),
                top=pl.Series(top),
                unread=pl.col("n_unparsed").fill_null(0.0),
            )
        )
    if not seen:
        return pl.DataFrame(schema={"sample_id": pl.String, "dead": pl.Float64})
    rows = pl.concat(seen).unique("sample_id", keep="last", maintain_order=True)
    counts = rows["n"].to_numpy()
    unread = np.minimum(rows["unread"].to_numpy(), rows["misses"].to_numpy())
    ways = [unread, rows["misses"].to_numpy() - unread, rows["top"].to_numpy()]
    dead = sum(all_alike(way, counts, group) for way in ways)
    return rows.select("sample_id").with_columns(dead=pl.Series(np.clip(dead, 0.0, 1.0)))


def _alike(ious: Any) -> tuple[Floats, Floats]:
    """For each list of IoUs, how many are 0, and how many have the commonest value above 0."""
    lengths = ious.list.len().to_numpy()
    misses, top = np.zeros(len(lengths)), np.zeros(len(lengths))
    for length in np.unique(lengths).tolist():
        mine = np.flatnonzero(lengths == length)
        values = np.sort(ious[mine.tolist()].explode().to_numpy().reshape(len(mine), length), axis=1)
        misses[mine] = (values <= 0).sum(axis=1)
        run = best = (values[:, 0] > 0).astype(np.float64)
        for place in range(1, length):
            again = (values[:, place] == values[:, place - 1]) & (values[:, place] > 0)
            run = np.where(again, run + 1, (values[:, place] > 0).astype(np.float64))
            best = np.maximum(best, run)
        top[mine] = best
    return misses, top
