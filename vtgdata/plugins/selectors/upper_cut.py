"""Upper cut: samples that are neither solved nor without any success, evenly spread over the rates in between.

All samples with 0 < rate <= high are sorted, the easiest first, and `size` of them are taken at equal distances in that
list (its first and its last among them). Source: Time-R1, `0070_all` in src/utils/process_data.py, which keeps 0 < IoU
<= 0.7 of one greedy answer before each epoch. There, samples of one IoU keep the order of the file; here they are
shuffled.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtgdata.engine.selection import draws, pool
from vtgdata.records import Sample


def select(
    samples: Sequence[Sample],
    pass_rates: Sequence[dict[str, Any]],
    size: int,
    seed: int,
    *,
    measure: str = "",
    high: float = 0.7,
) -> list[str]:
    """At most `size` sample ids with a rate above 0 and at most `high`, the easiest first."""
    del samples
    rows = pool.between(pass_rates, measure, 0.0, high, who="upper_cut", solved=True)
    ordered = draws.ranked(rows["sample_id"], rows["rate"].to_numpy(), rows.height, seed)
    if size >= len(ordered):
        return ordered
    return [ordered[place] for place in np.linspace(0, len(ordered) - 1, size).round().astype(int).tolist()]
