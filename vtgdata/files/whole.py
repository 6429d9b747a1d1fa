"""Writes files whole or not at all: bytes, JSON, CSV and text."""

import contextlib
import csv
import io
import math
import os
import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from vtgdata.files import temporary
from vtgdata.files.crash_points import crash_here, filling, full_here
from vtgdata.files.disk_errors import DISK
from vtgdata.files.outside_text import shown
from vtgdata.files.schemas import Row


@contextmanager
def replacing(path: Path) -> Generator[BinaryIO]:
    """Open `path` so that readers see the old file or the new one, never half."""
    file = Replacement(path)
    try:
        with _writing(path):
            yield file.file
        file.commit()
    finally:
        file.abandon()


class Replacement:
    """A temporary file beside the one that it will replace. Its errors name that one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with named(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._temp = temporary.beside(path)
            full_here(path)
            self.file = filling(temporary.create(self._temp), path)

    def commit(self) -> None:
        """Put it in the place of the earlier file."""
        with named(self._path):
            self.file.flush()
            full_here(self._path)
            temporary.publish(self.file)
            os.fsync(self.file.fileno())
            self.file.close()
            crash_here("file-written")
            self._temp.replace(self._path)
            crash_here("file-replaced")

    def reopened(self) -> BinaryIO:
        """What was written so far, to be read again; before `commit`."""
        return self._temp.open("rb")

    def abandon(self) -> None:
        """Leave the earlier file, if there was one, as it is; does nothing after `commit`."""
        with contextlib.suppress(OSError):  # a full disk, when what was not written yet is: it has been said
            self.file.close()
        self._temp.unlink(missing_ok=True)


@contextmanager
def named(path: Path) -> Generator[None]:
    """Errors of the system name this path rather than a temporary file, which the user does not know."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def _writing(path: Path) -> Generator[None]:
    """As `named`, for the code that writes: errors about other files stay as they are."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def json_text(value: Any) -> str:
    """A value as one line of JSON, for a drop's raw text."""
    return msgspec.json.encode(value).decode()


def write_json(path: Path, value: Any) -> None:
    """Write a JSON document, indented, keys in their given order."""
    with replacing(path) as file:
        file.write(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def write_jsonl(path: Path, rows: Iterable[Any]) -> None:
    """Write one JSON object a line."""
    with replacing(path) as file:
        for row in rows:
            file.write(msgspec.json.encode(row) + b"\n")


def write_csv(path: Path, rows: Iterable[Row], columns: Iterable[str]) -> None:
    """Write rows as CSV with a header; None and NaN become empty cells.

    A text that a spreadsheet would compute gets an apostrophe in front, which spreadsheets take for "this is text".
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    write_text(path, text.getvalue())


_FORMULA = re.compile(r"[\s\"']*[=+\-@\uff1d\uff0b\uff0d\uff20]")
"""Beginnings of a cell that spreadsheets compute."""
_SPLIT = re.compile(r"(;)")
"""At a semicolon, spreadsheets of some languages split a line into cells."""


def _cell(value: Any) -> Any:
    """A value as a cell that a spreadsheet shows and does not compute.

    >>> _cell("=1+1"), _cell("a;=1+1"), _cell(-1.5), _cell("-1.5"), _cell("openai_api:tiny")
    ("'=1+1", "a;'=1+1", -1.5, '-1.5', 'openai_api:tiny')
    """
    if not isinstance(value, str):
        return value if value == value else None  # only NaN differs from itself
    return "".join(f"'{part}" if _computes(part) else part for part in _SPLIT.split(shown(value)))


def _computes(text: str) -> bool:
    if _FORMULA.match(text) is None:
        return False
    try:
        return not math.isfinite(float(text))
    except ValueError:
        return True


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text."""
    with replacing(path) as file:
        file.write(text.encode())


def write_list(path: Path, names: Iterable[str]) -> None:
    """Write one name a line, whatever characters it has: a line break in a name is written as an escape."""
    write_text(path, "".join(f"{shown(name)}\n" for name in names))
