"""Reading the files that corpora publish: plain text, JSON lines, JSON, with what went wrong said clearly.

A published file is often not what its name says: a failed download, a Git LFS pointer, another corpus's file. Each of
these is a VtgError; a broken row inside a good file is a RawRow with a problem.
"""

import gzip
import io
import json
import math
import re
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from vtgdata.errors import VtgError
from vtgdata.records import RawRow
from vtgdata.timecode import parse_time

MAX_RAW = 10_000
"""Characters of a row's own text that are kept for its drop."""

UNREADABLE = "unreadable_row"
"""The reason of a row that is none of its corpus; other reasons are of rows that were read."""

UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_HEAD = 4096
_NUMBER = re.compile(r"[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|nan|inf(?:inity)?)\Z", re.IGNORECASE | re.ASCII)


def read_text(path: Path) -> str:
    """The text of a file: UTF-8 (or UTF-16 with a byte order mark), gzip unpacked, byte order mark taken off.

    Raises VtgError when the file is missing, empty, an HTML page, a Git LFS pointer, an archive or no text.
    """
    with opened(path) as file:
        data = file.read()
    if not data.strip():
        raise VtgError(f"{path}: the file is empty. Download it again.")
    return decoded(path, data, "utf-16" if data.startswith(UTF_16) else "utf-8-sig", first_line=1)


@contextmanager
def opened(path: Path) -> Generator[BinaryIO]:
    """A file's bytes, unpacked; what its first bytes show to be no data is refused, whoever reads it and how far."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            with gzip.GzipFile(fileobj=file) if packed else file as unpacked:
                reader = io.BufferedReader(cast(io.RawIOBase, unpacked))
                _refuse_impostors(path, reader.peek(_HEAD)[:_HEAD])
                yield cast(BinaryIO, reader)
    except FileNotFoundError:
        raise VtgError(f"{path}: no such file.") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise VtgError(f"{path}: a damaged gzip file ({error}). Download it again.") from error
    except OSError as error:
        raise VtgError(f"{path}: cannot be read ({error.strerror}).") from error


def head(path: Path, size: int = 4096) -> bytes:
    """The first bytes of a file, unpacked. Raises VtgError as `read_text` does."""
    with opened(path) as file:
        return file.read(size)


def decoded(path: Path, data: bytes, encoding: str, first_line: int) -> str:
    """The text of some bytes of a file, from its line `first_line`; raises VtgError, with the line, when it is none."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = first_line + data.count(b"\n", 0, error.start)
        raise VtgError(
            f"{path}:{line}: not UTF-8 text (byte {error.start} is 0x{data[error.start]:02x}). "
            "Save it as UTF-8, or give the file that the corpus publishes."
        ) from error


