"""Writes files whole or not at all: bytes, JSON, CSV and text."""

import csv
import io
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from vtgdata.files.crash_points import crash_here
from vtgdata.files.schemas import Row


@contextmanager
def replacing(path: Path) -> Generator[BinaryIO]:
    """Open `path` so that readers see the old file or the new one, never half."""
    file = Replacement(path)
    try:
        yield file.file
        file.commit()
    finally:
        file.abandon()


class Replacement:
    """A temporary file beside the one that it will replace."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._temp = path, path.with_name(f".{path.name}.{os.getpid()}.tmp")
        self.file = self._temp.open("wb")

    def commit(self) -> None:
        """Put it in the place of the earlier file."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        crash_here("file-written")
        self._temp.replace(self._path)
        crash_here("file-replaced")

    def abandon(self) -> None:
        """Leave the earlier file, if there was one, as it is; does nothing after `commit`."""
        self.file.close()
        self._temp.unlink(missing_ok=True)


def tidy(folder: Path) -> None:
    """Delete half-written files that killed processes of this machine left in a folder."""
    for path in folder.glob(".*.tmp"):
        pid = path.name.split(".")[-2]
        if pid.isdigit() and len(pid) < 10 and not _runs(int(pid)):
            path.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        pass
    return True


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
    """Write rows as CSV with a header; None and NaN become empty cells."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        # Only NaN differs from itself.
        writer.writerow({name: value if value == value else None for name, value in row.items()})
    write_text(path, text.getvalue())


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text."""
    with replacing(path) as file:
        file.write(text.encode())
