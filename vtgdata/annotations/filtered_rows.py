"""Rows of a table of samples that filters are given: those of no benchmark, in batches that have whole videos."""

from collections.abc import Iterator
from typing import Any

from vtgdata.annotations.benchmarks import is_benchmark


def benchmark_splits(frame: Any) -> set[tuple[str, str]]:
    """The (corpus, split) pairs of a frame's rows that are benchmarks."""
    pairs = frame.select("corpus", "split").unique().rows()
    return {(corpus, split) for corpus, split in pairs if corpus and split and is_benchmark(corpus, split)}


def of_splits(frame: Any, splits: set[tuple[str, str]]) -> Any:
    """A boolean for each row of a frame: whether it belongs to one of these splits."""
    import polars as pl

    conditions = [(pl.col("corpus") == corpus) & (pl.col("split") == split) for corpus, split in sorted(splits)]
    return frame.select(pl.any_horizontal(conditions).fill_null(False)).to_series()


def batches(frame: Any, size: int) -> Iterator[list[int]]:
    """Yield row numbers in batches of at least `size` (the last may be smaller).

    A batch has all rows of each of its videos, in their order.
    """
    import polars as pl

    placed = frame.select("video_id", pl.int_range(pl.len()).alias("number"))
    videos = placed.group_by("video_id", maintain_order=True).agg("number")["number"]
    batch: list[int] = []
    for numbers in videos:
        batch += numbers.to_list()
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch
