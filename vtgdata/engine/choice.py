"""Which verified traces are kept: the best of each sample, then so many of each group of samples.

A group is a value of any column (corpus, split, licence), of what the samples say of themselves (`window_length`,
`video_length`, `position`), or of a key of their `extra`, as the kind of query.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.conversation.verifying import reason
from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files import fingerprint
from vtgdata.files.parquet import arrow_schema, pyarrow
from vtgdata.files.pieces import piece_writer, read_pieces
from vtgdata.files.schemas import Row
from vtgdata.metrics import breakdown
from vtgdata.records import Sample

BETTER = "better_one_kept"
"""Reason of a trace of a sample that has better ones."""
OVER = "over_quota"
"""Reason of a trace of a group that has enough."""


def best(traces: Sequence[Row], most: int, score: str) -> None:
    """Keep at most `most` traces of a sample, those with the highest score; 0 keeps all. Ties: the first answer."""
    rivals = [trace for trace in traces if trace["kept"]]
    rivals.sort(key=lambda trace: (-value_of(trace, score), trace["index"]))
    for trace in rivals[most or len(rivals) :]:
        trace["kept"], trace["reason"] = False, BETTER


def value_of(trace: Row, score: str) -> float:
    """A score of a trace; below all others where it does not apply."""
    if score == "tiou":
        return -1.0 if trace["iou"] is None else trace["iou"]
    return next((each["value"] for each in trace["scores"] or () if each["name"] == score), -1.0)


def group_of(column: str) -> Callable[[Sample], str]:
    """The function that tells a sample's group by a column; raises VtgError for a word that can be no column."""
    if not column.isidentifier():
        known = [*breakdown.ways((), ()), *Sample.__struct_fields__]
        raise VtgError(f"--balance {column!r}: no such column; {did_you_mean(column, known)}")
    ways = breakdown.ways((), ())
    if column in ways:
        return ways[column]
    if column in Sample.__struct_fields__:
        return lambda sample: str(getattr(sample, column))
    if column in ("video_id", "source"):
        return lambda sample: str(getattr(sample.video, column))
    return breakdown.ways((), (column,))[column]


def quotas(counts: Mapping[str, int], size: int | None, wanted: Mapping[str, float]) -> dict[str, int]:
    """How many traces each group may keep.

    Args:
        counts: {group: traces that it has}.
        size: traces in all; None for no limit, which only counts in `wanted` may be then.
        wanted: {group: number of traces, or a share of `size` up to 1}. Groups that it does not name get equal shares
            of what is left, and what a small group leaves over goes to the others.

    >>> sorted(quotas({"a": 10, "b": 2, "c": 10}, 12, {}).items())
    [('a', 5), ('b', 2), ('c', 5)]
    """
    left = {name: count for name, count in counts.items() if name not in wanted}
    found = {name: min(count, _number(wanted[name], size)) for name, count in counts.items() if name in wanted}
    if size is None:
        return found | left
    room = max(0, size - sum(found.values()))
    while left:
        share, more = divmod(room, len(left))
        small = [name for name in left if left[name] <= share]
        if not small:
            found |= {name: share + (place < more) for place, name in enumerate(sorted(left))}
            break
        for name in small:
            found[name] = left.pop(name)
            room -= found[name]
    return found


def _number(wanted: float, size: int | None) -> int:
    return int(wanted) if wanted > 1 else int(wanted * (size or 0))


class Quota:
    """Notes the kept traces of a run, and leaves out what is over a group's number."""

    def __init__(self, size: int | None, column: str, wanted: Mapping[str, float], seed: int) -> None:
        """Raise VtgError when the settings do not go together."""
        if wanted and not column:
            raise VtgError("--quota: say by --balance of which column these are the groups.")
        if column and size is None and (not wanted or any(value <= 1 for value in wanted.values())):
            raise VtgError("--balance: say by --size how many traces to keep in all.")
        if any(value < 0 for value in wanted.values()):
            raise VtgError("--quota: a group's number, or its share of --size, is 0 or more.")
        self.active = size is not None or bool(column)
        self._size, self._wanted, self._seed = size, dict(wanted), seed
        self._group = group_of(column) if column else None
        self._kept: dict[str, list[str]] = defaultdict(list)

    @classmethod
    def none(cls) -> "Quota":
        """One that leaves nothing out."""
        return cls(None, "", {}, 0)

    def note(self, sample: Sample, keys: Sequence[str]) -> None:
        """Note a sample's traces, of which the best are chosen, by their keys."""
        if self.active:
            self._kept[self._group(sample) if self._group else "all"] += keys

    def over(self) -> dict[str, str]:
        """{key of a trace that is left out: its reason}; raises VtgError for a group that no trace is of.

        Which of a group stay is drawn by the seed, for the best would be the easiest.
        """
        counts = Counter({name: len(keys) for name, keys in self._kept.items()})
        for name in self._wanted:
            if name not in counts:
                raise VtgError(f"--quota {name}: no trace is of that group; {did_you_mean(name, sorted(counts))}")
        found: dict[str, str] = {}
        for name, most in quotas(counts, self._size, self._wanted).items():
            drawn = sorted(self._kept[name], key=lambda key: fingerprint.short([self._seed, key]))
            found |= dict.fromkeys(drawn[most:], reason(OVER, most, f"traces of {name}"))
        return found


def rewrite(path: Path, columns: Mapping[str, str], over: Mapping[str, str], leave: Callable[[Row, str], Row]) -> None:
    """Write a file of traces anew, with those left out that are over a quota.

    Args: leave: adds to a row what says that it is left out, with its reason.
    """
    if not over:
        return
    with piece_writer(path, columns) as writer:
        for table in read_pieces(path, columns):
            found = _left_out(table, over, leave)
            writer.write(pyarrow().Table.from_arrays(found.columns, schema=arrow_schema(columns)))


def _left_out(table: Any, over: Mapping[str, str], leave: Callable[[Row, str], Row]) -> Any:
    """A table of traces with those left out that are over a quota."""
    kept, keys = table["kept"].to_pylist(), table["key"].to_pylist()
    changes = {
        place: leave({}, over[key])
        for place, (was, key) in enumerate(zip(kept, keys, strict=True))
        if was and key in over
    }
    for name in next(iter(changes.values()), Row()):
        values = table[name].to_pylist()
        for place, change in changes.items():
            values[place] = change[name]
        number = table.column_names.index(name)
        table = table.set_column(number, name, pyarrow().array(values, table[name].type))
    return table


class Positions(msgspec.Struct, frozen=True, kw_only=True):
    """Where the windows of some traces lie, as shares of their videos: `beats_blind` changes it."""

    traces: int
    middle: float | None
    """Mean of the windows' middles; None without a trace."""
    spread: float | None
    """Their standard deviation."""


def positions(middles: Sequence[float]) -> Positions:
    """Facts of the middles of windows, as shares of the video."""
    import numpy as np

    values: Any = np.array(middles, dtype=np.float64)
    if not len(values):
        return Positions(traces=0, middle=None, spread=None)
    return Positions(traces=len(values), middle=float(values.mean()), spread=float(values.std()))
