"""Samples of a file as a sequence that takes little memory: columns are kept, and become Samples when they are read."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self, overload

from vtgdata.errors import VtgError
from vtgdata.records import Sample
from vtgdata.tables import SAMPLE_NEEDS, SAMPLES, read_frame, read_sample

PIECE = 8_192
"""Rows that are Samples at a time: what bounds the memory beside the columns."""


class SampleTable(Sequence[Sample]):
    """Some rows of a `samples.parquet`, in order. Reading it again makes equal Samples."""

    def __init__(self, path: str | Path, frame: Any) -> None:
        """Take the columns of a Polars frame; `path` is what an error names."""
        self._path, self._frame = path, frame

    def __len__(self) -> int:
        return self._frame.height

    def __iter__(self) -> Iterator[Sample]:
        for piece in self._frame.iter_slices(PIECE):
            for row in piece.iter_rows(named=True):
                yield read_sample(self._path, row)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Sample | Self:
        if isinstance(index, slice):
            return type(self)(self._path, self._frame[index])
        return read_sample(self._path, self._frame.row(index, named=True))

    def only(self, wanted: Callable[[Sample], bool]) -> Self:
        """The samples that are wanted, in order."""
        import polars as pl

        mask = pl.Series([wanted(sample) for sample in self], dtype=pl.Boolean)
        return type(self)(self._path, self._frame.filter(mask))

    def twice(self) -> str | None:
        """A sample id that occurs more than once, if there is one."""
        ids = self._frame["sample_id"]
        found = ids.filter(ids.is_duplicated())
        return None if found.is_empty() else found[0]


def open_samples(path: str | Path, *, where: str | None = None, limit: int | None = None) -> SampleTable:
    """Open `samples.parquet`; `where` is a SQL condition on its columns, `limit` takes the first rows that meet it.

    Raises VtgError, with the row's id and the column, when a row is no valid sample or an id occurs twice.
    """
    frame = read_frame(path, needs=SAMPLE_NEEDS, where=where)
    frame = frame.select([name for name in frame.columns if name in SAMPLES])
    found = SampleTable(path, frame if limit is None else frame.head(limit))
    for _ in found:
        pass  # each row is looked at before anything is done with any
    twice = found.twice()
    if twice is not None:
        raise VtgError(f"{path}: sample_id {twice!r} occurs twice; every row needs its own.")
    return found
