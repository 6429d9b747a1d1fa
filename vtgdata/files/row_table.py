"""The rows of a Parquet file as a sequence of dicts that is read while one goes through it, for files of any length."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

from vtgdata.files.pieces import ANY, count_rows, names_of, read_frames, read_pieces
from vtgdata.files.schemas import Row


class RowTable(Sequence[Row]):
    """Rows of a file, in its order; each reading makes new, equal dicts. `row_table.frames` gives them as columns."""

    def __init__(self, path: str | Path, needs: Sequence[str] = ()) -> None:
        """Look at the file; raises VtgError when it is none, or lacks a column that is needed."""
        self.path = path
        next(read_pieces(path, {}, needs=needs), None)
        self.columns: list[str] = names_of(path)
        self._length = count_rows(path)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Row]:
        for frame in self.frames(self.columns):
            yield from frame.iter_rows(named=True)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        for frame in self.frames(self.columns):
            if number < frame.height:
                return frame.row(number, named=True)
            number -= frame.height
        raise IndexError(index)

    def frames(self, names: Sequence[str]) -> Iterator[Any]:
        """Some columns as Polars frames, piece by piece; a column that the file lacks is null."""
        return read_frames(self.path, dict.fromkeys(names, ANY))


class FrameRows(Sequence[Row]):
    """Rows of a Polars frame as a sequence of dicts."""

    def __init__(self, frame: Any) -> None:
        """Wrap a Polars frame."""
        self.frame = frame

    def __len__(self) -> int:
        return self.frame.height

    def __iter__(self) -> Iterator[Row]:
        return self.frame.iter_rows(named=True)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return self.frame[index].to_dicts()
        return self.frame.row(index, named=True)

    def frames(self, names: Sequence[str]) -> Iterator[Any]:
        """Some columns as one Polars frame; a column that it lacks is null."""
        import polars as pl

        yield self.frame.select(
            [pl.col(name) if name in self.frame.columns else pl.lit(None).alias(name) for name in names]
        )


def frames(rows: Sequence[Row], names: Sequence[str]) -> Iterator[Any]:
    """Yield some columns of rows as Polars frames: of a RowTable piece by piece, of any other rows as one."""
    import polars as pl

    if isinstance(rows, RowTable | FrameRows):
        yield from rows.frames(names)
    elif rows:
        yield pl.DataFrame({name: [row.get(name) for row in rows] for name in names})
