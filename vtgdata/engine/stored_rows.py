"""Rows of a rollouts.parquet by sample, without all of them in memory: an index of the file, and some of its groups.

Where the rows lie in the order in which they are taken, as every command writes them, a few row groups are in memory
at a time. Where groups have to be read again and again, all stay.
"""

import importlib
from collections import OrderedDict
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtgdata.errors import VtgError
from vtgdata.files import parquet_limits
from vtgdata.files.parquet import arrow_schema, pyarrow
from vtgdata.files.pieces import read_pieces, to_frame, typed
from vtgdata.files.schemas import ROLLOUTS, Row

GROUPS = 2
"""Row groups in memory at a time."""
PASSES = 4
"""How often each row group is read on average, at most, before all stay in memory."""
_INDEX = ("sample_id", "model_id", "prompt_id", "sampling_id", "index")


class StoredRows:
    """The rows of a file that answer one prompt with one sampling: an index of them."""

    def __init__(self, path: str, prompt_id: str, sampling_id: str) -> None:
        """Read the index; raises VtgError where the file is no rollouts.parquet, or has two rows for one place."""
        self.path = path
        polars: Any = importlib.import_module("polars")
        found: list[Any] = []
        number = 0
        for table in read_pieces(path, {name: ROLLOUTS[name] for name in _INDEX}, needs=tuple(ROLLOUTS)):
            piece = to_frame(table).with_row_index("number", offset=number)
            mine = (polars.col("prompt_id") == prompt_id) & (polars.col("sampling_id") == sampling_id)
            found.append(piece.filter(mine).select("number", "sample_id", "model_id", "index"))
            number += table.num_rows
        empty = dict.fromkeys(("sample_id", "model_id", "index"), ())
        self._frame: Any = polars.concat(found) if found else polars.DataFrame(empty)
        twice: Any = self._frame.filter(self._frame.select("model_id", "sample_id", "index").is_duplicated())
        if twice.height:
            raise VtgError(
                f"--rollouts {path}: {twice['sample_id'][0]!r} has two answers with index {twice['index'][0]}. Give "
                "the rollouts.parquet of one command."
            )

    def models(self) -> list[str]:
        """The models that answered, in the order of their first rows."""
        return self._frame["model_id"].unique(maintain_order=True).to_list()

    def of_model(self, model_id: str) -> "OfModel":
        """The rows of a model; none of one that the file does not have."""
        return OfModel(self.path, self._frame.filter(self._frame["model_id"] == model_id) if model_id else None)


class OfModel:
    """The rows of one model by sample; `name in rows` tells whether a sample has any."""

    def __init__(self, path: str, index: Any) -> None:
        """Args: path: the file; index: `number` of each row in it, `sample_id` and `index`; None for no rows."""
        self.path = path
        self._places: dict[str, tuple[int, int]] = {}
        self._numbers, self._indexes = np.zeros(0, np.int64), np.zeros(0, np.int64)
        if index is not None:
            self._note(index.filter(index["index"] >= 0).sort("sample_id", "index"))
        with parquet_limits.opened(path) as file:
            sizes = [file.metadata.row_group(place).num_rows for place in range(file.num_row_groups)]
        self._starts: NDArray[np.int64] = np.cumsum([0, *sizes])
        self._held: OrderedDict[int, Any] = OrderedDict()
        self._reads = 0

    def _note(self, rows: Any) -> None:
        """Note rows that are sorted by sample and index."""
        self._numbers, self._indexes = rows["number"].cast(int).to_numpy(), rows["index"].to_numpy()
        lengths = rows["sample_id"].rle()
        start = 0
        for length, name in zip(lengths.struct.field("len"), lengths.struct.field("value"), strict=True):
            self._places[name] = (start, length)
            start += length

    def __contains__(self, sample_id: str) -> bool:
        return sample_id in self._places

    def lacking(self, sample_id: str, n: int) -> int | None:
        """The first index of a sample's first n answers that is not there; None where all are."""
        start, length = self._places.get(sample_id, (0, 0))
        if length >= n and (n == 0 or self._indexes[start + n - 1] == n - 1):
            return None
        there = set(self._indexes[start : start + length].tolist())
        return next(index for index in range(n) if index not in there)

    def take(self, wanted: Iterable[tuple[str, int]]) -> Any:
        """The first rows of samples, one sample after another, as an Arrow table with the columns of rollouts.

        Args: wanted: samples, each with how many rows.
        """
        places = [(self._places.get(name, (0, 0))[0], count) for name, count in wanted]
        parts = [self._numbers[start : start + count] for start, count in places]
        numbers: NDArray[np.int64] = np.concatenate(parts) if parts else self._numbers[:0]
        groups = np.searchsorted(self._starts, numbers, side="right") - 1
        found: list[Any] = []
        order: list[NDArray[np.int64]] = []
        for group in np.unique(groups).tolist():
            chosen = np.flatnonzero(groups == group)
            found.append(_chosen(self._group(group), numbers[chosen] - self._starts[group]))
            order.append(chosen)
        if not found:
            return arrow_schema(ROLLOUTS).empty_table()
        return _chosen(pyarrow().concat_tables(found), np.argsort(np.concatenate(order))).combine_chunks()

    def _group(self, group: int) -> Any:
        """A row group as an Arrow table."""
        if group in self._held:
            self._held.move_to_end(group)
            return self._held[group]
        self._reads += 1
        if len(self._held) >= GROUPS and self._reads <= PASSES * len(self._starts):
            self._held.popitem(last=False)
        pa = pyarrow()
        with parquet_limits.opened(self.path) as file:
            try:
                read = file.read_row_group(group, columns=list(ROLLOUTS))
            except (pa.ArrowException, OSError) as error:
                raise parquet_limits.unreadable(self.path, error) from error
        self._held[group] = typed(self.path, read, ROLLOUTS).combine_chunks()
        return self._held[group]


def _chosen(table: Any, places: NDArray[np.int64]) -> Any:
    """The rows of an Arrow table at these places; without a copy where they follow each other."""
    first = int(places[0])
    if np.array_equal(places, np.arange(first, first + len(places))):
        return table.slice(first, len(places))
    return table.take(pyarrow().array(places))


def rows_of(table: Any, unread: Iterable[str] = ()) -> list[Row]:
    """The rows of a table with the columns of rollouts. Rows with equal `frame_times` share one list of them.

    Args:
        table: an Arrow table.
        unread: columns that are None in every row, whatever the table has.
    """
    left, nothing = set(unread), [None] * table.num_rows
    values = [nothing if name in left else _values(name, table[name]) for name in ROLLOUTS]
    return [dict(zip(ROLLOUTS, row, strict=True)) for row in zip(*values, strict=True)]


def _values(name: str, column: Any) -> list[Any]:
    """The values of a column."""
    if name != "frame_times" or column.null_count or column.num_chunks != 1:
        return column.to_pylist()
    lists = column.chunk(0)
    if lists.values.null_count:
        return column.to_pylist()
    # All answers to a sample saw the same frames, and their times are most of the numbers of a row.
    times, ends = lists.values.to_numpy(), lists.offsets.to_pylist()
    packed, size = times.tobytes(), times.itemsize
    known: dict[bytes, list[float]] = {}
    found: list[list[float]] = []
    for start, end in pairwise(ends):
        key = packed[start * size : end * size]
        if key not in known:
            known[key] = times[start:end].tolist()
        found.append(known[key])
    return found
