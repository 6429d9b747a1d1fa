"""Band: a random draw of samples whose pass rate lies between two bounds.

Such samples are neither too hard (often a wrong label) nor solved. Source of the numbers: RITA keeps a pass rate of 0.2
to 0.8, of 8 answers that pass at IoU >= 0.5; here the measure is the mean IoU unless another is named, for it also
reflects small boundary errors. TVG-R1's own band could not be read.
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
    low: float = 0.2,
    high: float = 0.8,
) -> list[str]:
    """At most `size` sample ids whose rate by `measure` is in [low, high], in random order.

    Raises VtgError when 0 <= low <= high <= 1 does not hold, or no row has the measure.
    """
    del samples
    return draws.shuffled(pool.between(pass_rates, measure, low, high, who="band")["sample_id"], size, seed)
