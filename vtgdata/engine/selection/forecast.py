"""How many groups of answers will teach nothing: all answers of a group with one reward, so that no advantage is left.

A stored frequency put in would mislead: a sample of which 8 of 8 answers failed may well succeed in the next 8. So each
sample has a posterior: a Beta prior is fitted to the pool, and the chance that G new answers are all alike is that of
the Beta-binomial distribution.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtgdata.engine.adaptive.posteriors import log_gamma
from vtgdata.engine.adaptive.rule import Floats
from vtgdata.engine.selection.pool import repeats
from vtgdata.files import row_table

PARTS = ((0.3, 6.0), (2.0, 2.0), (6.0, 0.3))
"""The Beta distributions that the fit of a pool begins with: of rows that seldom, sometimes and mostly pass."""
ROUNDS = 50
COLUMNS = ("sample_id", "measure", "ious", "n_unparsed")
TOGETHER = 1 << 18
"""Rows whose IoUs are sorted at a time."""


def _pairs(
    passes: Floats, counts: Floats, times: NDArray[np.int64]
) -> tuple[Floats, Floats, NDArray[np.int64], NDArray[np.int64]]:
    """The different pairs of passes and counts: s and n of each, its rows, and for each row given its pair's place."""
    some, sizes = np.unique(passes), np.unique(counts)
    codes = np.searchsorted(some, passes) * len(sizes) + np.searchsorted(sizes, counts)
    there, place = np.unique(codes, return_inverse=True)
    rows = np.bincount(place, times).astype(np.int64)
    return some[there // len(sizes)], sizes[there % len(sizes)], rows, place


def _fitted(s: Floats, n: Floats, rows: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """A mixture of Beta distributions of the true rates in a pool: the weight, a and b of each part.

    Real pools have rows that never pass, rows that always do, and others; one Beta distribution would put too much in
    between. It is fitted by expectation maximisation, each part by the moments of its rows.

    Args:
        s: (pairs,) answers that passed.
        n: (pairs,) answers, 2 or more.
        rows: (pairs,) how many rows there are of each.
    """
    weights = np.full(len(PARTS), 1 / len(PARTS))
    a, b = np.array([part[0] for part in PARTS]), np.array([part[1] for part in PARTS])
    for _ in range(ROUNDS):
        shares = _shares(s, n, weights, a, b) * rows[:, None]
        weights = np.maximum(shares.sum(axis=0) / rows.sum(), 1e-6)
        for part in range(len(PARTS)):
            a[part], b[part] = _moments(s / n, n, shares[:, part])
    return weights / weights.sum(), a, b


def _shares(s: Floats, n: Floats, weights: Floats, a: Floats, b: Floats) -> Floats:
    """The probability of each part for rows with s passes of n; (rows, parts)."""
    likely = np.log(weights) + _log_beta(a + s[:, None], b + (n - s)[:, None]) - _log_beta(a, b)
    likely = np.exp(likely - likely.max(axis=1, keepdims=True))
    return likely / likely.sum(axis=1, keepdims=True)


def _moments(means: Floats, counts: Floats, rows: Floats) -> tuple[float, float]:
    """The Beta distribution with the moments of some rows, what chance adds to their spread left out.

    Two more rows, spread as Beta(1/2, 1/2), keep it from a point.
    """
    total = float(rows.sum()) + 2.0
    mean = float((rows * means).sum() + 1.0) / total
    seen = float((rows * (means - mean) ** 2).sum() + 2 * 0.125) / total
    chance = float((rows * means * (1 - means) / (counts - 1)).sum()) / total
    most = mean * (1 - mean)
    spread = min(max(seen - chance, 0.005 * most), 0.95 * most)
    size = most / spread - 1
    return mean * size, (1 - mean) * size


def _log_beta(a: Floats, b: Floats) -> Floats:
    return log_gamma(a) + log_gamma(b) - log_gamma(a + b)


def all_alike(passes: Floats, counts: Floats, group: int, times: NDArray[np.int64] | None = None) -> Floats:
    """For each sample the chance that each of `group` new answers passes: E[p^G] under its posterior; (n,) in [0, 1].

    Args:
        passes: (n,) answers that passed.
        counts: (n,) answers, 2 or more.
        group: G.
        times: (n,) how many samples each of these stands for; by default one.
    """
    s, n, rows, place = _pairs(passes, counts, np.ones(len(passes), np.int64) if times is None else times)
    weights, a, b = _fitted(s, n, rows)
    alpha, beta = a + s[:, None], b + (n - s)[:, None]
    each = np.exp(_log_beta(alpha + group, beta) - _log_beta(alpha, beta))
    return (_shares(s, n, weights, a, b) * each).sum(axis=1)[place]


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
    kinds: dict[tuple[int, ...], int] = {}
    parts = (part for frame in row_table.frames(pass_rates, COLUMNS) for part in frame.iter_slices(TOGETHER))
    for frame in parts:
        if frame["ious"].dtype == pl.Null:
            continue
        frame = frame.filter((pl.col("measure").cast(pl.String) == measure) & (pl.col("ious").list.len() > 1))
        frame = frame.cast({"sample_id": pl.String, "ious": pl.List(pl.Float64), "n_unparsed": pl.Int64})
        misses, top = _alike(frame["ious"])
        unread = np.clip(frame["n_unparsed"].fill_null(0).to_numpy(), 0, misses)
        facts = np.column_stack([frame["ious"].list.len().to_numpy(), unread, misses - unread, top])
        seen.append(frame.select("sample_id", kind=pl.Series(_kinds(facts, kinds), dtype=pl.UInt32)))
    if not any(part.height for part in seen):
        return pl.DataFrame(schema={"sample_id": pl.String, "dead": pl.Float64})
    rows = pl.concat(seen)
    if repeats(rows["sample_id"]):
        rows = rows.unique("sample_id", keep="last", maintain_order=True)
    kind, table = rows["kind"].to_numpy(), np.array(list(kinds), dtype=np.float64)
    times = np.bincount(kind, minlength=len(kinds))
    dead = sum(all_alike(table[:, way], table[:, 0], group, times) for way in (1, 2, 3))
    return rows.select("sample_id").with_columns(dead=pl.Series(np.clip(dead, 0.0, 1.0)[kind]))


def _kinds(facts: NDArray[np.int64], known: dict[tuple[int, ...], int]) -> NDArray[np.int64]:
    """The number of each row's facts, new ones after those known; (n,)."""
    base = int(facts.max(initial=0)) + 1
    keys: Any = facts
    if base ** facts.shape[1] < 1 << 62:  # one number a row is sorted much faster
        keys = facts @ np.array([base**place for place in range(facts.shape[1])], dtype=np.int64)
    _, first, place = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    numbers = [known.setdefault(tuple(row), len(known)) for row in facts[first].tolist()]
    return np.array(numbers, dtype=np.int64)[place]


def _alike(ious: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each list of IoUs, how many are 0, and how many have the commonest value above 0."""
    lengths = ious.list.len().to_numpy()
    misses, top = np.zeros(len(lengths), np.int64), np.zeros(len(lengths), np.int64)
    for length in np.unique(lengths).tolist():
        mine = np.flatnonzero(lengths == length)
        values = np.sort(ious[mine].explode().to_numpy().reshape(len(mine), length), axis=1)
        misses[mine] = (values <= 0).sum(axis=1)
        run = best = (values[:, 0] > 0).astype(np.int64)
        for place in range(1, length):
            again = (values[:, place] == values[:, place - 1]) & (values[:, place] > 0)
            run = np.where(again, run + 1, values[:, place] > 0)
            best = np.maximum(best, run)
        top[mine] = best
    return misses, top
