"""`samples.parquet`: turns a Sample into a row and back, and opens the file for everything that reads it."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, Self, overload

import msgspec
from msgspec.structs import astuple

from vtgdata.errors import VtgError
from vtgdata.files import live
from vtgdata.files.parquet import ParquetWriter, arrow_schema, pyarrow, read_frame, write_parquet
from vtgdata.files.pieces import to_frame
from vtgdata.files.sample_checks import NO_EXTRA, read_extra, suspects
from vtgdata.files.schemas import ABSENT, DROPS, SAMPLE_NEEDS, SAMPLES, Row
from vtgdata.records import Drop, Repair, Sample, Task, Video
from vtgdata.records.windows import as_pairs, from_pairs

_LOOKED = 65_536
"""Rows whose columns are looked at together for what is wrong."""
PIECE = 8_192
"""Rows turned into Samples at a time; this bounds the memory besides the columns."""


class SampleTable(Sequence[Sample]):
    """Some rows of a `samples.parquet`, in order. Each reading makes new, equal Samples."""

    def __init__(self, path: str | Path, frame: Any) -> None:
        """Wrap a Polars frame; `path` is the file to name in errors."""
        self.path, self.frame = path, frame

    def __len__(self) -> int:
        return self.frame.height

    def rows(self) -> Iterator[Row]:
        """The rows as dicts, as stored; their values are not checked."""
        return self.frame.iter_rows(named=True)

    def __iter__(self) -> Iterator[Sample]:
        rows = (row for piece in self.frame.iter_slices(PIECE) for row in piece.iter_rows(named=True))
        for row in live.counted(rows, "samples", len(self)):
            yield read_sample(self.path, row)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Sample | Self:
        if isinstance(index, slice):
            return type(self)(self.path, self.frame[index])
        return read_sample(self.path, self.frame.row(index, named=True))

    def only(self, wanted: Callable[[Sample], bool]) -> Self:
        """The samples for which `wanted` is true, in order."""
        import polars as pl

        return self.masked(pl.Series([wanted(sample) for sample in self], dtype=pl.Boolean))

    def masked(self, mask: Any) -> Self:
        """The samples for which an array, or a Polars series, of flags is true, in order."""
        import polars as pl

        return type(self)(self.path, self.frame.filter(pl.Series(mask, dtype=pl.Boolean)))


def open_samples(
    path: str | Path,
    *,
    where: str | None = None,
    limit: int | None = None,
    needs: Iterable[str] = (),
    look: bool = True,
) -> SampleTable:
    """Open a `samples.parquet`; everything that reads one uses this.

    Args:
        path: the file.
        where: a SQL condition on its columns, as in `split == 'rl'`.
        limit: maximum number of rows; the first that meet the condition.
        needs: columns that must exist, besides those that every sample needs.
        look: check all rows first, by making a Sample of each; without this, a wrong row is found only when it is
            read.

    Raises VtgError, with the row's id and the column, when a row is no valid sample or an id occurs twice.
    """
    frame = read_frame(path, needs=(*SAMPLE_NEEDS, *needs), where=where)
    frame = frame.select([name for name in frame.columns if name in SAMPLES | ABSENT])
    found = SampleTable(path, frame if limit is None else frame.head(limit))
    if look:
        _look(found)
    ids = found.frame["sample_id"]
    twice = ids.filter(ids.is_duplicated())
    if not twice.is_empty():
        raise VtgError(f"{path}: sample_id {twice[0]!r} occurs twice; every row needs its own.")
    return found


def _look(found: SampleTable) -> None:
    """Raise VtgError for the first row that is no valid sample."""
    import polars as pl

    frame, types = found.frame, to_frame(arrow_schema(SAMPLES | ABSENT).empty_table()).schema
    if any(frame.schema[name] != types[name] for name in frame.columns) or not set(SAMPLES) <= set(frame.columns):
        for _ in found:
            pass
        return
    late = [pl.lit(None, pl.Boolean).alias(name) for name in ABSENT if name not in frame.columns]
    row = "(row)"
    for piece in frame.with_columns(late).with_row_index(row).iter_slices(_LOOKED):
        for each in suspects(piece).unique(row).sort(row).iter_rows(named=True):
            read_sample(found.path, each)


def read_samples(path: str | Path, *, where: str | None = None, limit: int | None = None) -> list[Sample]:
    """All samples of a file in memory; arguments and errors are those of `open_samples`."""
    return list(open_samples(path, where=where, limit=limit, look=False))


_Name = Annotated[str, msgspec.Meta(min_length=1)]


_Seconds = Annotated[float, msgspec.Meta(gt=0)]


_SAMPLE_VALUES: dict[str, Callable[[Sample], Any]] = {
    "video_id": attrgetter("video.video_id"),
    "video_file": attrgetter("video.file"),
    "source_id": attrgetter("video.source_id"),
    "source_start": attrgetter("video.source_start"),
    "duration": attrgetter("video.duration"),
    "video_status": attrgetter("video.status"),
    "windows": lambda sample: as_pairs(sample.windows),
    "options": lambda sample: list(sample.options),
    "repairs": lambda sample: sample.repairs and [{"code": r.code, "old": r.old, "new": r.new} for r in sample.repairs],
    "extra": lambda sample: msgspec.json.encode(sample.extra, order="sorted").decode() if sample.extra else "{}",
}
"""How to get the columns of `samples.parquet` that are not a Sample's field of the same name and type."""


