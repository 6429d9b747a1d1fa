"""The pool of a selector: one row per sample, with its rate by one measure and where that lies between two edges."""

from collections.abc import Sequence
from typing import Any

from vtgdata.engine.measures import stored_name
from vtgdata.errors import VtgError
from vtgdata.files import row_table

MEANS = ("answer*iou>=0.5", "mean_iou", "union_iou", "answer")
"""Measures that a selector takes when none is named, the first that the file has: what `score-difficulty` stores for
a question with a window, one window, all windows, and a question alone."""
PASSES = ("answer*iou>=0.5", "iou>=0.5", "union_iou>=0.5", "answer", *MEANS)
"""The same for selectors whose source counts answers that pass."""
_TYPES = {"sample_id": "String", "measure": "String", "n": "Int64", "place": "String"}
_COLUMNS = (
    *("sample_id", "measure", "value", "n", "value_std", "iou_std", "place", "place_low", "place_high"),
    "posterior_mean",
)
_TOGETHER = 1 << 18
"""Rows that are looked at together."""


def of(pass_rates: Sequence[Any], measure: str, *, who: str, order: Sequence[str] = MEANS, solved: bool = False) -> Any:
    """The rows of one measure as a Polars frame, sorted by sample; samples without a value are left out.

    Args:
        pass_rates: rows of a pass_rates.parquet, of one model.
        measure: the measure's name, as stored or as typed; empty for the first of `order` that the rows have.
        who: the selector, for errors.
        order: names to try when none is given.
        solved: whether samples that no answer solved (value 0) are left out too.

    Its columns: sample_id; value (the mean of the answers' values); rate (the posterior mean where --adaptive decided,
    since stopping early biases the value, else the value); std (of the answers' values, null if it is not known); n;
    place with place_low and place_high (what --adaptive decided, and between which edges).
    Raises VtgError when no row has the measure.
    """
    import polars as pl

    frames = list(row_table.frames(pass_rates, _COLUMNS))
    known = sorted({str(name) for frame in frames for name in frame["measure"].unique().cast(pl.String)})
    wanted = named(known, measure, who, order)
    own = pl.col("iou_std") if wanted == "mean_iou" else pl.lit(None, pl.Float64)
    coin = (pl.col("value") * (1 - pl.col("value"))).sqrt() if ">=" in wanted else pl.lit(None, pl.Float64)
    has_value = pl.col("value").is_not_null() & pl.col("value").is_not_nan()
    kept = has_value & (pl.col("value") > 0) if solved else has_value
    rate = pl.when(pl.col("place").is_not_null()).then(pl.col("posterior_mean")).fill_null(pl.col("value"))
    held = [
        pl.concat(
            _typed(part.filter(pl.col("measure").cast(pl.String) == wanted))
            .filter(kept)
            .select(
                *("sample_id", "value"),
                *(rate.alias("rate"), pl.coalesce("value_std", own, coin).alias("std")),
                *("n", "place", "place_low", "place_high"),
            )
            for frame in frames
            for part in frame.iter_slices(_TOGETHER)
        )
    ]
    return _picked(held, _last_of_each(held[0]))


def _last_of_each(rows: Any) -> Any:
    """The numbers of the rows, sorted by sample; of each sample the row with the highest value alone."""
    import polars as pl

    by = ["sample_id", "value"] if repeats(rows["sample_id"]) else ["sample_id"]
    order = rows.select(pl.arg_sort_by(*by, maintain_order=True)).to_series()
    if len(by) == 1:
        return order
    ids = rows["sample_id"][order]
    return order.filter(ids.ne_missing(ids.shift(-1)) | (pl.int_range(len(ids), eager=True) == len(ids) - 1))


def _picked(held: list[Any], rows: Any) -> Any:
    """The rows with these numbers, or for which these flags are true, of the one frame held, which is given up.

    So one column at a time is in memory twice, and not all of them.
    """
    import polars as pl

    columns = held.pop().get_columns()
    pick = pl.Series.filter if rows.dtype == pl.Boolean else pl.Series.gather
    return pl.DataFrame([pick(columns.pop(0), rows) for _ in range(len(columns))])


def repeats(ids: Any) -> bool:
    """Whether a series of ids has one twice; by hashes, of which a sort takes less memory than a table of the ids."""
    hashes = ids.hash().sort()
    return bool((hashes == hashes.shift(1)).any()) and bool(ids.is_duplicated().any())


def named(known: Sequence[str], measure: str, who: str, order: Sequence[str] = MEANS) -> str:
    """The measure that counts: the one named, else the first of `order` that the rows have.

    Raises VtgError when no row has it.
    """
    wanted = stored_name(measure) if measure else next((name for name in (*order, *known) if name in known), "")
    if wanted not in known:
        raise VtgError(f"{who}: no row has the measure {wanted!r}; the file has {', '.join(known) or 'no rows'}.")
    return wanted


def _typed(frame: Any) -> Any:
    import polars as pl

    return frame.cast({name: getattr(pl, _TYPES.get(name, "Float64")) for name in frame.columns})


def between(pass_rates: Sequence[Any], measure: str, low: float, high: float, *, who: str, solved: bool = False) -> Any:
    """The rows of `of` that lie in [low, high]; raises VtgError for edges that are none, too."""
    check_edges(who, low, high)
    held = [of(pass_rates, measure, who=who, solved=solved)]
    return _picked(held, zones(held[0], low, high) == 1)


def zones(frame: Any, low: float, high: float, *, high_inside: bool = True) -> Any:
    """Where each row lies: 0 below `low`, 1 in [low, high], 2 above `high`, as a Polars series.

    The place that --adaptive decided counts where it was decided between the same edges: then its stated share of
    misplaced samples holds. Otherwise the rate is compared with the edges; one of exactly `high` counts as above it
    where not `high_inside`.
    """
    import polars as pl

    decided = (pl.col("place").is_not_null() & (pl.col("place_low") == low) & (pl.col("place_high") == high)).fill_null(
        False
    )
    place = pl.when(pl.col("place") == "too_hard").then(0).when(pl.col("place") == "too_easy").then(2).otherwise(1)
    above = pl.col("rate") > high if high_inside else pl.col("rate") >= high
    rate = pl.when(pl.col("rate") < low).then(0).when(above).then(2).otherwise(1)
    return frame.select(zone=pl.when(decided).then(place).otherwise(rate))["zone"]


def check_edges(who: str, low: float, high: float) -> None:
    """Raise VtgError unless 0 <= low <= high <= 1."""
    if not 0 <= low <= high <= 1:
        raise VtgError(f"{who}: low={low} and high={high} must be 0 <= low <= high <= 1.")


def spreads(frame: Any, who: str) -> Any:
    """The column `std` as an array; raises VtgError where it is not known."""
    if frame["std"].null_count():
        raise VtgError(
            f"{who}: the file does not say how the answers of a sample spread by this measure. Take mean_iou or a "
            "measure with a threshold, or score the answers again (`vtgdata score-difficulty --rollouts`)."
        )
    return frame["std"].to_numpy()
