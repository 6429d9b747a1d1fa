"""All samples of a release, in the order of its rows: little for each, so that millions fit into memory."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtgdata.annotations import benchmarks
from vtgdata.errors import VtgError
from vtgdata.files.parquet import pyarrow
from vtgdata.files.pieces import PLACE, ROW, in_order, read_frames, read_pieces, to_frame, to_table
from vtgdata.files.schemas import ABSENT, SAMPLE_NEEDS, SAMPLES, Row
from vtgdata.releases import published
from vtgdata.releases.tombstones import Tombstone, Tombstones

_VIDEO = ("corpus", "split", "video_id", "source_id")
_LARGE = 1 << 20
"""Rows whose ids are looked up at a time."""
Ranks = NDArray[np.int32]
REMOVED = -1
"""Rank of a row whose sample was removed."""


class SampleIndex:
    """The samples of a `samples.parquet` that are not removed; rank is the place by corpus, video and sample id."""

    def __init__(self, path: str, removed: Tombstones) -> None:
        """Read the file.

        Raises VtgError when it has no rows, an id occurs twice, a row names a path of this machine, or every sample was
        removed.
        """
        import polars as pl

        self.path = path
        self.splits: Counter[str] = Counter()
        """{split: rows}; null counts as an empty text."""
        self.licences: Counter[tuple[str, str]] = Counter()
        """{(corpus, licence): rows}."""
        self.removed: dict[str, Tombstone] = {}
        """{sample_id: tombstone} of the samples that were removed."""
        self.absent = 0
        """Samples that are known to have no moment."""
        self.gone: list[Row] = []
        """Their rows, in the order of the file."""
        parts: list[Any] = []
        for frame in _frames(path):
            published.refuse_paths(path, frame)
            gone = _gone(frame, removed)
            self.gone += gone
            self.removed |= {row["sample_id"]: found for row in gone if (found := removed.of_row(row))}
            parts.append(frame.select("sample_id", *(pl.col(name).fill_null("") for name in _VIDEO)))
            left = frame.filter(~pl.col("sample_id").is_in([row["sample_id"] for row in gone])) if gone else frame
            self.absent += int(left["none_is_right"].sum() or 0)
            for corpus, split, licence, rows in left.group_by("corpus", "split", "license").len().rows():
                self.splits[split or ""] += rows
                self.licences[corpus, licence or "unverified"] += rows
        if not parts:
            raise VtgError(f"{path}: holds no rows, so there is nothing to release.")
        self._index(pl.concat(parts))

    def _index(self, frame: Any) -> None:
        import polars as pl

        ids = frame["sample_id"]
        twice = ids.filter(ids.is_duplicated())
        if not twice.is_empty():
            raise VtgError(f"{self.path}: sample_id {twice[0]!r} occurs twice; every row needs its own.")
        if len(self.removed) == frame.height:
            raise VtgError(f"{self.path}: every one of its samples was removed, so there is nothing to release.")
        left = frame.with_row_index("number")
        if self.removed:
            left = left.filter(~pl.col("sample_id").is_in(list(self.removed)))
        by = ["corpus", "video_id", "sample_id"]
        numbers = left.select(pl.col("number").sort_by(by)).to_series().to_numpy()
        self.rows = len(numbers)
        """Number of samples, without the removed ones."""
        height: int = frame.height
        ranks: Ranks = np.full(height, REMOVED, dtype=np.int32)
        ranks[numbers] = np.arange(len(numbers))
        self.ranks = ranks
        """(n,) The rank of each row of the file."""
        self._ids = pl.DataFrame({"sample_id": ids, "rank": pl.Series(self.ranks, dtype=pl.Int32)})
        self._videos = frame.select(_VIDEO)[numbers]
        self.videos: int = self._videos["video_id"].n_unique()
        """Distinct videos."""

    @property
    def more(self) -> Mapping[str, str]:
        """Columns of samples that not every release has: ABSENT, where any sample has no moment."""
        return ABSENT if self.absent else {}

    def ranks_of(self, path: str) -> Ranks:
        """The rank of the sample of each row of another file; REMOVED where that was removed.

        Raises VtgError when a row's sample is none of these.
        """
        found: list[Any] = []
        for table in read_pieces(path, {"sample_id": "text"}, needs=["sample_id"], rows=_LARGE):
            ids = to_frame(table)
            ranks = ids.join(self._ids, on="sample_id", how="left", maintain_order="left")["rank"]
            if ranks.null_count():
                unknown = ids["sample_id"].filter(ranks.is_null())[0]
                raise VtgError(
                    f"{path}: sample_id {unknown!r} is not in {self.path}. Release rows together with the samples they "
                    "were made from."
                )
            found.append(ranks.to_numpy())
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int32)

    def leaks(self, ranks: Ranks) -> list[benchmarks.Leak]:
        """Of the samples to train on, those whose video is in a benchmark; see `benchmarks.leaks`.

        Args:
            ranks: of the samples to train on, in the order of their rows.
        """
        import polars as pl

        splits = self._videos.select("corpus", "split").unique().rows()
        held = [pair for pair in splits if benchmarks.is_benchmark(*pair)]
        if not held:
            return []
        pairs = pl.DataFrame(held, schema={"corpus": pl.String, "split": pl.String}, orient="row")
        ours = self._videos.with_row_index("rank")
        tests = ours.join(pairs, on=["corpus", "split"], how="semi")
        ids = ours.join(tests, on=["corpus", "video_id"], how="semi")["rank"]
        sources = ours.filter(pl.col("source_id") != "").join(tests, on="source_id", how="semi")["rank"]
        leaky = np.zeros(self.rows, dtype=bool)
        leaky[ids.to_numpy()] = leaky[sources.to_numpy()] = True
        if not leaky[ranks].any():
            return []
        names = self._ids.filter(pl.col("rank") != REMOVED).sort("rank")["sample_id"]
        named = self._videos.with_columns(names)
        order = pl.Series(self.ranks[self.ranks != REMOVED])
        trained = named[ranks[leaky[ranks]]].to_dicts()
        return benchmarks.leaks(trained, named[order].filter(pl.Series(leaky)[order]).iter_rows(named=True))

    def frames(self) -> Iterator[Any]:
        """Yield the rows of the file, without the removed ones, in its order, as Polars frames."""
        import polars as pl

        begun = 0
        for frame in _frames(self.path):
            ranks = self.ranks[begun : begun + frame.height]
            begun += frame.height
            yield frame.filter(pl.Series(ranks != REMOVED)) if self.removed else frame


def _frames(path: str) -> Iterator[Any]:
    return read_frames(path, SAMPLES | ABSENT, needs=(*SAMPLE_NEEDS, "license"))


def _gone(frame: Any, removed: Tombstones) -> list[Row]:
    """The rows of removed samples."""
    import polars as pl

    if not removed.removed:
        return []
    videos = [each.video_id for each in removed.removed if each.video_id]
    samples = [each.sample_id for each in removed.removed if each.sample_id]
    named = pl.col("sample_id").is_in(samples) | pl.any_horizontal(
        pl.col(name).is_in(videos).fill_null(False) for name in ("video_id", "source_id")
    )
    return [row for row in frame.filter(named).iter_rows(named=True) if removed.of_row(row)]


class SampleStore:
    """The samples in the order of their ranks, in a file, so that those of some rows can be had at a time."""

    def __init__(self, index: SampleIndex, scratch: Path) -> None:
        """Write the file into a folder."""
        pa = pyarrow()
        path = scratch / "samples.arrow"
        ends: list[int] = []
        tables = (to_table(frame, SAMPLES | ABSENT) for frame in index.frames())
        ranks = index.ranks[index.ranks != REMOVED]
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.OSFile(str(path), "wb") as sink:
            writer = None
            for table in in_order(tables, ranks, scratch):
                table = table.take(pa.array(np.argsort(table[PLACE].to_numpy()))).drop([PLACE, ROW]).combine_chunks()
                writer = writer or pa.ipc.new_file(sink, table.schema, options=options)
                for batch in table.to_batches():
                    writer.write_batch(batch)
                    ends.append((ends[-1] if ends else 0) + batch.num_rows)
            assert writer is not None
            writer.close()
        self._file = pa.OSFile(str(path))
        self._reader = pa.ipc.open_file(self._file)
        self._ends = np.array(ends)

    def rows(self, ranks: NDArray[np.int64]) -> Any:
        """The samples of these ranks, one row for each, as a Polars frame."""
        pa = pyarrow()
        order = np.argsort(ranks, kind="stable")
        sorted_ = ranks[order]
        batches = np.searchsorted(self._ends, sorted_, side="right")
        parts: list[Any] = []
        for number in np.unique(batches).tolist():
            begun = int(self._ends[number - 1]) if number else 0
            wanted = sorted_[batches == number] - begun
            parts.append(pa.Table.from_batches([self._reader.get_batch(number)]).take(pa.array(wanted)))
        return to_frame(pa.concat_tables(parts))[np.argsort(order, kind="stable")]

    def close(self) -> None:
        """Close the file."""
        self._file.close()
