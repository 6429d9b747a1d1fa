"""Parquet files with fixed columns: written piece by piece, read with errors that say what is wrong."""

import importlib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vtgdata.errors import VtgError
from vtgdata.files import live, parquet_limits
from vtgdata.files.crash_points import crash_here
from vtgdata.files.schemas import Row
from vtgdata.files.whole import Replacement


def pyarrow() -> Any:
    """Pyarrow with its parquet module, untyped, since it ships no types; imported late, since it takes long."""
    importlib.import_module("pyarrow.parquet")
    importlib.import_module("pyarrow.compute")
    return importlib.import_module("pyarrow")


def arrow_schema(columns: Mapping[str, str]) -> Any:
    """The Arrow schema of a {column: type} mapping, with the type names that `schemas` uses."""
    pa = pyarrow()

    text, number = pa.string(), pa.float64()
    types: dict[str, Any] = {
        "text": text, "number": number, "count": pa.int64(), "flag": pa.bool_(), "texts": pa.list_(text),
        "numbers": pa.list_(number), "windows": pa.list_(pa.list_(number)),
        "repairs": pa.list_(pa.struct([("code", text), ("old", text), ("new", text)])),
        "scores": pa.list_(pa.struct([("name", text), ("value", number)])),
    }  # fmt: skip
    return pa.schema([(name, types[kind]) for name, kind in columns.items()])


ROW_GROUP = 65_536
"""Rows converted to Parquet at a time; this bounds the memory for a file of any length."""


Values = Callable[[str, Sequence[Any]], list[Any]]
"""(column, rows) -> the column's value of each row."""


def _cells(name: str, rows: Sequence[Row]) -> list[Any]:
    return [row.get(name) for row in rows]


def table_of(rows: Sequence[Row], columns: Mapping[str, str]) -> Any:
    """Rows as an Arrow table of these columns; a key that a row lacks is null."""
    return _table(rows, arrow_schema(columns), _cells)


