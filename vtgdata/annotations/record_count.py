r"""Counts the records of a file without the readers: what they lose cannot be missing from this count too.

Text and JSON lines have a record in each line that is not blank, csv and tsv in each row behind the header, a JSON list
in each element. In nested JSON, `Records.at` of the corpus says where the records lie:

    database/*/annotations/*            each element (`*`) of the list or object, under the key `annotations`, ...
    */times,spans|sentences/*           of parallel lists the longer one; of `times,spans` the first that is there
    */{windows}|{query}/*               the same under the names that files of this form use, or that the user gave
    */* + */*/steps/*                   what lies in either place
    */conversation/*2                   each two elements
    */QA/*/a ~ \d+ seconds              as many as a pattern finds in a text

Where a path does not lead on, because a key is missing or a value is neither list nor object, one record is counted: a
reader makes one unreadable row of it. For the same reason one is counted at each place that a reader could not read,
however much lies in it. No line of this module is shared with a reader.
"""

import gzip
import importlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import msgspec

from vtgdata.records import Corpus, Records, RecordShape

_EACH = Records()


class Counted(msgspec.Struct, frozen=True):
    """Records of one file."""

    records: int
    of: Records
    """What the corpus says of them."""


def of_file(
    path: Path,
    corpus: Corpus,
    unread: Collection[str] = (),
    *,
    names: Mapping[str, str] = {},
    sep: str = "",
    quote: str | None = None,
    under: str = "",
) -> Counted | None:
    """The number of a file's records; None for a pickle, whose records nobody can count without running it.

    Args:
        path: a file that a reader has read to its end.
        corpus: says where the records of its nested files lie.
        unread: places in the file (what follows `#` or `:` in an origin) at which the reader could read nothing.
        names: for a field of ours, the keys that may hold it, the likeliest first, with commas between.
        sep: the character between two cells of a table; empty where the file tells it.
        quote: the character round cells, empty where quotes are characters; None where nobody said.
        under: the key, or keys joined with `/`, of the list of records in a JSON document.
    """
    data = path.read_bytes()
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    if data.startswith(b"PAR1"):
        return Counted(_parquet(path), _said(corpus, "lines"))
    if data.startswith(b"\x80") and data[1:2] <= b"\x08":
        return None
    text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig", errors="replace")
    start = text.lstrip()[:1]
    if under:
        return _under(text, under, corpus, unread, names)
    if not sep and start in ("[", "{"):
        return _json(text, corpus, unread, names)
    first = text.lstrip().split("\n", 1)[0]
    sep = sep or next((sign for sign in "\t," if sign in first), "")
    if not sep or any(known.shape == "text" for known in corpus.records):
        return Counted(_lines(text), _said(corpus, "text"))
    return Counted(_table(text, sep, quote), _said(corpus, "table"))


def _said(corpus: Corpus, shape: RecordShape, document: Any = None) -> Records:
    """What a corpus says of files of one shape; of two, the one whose path begins with a key of the document."""
    known = [each for each in corpus.records if each.shape in ("", shape)]
    return next((each for each in known if each.at[:1] in ("", "*") or each.at.split("/")[0] in document), _EACH)


def _lines(text: str) -> int:
    """The number of lines that are not blank; only CR and LF end a line."""
    return len(re.findall(r"[^\r\n]*[^\s][^\r\n]*", text))


def _under(text: str, key: str, corpus: Corpus, unread: Collection[str], names: Mapping[str, str]) -> Counted:
    """The records of the list, or of the object, under a key of a JSON document."""
    found: Any = _document(text)
    for part in key.split("/"):
        found = found[part]
    pairs = _pairs(found) or []
    said = _said(corpus, "list" if type(found) is list else "object", found)
    return Counted(_all_places(found, said, unread, names, key) if said.at else len(pairs), said)


def _json(text: str, corpus: Corpus, unread: Collection[str], names: Mapping[str, str]) -> Counted:
    """The records of a JSON document, or of JSON lines."""
    document, shape = _whole(text)
    said = _said(corpus, shape, document)
    if shape == "object" and (not said.at or (said.at.startswith("*") and not _holds_objects(document))):
        shape, said = "lines", _said(corpus, "lines")  # JSON lines of which there is only one
    if not said.at:
        return Counted(_lines(text) if shape == "lines" else len(document), said)
    return Counted(_all_places(dict(_values(text)) if shape == "lines" else document, said, unread, names), said)


