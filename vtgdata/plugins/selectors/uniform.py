"""Uniform: a seeded random draw, whatever the pass rates; the control for every other selector."""

import random
from collections.abc import Sequence
from typing import Any

from vtgdata.records import Sample


def select(samples: Sequence[Sample], pass_rates: Sequence[dict[str, Any]], size: int, seed: int) -> list[str]:
    """At most `size` sample ids in drawn order; the same seed gives the same rows.

    Args:
        samples: the pool; may be empty when only pass rates are at hand.
        pass_rates: rows of `pass_rates.parquet`.
        size: how many to take.
        seed: of the draw.
    """
    ids = sorted({sample.sample_id for sample in samples} | {str(row["sample_id"]) for row in pass_rates})
    random.Random(seed).shuffle(ids)
    return ids[:size]
