"""Opens Parquet files that may come from outside: what a file says of itself is weighed before any of it is read.

A Parquet file of 2 MB can hold 10^9 rows, and a value that is stored once can stand in every row. Polars ends the whole
process where memory runs out, so that it must not come to that.
"""

import importlib
from collections.abc import Collection
from pathlib import Path
from typing import Any, cast

from vtgdata.errors import VtgError
from vtgdata.files import limits, outside

_BYTES = {
    "BOOLEAN": 0.125, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8, "BYTE_ARRAY": 16,
    "FIXED_LEN_BYTE_ARRAY": 8,
}  # fmt: skip
"""Bytes that a value takes in memory at the least; a text takes those of its place."""


def opened(path: str | Path, content: bytes | None = None, repeated: Collection[str] = ()) -> Any:
    """A pyarrow.parquet.ParquetFile, which may be read by row groups or in batches.

    Args:
        path: the file.
        content: its bytes, where they were read already.
        repeated: columns of texts to read as dictionaries.

    Raises VtgError when there is no such file, it is no Parquet file, or a part of it is above a limit.
    """
    return _opened(path, content, repeated)[0]


def _opened(path: str | Path, content: bytes | None = None, repeated: Collection[str] = ()) -> tuple[Any, float]:
    """The file, and the bytes that it takes in memory at the least."""
    pa, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    if content is None and not outside.is_file(path):
        raise VtgError(f"{path}: no such file.")
    try:
        source = path if content is None else pa.BufferReader(content)
        file = parquet.ParquetFile(source)
        if texts := [name for name in _texts(file.metadata) if name in repeated]:
            with file as seen:
                file = parquet.ParquetFile(source, metadata=seen.metadata, read_dictionary=texts)
    except (pa.lib.ArrowException, OSError, ValueError, MemoryError) as error:
        raise unreadable(path, error) from error
    try:
        return file, _weigh(path, file.metadata)
    except BaseException:
        file.close()
        raise


def _texts(stated: Any) -> list[str]:
    """The columns with one text, or bytes, a row."""
    kinds = map(stated.schema.column, range(stated.num_columns))
    return [kind.path for kind in kinds if kind.physical_type == "BYTE_ARRAY" and not kind.max_repetition_level]


def _weigh(path: str | Path, stated: Any) -> float:
    """Bytes that a file takes at the least, by its footer. Raises VtgError when a part of it is above a limit."""
    columns, groups = stated.num_columns, stated.num_row_groups
    if columns > limits.COLUMNS.value:
        raise limits.COLUMNS.error(path, f"{columns:,} columns")
    if columns * groups > limits.ROW_GROUPS.value:
        raise limits.ROW_GROUPS.error(path, f"{groups:,} row groups of {columns:,} columns")
    # Not `group.column`, which ends the process where statistics of a damaged file do not fit.
    kinds = map(stated.schema.column, range(columns))
    width = sum(_BYTES.get(kind.physical_type, 8) for kind in kinds if not kind.max_repetition_level)
    most, total = limits.ROW_GROUP.value, 0.0
    for place in range(groups):
        group = stated.row_group(place)
        size = max(group.num_rows * width, float(group.total_byte_size))
        if size > most:
            raise limits.ROW_GROUP.error(path, f"row group {place} takes {limits.shown(int(size))}")
        total += size
    return total


def frame(path: str | Path, columns: list[str] | None = None) -> Any:
    """A Parquet file as a Polars frame, whole or some columns of it.

    Raises VtgError when there is no such file, it is no whole Parquet file, or it is above a limit.
    """
    import polars as pl

    file, least = _opened(path)
    file.close()
    # Values are packed in the file, and unpacked here: their own bytes, as stated, are the least that they take.
    limits.check_memory(path, int(least))
    try:
        found = _limited(path, columns) if limits.is_limited() else pl.read_parquet(path, columns=columns)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, MemoryError) as error:
        if isinstance(error, VtgError):
            raise
        raise unreadable(path, error) from error
    if (size := int(found.estimated_size())) > limits.TABLE.value:
        raise limits.TABLE.error(path, f"its values take {limits.shown(size)}")
    return found


def matching(path: str | Path, columns: list[str], name: str, values: list[str]) -> Any:
    """The rows of a Parquet file that have one of some values, as a Polars frame; the others are not kept in memory.

    Args:
        path: the file.
        columns: that are read.
        name: of the column of texts that is compared.
        values: that it may have.

    Errors are those of `frame`.
    """
    import polars as pl

    if limits.is_limited():
        return frame(path, columns).filter(pl.col(name).is_in(values))
    opened(path).close()
    try:
        lazy: Any = pl.scan_parquet(path)
        return lazy.select(columns).filter(pl.col(name).is_in(values)).collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, MemoryError) as error:
        raise unreadable(path, error) from error


def _limited(path: str | Path, columns: list[str] | None) -> Any:
    """The same by pyarrow, for a process with a limit of memory: where that is met, pyarrow raises an error."""
    import polars as pl

    parquet = importlib.import_module("pyarrow.parquet")
    return cast(Any, pl).from_arrow(parquet.read_table(path, columns=columns))


def unreadable(path: str | Path, error: BaseException) -> VtgError:
    """The error for a file that a library does not read."""
    if isinstance(error, MemoryError):
        return limits.no_memory(path)
    said = str(error).strip().split("\n")[0][:200]
    return VtgError(f"{path}: not a readable Parquet file ({said}). Make it again.")
