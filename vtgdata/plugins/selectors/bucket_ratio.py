"""Bucket ratio: hard, medium and easy samples in a fixed ratio.

A sample is hard below `low`, easy above `high`, else medium; one that no answer solved is left out. A bucket that has
fewer rows than its share gives all it has, and the others do not make up for it. Source: RITA: 8 answers, correct at
IoU >= 0.5, edges 0.2 and 0.8, hard : medium : easy = 1 : 6 : 3, samples without a correct answer dropped; within a
bucket it draws by sigma^alpha and does not say alpha: `power` has no default, and without it the draw is uniform.
"""

from collections.abc import Sequence
from typing import Any

from vtgdata.engine.selection import draws, pool
from vtgdata.records import Sample

MEASURES = pool.PASSES
"""Measures to take when none is named."""


def select(
    samples: Sequence[Sample],
    pass_rates: Sequence[dict[str, Any]],
    size: int,
    seed: int,
    *,
    measure: str = "",
    low: float = 0.2,
    high: float = 0.8,
    hard: float = 1.0,
    medium: float = 6.0,
    easy: float = 3.0,
    power: float | None = None,
) -> list[str]:
    """At most `size` sample ids; each bucket is spread evenly over the list."""
    del samples
    pool.check_edges("bucket_ratio", low, high)
    rows = pool.of(pass_rates, measure, who="bucket_ratio", order=MEASURES, solved=True)
    zones = pool.zones(rows, low, high)
    chosen: list[list[str]] = []
    for zone, count in enumerate(draws.shared([hard, medium, easy], size)):
        group = rows.filter(zones == zone)
        spread = draws.equal(group["sample_id"]) if power is None else pool.spreads(group, "bucket_ratio") ** power
        chosen.append(draws.weighted(group["sample_id"], spread, count, seed))
    return draws.interleaved(chosen)