def _whole(text: str) -> tuple[Any, RecordShape]:
    """The document that a text is, and its shape; None and `lines` for JSON lines."""
    try:
        document: Any = _document(text)
    except ValueError:
        return None, "lines"
    return document, "object" if type(document) is dict else "list"


def _holds_objects(document: Mapping[str, Any]) -> bool:
    """Whether an object holds others, or lists alone: then it is a whole file, and not one record."""
    values = document.values()
    return any(isinstance(value, dict) for value in values) or all(isinstance(value, list) for value in values)


def _document(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:  # it may have NaN, which Python reads
        return json.loads(text)


def _values(text: str) -> Iterator[tuple[str, Any]]:
    """The number and the value of each line; None for one that is no JSON."""
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if line.strip():
            try:
                yield str(number), _document(line)
            except ValueError:
                yield str(number), None


def _all_places(
    document: Any, said: Records, unread: Collection[str], names: Mapping[str, str], place: str = ""
) -> int:
    """How many records lie at the paths that a corpus gives, joined with ` + `, in a document."""
    at = said.at
    for field, keys in names.items():
        at = at.replace(f"{{{field}}}", keys)
    first, *more = at.split(" + ")
    return _places(document, first, unread, place, 1) + sum(_places(document, each, unread, place, 0) for each in more)


def _places(value: Any, path: str, unread: Collection[str], place: str, lost: int) -> int:
    """How many records lie at a path in a value that lies at a place itself; `lost` for each unread place."""
    if path and place and place in unread:
        return lost
    path, _, pattern = path.partition(" ~ ")
    if not path:
        return max(1, len(re.findall(pattern, value))) if pattern and isinstance(value, str) else 1
    step, _, rest = path.partition("/")
    rest = f"{rest} ~ {pattern}" if pattern else rest
    if step.startswith("*"):
        pairs = _pairs(value)
        if pairs is None:
            return 1
        if step[1:]:
            return -(-len(pairs) // int(step[1:]))
        return sum(_places(each, rest, unread, f"{place}/{key}" if place else str(key), lost) for key, each in pairs)
    if not isinstance(value, dict):
        return _places(value, rest, unread, place, lost) if isinstance(value, list) else 1
    fields = cast(dict[str, Any], value)
    found = [next((name for name in each.split(",") if name in fields), None) for each in step.split("|")]
    under = f"{place}/" if place else ""
    return max((_places(fields[key], rest, unread, under + key, lost) for key in found if key is not None), default=1)


def _pairs(value: Any) -> list[tuple[Any, Any]] | None:
    """Keys or numbers of what a value holds, each with what is there; None for a value that holds nothing."""
    if isinstance(value, dict):
        return list(cast(dict[str, Any], value).items())
    return list(enumerate(cast(list[Any], value))) if isinstance(value, list) else None


_CELL = r"(?:(?<=\A)|(?<=[{sep}\r\n])){quote}(?:[^{quote}]|{quote}{quote})*{quote}(?=[{sep}\r\n]|\Z)"


def _table(text: str, sep: str, quote: str | None) -> int:
    """The rows of a table behind its header."""
    sign = '"' if quote is None else quote
    if sign and sign in text:
        cell = re.compile(_CELL.format(sep=re.escape(sep), quote=re.escape(sign)))
        columns = re.split(r"\r\n|\r|\n", text.lstrip(), maxsplit=1)[0].count(sep)
        text = cell.sub(lambda found: _on_one_line(found, text, sep, columns, sure=quote is not None), text)
    return max(0, _lines(text) - 1)


def _on_one_line(found: re.Match[str], text: str, sep: str, columns: int, *, sure: bool) -> str:
    """A quoted cell without its line ends, unless they end rows.

    They do where nobody said what quotes are, and its first line has a cell for each column.
    """
    cell = found[0]
    ends = [at for at in (cell.find("\n"), cell.find("\r")) if at >= 0]
    if not ends:
        return cell
    begin = max(text.rfind("\n", 0, found.start()), text.rfind("\r", 0, found.start())) + 1
    first = text[begin : found.start() + min(ends)]
    return cell if not sure and first.count(sep) == columns else "x"


def _parquet(path: Path) -> int:
    # Imported only when there is such a file.
    return importlib.import_module("pyarrow.parquet").ParquetFile(path).metadata.num_rows
