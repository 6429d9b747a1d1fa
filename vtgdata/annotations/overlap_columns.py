"""What groups of samples share, and where rows of one video disagree (`overlap`), for millions of rows in columns.

Only rows that may share something become Samples: those on a source that two groups have, and those whose query comes
again on their source.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

import msgspec

from vtgdata.annotations import overlap
from vtgdata.annotations.overlap import Group, Index, Shared
from vtgdata.annotations.read_rows import FILE
from vtgdata.annotations.source_columns import VIDEO, named, video_of
from vtgdata.files.samples import PIECE, read_sample
from vtgdata.records import Sample

TOGETHER = 50_000
"""Samples that are compared at a time; more where one source has more."""
NUMBER = "(number)"
"""Column with the number of a row."""


class Rows:
    """Samples as columns, with the group and the source of each."""

    def __init__(self, frame: Any) -> None:
        """Take a Polars frame with the columns of `schemas.SAMPLES`, whose rows are all valid."""
        import polars as pl

        pairs = frame.select("corpus", "split").unique().rows()
        self.groups = [Group(corpus, split) for corpus, split in sorted(pairs)]
        named_by = dict.fromkeys(["corpus", "split"], pl.String)
        groups = pl.DataFrame(self.groups, schema=named_by, orient="row").with_row_index("(group)")
        benchmark = pl.Series("(benchmark)", [group.benchmark for group in self.groups], dtype=pl.Boolean)
        videos = video_of(frame)
        keys = named(videos)
        placed = videos.join(keys, on=VIDEO, how="left", maintain_order="left").select(
            pl.col("source").alias("(source)"), pl.col("own").alias("(own)")
        )
        self.frame = (
            frame.hstack(placed)
            .join(groups.hstack([benchmark]), on=["corpus", "split"], how="left", maintain_order="left")
            .with_row_index(NUMBER)
        )

    def each(self, rows: Any) -> Iterator[Sample]:
        """Yield some rows as Samples."""
        for part in rows.iter_slices(PIECE):
            for row in part.iter_rows(named=True):
                yield read_sample("rows", row)

    def of_file(self, number: int) -> Iterator[Sample]:
        """Yield the rows of a file as Samples."""
        import polars as pl

        return self.each(self.frame.filter(pl.col(FILE) == number))

    def by_group(self) -> Iterator[tuple[Group, Any]]:
        """Yield the rows of each group, groups by name."""
        import polars as pl

        for number, group in enumerate(self.groups):
            yield group, self.frame.filter(pl.col("(group)") == number)

    def by_file(self, files: Iterable[str], *, benchmark: bool) -> dict[str, list[str]]:
        """{file of a video: ids of its rows}, by name, for some files; rows of benchmarks, or else of other groups."""
        import polars as pl

        chosen = self.frame.filter((pl.col("(benchmark)") == benchmark) & pl.col("video_file").is_in(list(files)))
        ids = chosen.sort("(group)", NUMBER).group_by("video_file", maintain_order=True).agg("sample_id")
        return dict(ids.sort("video_file").iter_rows())

    def _together(self) -> Iterator[list[Sample]]:
        """Yield the samples whose source is in two groups or more, all of one source together."""
        import polars as pl

        counts = self.frame.group_by("(source)").agg(rows=pl.len(), groups=pl.col("(group)").n_unique())
        shared = counts.filter(pl.col("groups") > 1).sort("(source)")
        parts = shared.with_columns(part=pl.col("rows").cum_sum() // TOGETHER)
        placed = self.frame.join(parts.select("(source)", "part"), on="(source)", maintain_order="left")
        for part in placed.partition_by("part") if placed.height else ():
            yield list(self.each(part.sort(NUMBER)))

    def pairs(self, near: float) -> list[Shared]:
        """What each pair of groups shares, including pairs that share nothing."""
        found: dict[tuple[Group, Group], Shared] = {
            pair: Shared(first=pair[0], second=pair[1], sources=0, youtube=0, queries=0, duplicates=0)
            for pair in combinations(self.groups, 2)
        }
        for some in self._together():
            for pair in Index(overlap.grouped(some)).pairs(near):
                known = found[pair.first, pair.second]
                sums = {
                    name: getattr(known, name) + getattr(pair, name)
                    for name in ("sources", "youtube", "queries", "duplicates")
                }
                found[pair.first, pair.second] = msgspec.structs.replace(known, **sums)
        return list(found.values())

    def contaminated(self) -> Iterator[tuple[str, Group, str]]:
        """Yield the id of each training row whose source is in a benchmark, that benchmark, and its id of the video.

        A source that several benchmarks have is that of the first by name.
        """
        import polars as pl

        held = self.frame.filter("(benchmark)").sort("(group)", NUMBER).unique("(source)", keep="first")
        held = held.select("(source)", pl.col("(group)").alias("benchmark"), pl.col("video_id").alias("video"))
        trained = self.frame.filter(~pl.col("(benchmark)")).select(NUMBER, "sample_id", "(group)", "(source)")
        rows = trained.join(held, on="(source)", maintain_order="left")
        first = pl.col(NUMBER).min().over("(group)", "(source)")
        for sample_id, group, video in (
            rows.sort("(group)", first, NUMBER).select("sample_id", "benchmark", "video").iter_rows()
        ):
            yield sample_id, self.groups[group], video

    def repeats(self) -> dict[str, str]:
        """Id of each training row that repeats an earlier one -> the earlier row's id; see `Index.duplicates`."""
        import polars as pl

        asked = self.frame.filter(pl.col("windows").list.len() > 0).with_columns(_folded(self.frame))
        again = asked.filter(pl.struct("(source)", "(folded)").is_duplicated())
        held = set(again.filter("(benchmark)")["sample_id"])
        found = Index(overlap.grouped(self.each(again))).duplicates()
        return {sample_id: first for sample_id, first in found.items() if sample_id not in held}

    def label_versions(self) -> dict[str, set[str]]:
        """Sources whose rows have labels of several versions, which scores must not mix -> the versions."""
        import polars as pl

        version = pl.col("label_version").unique().alias("versions")
        found = self.frame.group_by("(source)").agg(version).filter(pl.col("versions").list.len() > 1)
        return {name: set(versions) for name, versions in found.sort("(source)").iter_rows()}

    def durations(self, tolerance: float) -> dict[str, tuple[float, float]]:
        """Videos whose rows state durations more than `tolerance` seconds apart -> the shortest and the longest.

        A cut and its source are two videos here.
        """
        import polars as pl

        ends = self.frame.group_by("(own)").agg(low=pl.col("duration").min(), high=pl.col("duration").max())
        far = ends.filter(pl.col("high") - pl.col("low") > tolerance).sort("(own)")
        return {name: (low, high) for name, low, high in far.iter_rows()}


def _folded(frame: Any) -> Any:
    """A query as `overlap.moment` compares it."""
    import polars as pl

    plain = pl.col("query").str.len_bytes() == pl.col("query").str.len_chars()
    odd = frame.filter(~plain)["query"].unique()
    folded: Sequence[str] = [text.casefold() for text in odd]
    lower = pl.col("query").str.to_lowercase()
    return (
        pl.when(plain)
        .then(lower)
        .otherwise(pl.col("query").replace(odd, pl.Series(folded, dtype=pl.String)))
        .str.strip_chars_end(". ")
        .alias("(folded)")
    )
