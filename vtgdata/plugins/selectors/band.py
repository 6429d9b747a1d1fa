"""Band: a random draw of samples whose pass rate lies between two bounds.

Such samples are neither too hard (often a wrong label) nor solved. RITA keeps a pass rate of 0.2 to 0.8 for IoU >= 0.5;
the default measure, mean IoU, also reflects small boundary errors.
"""

import random
from collections.abc import Sequence
from typing import Any

from vtgdata.errors import VtgError
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
    measured = [row for row in pass_rates if row["measure"] == measure]
    if not measured:
        known = sorted({str(row["measure"]) for row in pass_rates})
        raise VtgError(f"band: no row has the measure {measure!r}; the file has {', '.join(known) or 'no rows'}.")
    ids = sorted(
        {str(row["sample_id"]) for row in measured if row["value"] is not None and low <= row["value"] <= high}
    )
    random.Random(seed).shuffle(ids)
    return ids[:size]
