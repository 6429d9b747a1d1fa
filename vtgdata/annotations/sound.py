"""Whether a sample can be right: what its fields, each valid by itself, may not say together."""

from typing import Any

from vtgdata.annotations.overlap import Group
from vtgdata.records import Sample


def sound(sample: Sample) -> None:
    """Raise ValueError for a sample that has valid fields but cannot be correct, such as a window past the video."""
    duration = sample.video.duration
    if duration is not None and any(window.end > duration + 1e-3 for window in sample.windows):
        raise ValueError(f"a window ends at {sample.windows[-1].end:g} s, the video at {duration:g} s")
    if list(sample.windows) != sorted(sample.windows):
        raise ValueError("windows are not in order of time")
    if not sample.query.strip():
        raise ValueError("the query is empty")
    if sample.windows and not sample.labelled:
        raise ValueError("it has windows, and says that its labels are hidden")
    if (
        sample.labelled
        and not sample.windows
        and not sample.none_is_right
        and not Group(sample.corpus, sample.split).benchmark
    ):
        raise ValueError("it has no window, and is of no benchmark")


def doubtful(frame: Any) -> Any:
    """The rows that `sound` has to look at: all that it refuses are among them.

    Args:
        frame: a Polars frame with the columns and types of `schemas.SAMPLES`.
    """
    import polars as pl

    ends = pl.col("windows").list.eval(pl.element().list.get(1, null_on_oob=True)).list.max()
    many = pl.col("windows").list.len()
    labelled = pl.col("labelled").fill_null(True)
    wrong = [
        ends > pl.col("duration"),
        many > 1,
        ~pl.col("query").str.contains(r"[\p{L}\p{N}\p{P}\p{S}]"),
        (many > 0) & ~labelled,
        (many.fill_null(0) == 0) & labelled,
    ]
    return frame.filter(pl.any_horizontal(each.fill_null(False) for each in wrong))
