"""Writes the data file of an export row by row, and finds words that a trainer would take for marks of its own."""

import contextlib
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.conversation.prompt import Prompt
from vtgdata.files.parquet import pyarrow
from vtgdata.files.whole import replacing

CONTROL = re.compile(r"<\|[^<>|\s]{1,64}\|>")
"""Control tokens of chat templates as text: `<|im_end|>`, `<|vision_start|>`."""
_BATCH = 1000
"""Rows of a row group of Parquet."""
Write = Callable[[dict[str, Any]], None]


def taken_for_mark(row: Mapping[str, Any], prompt: Prompt, marks: Sequence[str]) -> str | None:
    """Why a row's words cannot be exported: they spell out a mark of the trainer or a control token of a model."""
    words = [row["query"], *(row["options"] or ()), row.get("target") or "", prompt.body, prompt.system]
    for text in words:
        for mark in marks:
            if mark in text:
                return f"its words have {mark}, which the trainer takes for a mark of its own"
        if found := CONTROL.search(text):
            return f"its words have {found[0]}, which the model's tokenizer takes for a control token"
    return None


@contextlib.contextmanager
def writer(path: Path) -> Generator[Write]:
    """A function that writes a row to a file, in the form that the file's name says; the file appears at the end."""
    with replacing(path) as file:
        if path.suffix == ".parquet":
            with _parquet(file) as write:
                yield write
        else:
            yield lambda row: _line(file, row)


def _line(file: Any, row: dict[str, Any]) -> None:
    file.write(msgspec.json.encode(row))
    file.write(b"\n")


@contextlib.contextmanager
def _parquet(file: Any) -> Generator[Write]:
    """Rows as Parquet; the types of the columns are those of the first rows."""
    import importlib

    pa, parquet = pyarrow(), importlib.import_module("pyarrow.parquet")
    held: list[dict[str, Any]] = []
    opened: list[Any] = []

    def flush() -> None:
        if not opened:
            opened.append(parquet.ParquetWriter(file, pa.Table.from_pylist(held).schema, compression="zstd"))
        opened[0].write_table(pa.Table.from_pylist(held, schema=opened[0].schema))
        held.clear()

    def write(row: dict[str, Any]) -> None:
        held.append(row)
        if len(held) == _BATCH:
            flush()

    yield write
    if held:
        flush()
    opened[0].close()
