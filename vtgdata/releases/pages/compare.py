"""Two things beside each other: what changed of each sample from an earlier path to the one that is shown."""

from typing import Any

import msgspec

from vtgdata.releases.pages.numbers import Plot
from vtgdata.releases.pages.rows import Rows

SAME, ADDED, REMOVED = "same", "added", "removed"
_UNSTATED = {"labelled": True, "none_is_right": False}
"""What a sample is that does not say whether its label is public, and whether there is no such moment."""


def beside(rows: Rows, earlier: Rows) -> tuple[Rows, Plot]:
    """The rows with the columns `change` and `pass_rate_change`, and how often each change occurs.

    A sample of the earlier path that is no longer there has no row, and is counted.
    """
    import polars as pl

    wanted = ("sample_id", "query", "windows", "split", "duration", "pass_rate", *_UNSTATED)
    before = earlier.samples.select(pl.col(name).alias(f"{name}_before" if name != "sample_id" else name)
                                    for name in wanted).with_columns(there=pl.lit(True))  # fmt: skip
    frame = rows.samples.join(before, on="sample_id", how="left", maintain_order="left")
    words = [
        pl.when(pl.col(name).ne_missing(pl.col(f"{name}_before"))).then(pl.lit(told))
        for name, told in (("query", "query"), ("windows", "windows"), ("split", "split"), ("duration", "duration"))
    ]
    kinds = [
        pl.col(name).fill_null(unstated) != pl.col(f"{name}_before").fill_null(unstated)
        for name, unstated in _UNSTATED.items()
    ]
    words.append(pl.when(pl.any_horizontal(kinds)).then(pl.lit("kind of label")))
    changed = pl.concat_str(words, separator=", ", ignore_nulls=True)
    change = pl.when(pl.col("there").is_null()).then(pl.lit(ADDED)).when(changed == "").then(pl.lit(SAME))
    frame = frame.with_columns(
        change=change.otherwise(changed), pass_rate_change=pl.col("pass_rate") - pl.col("pass_rate_before")
    ).select(*rows.samples.columns, "change", "pass_rate_change")  # fmt: skip
    removed = earlier.samples.join(rows.samples, on="sample_id", how="anti").height
    counted: list[tuple[str, int]] = frame["change"].value_counts(sort=True, name="count").rows()
    told = [{"label": label, "count": count, "lost": False} for label, count in counted]
    told += [{"label": REMOVED, "count": removed, "lost": True}] if removed else []
    plot = {"kind": "bars", "title": "samples by what changed", "y": "samples", "rows": told}
    return msgspec.structs.replace(rows, samples=frame), plot


def none(frame: Any) -> Any:
    """A frame of samples that are compared with nothing."""
    import polars as pl

    return frame.with_columns(
        change=pl.lit(None, dtype=pl.String), pass_rate_change=pl.lit(None, dtype=pl.Float64)
    )  # fmt: skip
