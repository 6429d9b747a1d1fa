"""Facts of samples that foretell a pass rate: earlier pass rates, and what the annotation says of the sample."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtgdata.engine.adaptive.remembered import logit, standardised
from vtgdata.engine.adaptive.rule import Floats
from vtgdata.engine.selection import facts, pool
from vtgdata.files.row_table import RowTable
from vtgdata.files.samples import SampleTable
from vtgdata.metrics.baselines import best_constant

COMMON = 0.05
"""Share of the samples from which on a corpus counts by itself."""
_FITTED = 2_000
"""Samples on which the guess without looking is fitted."""


def facts_of(samples: SampleTable, paths: Sequence[str], measure: str) -> Floats:
    """The facts of samples, (n, k), in their order: each with mean 0 and a spread of 1.

    Args:
        samples: to be asked about.
        paths: pass rates of earlier checkpoints or other models.
        measure: whose rates count.

    They are, of each file, the log odds of the rate and whether there is one; the share of the window, the corpus, the
    IoU of one constant window, and the words of the query. Raises VtgError when a file lacks the measure.
    """
    import polars as pl

    rows = facts.of(samples).with_columns(words=samples.frame["query"].str.count_matches(r"\S+"))
    columns: list[Any] = []
    for path in paths:
        earlier = pool.of(RowTable(path, needs=["sample_id", "measure", "value", "n"]), measure, who=f"--prior {path}")
        found = rows.select("sample_id").join(earlier, on="sample_id", how="left", maintain_order="left")
        counts = found["n"].fill_null(0).cast(pl.Float64).to_numpy()
        columns += [logit(found["value"].to_numpy(), counts), (counts > 0).astype(np.float64)]
    columns += [rows["window_share"].to_numpy(), rows["words"].cast(pl.Float64).to_numpy(), _blind(samples, rows)]
    for corpus, count in rows["corpus"].value_counts().sort("corpus").iter_rows():
        if count >= COMMON * rows.height:
            columns.append((rows["corpus"] == corpus).cast(pl.Float64).to_numpy())
    return standardised(columns)


def _blind(samples: SampleTable, rows: Any) -> Floats:
    """The IoU of the best constant window with the span of each sample's windows."""
    step = max(1, len(samples) // _FITTED)
    start, end = best_constant(list(samples[slice(0, None, step)]))
    half = rows["window_share"].to_numpy() / 2
    low, high = rows["position"].to_numpy() - half, rows["position"].to_numpy() + half
    shared = np.clip(np.minimum(end, high) - np.maximum(start, low), 0, None)
    return shared / (np.maximum(end, high) - np.minimum(start, low))
