"""The entries of a JSON, JSONL, csv, tsv or Parquet file, one by one, each with its place.

Reading goes on after a broken one. A JSON object that is not a record is read as a mapping: each of its keys is an
entry, and a key that occurs twice gives two entries, so that a repeated answer is noticed and counted. An object around
the whole (`{"version": .., "results": ..}`) is taken off, and the list of a video's events is an entry for each event.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec

from vtgdata.annotations import items
from vtgdata.annotations.file_text import read_text
from vtgdata.annotations.json_text import check_depth
from vtgdata.annotations.text import lines, mapping, shown
from vtgdata.errors import VtgError
from vtgdata.files import outside
from vtgdata.files.parquet import read_frame
from vtgdata.metrics.predictions import fields
from vtgdata.metrics.predictions.record import Broken

_PIECE = 8192
"""Rows of a Parquet file that become objects at a time."""
_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
"""A line that is not empty, as `str.splitlines` parts them."""
_BLANKS = 4096
"""Bytes up to which a file is looked at for being blank, so that it is called so."""
WRAPPERS = ("results", "predictions", "submission", "outputs", "samples", "data")
"""Keys under which the predictions of a whole file may stand, in an object that is no record itself."""


class Entry(msgspec.Struct, frozen=True):
    """One value of the file."""

    where: str
    key: str | None
    """Its key, if the file is a mapping."""
    value: Any
    listed: bool = False
    """Whether it is one of several events under its key, which is then the name of a video."""

    @property
    def record(self) -> dict[str, Any]:
        """The value if it is an object, else an empty dict."""
        return mapping(self.value, "the value") if _is_object(self.value) else {}


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


class Repeated(dict[str, Any]):
    """A JSON object in which a key occurs more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def entries(path: Path) -> Iterator[Entry | Broken]:
    """Every entry of a file of predictions; raises VtgError when the file is missing, empty or not text."""
    if not path.exists():
        raise VtgError(f"{path}: no such file of predictions.")
    outside.regular(path)
    if path.suffix == ".parquet":
        frame = read_frame(path, needs=("sample_id",))
        rows = (row for piece in frame.iter_slices(_PIECE) for row in piece.iter_rows(named=True))
        for number, row in enumerate(rows, 1):
            yield Entry(f"{path}: row {number}", None, row)
        return
    if path.stat().st_size <= _BLANKS and not outside.read_bytes(path).strip():
        raise _empty(path)
    if _is_table(path):
        yield from _of_table(path)
        return
    document = _document(path)
    if document is not None:
        yield from _of_document(path, document)
        return
    for number, line in lines(path):
        where = f"{path}:{number}"
        try:
            yield from _of_value(where, _parsed(line))
        except ValueError as error:
            yield Broken(where, f"not valid JSON ({error})")


def _is_table(path: Path) -> bool:
    """Whether a file is a csv or tsv with a header that names an answer."""
    if path.suffix.lower() in (".csv", ".tsv"):
        return True
    if items.shape(path) not in ("csv", "tsv"):
        return False
    head = next(items.read(path), None)
    return head is not None and isinstance(head.value, dict) and fields.is_record(head.fields())


def _of_table(path: Path) -> Iterator[Entry | Broken]:
    for item in items.read(path):
        where = f"{path.parent / item.origin}"
        yield Broken(where, str(item.value)) if isinstance(item.value, ValueError) else Entry(where, None, item.value)


def _empty(path: Path) -> VtgError:
    return VtgError(f"{path}: the file is empty and holds no prediction, so every sample would score 0.")


def _document(path: Path) -> Any:
    """The value of a file that is one JSON document over several lines, or a list; None for JSON lines."""
    content = read_text(path)
    # The file may hold only control characters: `strip` removes more of them from text than from bytes.
    first = next((line[0] for line in _LINE.finditer(content) if line[0].strip()), None)
    if first is None:
        raise _empty(path)
    try:
        value = _parsed(first)
    except ValueError:
        value = None
    if value is not None and not isinstance(value, list):
        return None
    try:
        return _parsed(content)
    except ValueError:
        return None


def _of_document(path: Path, document: Any) -> Iterator[Entry | Broken]:
    if isinstance(document, list):
        for number, value in enumerate(cast(list[Any], document)):
            yield from _of_value(f"{path}[{number}]", value)
    else:
        yield from _of_value(str(path), document)


def _of_value(where: str, value: Any) -> Iterator[Entry | Broken]:
    """Yield a record as one entry, and a mapping as one entry for each key."""
    if not isinstance(value, dict):
        yield Broken(where, f"{shown(value)} is not an object")
        return
    record = cast(dict[str, Any], value)
    if (wrapper := _wrapper(record)) is not None:
        yield from _of_wrapped(f"{where}: {wrapper}", record[wrapper])
    elif fields.is_record(record) or not record:
        if isinstance(record, Repeated):
            yield Broken(where, "a key occurs twice in this object")
        else:
            yield Entry(where, None, record)
    else:
        for key, item in record.pairs if isinstance(record, Repeated) else record.items():
            yield from _of_key(f"{where}: key {shown(key)}", key, item)


def _wrapper(record: dict[str, Any]) -> str | None:
    """The key under which an object holds all predictions of a file; None if it is a record or a mapping itself."""
    if not fields.ABOUT_SAMPLES.isdisjoint(record):
        return None
    return next((name for name in WRAPPERS if _holds_many(record.get(name))), None)


def _holds_many(value: Any) -> bool:
    if isinstance(value, dict):
        return True
    listed = cast(list[Any], value) if isinstance(value, list) else []
    return any(isinstance(item, dict) and fields.is_record(cast(dict[str, Any], item)) for item in listed)


def _of_wrapped(where: str, value: Any) -> Iterator[Entry | Broken]:
    if isinstance(value, list):
        for number, item in enumerate(cast(list[Any], value)):
            yield from _of_value(f"{where}[{number}]", item)
    else:
        yield from _of_value(where, value)


def _of_key(where: str, key: str, value: Any) -> Iterator[Entry]:
    """Yield the value of one key: an entry for each event where it lists the events of a video."""
    events = cast(list[Any], value) if isinstance(value, list) else []
    if not any(isinstance(event, dict) and _is_event(cast(dict[str, Any], event)) for event in events):
        yield Entry(where, key, value)
        return
    for number, event in enumerate(events):
        yield Entry(f"{where}[{number}]", key, event, listed=True)


def _is_event(event: dict[str, Any]) -> bool:
    return any(name in event for name in (*fields.QUERIES, "label"))


def _parsed(content: str) -> Any:
    """A JSON value (NaN and Infinity allowed); raises ValueError when it is not JSON or nests too deep."""
    check_depth(content)
    try:
        return _decode(content)
    except RecursionError:
        raise ValueError("it nests too deep") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Repeated(pairs)


_decode = json.JSONDecoder(object_pairs_hook=_object).decode