def _refuse_impostors(path: Path, data: bytes) -> None:
    if not data:
        raise VtgError(f"{path}: the file is empty. Download it again.")
    head = data[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise VtgError(f"{path}: an HTML page, not data: the download failed. Open the link in a browser and save it.")
    if head.startswith(b"version https://git-lfs."):
        raise VtgError(f"{path}: a Git LFS pointer, not the file itself. Run `git lfs pull` where it came from.")
    if data.startswith((b"PK\x03\x04", b"\x89HDF", b"\xfd7zXZ", b"BZh")) or head.startswith(b"7z\xbc"):
        raise VtgError(f"{path}: an archive or a binary file, not text. Unpack it first.")


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file with their numbers from 1, without line ends; lines of blanks are no rows.

    Read as they are asked for: a file of any length takes the memory of its longest line.
    """
    number, found = 0, False
    with opened(path) as file:
        if file.read(2) in UTF_16:
            stored: Iterable[str] = read_text(path).split("\n")
        else:
            file.seek(0)
            stored = (decoded(path, line, "utf-8", i) for i, line in enumerate(file, 1))
        for text in stored:
            text = text.removesuffix("\n").removesuffix("\r")
            for line in text.split("\r"):
                number += 1
                line = line.removeprefix("\ufeff") if number == 1 else line
                if line and not line.isspace():
                    found = True
                    yield number, line
    if not found:
        raise VtgError(f"{path}: the file is empty. Download it again.")


def read_json(path: Path) -> Any:
    """The value of a JSON document (NaN and Infinity allowed, as Python and NumPy write them).

    Raises VtgError, with line and column, when it is none, or when a key occurs twice in one object: the first of the
    two would be lost.
    """
    text = read_text(path)
    try:
        return parse_json(text)
    except json.JSONDecodeError as error:
        hint = "Download it again, or mend it there."
        if error.msg == "Extra data":
            hint = "One JSON document is wanted here; this may be a file of JSON lines."
        raise VtgError(f"{path}:{error.lineno}:{error.colno}: not valid JSON ({error.msg}). {hint}") from error
    except ValueError as error:
        raise VtgError(f"{path}: not usable JSON ({error}). Mend it there.") from error


def parse_json(text: str) -> Any:
    """A JSON value from text; raises ValueError when it is none, nests too deep, or repeats a key in one object."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("it nests too deep") from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        repeated = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise ValueError(f"the key {repeated[:80]!r} occurs twice in one object")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_without_repeats)


def number(value: Any) -> float:
    """A number out of JSON, or written out as text, as a float; NaN and infinities pass.

    Raises ValueError for anything else (true and "1_000" included).

    >>> number(3), number("11.0")
    (3.0, 11.0)
    """
    if isinstance(value, str):
        if _NUMBER.match(value) is None:
            raise ValueError(f"{shown(value)} is not a number")
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{shown(value)} is not a number")
    try:
        return float(value)
    except OverflowError:
        return math.inf


def mapping(value: Any, name: str) -> dict[str, Any]:
    """A JSON object; raises ValueError, with what it was to be, when it is none."""
    if not isinstance(value, dict):
        raise ValueError(f"{name} is {shown(value)}, not an object")
    return cast(dict[str, Any], value)


def sequence(value: Any, name: str) -> list[Any]:
    """A JSON list; raises ValueError, with what it was to be, when it is none."""
    if not isinstance(value, list):
        raise ValueError(f"{name} is {shown(value)}, not a list")
    return cast(list[Any], value)


def pair(value: Any) -> tuple[float, float]:
    """A [start, end] pair of numbers out of JSON; raises ValueError when it is none. Its order is not looked at."""
    found = sequence(value, "a [start, end] pair")
    if len(found) != 2:
        raise ValueError(f"{shown(value)} is not a [start, end] pair")
    return number(found[0]), number(found[1])


def bound(value: Any) -> float | str:
    """A start or an end out of JSON or csv: a number, or a clock time, which stays text for normalisation to read.

    Raises ValueError when it is neither.

    >>> bound("11.0"), bound("01:23")
    (11.0, '01:23')
    """
    if isinstance(value, str) and ":" in value:
        parse_time(value)
        return value.strip()
    return number(value)


def bounds(value: Any) -> tuple[float | str, float | str]:
    """A [start, end] pair out of JSON; raises ValueError when it is none. Order and range are not looked at."""
    found = sequence(value, "a [start, end] pair")
    if len(found) != 2:
        raise ValueError(f"{shown(value)} is not a [start, end] pair")
    start, end = found
    if type(start) is float and type(end) is float:
        return start, end  # by far the commonest, and files are long
    return bound(start), bound(end)


def windows(value: Any) -> list[tuple[float | str, float | str]]:
    """One [start, end] pair, or a list of them, out of JSON; raises ValueError when it is neither."""
    found = sequence(value, "a window or a list of windows")
    if not found:
        return []
    return [bounds(item) for item in found] if isinstance(found[0], list) else [bounds(found)]


def duration(value: Any) -> float | None:
    """A duration as published: None when missing; NaN, which normalisation makes unknown and notes, when no number."""
    if value is None:
        return None
    try:
        return number(value)
    except ValueError:
        return math.nan


def words(value: Any, name: str) -> str:
    """A text out of JSON; raises ValueError, with the field's name, when it is none."""
    if not isinstance(value, str):
        raise ValueError(f"{name} is {shown(value)}, not text")
    return value


def shown(value: Any) -> str:
    """A value's repr, cut short for an error message.

    >>> shown("x" * 99)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."
    """
    try:
        text = repr(value)
    except RecursionError:
        return "a value that nests too deep"
    return text if len(text) <= 42 else text[:39] + "..."


def dumped(value: Any) -> str:
    """A JSON value as one line of ASCII, for `RawRow.raw`; what is none (bytes out of a Parquet file) as its repr."""
    try:
        return json.dumps(value, default=ascii)[:MAX_RAW]
    except (RecursionError, TypeError, ValueError):
        return shown(value)


def unreadable(origin: str, raw: Any, split: str, detail: str, reason: str = UNREADABLE, *, file: str = "") -> RawRow:
    """The row that stands for one that cannot be read, or that its corpus left without a moment: it becomes a drop.

    `file` is its video's, where that much is known.
    """
    return RawRow(
        origin=origin,
        raw=raw,
        video_id="",
        file=file,
        query="",
        windows=[],
        split=split,
        problem=(reason, detail),
    )


def some_readable(path: Path, rows: Iterable[RawRow], form: str) -> Iterator[RawRow]:
    """Pass rows on, the broken ones too; but a file of which no row can be read is the wrong file.

    Args:
        path: the file, for the error.
        rows: what its reader makes of it.
        form: what a row of the corpus looks like.

    Raises VtgError, at the end of the file, when there was no readable row.
    """
    held: list[RawRow] | None = []
    for row in rows:
        if held is None:
            yield row
            continue
        held.append(row)
        # A record that its corpus left without a moment was read: its reason is another.
        if row.problem is None or row.problem[0] != UNREADABLE:
            yield from held
            held = None
    if held is not None:
        first = held[0].problem if held else None
        found = f"{held[0].origin}: {first[1]}" if first else "it has no rows"
        raise VtgError(
            f"{path}: not a file of this corpus, whose rows look like {form} ({found}). Give the right file."
        )
