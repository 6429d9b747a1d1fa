"""Anchors and frontier: a few samples that the student solves already, and many that it does not.

Anchors have a rate of at least `anchor` and keep what is known from being lost; the frontier has a rate below
`frontier`. Source: SCC (student-curriculum coupling), anchors : frontier = 1 : 9, 1,000 samples by the initial
student's IoU. Its two bounds could not be read, so they have no default. The part of SCC that acts while training
(samples rest while they are solved) is not here.
"""

from collections.abc import Sequence
from typing import Any

from vtgdata.engine.selection import draws, pool
from vtgdata.errors import VtgError
from vtgdata.records import Sample

EXAMPLE = {"anchor": 0.7, "frontier": 0.3}
"""Settings for the contract test."""


def select(
    samples: Sequence[Sample],
    pass_rates: Sequence[dict[str, Any]],
    size: int,
    seed: int,
    *,
    anchor: float,
    frontier: float,
    anchors: float = 1.0,
    frontiers: float = 9.0,
    measure: str = "",
) -> list[str]:
    """At most `size` sample ids; the anchors are spread evenly over the list."""
    del samples
    if not 0 <= frontier <= anchor <= 1:
        raise VtgError(f"anchor_frontier: needs 0 <= frontier <= anchor <= 1, got {frontier} and {anchor}.")
    rows = pool.of(pass_rates, measure, who="anchor_frontier")
    zones = pool.zones(rows, frontier, anchor, high_inside=False)
    groups = [rows.filter(zones == 2), rows.filter(zones == 0)]
    sizes = draws.shared([anchors, frontiers], size)
    return draws.interleaved(
        [
            draws.weighted(group["sample_id"], draws.equal(group["sample_id"]), count, seed)
            for group, count in zip(groups, sizes, strict=True)
        ]
    )
