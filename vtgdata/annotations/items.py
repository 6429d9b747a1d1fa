"""Reads files that are lists of records (JSON lines, a JSON list, csv, tsv), each record with its place in the file.

A file's first bytes tell its format, not its name: copies of one corpus differ in both.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import msgspec

from vtgdata.annotations import file_text, tables
from vtgdata.annotations.json_text import parse_json, read_json
from vtgdata.annotations.sources import Source
from vtgdata.annotations.text import lines, mapping, refused, sequence, shown, some_readable
from vtgdata.errors import VtgError
from vtgdata.records import RawRow

Shape = Literal["jsonl", "json", "csv", "tsv", "parquet", "pickle", "text"]

QUOTES: Mapping[str, str] = {"double": '"', "single": "'", "none": ""}
"""Words for the quote of a table, which is hard to type, and the character."""


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """What the user says of how a file is written; empty where the file tells it."""

    sep: str = ""
    """The character between two cells of a table."""
    quote: str = ""
    """The character round cells of a table, or a word of `QUOTES`."""
    records: str = ""
    """The key of a JSON document that holds the list of records; keys of objects in objects are joined with `/`."""

    def __post_init__(self) -> None:
        if len(self.separator) > 1 or self.sep in ('"', "\n", "\r"):
            raise VtgError(f"--sep {self.sep!r}: give the one character between two cells, such as ';' or '\\t'.")
        if self.quote not in QUOTES and len(self.quote) > 1:
            raise VtgError(f"--quote {self.quote!r}: give one character, or {', '.join(QUOTES)}.")

    @property
    def separator(self) -> str:
        """The character between cells; empty where the user does not say."""
        return self.sep.replace(r"\t", "\t")

    @property
    def quote_sign(self) -> str | None:
        """The character round cells, empty where quotes are characters; None where the user does not say."""
        return QUOTES.get(self.quote, self.quote) if self.quote else None


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
    in_table: bool = False
    """Whether it is a row of a table, whose cells are texts whatever they were."""

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
    try:
        first, second = ([line for _, line in islice(lines(path), 2)] + [""])[:2]
    except file_text.LineTooLong:
        return False  # a document on one line, say
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        # The line was perhaps broken by hand: judge by how the next one begins.
        return first.rstrip().endswith("}") and second.lstrip().startswith("{")
    return bool(second)


def read(path: Path, stated: Stated | None = None) -> Iterator[Item]:
    """The records of a JSON lines, JSON list, csv or tsv file, in order.

    Args:
        path: the file.
        stated: what the user says of its form.

    Raises VtgError when the file is none of these.
    """
    said = stated or Stated()
    kind = shape(path)
    if said.records:
        return _list(path, said.records)
    if said.sep or (said.quote and kind not in ("tsv", "json", "jsonl")):
        return _table(path, said.separator or ",", said.quote_sign)
    if kind == "json" and not _is_list(path) and _is_one_line(path):
        kind = "jsonl"  # one object on one line: JSON lines with a single record
    if kind == "json":
        return _list(path)
    if kind in ("csv", "tsv"):
        return _table(path, "\t" if kind == "tsv" else ",", said.quote_sign)
    if kind in ("jsonl", "text"):
        return _json_lines(path)
    raise VtgError(f"{path}: a {kind} file, and JSON lines, a JSON list, csv or tsv is wanted here.")


def is_json_lines(path: Path, stated: Stated | None = None) -> bool:
    """Whether `read` takes a file for JSON lines; of a file with a single line this need not be known."""
    said = stated or Stated()
    return not said.records and not said.sep and shape(path) == "jsonl"


def _is_one_line(path: Path) -> bool:
    """Whether a file has one line, and one that may be a record: no longer than a line of JSON lines."""
    try:
        return len(list(islice(lines(path), 2))) == 1
    except file_text.LineTooLong:
        return False


def _is_list(path: Path) -> bool:
    return file_text.head(path).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")


def _json_lines(path: Path) -> Iterator[Item]:
    name = path.name
    for position, (number, line) in enumerate(lines(path)):
        yield of_line(name, position, number, line)


def of_line(name: str, position: int, number: int, line: str) -> Item:
    """The record in a line of a file of that name."""
    try:
        value = parse_json(line)
    except ValueError as error:
        value = error
    return Item(f"{name}:{number}", position, value, line)


def _list(path: Path, under: str = "") -> Iterator[Item]:
    origin = f"{path.name}#{under}/" if under else f"{path.name}#"
    try:
        document = sequence(beneath(read_json(path), under), f"what lies under {under}" if under else "the document")
    except ValueError as error:
        raise VtgError(f"{path}: {error}. {_lists_of(path)}") from error
    for position, value in enumerate(document):
        yield Item(f"{origin}{position}", position, value, value)


def beneath(document: Any, key: str) -> Any:
    """The value under a key of a document, or under keys joined with `/`; the document itself under none.

    Raises ValueError, with the keys that are there, when there is no such key.
    """
    found = document
    for part in key.split("/") if key else ():
        fields = mapping(found, f"what --records {key} leads through")
        if part not in fields:
            raise ValueError(f"--records {key}: there is no key {part!r}, only {', '.join(map(shown, fields))}")
        found = fields[part]
    return found


def _lists_of(path: Path) -> str:
    """What to do about a document that is no list: name the key of a list in it, where it has one."""
    try:
        document = mapping(read_json(path), "the document")
    except ValueError:
        document = {}
    held = [key for key, value in document.items() if isinstance(value, list)]
    return f"Name the list with --records {'|'.join(held[:5])}." if held else "Give the right file."


def _table(path: Path, sep: str, quote: str | None) -> Iterator[Item]:
    for position, (columns, row) in enumerate(tables.read(path, sep, quote)):
        cells = row.cells
        value: Any = dict(zip(columns, cells, strict=False))
        raw = dict(value)
        if len(cells) != len(columns):
            raw |= (
                {"None": cells[len(columns) :]} if len(cells) > len(columns) else dict.fromkeys(columns[len(cells) :])
            )
            value = ValueError(f"{len(cells)} cells, not one for each column ({len(columns)})")
        yield Item(f"{path.name}:{row.line}", position, value, raw, in_table=True)


Made = RawRow | Iterable[RawRow]


def rows(
    source: Source, make: Callable[[Item, Source], Made], form: str, stated: Stated | None = None
) -> Iterator[RawRow]:
    """The rows that `make` returns for each record of a file, or a row with a problem where it raises ValueError.

    Args:
        source: the file and its split.
        make: from one record to its row, or rows.
        form: what a record of the corpus looks like, for the error when the file holds none.
        stated: what the user says of the file's form.
    """
    return some_readable(source.path, _made(source, make, stated), form)


def _made(source: Source, make: Callable[[Item, Source], Made], stated: Stated | None) -> Iterator[RawRow]:
    for item in read(source.path, stated):
        try:
            made = make(item, source)
            # Make the list here: a generator would raise outside of this `try`.
            found = [made] if isinstance(made, RawRow) else list(made)
        except ValueError as error:
            found = [refused(item.origin, item.raw, source.split, error)]
        yield from found
