"""The records of a Parquet file, a batch at a time: a file of any length takes the memory of one batch."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vtgdata.annotations.items import Item
from vtgdata.errors import VtgError
from vtgdata.files import limits, parquet_limits

BATCH = 10_000
"""Rows that are read at a time."""
_ROW = 64
"""Bytes that a row takes at the least: the id of each is kept, so that none occurs twice."""


def records(path: Path) -> Iterator[Item]:
    """The rows of a Parquet file as mappings; `origin` is `file.parquet#12`, with the position from 0.

    Raises VtgError when it is not a whole Parquet file.
    """
    # Imported only when there is such a file.
    pa = importlib.import_module("pyarrow")
    position = 0
    try:
        with parquet_limits.opened(path) as file:
            limits.check_memory(path, file.metadata.num_rows * _ROW)
            for batch in file.iter_batches(BATCH):
                if batch.nbytes > limits.ROW_GROUP.value:
                    raise limits.ROW_GROUP.error(f"{path}#{position}", f"{len(batch):,} rows are too large")
                for value in batch.to_pylist():
                    yield _item(path, position, value)
                    position += 1
    except VtgError:
        raise
    except (pa.lib.ArrowException, OSError, ValueError, MemoryError) as error:
        raise parquet_limits.unreadable(path, error) from error


def _item(path: Path, position: int, value: dict[str, Any]) -> Item:
    return Item(f"{path.name}#{position}", position, value, value)
