"""Gaussian: a draw without replacement in which samples near one rate are the likeliest.

Samples with a rate above 0 are drawn with probability in proportion to exp(-(rate - mean)^2 / (2 std^2)). How many
samples the pool has at each rate is not evened out: see gaussian_flat. Source: Time-R1, `gaussian_03` in
src/utils/process_data.py: mean 0.3, std 0.2, by the IoU of one greedy answer; 2,500 rows.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtgdata.engine.selection import draws, pool
from vtgdata.errors import VtgError
from vtgdata.records import Sample


def select(
    samples: Sequence[Sample],
    pass_rates: Sequence[dict[str, Any]],
    size: int,
    seed: int,
    *,
    measure: str = "",
    mean: float = 0.3,
    std: float = 0.2,
) -> list[str]:
    """At most `size` sample ids, in the order in which they were drawn."""
    del samples
    if not std > 0:
        raise VtgError(f"gaussian: std={std} must be above 0.")
    rows = pool.of(pass_rates, measure, who="gaussian", solved=True)
    weights = np.exp(-((rows["rate"].to_numpy() - mean) ** 2) / (2 * std**2))
    return draws.weighted(rows["sample_id"], weights, size, seed)
