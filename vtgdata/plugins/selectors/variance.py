"""Variance: samples whose answers differ most, since a group of equal answers teaches nothing.

Without `power`, those with the largest standard deviation are taken; with it, samples are drawn with probability in
proportion to std^power. Sources: Temporal-R1 selects by the variance of repeated inference (its code and numbers are
not published); RITA draws by sigma^alpha within each bucket. No source states a power, so there is no default.
"""

from collections.abc import Sequence
from typing import Any

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
    power: float | None = None,
) -> list[str]:
    """At most `size` sample ids: the most varied first, or in the order of the draw."""
    del samples
    if power is not None and not power > 0:
        raise VtgError(f"variance: power={power} must be above 0.")
    rows = pool.of(pass_rates, measure, who="variance")
    spread = pool.spreads(rows, "variance")
    if power is None:
        return draws.ranked(rows["sample_id"], spread, size, seed)
    return draws.weighted(rows["sample_id"], spread**power, size, seed)
