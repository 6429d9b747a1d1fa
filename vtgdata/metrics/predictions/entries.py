"""The entries of a JSON, JSONL or Parquet file, one by one, each with its place; reading goes on after a broken one.

A JSON object that is not a record is read as a mapping: each of its keys is an entry, and a key that occurs twice gives
two entries, so that a repeated answer is noticed and counted.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec

from vtgdata.annotations.file_text import read_text
from vtgdata.annotations.text import lines, mapping, shown
from vtgdata.errors import VtgError
from vtgdata.files.parquet import read_parquet
from vtgdata.metrics.predictions.record import Broken

RECORD_KEYS = ("sample_id", "qid")
"""A JSON object with one of these is a record; one without is a mapping from keys to records."""


class Entry(msgspec.Struct, frozen=True):
    """One value of the file."""

    where: str
    key: str | None
    """Its key, if the file is a mapping."""
    value: Any

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
    if not path.is_file():
        raise VtgError(f"{path}: no such file of predictions.")
    if path.suffix == ".parquet":
        for number, row in enumerate(read_parquet(path, needs=("sample_id",)), 1):
            yield Entry(f"{path}: row {number}", None, row)
        return
    if not path.read_bytes().strip():
        raise _empty(path)
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


def _empty(path: Path) -> VtgError:
    return VtgError(f"{path}: the file is empty and holds no prediction, so every sample would score 0.")


def _document(path: Path) -> Any:
    """The value of a file that is one JSON document over several lines, or a list; None for JSON lines."""
    content = read_text(path)
    # The file may hold only control characters: `strip` removes more of them from text than from bytes.
    first = next((line for line in content.splitlines() if line.strip()), None)
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
    elif any(key in value for key in RECORD_KEYS) or not value:
        if isinstance(value, Repeated):
            yield Broken(where, "a key occurs twice in this object")
        else:
            yield Entry(where, None, value)
    else:
        pairs = value.pairs if isinstance(value, Repeated) else cast(dict[str, Any], value).items()
        for key, item in pairs:
            yield Entry(f"{where}: key {shown(key)}", key, item)


def _parsed(content: str) -> Any:
    """A JSON value (NaN and Infinity allowed); raises ValueError when it is not JSON or nests too deep."""
    try:
        return json.loads(content, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("it nests too deep") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Repeated(pairs)
