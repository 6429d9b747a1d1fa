"""The rows of answers out of files, as columns: what `judging` says of each, for as many answers as there are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtgdata.files.parquet import ROW_GROUP, arrow_schema, pyarrow
from vtgdata.files.read_anew import ReadAnew
from vtgdata.files.schemas import ROLLOUTS, Row
from vtgdata.metrics.flat import Flat
from vtgdata.metrics.sample_columns import Names
from vtgdata.records.windows import Array

MISSING = "no prediction"
"""The error of a sample that a file does not answer."""


class RowColumns(msgspec.Struct, frozen=True, kw_only=True):
    """The values of n rows; the other columns of rollouts are null."""

    ids: Names
    text: list[str | None]
    option: list[str | None]
    error: list[str | None]
    parse_status: list[str | None]
    strict_ok: list[bool | None]
    windows: Flat
    """As rollouts store them; null where there is an error."""


def column(rows: Sequence[Row], name: str) -> Sequence[Any]:
    """One column of rows."""
    if not isinstance(rows, JudgedRows):
        return [row[name] for row in rows]
    return list(rows.columns.ids) if name == "sample_id" else getattr(rows.columns, name)


class JudgedRows(ReadAnew[Row]):
    """Rows of rollouts; each reading makes a new, equal dict."""

    def __init__(self, columns: RowColumns) -> None:
        self.columns = columns
        self._first = columns.windows.first

    def __len__(self) -> int:
        return len(self.columns.error)

    def _at(self, i: int) -> Row:
        of = self.columns
        blank: Row = dict.fromkeys(ROLLOUTS)
        first = int(self._first[i])
        return blank | {
            "sample_id": of.ids[i],
            "index": 0,
            "text": of.text[i],
            "option": of.option[i],
            "error": of.error[i],
            "parse_status": of.parse_status[i],
            "strict_ok": of.strict_ok[i],
            "windows": None if of.error[i] else of.windows.windows[first : first + int(of.windows.sizes[i])].tolist(),
        }

    def tables(
        self,
        schema: Mapping[str, str],
        told: Mapping[str, str],
        ious: Array,
        scores: Callable[[slice], list[Any]],
    ) -> Iterator[Any]:
        """Yield the rows as Arrow tables.

        Args:
            schema: {column: type}.
            told: {column: its value in all rows}.
            ious: (n,) for the column `iou`, null in rows with an error.
            scores: the column `scores` of some rows, null in rows with an error.
        """
        pa = pyarrow()
        types = arrow_schema(schema)
        for start in range(0, len(self), ROW_GROUP):
            part = slice(start, min(start + ROW_GROUP, len(self)))
            n = part.stop - part.start
            failed = np.array([each is not None for each in self.columns.error[part]], dtype=bool)
            known = {
                "index": np.zeros(n, dtype=np.int64),
                "iou": pa.array(ious[part], mask=failed),
                "scores": [None if none else each for none, each in zip(failed, scores(part), strict=True)],
                "windows": self._windows(part, failed),
                **{name: self._values(name, part) for name in ("sample_id", *_LISTS)},
                **{name: [value] * n for name, value in told.items()},
            }
            arrays = [
                _typed(known[field.name], field.type) if field.name in known else pa.nulls(n, field.type)
                for field in types
            ]
            yield pa.Table.from_arrays(arrays, schema=types)

    def _values(self, name: str, part: slice) -> list[Any]:
        return list(self.columns.ids[part]) if name == "sample_id" else getattr(self.columns, name)[part]

    def _windows(self, part: slice, failed: NDArray[np.bool_]) -> Any:
        pa, flat = pyarrow(), self.columns.windows
        sizes = flat.sizes[part]
        first = int(self._first[part.start])
        chosen = flat.windows[first : first + int(sizes.sum())]
        inner = pa.ListArray.from_arrays(pa.array(np.arange(len(chosen) + 1) * 2, pa.int32()), pa.array(chosen.ravel()))
        ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), inner, mask=pa.array(failed))


_LISTS = ("text", "option", "error", "parse_status", "strict_ok")


def _typed(values: Any, kind: Any) -> Any:
    pa = pyarrow()
    return values.cast(kind) if isinstance(values, pa.Array) else pa.array(values, kind)
