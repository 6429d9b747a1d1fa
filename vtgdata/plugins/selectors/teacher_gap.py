"""Teacher gap: samples that a teacher solves and the student does not, the largest difference first.

Samples whose teacher has a rate below `least` are left out: its answers do not help there, and the label may be wrong.
Source: Video-OPD (2602.02994), which takes the mean of the teacher's `top` best answers; it selects 2,500 of 96,586 and
its bounds could not be read: `least` has no default, and without `top` all answers count.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtgdata.engine.selection import draws, pool
from vtgdata.errors import VtgError
from vtgdata.files.row_table import RowTable
from vtgdata.records import Sample

FILES = {"teacher": "pass_rates.parquet"}
"""{setting: kind of file that it names}."""
EXAMPLE = {"least": 0.1}
"""Further settings for the contract test."""


def select(
    samples: Sequence[Sample],
    pass_rates: Sequence[dict[str, Any]],
    size: int,
    seed: int,
    *,
    teacher: str,
    least: float,
    top: int | None = None,
    measure: str = "",
) -> list[str]:
    """At most `size` sample ids, by the teacher's rate minus the student's, the largest first.

    Args:
        samples: not looked at.
        pass_rates: the student's.
        size: how many to take.
        seed: of the order of equal differences.
        teacher: the teacher's pass_rates.parquet.
        least: the lowest rate of the teacher, in [0, 1].
        top: take the mean IoU of that many of the teacher's best answers in the place of its rate.
        measure: of both.
    """
    del samples
    student = pool.of(pass_rates, measure, who="teacher_gap")
    if top is None:
        theirs = pool.between(RowTable(teacher), measure, least, 1.0, who="teacher_gap: teacher")
    else:
        theirs = _best(teacher, top)
        theirs = theirs.filter(theirs["rate"] >= least)
    rows = student.join(theirs.select("sample_id", teacher="rate"), on="sample_id", maintain_order="left")
    return draws.ranked(rows["sample_id"], (rows["teacher"] - rows["rate"]).to_numpy(), size, seed)


def _best(path: str, top: int) -> Any:
    import polars as pl

    if top < 1:
        raise VtgError(f"teacher_gap: top={top} must be 1 or more.")
    table = RowTable(path, needs=["sample_id", "ious"])
    rows = pl.concat(list(table.frames(["sample_id", "ious"]))).unique("sample_id", keep="last")
    rows = rows.filter(pl.col("ious").list.len() > 0).sort("sample_id")
    best = [float(np.mean(sorted(ious, reverse=True)[:top])) for ious in rows["ious"].to_list()]
    return rows.select("sample_id").with_columns(rate=pl.Series(best, dtype=pl.Float64))