def _table(rows: Sequence[Any], schema: Any, values: Values) -> Any:
    pa = pyarrow()
    arrays = [pa.array(values(field.name, rows), field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


class GroupWriter:
    """Writes a Parquet file row group by row group; the file appears whole or not at all.

    It has content-defined chunks and a page index, which suit the Hub's storage; the same groups give the same bytes.
    Nothing is on disk before the first group, so that a short input that ends in an error leaves no trace.
    """

    def __init__(self, path: Path, columns: Mapping[str, str], late: str = "") -> None:
        """Write a file of these columns. Args: late: a flag that the file lacks unless it is true in some row."""
        self._path, self.schema = path, arrow_schema(columns)
        self._late = late
        self._file: Replacement | None = None
        self._writer: Any = None
        self._work = live.Work("rows written")

    def write(self, table: Any) -> None:
        """Write an Arrow table of this schema as one row group."""
        if self._late and pyarrow().compute.any(table[self._late]).as_py():
            self._add_late()
        if self._late:
            table = table.drop_columns([self._late])
        if self._file is None:
            self._begin(table.schema)
        self._writer.write_table(table)
        self._work.done += table.num_rows
        crash_here("parquet-piece")

    def _begin(self, schema: Any) -> None:
        self._file = Replacement(self._path)
        options = {"compression": "zstd", "use_content_defined_chunking": True, "write_page_index": True}
        self._writer = pyarrow().parquet.ParquetWriter(self._file.file, schema, **options)

    def _add_late(self) -> None:
        """Begin the file anew with the late column, which is false in all groups so far."""
        name, self._late = self._late, ""
        if self._file is None:
            return
        pa, before = pyarrow(), self._file
        self._writer.close()
        before.file.flush()
        try:
            with before.reopened() as file:
                groups = pa.parquet.ParquetFile(file)
                self._begin(self.schema)
                for number in range(groups.num_row_groups):
                    group = groups.read_row_group(number)
                    flags = pa.array([False] * group.num_rows, pa.bool_())
                    whole = group.append_column(name, flags).select(self.schema.names)
                    self._writer.write_table(whole.cast(self.schema))
        finally:
            before.abandon()

    def commit(self) -> None:
        """Put the file in its place; without any group it is one without rows."""
        if self._file is None:
            self.write(self.schema.empty_table())
        assert self._file is not None
        self._writer.close()
        self._file.commit()
        self._work.end()

    def abandon(self) -> None:
        """Leave the earlier file, if there was one, as it is; does nothing after `commit`."""
        self._work.end()
        if self._file is not None:
            self._file.abandon()


BATCH = 4096
"""Rows that are held as they were given, at most; then they become an Arrow table, which takes far less memory."""


class ParquetWriter:
    """Writes a Parquet file with a fixed schema row by row; the file appears whole or not at all (`GroupWriter`)."""

    def __init__(self, path: Path, columns: Mapping[str, str], values: Values = _cells, late: str = "") -> None:
        """Write a file of these columns. Args: values: how to get them; late: as for `GroupWriter`."""
        self._groups, self._values = GroupWriter(path, columns, late), values
        self._rows: list[Any] = []
        self._tables: list[Any] = []
        self._held = 0

    def write(self, row: Any) -> None:
        """Add one row."""
        self._rows.append(row)
        whole = self._held + len(self._rows) == ROW_GROUP
        if whole or len(self._rows) == BATCH:
            self._convert()
        if whole:
            self._flush()

    def write_table(self, table: Any) -> None:
        """Add the rows of an Arrow table of this schema."""
        if self._rows:
            self._convert()
        while table.num_rows:
            part = table.slice(0, ROW_GROUP - self._held)
            self._tables.append(part)
            self._held += part.num_rows
            table = table.slice(part.num_rows)
            if self._held == ROW_GROUP:
                self._flush()

    def _convert(self) -> None:
        self._tables.append(_table(self._rows, self._groups.schema, self._values))
        self._held, self._rows = self._held + len(self._rows), []

    def _flush(self) -> None:
        self._groups.write(pyarrow().concat_tables(self._tables).combine_chunks())
        self._held, self._tables = 0, []

    def commit(self) -> None:
        """Write the remaining rows and put the file in its place."""
        if self._rows:
            self._convert()
        if self._tables:
            self._flush()
        self._groups.commit()

    def abandon(self) -> None:
        """Leave the earlier file, if there was one, as it is; does nothing after `commit`."""
        self._groups.abandon()


@contextmanager
def parquet_writer(path: Path, columns: Mapping[str, str], values: Values = _cells) -> Generator[ParquetWriter]:
    """A writer whose file is put in its place at the end, unless an exception comes first."""
    writer = ParquetWriter(path, columns, values)
    try:
        yield writer
        writer.commit()
    finally:
        writer.abandon()


def write_parquet(path: Path, rows: Iterable[Any], columns: Mapping[str, str], values: Values = _cells) -> None:
    """Write rows with a fixed schema; a key that a row lacks is null. The same rows give the same bytes."""
    with parquet_writer(path, columns, values) as writer:
        for row in rows:
            writer.write(row)


def read_parquet(path: str | Path, *, needs: Iterable[str] = (), where: str | None = None) -> list[Row]:
    """All rows of a Parquet file as dicts; arguments and errors are those of `read_frame`."""
    return read_frame(path, needs=needs, where=where).to_dicts()


def read_frame(path: str | Path, *, needs: Iterable[str] = (), where: str | None = None) -> Any:
    """A Parquet file as a Polars frame: for millions of rows that should not all become dicts at once.

    Args:
        path: the file.
        needs: columns that must be there.
        where: a SQL condition on the columns, as in `split == 'rl'`.

    Raises VtgError when the file is missing, is not a whole Parquet file, is above a limit (`files.limits`), lacks a
    column, or the condition is wrong.
    """
    import polars as pl

    frame = parquet_limits.frame(path)
    missing = sorted(set(needs) - set(frame.columns))
    if missing:
        raise VtgError(f"{path}: lacks the column(s) {', '.join(missing)}; it has {', '.join(frame.columns)}.")
    if where:
        try:
            frame = frame.filter(pl.sql_expr(where))
        except pl.exceptions.PolarsError as error:
            raise VtgError(
                f"--where {where!r}: {_first_line(error)}. Write a SQL condition such as split == 'rl'; "
                f"columns: {', '.join(frame.columns)}."
            ) from error
    return frame


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]
