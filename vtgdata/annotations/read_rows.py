"""Reads files of samples into columns, and says which rows cannot be: invalid ones, and such that cannot be right."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from vtgdata.annotations.sound import doubtful, sound
from vtgdata.errors import VtgError
from vtgdata.files.pieces import read_frames
from vtgdata.files.row_table import RowTable
from vtgdata.files.sample_checks import suspects
from vtgdata.files.samples import row_sample, samples_frame
from vtgdata.files.schemas import ABSENT, SAMPLE_NEEDS, SAMPLES, Row
from vtgdata.records import Sample

FILE, ROW = "(file)", "(row)"
"""Columns with the number of a row's file, and its number there."""


class Wrong(NamedTuple):
    """A row that cannot be."""

    file: int
    """Number of its file."""
    number: int
    """Number of the row in the file, from 0."""
    kind: str
    """`broken_rows`, or `repeated_ids` for a row whose id came before."""
    detail: str
    row: Row
    """As it is stored."""


def read_rows(files: Sequence[str]) -> tuple[Any, list[Wrong]]:
    """The valid rows of all files, and the others.

    Returns a Polars frame with the columns of `schemas.SAMPLES`, FILE and ROW, in which every id is there once; and the
    other rows in their order. Raises VtgError when a file is missing, is no Parquet file, or lacks a column.
    """
    import polars as pl

    found: list[Any] = []
    wrong: list[Wrong] = []
    for number, path in enumerate(files):
        table = RowTable(path, needs=SAMPLE_NEEDS)
        try:
            frames, details = _columns(path)
        except VtgError:  # a column of another type: what is wrong is said of each row
            frames, details = _one_by_one(table)
        raw = _rows(table, list(details))
        wrong += [Wrong(number, row, "broken_rows", details[row], raw[row]) for row in details]
        found += [frame.with_columns(pl.lit(number, pl.Int32).alias(FILE)) for frame in frames]
    rows = pl.concat(found) if found else pl.DataFrame(schema=_schema())
    again = rows.filter(~rows["sample_id"].is_first_distinct())
    if again.height:
        wrong += _repeated(files, rows, again)
        rows = rows.filter(rows["sample_id"].is_first_distinct())
    filled = rows.with_columns(
        pl.col("video_file").replace("", None).fill_null(pl.col("video_id")),
        pl.col("label_version").replace("", None).fill_null("original"),
    )
    return filled, sorted(wrong, key=lambda each: (each.file, each.number))


def place(files: Sequence[str], file: int, number: int) -> str:
    """Where a row is, for people."""
    return f"{Path(files[file]).name} row {number}"


def _schema() -> Any:
    import polars as pl

    return samples_frame([]).schema | {ROW: pl.get_index_type(), FILE: pl.Int32}


def _columns(path: str) -> tuple[list[Any], dict[int, str]]:
    """The valid rows of a file, and {row: what is wrong} of the others; VtgError for a column of another type."""
    import polars as pl

    begun, found, details = 0, list[Any](), dict[int, str]()
    for frame in read_frames(path, SAMPLES | ABSENT):
        numbered = frame.with_row_index(ROW, begun)
        odd = pl.concat([suspects(numbered), doubtful(numbered)]).unique(ROW).sort(ROW)
        here = {row[ROW]: said for row in odd.iter_rows(named=True) if (said := _said(row))}
        found.append(numbered.filter(~pl.col(ROW).is_in(list(here))) if here else numbered)
        details |= here
        begun += frame.height
    return found, details


def _said(row: Row) -> str | None:
    """What is wrong with a row; None for a valid one."""
    try:
        sound(row_sample(row))
    except ValueError as error:
        return str(error)
    return None


def _one_by_one(table: RowTable) -> tuple[list[Any], dict[int, str]]:
    """The same as `_columns`, for a file with a column of another type."""
    import polars as pl

    samples: list[Sample] = []
    numbers: list[int] = []
    details: dict[int, str] = {}
    for number, row in enumerate(table):
        said = _said(row)
        if said is not None:
            details[number] = said
            continue
        samples.append(row_sample(row))
        numbers.append(number)
    frame = samples_frame(samples)
    return [frame.select(pl.Series(ROW, numbers, dtype=pl.get_index_type()), pl.all())], details


def _repeated(files: Sequence[str], rows: Any, again: Any) -> Iterator[Wrong]:
    """The rows whose id came before."""
    import polars as pl

    names = again["sample_id"].unique().to_list()
    firsts = rows.filter(pl.col("sample_id").is_in(names)).unique("sample_id", keep="first")
    first = {name: place(files, file, row) for name, file, row in firsts.select("sample_id", FILE, ROW).iter_rows()}
    for number in range(len(files)):
        here = again.filter(pl.col(FILE) == number)
        raw = _rows(RowTable(files[number]), here[ROW].to_list()) if here.height else {}
        for row, name in here.select(ROW, "sample_id").iter_rows():
            detail = f"sample_id {name!r} is that of {first[name]}"
            yield Wrong(number, row, "repeated_ids", detail, raw[row])


def _rows(table: RowTable, numbers: Sequence[int]) -> dict[int, Row]:
    """{number: row} of some rows of a file, as they are stored."""
    found: dict[int, Row] = {}
    begun = 0
    for frame in table.frames(table.columns) if numbers else ():
        here = [number for number in numbers if begun <= number < begun + frame.height]
        found |= zip(here, frame[[number - begun for number in here]].iter_rows(named=True), strict=True)
        begun += frame.height
    return found
