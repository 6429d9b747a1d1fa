"""What selection knows of samples, as columns: where they come from, how long videos and windows are."""

from collections.abc import Sequence
from typing import Any

from vtgdata.annotations.benchmarks import is_benchmark
from vtgdata.files.samples import SampleTable, samples_frame
from vtgdata.records import Sample

NAMES = ("sample_id", "corpus", "split", "video_id", "source_id", "duration", "windows", "query")
"""Columns of `samples.parquet` that are needed."""


def frame_of(samples: Sequence[Sample]) -> Any:
    """Samples as a Polars frame with columns of `samples.parquet`."""
    frame = samples.frame if isinstance(samples, SampleTable) else samples_frame(samples)
    return frame.select([name for name in NAMES if name in frame.columns])


def ids(samples: Sequence[Sample]) -> Any:
    """The sample ids as a Polars series."""
    import polars as pl

    if isinstance(samples, SampleTable):
        return samples.frame["sample_id"].cast(pl.String)
    return pl.Series("sample_id", [sample.sample_id for sample in samples], dtype=pl.String)


def of(samples: Sequence[Sample]) -> Any:
    """One row per sample: its id, corpus, split, video, source, duration, and the facts of its windows.

    `window_seconds` is the length of all windows together; `window_share` that over the duration; `position` the middle
    of the first start and the last end over the duration. They are null where there is no window, or no duration.
    """
    import polars as pl

    frame = with_source(frame_of(samples))
    starts, ends = (pl.col("windows").list.eval(pl.element().list.get(place)) for place in (0, 1))
    some = pl.col("windows").list.len() > 0
    rows = frame.with_columns(
        source=pl.when(pl.col("source_id").fill_null("") != "").then("source_id").otherwise("video_id"),
        window_seconds=pl.when(some).then(ends.list.sum() - starts.list.sum()),
        middle=(starts.list.min() + ends.list.max()) / 2,
    )
    return rows.select(
        *("sample_id", "corpus", "split", "video_id", "source", "source_id", "duration", "window_seconds"),
        window_share=pl.col("window_seconds") / pl.col("duration"),
        position=pl.col("middle") / pl.col("duration"),
    )


def with_source(frame: Any) -> Any:
    """A frame of samples with the column source_id, which older files lack."""
    import polars as pl

    if "source_id" in frame.columns:
        return frame.with_columns(pl.col("source_id").cast(pl.String))
    return frame.with_columns(source_id=pl.lit(None, pl.String))


def training(frame: Any) -> Any:
    """For each row of a frame with corpus and split, whether its split is none on which papers report scores."""
    import polars as pl

    splits = frame.select("corpus", "split").unique()
    held = [not is_benchmark(corpus or "", split or "") for corpus, split in splits.rows()]
    known = splits.with_columns(pl.Series("(training)", held, dtype=pl.Boolean))
    joined = frame.select("corpus", "split").join(
        known, on=["corpus", "split"], how="left", maintain_order="left", nulls_equal=True
    )
    return joined["(training)"]
