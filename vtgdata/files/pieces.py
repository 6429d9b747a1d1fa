"""Parquet files of any length, piece by piece: frames of some thousand rows are read, changed and written again.

The memory is that of a few pieces, whatever the length of the file. `in_order` sorts rows that do not fit into memory.
"""

import contextlib
import importlib
import itertools
import tempfile
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtgdata.errors import VtgError
from vtgdata.files import live, parquet_limits
from vtgdata.files.parquet import ROW_GROUP, GroupWriter, arrow_schema, pyarrow

BUCKET = ROW_GROUP
"""Rows that are sorted at a time."""
_MOST_FILES = 256
"""Most files that are open at once, for one process may have a thousand or so; beyond them tables are longer."""
ANY = "any"
"""In the place of a column's type: it comes as the file has it."""
PLACE, ROW = "(place)", "(row)"
"""Columns that `in_order` adds: the place of a row, and its number in the input."""


def read_pieces(
    path: str | Path,
    columns: Mapping[str, str],
    *,
    needs: Iterable[str] = (),
    rows: int | None = None,
    repeated: Collection[str] = (),
) -> Iterator[Any]:
    """Yield the rows of a Parquet file in order, as Arrow tables of at most `rows` rows.

    Args:
        path: the file.
        columns: {name: type} of the columns wanted, as in `schemas`, or ANY; a column that the file lacks is null.
        needs: columns that must be there.
        rows: most rows of a piece; ROW_GROUP if None.
        repeated: those of the columns that hold texts of which each stands in many rows: they come as dictionaries,
            which costs far less time and memory.

    Raises VtgError when the file is missing, is not a whole Parquet file, lacks a column, or a column is of a type that
    is not the one wanted.
    """
    pa = pyarrow()
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(parquet_limits.opened(path, repeated=repeated))
        try:
            there: list[str] = file.schema_arrow.names
            missing = sorted(set(needs) - set(there))
            if missing:
                raise VtgError(f"{path}: lacks the column(s) {', '.join(missing)}; it has {', '.join(there)}.")
            wanted = [name for name in columns if name in there]
            work = live.Work("rows read", file.metadata.num_rows)
            stack.callback(work.end)
            for batch in file.iter_batches(rows or ROW_GROUP, columns=wanted):
                work.done += batch.num_rows
                yield typed(path, pa.Table.from_batches([batch]), columns, repeated)
        except (pa.ArrowException, OSError) as error:
            said = str(error).strip().split("\n")[0][:200]
            raise VtgError(f"{path}: not a readable Parquet file ({said}). Make it again.") from error


def read_frames(
    path: str | Path, columns: Mapping[str, str], *, needs: Iterable[str] = (), repeated: Collection[str] = ()
) -> Iterator[Any]:
    """The same as `read_pieces`, as Polars frames; dictionaries come as categories."""
    return map(to_frame, read_pieces(path, columns, needs=needs, repeated=repeated))


def to_frame(table: Any) -> Any:
    """An Arrow table as a Polars frame."""
    polars: Any = importlib.import_module("polars")
    return polars.from_arrow(table)


def count_rows(path: str | Path) -> int:
    """The number of rows of a Parquet file, as its footer says; raises VtgError as `read_pieces` does."""
    with parquet_limits.opened(path) as file:
        return file.metadata.num_rows


def names_of(path: str | Path) -> list[str]:
    """The names of a Parquet file's columns; raises VtgError as `read_pieces` does."""
    with parquet_limits.opened(path) as file:
        return list(file.schema_arrow.names)


def typed(path: str | Path, table: Any, columns: Mapping[str, str], repeated: Collection[str] = ()) -> Any:
    """An Arrow table with exactly these columns, of these types; VtgError names the file and a column that is wrong.

    Texts of the columns `repeated` are in dictionaries.
    """
    pa = pyarrow()
    wanted = {field.name: field.type for field in arrow_schema({k: v for k, v in columns.items() if v != ANY})}
    arrays: list[Any] = []
    for name in columns:
        kind = wanted.get(name)
        if name not in table.column_names:
            absent = pa.nulls(table.num_rows, kind or pa.null())
            arrays.append(absent.dictionary_encode() if name in repeated else absent)
            continue
        column = table[name]
        held = pa.types.is_dictionary(column.type) and name in repeated
        if kind is not None and (column.type.value_type if held else column.type) != kind:
            try:
                column = _cast(column, kind)
            except (pa.ArrowException, TypeError, ValueError) as error:
                raise VtgError(
                    f"{path}: the column {name} is {column.type}, and not {kind} ({error!s:.100}). Make the file again."
                ) from error
        arrays.append(column.dictionary_encode() if name in repeated else column)
    return pa.Table.from_arrays(arrays, names=list(columns)) if arrays else table


def _cast(column: Any, kind: Any) -> Any:
    pa = pyarrow()
    if pa.types.is_string(kind) and not _is_text(column.type):
        raise TypeError("numbers are no text")
    try:
        return column.cast(kind)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return pa.array(column.to_pylist(), kind)


def _is_text(kind: Any) -> bool:
    pa = pyarrow()
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_null(kind)
        or str(kind) == "string_view"
    )


def to_table(frame: Any, columns: Mapping[str, str]) -> Any:
    """The columns of a Polars frame as an Arrow table with the types of `schemas`; one that it lacks is null."""
    table = frame.select([name for name in columns if name in frame.columns]).to_arrow()
    return typed("rows", table, columns).cast(arrow_schema(columns))


