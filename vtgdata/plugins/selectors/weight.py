"""Weight: samples weighted by the spread of their answers and by how hard they are.

The weight of a sample is (std + e)^a x (1 - mean + e)^b, with the mean and the population standard deviation of its
answers' values, e = 1e-8. Source: TimeLens2 (MCG-NJU/TimeLens2 at a5ce450): a = 0 and b = 2 in its recipe, by tIoU of 8
answers; a = 2 and b = 0 are its code's defaults. So by default samples without any spread are drawn as well. There, a
sample with fewer than two answers counts as one with mean 0; here it has the mean of its answers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtgdata.engine.selection import draws, pool
from vtgdata.errors import VtgError
from vtgdata.records import Sample

E = 1e-8


def select(
    samples: Sequence[Sample],
    pass_rates: Sequence[dict[str, Any]],
    size: int,
    seed: int,
    *,
    measure: str = "",
    a: float = 0.0,
    b: float = 2.0,
    column: bool = False,
) -> list[str]:
    """At most `size` sample ids, drawn by their weights without replacement.

    With `column`, they are drawn uniformly, and each row gets its weight in a column: the trainer draws by it.
    """
    del samples
    rows, weights = _weighed(pass_rates, measure, a, b)
    return draws.weighted(rows["sample_id"], draws.equal(rows["sample_id"]) if column else weights, size, seed)


def weights(
    pass_rates: Sequence[dict[str, Any]], *, measure: str = "", a: float = 0.0, b: float = 2.0, column: bool = False
) -> Any:
    """The column of weights as a Polars frame with `sample_id` and `weight`; None without `column`."""
    import polars as pl

    if not column:
        return None
    rows, found = _weighed(pass_rates, measure, a, b)
    return rows.select("sample_id").with_columns(pl.Series("weight", found))


def _weighed(pass_rates: Sequence[dict[str, Any]], measure: str, a: float, b: float) -> tuple[Any, draws.Floats]:
    if a < 0 or b < 0:
        raise VtgError(f"weight: a={a} and b={b} must not be below 0.")
    rows = pool.of(pass_rates, measure, who="weight")
    spread = (pool.spreads(rows, "weight") + E) ** a if a else draws.equal(rows["sample_id"])
    return rows, spread * (1 - np.clip(rows["rate"].to_numpy(), 0, 1) + E) ** b
