"""Boundary reflection: leaves out samples whose query a second model sees outside the annotated windows as well.

Such samples are probably annotated in part. An answer of the second model is a hit outside when it names a window and
overlaps no true one. Samples with more than the share `most` of such answers are left out; of the others a uniform draw
is taken. Source: VideoTG-R1 (2510.23397), of which only the abstract could be read: its prompt and its thresholds are
not verified, so `most` has no default.
"""

from collections.abc import Sequence
from typing import Any

from vtgdata.engine.selection import draws, pool
from vtgdata.files.row_table import RowTable
from vtgdata.records import Sample

FILES = {"rollouts": "rollouts.parquet"}
"""{setting: kind of file that it names}."""
EXAMPLE = {"most": 0.5}
"""Further settings for the contract test."""


def select(
    samples: Sequence[Sample],
    pass_rates: Sequence[dict[str, Any]],
    size: int,
    seed: int,
    *,
    rollouts: str,
    most: float,
    measure: str = "",
) -> list[str]:
    """At most `size` sample ids, in random order; samples that the second model did not answer stay.

    Args:
        samples: not looked at.
        pass_rates: the student's.
        size: how many to take.
        seed: of the draw.
        rollouts: the second model's rollouts.parquet.
        most: the highest share of its answers to a sample that may lie outside, in [0, 1].
        measure: samples need a value of it.
    """
    del samples
    import polars as pl

    rows = pool.of(pass_rates, measure, who="boundary_reflection")
    names = ("sample_id", "windows", "iou", "error")
    said = pl.concat(list(RowTable(rollouts, needs=names).frames(names)))
    outside = (pl.col("windows").list.len() > 0) & (pl.col("iou") == 0)
    hits = said.filter(pl.col("error").is_null()).group_by("sample_id").agg(outside=outside.fill_null(False).mean())
    partial = hits.filter(pl.col("outside") > most)
    return draws.shuffled(
        rows.join(partial, on="sample_id", how="anti", maintain_order="left")["sample_id"], size, seed
    )