class PieceWriter:
    """Writes Arrow tables of any length to a Parquet file: the same rows give the same bytes as `ParquetWriter`'s."""

    def __init__(self, path: Path, columns: Mapping[str, str], late: str = "") -> None:
        """Write a file of these columns. Args: late: as for `GroupWriter`."""
        self._groups = GroupWriter(path, columns, late)
        self._held: list[Any] = []
        self.rows = 0

    def write(self, table: Any) -> None:
        """Add rows."""
        self._held.append(table)
        self.rows += table.num_rows
        while sum(each.num_rows for each in self._held) >= ROW_GROUP:
            whole = pyarrow().concat_tables(self._held)
            self._groups.write(whole.slice(0, ROW_GROUP).combine_chunks())
            self._held = [whole.slice(ROW_GROUP)]

    def commit(self) -> None:
        """Write the remaining rows and put the file in its place."""
        if sum(each.num_rows for each in self._held):
            self._groups.write(pyarrow().concat_tables(self._held).combine_chunks())
        self._groups.commit()

    def abandon(self) -> None:
        """Leave the earlier file, if there was one, as it is; does nothing after `commit`."""
        self._groups.abandon()


@contextlib.contextmanager
def piece_writer(path: Path, columns: Mapping[str, str], late: str = "") -> Generator[PieceWriter]:
    """A writer whose file is put in its place at the end, unless an exception comes first."""
    writer = PieceWriter(path, columns, late)
    try:
        yield writer
        writer.commit()
    finally:
        writer.abandon()


def write_table(path: Path, frame: Any, columns: Mapping[str, str], late: str = "") -> None:
    """Write a Polars frame with a fixed schema; the same rows give the same bytes. Args: late: as for `GroupWriter`."""
    with piece_writer(path, columns, late) as writer:
        for part in frame.iter_slices(ROW_GROUP):
            writer.write(to_table(part, columns))


def in_order(
    tables: Iterable[Any], places: NDArray[np.integer[Any]], scratch: Path, bucket: int | None = None
) -> Iterator[Any]:
    """Yield all rows in the order of their places, in tables of about `bucket` rows.

    No two of these have a place in common, so that rows of one place can be sorted by something else within a table.
    Rows that do not fit into one table are first spread over files, one for each table to come.

    Args:
        tables: the rows, in pieces.
        places: (n,) the place of each row.
        scratch: a folder for the files, which are deleted again.
        bucket: rows of a table, BUCKET if None; more where one place has more rows.

    Yields Arrow tables with the columns PLACE and ROW besides; the rows of a table are in the order of the input.
    """
    pa = pyarrow()
    step = max(bucket or BUCKET, len(places) // _MOST_FILES)
    firsts = np.unique(np.sort(places)[::step])
    which = np.searchsorted(firsts, places, side="right") - 1
    numbered = _numbered(tables, places)
    if bool((which[1:] >= which[:-1]).all()):
        yield from _runs(numbered, which)
        return
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        files = [Path(folder, str(number)) for number in range(len(firsts))]
        _spread(numbered, which, files)
        for file in files:
            with pa.OSFile(str(file)) as source, pa.ipc.open_stream(source) as reader:
                table = reader.read_all()
            file.unlink()
            yield table


def _numbered(tables: Iterable[Any], places: NDArray[np.integer[Any]]) -> Iterator[tuple[int, Any]]:
    pa = pyarrow()
    begun = 0
    for table in tables:
        end = begun + table.num_rows
        numbered = table.append_column(PLACE, pa.array(places[begun:end]))
        yield begun, numbered.append_column(ROW, pa.array(np.arange(begun, end)))
        begun = end


def _runs(numbered: Iterable[tuple[int, Any]], which: NDArray[np.int64]) -> Iterator[Any]:
    """The tables where the rows come bucket by bucket already."""
    pa = pyarrow()
    held: list[Any] = []
    last = 0
    for begun, table in numbered:
        own = which[begun : begun + table.num_rows]
        cuts = [0, *(np.flatnonzero(own[1:] != own[:-1]) + 1).tolist(), len(own)]
        for start, end in itertools.pairwise(cuts):
            if held and own[start] != last:
                yield pa.concat_tables(held)
                held = []
            last = own[start]
            held.append(table.slice(start, end - start))
    if held:
        yield pa.concat_tables(held)


def _spread(numbered: Iterable[tuple[int, Any]], which: NDArray[np.int64], files: list[Path]) -> None:
    """Write each row to the file of its bucket."""
    pa = pyarrow()
    writers: dict[int, Any] = {}
    with contextlib.ExitStack() as stack:
        for begun, table in numbered:
            own = which[begun : begun + table.num_rows]
            order = np.argsort(own, kind="stable")
            sorted_, table = own[order], table.take(pa.array(order))
            cuts = [0, *(np.flatnonzero(sorted_[1:] != sorted_[:-1]) + 1).tolist(), len(sorted_)]
            for start, end in itertools.pairwise(cuts):
                number = int(sorted_[start])
                if number not in writers:
                    sink = stack.enter_context(pa.OSFile(str(files[number]), "wb"))
                    options = pa.ipc.IpcWriteOptions(compression="lz4")
                    writers[number] = stack.enter_context(pa.ipc.new_stream(sink, table.schema, options=options))
                writers[number].write_table(table.slice(start, end - start).combine_chunks())
