"""Reads files that are lists of records (JSON lines, a JSON list, csv, tsv), each record with its place in the file.

A file's first bytes tell its format, not its name: copies of one corpus differ in both.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import msgspec

from vtgdata.annotations import file_text
from vtgdata.annotations.file_text import read_text
from vtgdata.annotations.sources import Source
from vtgdata.annotations.text import lines, mapping, parse_json, read_json, sequence, some_readable, unreadable
from vtgdata.errors import VtgError
from vtgdata.records import RawRow

Shape = Literal["jsonl", "json", "csv", "tsv", "parquet", "pickle", "text"]

_FIELD_LIMIT = 1 << 24
"""Characters of one csv cell: a list of windows may be long, and csv's own limit is 128 Ki."""


class Item(msgspec.Struct, frozen=True):
    """One record of a file."""

    origin: str
    """`file.jsonl:12` (line), `file.csv:12` (line) or `file.json#12` (position in the list)."""
    position: int
    """Its number among the file's records, from 0."""
    value: Any
    """The JSON value, or a dict of a csv row's cells; a ValueError if the line cannot be read."""
    raw: Any
    """The record's own text, or its value: kept for a drop."""

    def fields(self) -> dict[str, Any]:
        """The record as a mapping; raises ValueError when it is not one."""
        if isinstance(self.value, ValueError):
            raise self.value
        return mapping(self.value, "the row")


def shape(path: Path) -> Shape:
    """What a file holds, by its first bytes (gzip unpacked).

    Raises VtgError when it is missing, empty, an HTML page, a Git LFS pointer or an archive.
    """
    head = file_text.head(path)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\x80") and head[1:2] <= b"\x08":
        return "pickle"
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    start = head.decode(encoding, errors="replace").lstrip()
    if start.startswith("["):
        return "json"
    if start.startswith("{"):
        return "jsonl" if _is_json_lines(path) else "json"
    line = start.split("\n", 1)[0]
    return "tsv" if "\t" in line else "csv" if "," in line else "text"


def _is_json_lines(path: Path) -> bool:
    """Whether a file that begins with an object has one in each line, judged by its first two lines."""
    first, second = ([line for _, line in islice(lines(path), 2)] + [""])[:2]
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        # The line was perhaps broken by hand: judge by how the next one begins.
        return first.rstrip().endswith("}") and second.lstrip().startswith("{")
    return bool(second)


def read(path: Path) -> Iterator[Item]:
    """The records of a JSON lines, JSON list, csv or tsv file, in order.

    Raises VtgError when the file is none of these.
    """
    kind = shape(path)
    if kind == "json" and len(list(islice(lines(path), 2))) == 1 and not _is_list(path):
        kind = "jsonl"  # one object on one line: JSON lines with a single record
    if kind == "json":
        yield from _list(path)
    elif kind in ("csv", "tsv"):
        yield from _table(path, "\t" if kind == "tsv" else ",")
    elif kind in ("jsonl", "text"):
        yield from _json_lines(path)
    else:
        raise VtgError(f"{path}: a {kind} file, and JSON lines, a JSON list, csv or tsv is wanted here.")


def _is_list(path: Path) -> bool:
    return file_text.head(path).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")


def _json_lines(path: Path) -> Iterator[Item]:
    name = path.name
    for position, (number, line) in enumerate(lines(path)):
        try:
            value = parse_json(line)
        except ValueError as error:
            value = error
        yield Item(f"{name}:{number}", position, value, line)


def _list(path: Path) -> Iterator[Item]:
    try:
        document = sequence(read_json(path), "the document")
    except ValueError as error:
        raise VtgError(f"{path}: {error}. Give the right file.") from error
    for position, value in enumerate(document):
        yield Item(f"{path.name}#{position}", position, value, value)


def _table(path: Path, delimiter: str) -> Iterator[Item]:
    csv.field_size_limit(_FIELD_LIMIT)
    table = csv.DictReader(io.StringIO(read_text(path), newline=""), delimiter=delimiter)
    position = 0
    while True:
        try:
            cells = next(table, None)
        except csv.Error as error:
            raise VtgError(f"{path}:{table.line_num}: not a readable csv ({error}). Download it again.") from error
        if cells is None:
            return
        origin = f"{path.name}:{table.line_num}"
        value: Any = {key: cell for key, cell in cells.items() if isinstance(key, str) and cell is not None}
        if None in cells or None in cells.values():
            value = ValueError(f"{sum(cell is not None for cell in cells.values())} cells, not one for each column")
        yield Item(origin, position, value, {str(key): cell for key, cell in cells.items()})
        position += 1


Made = RawRow | Iterable[RawRow]


def rows(source: Source, make: Callable[[Item, Source], Made], form: str) -> Iterator[RawRow]:
    """The rows that `make` returns for each record of a file, or a row with a problem where it raises ValueError.

    Args:
        source: the file and its split.
        make: from one record to its row, or rows.
        form: what a record of the corpus looks like, for the error when the file holds none.
    """
    return some_readable(source.path, _made(source, make), form)


def _made(source: Source, make: Callable[[Item, Source], Made]) -> Iterator[RawRow]:
    for item in read(source.path):
        try:
            made = make(item, source)
            # Make the list here: a generator would raise outside of this `try`.
            found = [made] if isinstance(made, RawRow) else list(made)
        except ValueError as error:
            found = [unreadable(item.origin, item.raw, source.split, str(error))]
        yield from found
