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
import json
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from vtgdata.files import limits, outside, parquet_limits
from vtgdata.records import Corpus, Records, RecordShape

_EACH = Records()
_PIECE = 1 << 20
"""Bytes of a file of lines that are looked at together; also those that a line has at most."""


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
    nested = any(known.at for known in corpus.records if known.shape in ("", "lines"))
    if not (sep or under or nested) and (found := _lines_of_json(path)) is not None:
        return Counted(found, _said(corpus, "lines"))
    data = outside.read_bytes(path, limits.UNPACKED)
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    if data.startswith(b"PAR1"):
        return Counted(_parquet(path), _said(corpus, "lines"))
    if data.startswith(b"\x80") and data[1:2] <= b"\x08":
        return None
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16").encode()
    if under:
        return _under(data, under, corpus, unread, names)
    if not sep and data.lstrip()[:1] in (b"[", b"{"):
        return _json(data, corpus, unread, names)
    text = data.decode(errors="replace")
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
    return sum(1 for line in text.replace("\r", "\n").split("\n") if line and not line.isspace())


def _lines_of_json(path: Path) -> int | None:
    """The number of lines that are not blank, of a file whose first line is one of several JSON values; else None.

    No more of it is in memory than a few lines: it may be far longer than the rows that were made of it.
    """
    with outside.opened(path) as file:
        if os.fstat(file.fileno()).st_size > limits.UNPACKED.value:
            return None  # that is said where it is read
        first = file.readline(_PIECE)
        try:
            if not first.startswith((b"{", b"[")) or not first.endswith(b"\n") or b"\r" in first:
                return None
            _document(first)
        except ValueError:
            return None
        total, rest = 1, b""
        while piece := file.read(_PIECE):
            *whole, rest = (rest + piece).replace(b"\r", b"\n").split(b"\n")
            total += _not_blank(whole)
            if len(rest) > _PIECE:
                return None
        total += _not_blank([rest])
    return total if total > 1 else None


def _not_blank(lines: Sequence[bytes]) -> int:
    # Most lines begin with what is no blank in any alphabet.
    return sum(1 for line in lines if b" " < line[:1] < b"\x7f" or not _blank(line))


def _blank(line: bytes) -> bool:
    text = line.decode(errors="replace")
    return not text or text.isspace()


def _under(text: bytes, key: str, corpus: Corpus, unread: Collection[str], names: Mapping[str, str]) -> Counted:
    """The records of the list, or of the object, under a key of a JSON document."""
    found: Any = _document(text)
    for part in key.split("/"):
        found = found[part]
    said = _said(corpus, "object" if isinstance(found, dict) else "list", found)
    return Counted(_all_places(found, said, unread, names, key) if said.at else len(cast(Any, found)), said)


def _json(text: bytes, corpus: Corpus, unread: Collection[str], names: Mapping[str, str]) -> Counted:
    """The records of a JSON document, or of JSON lines."""
    document, shape = _whole(text)
    said = _said(corpus, shape, document)
    if shape == "object" and (not said.at or (said.at.startswith("*") and not _holds_objects(document))):
        shape, said = "lines", _said(corpus, "lines")  # JSON lines of which there is only one
    if shape == "lines":
        whole = text.decode(errors="replace")
        if not said.at:
            return Counted(_lines(whole), said)
        document = dict(_values(whole))
    return Counted(_all_places(document, said, unread, names) if said.at else len(document), said)


def _whole(text: bytes) -> tuple[Any, RecordShape]:
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


def _document(text: str | bytes) -> Any:
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
    total = 0
    for number, path in enumerate(at.split(" + ")):
        steps, _, pattern = path.partition(" ~ ")
        walk = _Walk(steps.split("/"), pattern, unread, lost=0 if number else 1)
        total += walk.count(document, 0, place)
    return total


class _Walk:
    """Counts the records at one path."""

    def __init__(self, steps: Sequence[str], pattern: str, unread: Collection[str], *, lost: int) -> None:
        """Set the path's steps, the pattern to find in the texts there, and what an unread place counts."""
        self.steps, self.unread, self.lost = steps, unread, lost
        self.names = [[each.split(",") for each in step.split("|")] for step in steps]
        self.pattern = re.compile(pattern) if pattern else None

    def count(self, value: Any, at: int, place: str) -> int:
        """The records from one step of the path on, in a value that lies at a place."""
        if at == len(self.steps):
            found = self.pattern.findall(value) if self.pattern and isinstance(value, str) else ()
            return max(1, len(found))
        if self.unread and place in self.unread:
            return self.lost
        step = self.steps[at]
        if step[0] == "*":
            return self._each(value, int(step[1:] or 1), at + 1, place)
        if isinstance(value, dict):
            return self._under(cast(dict[str, Any], value), at + 1, place)
        return self.count(value, at + 1, place) if isinstance(value, list) else 1

    def _each(self, value: Any, together: int, at: int, place: str) -> int:
        """The records in all elements of a list or an object, of which so many count as one."""
        if not isinstance(value, list | dict):
            return 1
        held = cast(Any, value)
        if at == len(self.steps) and self.pattern is None:
            return -(-len(held) // together)
        if not self.unread:  # then nobody asks for places
            return sum([self.count(each, at, "") for each in (held.values() if isinstance(value, dict) else held)])
        pairs = held.items() if isinstance(value, dict) else enumerate(held)
        return sum([self.count(each, at, f"{place}/{key}" if place else str(key)) for key, each in pairs])

    def _under(self, fields: dict[str, Any], at: int, place: str) -> int:
        """The records under the keys of an object that the step before `at` names: most of those that are there."""
        found = [next(filter(fields.__contains__, each), None) for each in self.names[at - 1]]
        under = f"{place}/" if place else ""
        return max([self.count(fields[key], at, under + key) for key in found if key is not None], default=1)


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
    with parquet_limits.opened(path) as file:
        return file.metadata.num_rows
