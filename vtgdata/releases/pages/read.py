"""Reads the columns of a table that a page shows, and refuses what they cannot be: files may come from anybody."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vtgdata.errors import VtgError
from vtgdata.files import parquet_limits
from vtgdata.files.label_reviews import QUEUE_COLUMNS
from vtgdata.files.parquet import arrow_schema
from vtgdata.files.pieces import names_of, to_frame
from vtgdata.files.schemas import ABSENT, PASS_RATES, SAMPLES, TRACES

_KINDS = (
    QUEUE_COLUMNS | PASS_RATES | TRACES | SAMPLES | ABSENT | {"model": "text", "seeing": "text", "p_wrong": "number"}
)  # fmt: skip
"""{column: its type, as in `schemas`}."""


def read(path: Path, wanted: Sequence[str]) -> Any:
    """The wanted columns of a Parquet file, those that it has, as a Polars frame.

    Raises VtgError when a column is of another type, or a window is not two numbers.
    """
    there = names_of(path)
    frame = parquet_limits.frame(path, [name for name in wanted if name in there])
    kinds = {name: _KINDS[name] for name in frame.columns}
    types: dict[str, Any] = to_frame(arrow_schema(kinds).empty_table()).schema if kinds else {}
    frame = frame.with_columns([_cast(path, frame[name], kind) for name, kind in types.items()])
    for name, kind in kinds.items():
        if kind == "windows":
            _check_windows(path, frame[name])
    return frame


def _cast(path: Path, column: Any, kind: Any) -> Any:
    import polars as pl

    texts = (pl.String, pl.Categorical, pl.Enum, pl.Null)
    try:
        if kind == pl.String and column.dtype not in texts:
            raise TypeError("numbers are no text")
        found = column if column.dtype == kind else column.cast(kind)
        if found.dtype != kind:  # of a struct, Polars casts the fields
            raise TypeError("it has fields")
        return found
    except (pl.exceptions.PolarsError, TypeError) as error:
        said = str(error).strip().split("\n")[0]
        raise VtgError(
            f"{path}: the column {column.name} is {column.dtype}, and not {kind} ({said:.100}). Make the file again."
        ) from error


def _check_windows(path: Path, column: Any) -> None:
    """Raise VtgError when a window is not a start and an end, both finite."""
    windows = column.drop_nulls()
    windows = windows.filter(windows.list.len() > 0).explode()
    values = windows.explode()
    if windows.null_count() or (windows.list.len() != 2).any() or values.null_count() or not values.is_finite().all():
        raise VtgError(f"{path}: the column {column.name} has a window that is not a start and an end in seconds.")
