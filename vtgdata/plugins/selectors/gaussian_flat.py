"""Flattened Gaussian: a Gaussian over the rate, divided by how many samples have such a rate; equal lengths of video.

The weight of a sample is exp(-(rate - mean)^2 / (2 std^2)) / (number of samples in its bin of rates), so that what is
drawn has the Gaussian's form whatever the pool's. Videos are put into ranges of duration, and each range gives as many
rows; what a range lacks, the others give. Within each range the weights are those of the range. Source: TimeLens,
training/data/grounding.py with `fixed_gaussian_sampling`: mean 0.05, std 0.2, 20 bins of the IoU of one greedy answer,
ranges of 30 s up to 240 s; there a range that lacks rows is left short.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtgdata.engine.selection import draws, facts, pool
from vtgdata.errors import VtgError
from vtgdata.records import Sample


def select(
    samples: Sequence[Sample],
    pass_rates: Sequence[dict[str, Any]],
    size: int,
    seed: int,
    *,
    measure: str = "",
    mean: float = 0.05,
    std: float = 0.2,
    bins: int = 20,
    step: float = 30.0,
    last: float = 240.0,
) -> list[str]:
    """At most `size` sample ids; each range of duration is spread evenly over the list.

    Ranges are `step` seconds long, and one holds all above `last`; without samples there is one range.
    """
    if not (std > 0 and bins >= 1 and 0 < step <= last):
        raise VtgError("gaussian_flat: needs std > 0, bins >= 1 and 0 < step <= last.")
    rows = pool.of(pass_rates, measure, who="gaussian_flat")
    ranges = np.zeros(rows.height, dtype=int)
    if len(samples):
        known = facts.of(samples).select("sample_id", "duration")
        seconds = rows.join(known, on="sample_id", how="left", maintain_order="left")["duration"].to_numpy()
        ranges = np.minimum(np.nan_to_num(seconds) // step, np.ceil(last / step)).astype(int)
    rates = rows["rate"].to_numpy()
    groups = [np.flatnonzero(ranges == each) for each in np.unique(ranges)]
    sizes = draws.filled([1.0] * len(groups), [len(group) for group in groups], size) if groups else []
    chosen: list[list[str]] = []
    for group, count in zip(groups, sizes, strict=True):
        weights = flattened(rates[group], mean, std, bins)
        chosen.append(draws.weighted(rows["sample_id"][group.tolist()], weights, count, seed))
    return draws.interleaved(chosen)


def flattened(rates: draws.Floats, mean: float, std: float, bins: int) -> draws.Floats:
    """The weight of each rate: the Gaussian there over the number of rates in its bin of [0, 1]."""
    bin_of = np.minimum((rates * bins).astype(int), bins - 1)
    return np.exp(-0.5 * ((rates - mean) / std) ** 2) / np.bincount(bin_of, minlength=bins)[bin_of]