def _windows(sample: Sample) -> list[tuple[Any, ...]]:
    return list(map(astuple, sample.windows))


def _repairs(sample: Sample) -> list[tuple[Any, ...]]:
    return list(map(astuple, sample.repairs))


_WRITTEN = _SAMPLE_VALUES | {"windows": _windows, "repairs": _repairs}
"""The same as tuples, which Arrow takes for lists and for objects, and which cost less to make for a long file."""


def sample_row(sample: Sample) -> Row:
    """A Sample as a row of `samples.parquet`; `none_is_right` is there only if it is true."""
    row = {name: (_SAMPLE_VALUES.get(name) or attrgetter(name))(sample) for name in SAMPLES}
    return row | dict.fromkeys(ABSENT, True) if sample.none_is_right else row


def samples_column(name: str, samples: Sequence[Sample]) -> list[Any]:
    """The values of one column of `samples.parquet`, for Arrow."""
    return list(map(_WRITTEN.get(name) or attrgetter(name), samples))


def samples_table(samples: Sequence[Sample]) -> Any:
    """Samples as an Arrow table with the columns of `samples.parquet`, ABSENT among them."""
    schema = arrow_schema(SAMPLES | ABSENT)
    arrays = [pyarrow().array(samples_column(field.name, samples), field.type) for field in schema]
    return pyarrow().Table.from_arrays(arrays, schema=schema)


def samples_frame(samples: Sequence[Sample]) -> Any:
    """The same as a Polars frame."""
    return to_frame(samples_table(samples))


def drops_column(name: str, drops: Sequence[Drop]) -> list[str]:
    """The values of one column of `drops.parquet`."""
    return list(map(attrgetter(name), drops))


class _SampleRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A row of `samples.parquet` with the types that its columns must have."""

    sample_id: _Name
    corpus: str
    split: str
    video_id: _Name
    duration: _Seconds | None
    query: str
    windows: tuple[tuple[float, float], ...] | None
    video_file: str | None = None
    source_id: str | None = None
    source_start: float | None = None
    video_status: str | None = None
    labelled: bool | None = None
    none_is_right: bool | None = None
    task: Task | None = None
    options: tuple[str, ...] | None = None
    answer: str | None = None
    label_version: str | None = None
    license: str | None = None
    origin: str | None = None
    repairs: tuple[Repair, ...] | None = None
    extra: str | None = None


_WHERE = re.compile(r"(.*) - at `\$\.(\w+)[^`]*`", re.DOTALL)


def row_sample(row: Row) -> Sample:
    """A Sample from a row of `samples.parquet`; unknown columns are ignored.

    Raises ValueError, naming the column, when a value is not one that a Sample can have.
    """
    try:
        known = msgspec.convert(row, _SampleRow)
    except msgspec.ValidationError as error:
        found = _WHERE.fullmatch(str(error))
        raise ValueError(f"column {found[2]}: {found[1]}" if found else str(error)) from error
    for name, seconds in (("duration", known.duration), ("source_start", known.source_start)):
        if seconds is not None and not math.isfinite(seconds):
            raise ValueError(f"column {name}: {seconds} is no number of seconds")
    try:
        windows = from_pairs(known.windows)
    except ValueError as error:
        raise ValueError(f"column windows: {error}") from error
    if known.none_is_right and (windows or known.labelled is False):
        raise ValueError("column none_is_right: the row has windows, or is not labelled, and is said to have no moment")
    try:
        extra = read_extra(known.extra or NO_EXTRA)
    except msgspec.DecodeError as error:
        raise ValueError(f"column extra: {known.extra!r:.80} is no JSON object ({error})") from error
    return Sample(
        sample_id=known.sample_id,
        corpus=known.corpus,
        split=known.split,
        video=Video(
            video_id=known.video_id,
            file=known.video_file or known.video_id,
            duration=known.duration,
            source_id=known.source_id,
            source_start=known.source_start,
            status=known.video_status,
        ),
        query=known.query,
        windows=windows,
        labelled=known.labelled is not False,
        none_is_right=known.none_is_right is True,
        task=known.task or "moment_retrieval",
        options=known.options or (),
        answer=known.answer,
        label_version=known.label_version or "original",
        license=known.license or "unverified",
        origin=known.origin or "",
        repairs=known.repairs or (),
        extra=extra,
    )


def read_sample(path: str | Path, row: Row) -> Sample:
    """A Sample from a row of the file at `path`; raises VtgError, with the row's id and the column, if it is wrong."""
    try:
        return row_sample(row)
    except ValueError as error:
        raise VtgError(f"{path}: sample {row['sample_id']!r}: {error}. Ingest the corpus again.") from error


def samples_writer(path: Path) -> ParquetWriter:
    """A writer of `samples.parquet`, row by row; the column of ABSENT is there only if a sample has no moment."""
    return ParquetWriter(path, SAMPLES | ABSENT, samples_column, *ABSENT)


def write_samples(path: Path, samples: Iterable[Sample]) -> None:
    """Write `samples.parquet`."""
    writer = samples_writer(path)
    try:
        for sample in samples:
            writer.write(sample)
        writer.commit()
    finally:
        writer.abandon()


def write_drops(path: Path, drops: Iterable[Drop]) -> None:
    """Write `drops.parquet`."""
    write_parquet(path, drops, DROPS, drops_column)
