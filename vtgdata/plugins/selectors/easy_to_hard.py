"""Easy to hard: a uniform draw, put in order for a curriculum: the highest rate first.

The column `rank` of the chosen rows is their place in this order; release and trainer keep it. Samples outside [low,
high] are left out. Source: the order of Time-R1's flag `is_curriculum_learning`; which rows to take is not a part of
it, so the draw is uniform.
"""

from collections.abc import Sequence
from typing import Any

from vtgdata.engine.selection import draws, pool
from vtgdata.records import Sample


def select(
    samples: Sequence[Sample],
    pass_rates: Sequence[dict[str, Any]],
    size: int,
    seed: int,
    *,
    measure: str = "",
    low: float = 0.0,
    high: float = 1.0,
) -> list[str]:
    """At most `size` sample ids, the easiest first."""
    ids = draw(samples, pass_rates, size, seed, measure=measure, low=low, high=high)
    return arrange(ids, pass_rates, measure=measure)


def draw(
    samples: Sequence[Sample],
    pass_rates: Sequence[dict[str, Any]],
    size: int,
    seed: int,
    *,
    measure: str = "",
    low: float = 0.0,
    high: float = 1.0,
) -> list[str]:
    """At most `size` sample ids, in random order: what quotas and caps are applied to."""
    del samples
    return draws.shuffled(pool.between(pass_rates, measure, low, high, who="easy_to_hard")["sample_id"], size, seed)


def arrange(ids: Sequence[str], pass_rates: Sequence[dict[str, Any]], *, measure: str = "", **_: Any) -> list[str]:
    """The ids sorted by their rate, the highest first; of equal ones the first given stays first."""
    import polars as pl

    rows = pool.of(pass_rates, measure, who="easy_to_hard")
    chosen = pl.DataFrame({"sample_id": pl.Series(list(ids), dtype=pl.String)})
    rated = chosen.join(rows, on="sample_id", how="left", maintain_order="left")
    return rated.sort("rate", descending=True, maintain_order=True)["sample_id"].to_list()
