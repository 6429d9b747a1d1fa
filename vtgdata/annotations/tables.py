r"""Reads csv and tsv files by the dialect in which they were really written.

A quote at the start of a cell may be a character (`"Hello there he says`), or may open a quoted cell, in which
separators and line ends are text. Nothing in a file says which. A reader that takes a character for an opening quote
swallows all rows up to the next quote, so each file is read both ways, and the way is taken that keeps more rows whole.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from vtgdata.annotations.file_text import read_text
from vtgdata.errors import VtgError
from vtgdata.files import limits


class Dialect(NamedTuple):
    """How the cells of a table are written."""

    sep: str
    """The character between two cells."""
    quote: str
    """The character round a cell that holds separators or line ends; empty where quotes are characters as others."""


class Record(NamedTuple):
    """One row of a table."""

    line: int
    """Number of its last line in the file, from 1."""
    cells: list[str]


def read(path: Path, sep: str, quote: str | None = None) -> Iterator[tuple[list[str], Record]]:
    """The columns' names and one row, for each row behind the header; rows of blanks are skipped.

    Args:
        path: the file.
        sep: the character between two cells.
        quote: the character round cells, empty where quotes are characters; None to tell it from the file.

    Raises VtgError when the file cannot be read in this dialect, two columns have one name, or there are too many.
    """
    content = read_text(path)
    rows = _records(path, content, _dialect(path, content, sep, quote))
    header = next(rows, None)
    if header is None:
        return
    if len(header.cells) > limits.COLUMNS.value:
        raise limits.COLUMNS.error(f"{path}:{header.line}", f"{len(header.cells):,} columns")
    repeated = sorted(name for name, count in Counter(header.cells).items() if name and count > 1)
    if repeated:
        raise VtgError(
            f"{path}:{header.line}: two columns are called {repeated[0]!r}, and one would be lost. Rename one of them."
        )
    for row in rows:
        yield header.cells, row


def _records(path: Path, content: str, dialect: Dialect) -> Iterator[Record]:
    most = limits.LINE.value  # csv's own limit is 128 Ki, and a list of windows may be longer
    csv.field_size_limit(most)
    table = _reader(content, dialect)
    while True:
        try:
            cells = next(table, None)
        except csv.Error as error:
            if "field limit" in str(error):
                raise limits.LINE.error(f"{path}:{table.line_num}", "a cell is too long") from error
            raise VtgError(
                f"{path}:{table.line_num}: not a readable csv ({error}). If quotes are characters in this file, say "
                "`--quote none`; if not, mend the quotes of this line."
            ) from error
        if cells is None:
            return
        if not _blank(cells, dialect.sep):
            yield Record(table.line_num, cells)


def _reader(content: str, dialect: Dialect) -> Any:
    lines = io.StringIO(content, newline="")
    if dialect.quote:
        return csv.reader(lines, delimiter=dialect.sep, quotechar=dialect.quote, strict=True)
    return csv.reader(lines, delimiter=dialect.sep, quoting=csv.QUOTE_NONE)


def _blank(cells: list[str], sep: str) -> bool:
    """Whether a row's line holds blanks only: then it is no row."""
    return not cells or ((len(cells) == 1 or sep.isspace()) and not "".join(cells).strip())


def _dialect(path: Path, content: str, sep: str, quote: str | None) -> Dialect:
    """The dialect that was stated, or the one in which more rows have a cell for each column."""
    if quote is not None:
        return Dialect(sep, quote)
    plain, quoted = Dialect(sep, ""), Dialect(sep, '"')
    if not any(f'{before}"' in content for before in (sep, "\n", "\r")) and not content.startswith('"'):
        return plain
    lines, kept = _whole(path, content, plain), _whole(path, content, quoted)
    if kept is None:
        # A quote is not closed, or text follows its close. Then quotes are characters, if the rows are whole so; for a
        # csv with another fault, the error of the quoted reading tells the line.
        return plain if sep == "\t" or lines == _rows(path, content, plain) else quoted
    return plain if (lines or 0) > kept else quoted


def _whole(path: Path, content: str, dialect: Dialect) -> int | None:
    """How many rows have as many cells as the header; None when the file cannot be read in this dialect."""
    found, columns = 0, 0
    try:
        for row in _records(path, content, dialect):
            columns = columns or len(row.cells)
            found += len(row.cells) == columns
    except VtgError:
        return None
    return found


def _rows(path: Path, content: str, dialect: Dialect) -> int:
    return sum(1 for _ in _records(path, content, dialect))
