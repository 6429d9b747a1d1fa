"""Uniform: a seeded random draw that ignores pass rates; the control for every other selector."""

from collections.abc import Sequence
from typing import Any

from vtgdata.engine.selection import draws, facts
from vtgdata.files import row_table
from vtgdata.records import Sample


def select(samples: Sequence[Sample], pass_rates: Sequence[dict[str, Any]], size: int, seed: int) -> list[str]:
    """At most `size` sample ids in random order; the same seed gives the same ids in the same order.

    Args:
        samples: the pool; may be empty if `pass_rates` has all ids.
        pass_rates: rows of `pass_rates.parquet`; their ids belong to the pool too.
        size: how many to take.
        seed: seed of the draw.
    """
    import polars as pl

    named = [frame["sample_id"].cast(pl.String) for frame in row_table.frames(pass_rates, ["sample_id"])]
    named.append(facts.ids(samples))
    return draws.shuffled(pl.concat(named).unique().sort(), size, seed)
