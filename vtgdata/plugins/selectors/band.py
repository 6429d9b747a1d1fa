"""Band: a random draw of samples whose pass rate lies between two bounds.

Such samples are neither too hard (often a wrong label) nor solved. RITA keeps a pass rate of 0.2 to 0.8 for IoU >= 0.5;
the default measure, mean IoU, also reflects small boundary errors.
"""

import random
from collections.abc import Sequence
from typing import Any

from vtgdata.errors import VtgError
from vtgdata.files import row_table
from vtgdata.records import Sample


def select(
    samples: Sequence[Sample],
    pass_rates: Sequence[dict[str, Any]],
    size: int,
    seed: int,
    *,
    measure: str = "mean_iou",
    low: float = 0.2,
    high: float = 0.8,
) -> list[str]:
    """At most `size` sample ids whose value of `measure` is in [low, high], in random order.

    Raises VtgError when 0 <= low <= high <= 1 does not hold, or no row has the measure.
    """
    del samples
    if not 0 <= low <= high <= 1:
        raise VtgError(f"band: low={low} and high={high} must be 0 <= low <= high <= 1.")
    import polars as pl

    found: list[Any] = []
    known: set[str] = set()
    for frame in row_table.frames(pass_rates, ("sample_id", "measure", "value")):
        frame = frame.cast({"measure": pl.String, "value": pl.Float64})
        known |= set(map(str, frame["measure"].unique()))
        rows = frame.filter(pl.col("measure") == measure)
        found.append(rows.filter(pl.col("value").is_between(low, high))["sample_id"].cast(pl.String))
    if measure not in known:
        raise VtgError(
            f"band: no row has the measure {measure!r}; the file has {', '.join(sorted(known)) or 'no rows'}."
        )
    ids = pl.concat(found).unique().sort()
    order = list(range(len(ids)))
    random.Random(seed).shuffle(order)
    return ids[order[:size]].to_list()
