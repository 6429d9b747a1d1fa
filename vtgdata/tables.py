"""Files between stages: Parquet with fixed schemas, JSON and JSONL, each written whole or not at all."""

import csv
import importlib
import io
import math
import os
import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec

from vtgdata.errors import VtgError
from vtgdata.failpoint import crash_here
from vtgdata.records import Drop, Repair, Sample, Task, Video
from vtgdata.windows import as_pairs, from_pairs

Row = dict[str, Any]
_Name = Annotated[str, msgspec.Meta(min_length=1)]
_Seconds = Annotated[float, msgspec.Meta(gt=0)]

SAMPLES = {
    "sample_id": "text", "corpus": "text", "split": "text", "video_id": "text", "video_file": "text",
    "source_id": "text", "source_start": "number", "duration": "number", "video_status": "text", "query": "text",
    "windows": "windows", "labelled": "flag", "task": "text", "options": "texts", "answer": "text",
    "label_version": "text", "license": "text", "origin": "text", "repairs": "repairs", "extra": "text",
}  # fmt: skip
SAMPLE_NEEDS = ("sample_id", "corpus", "split", "video_id", "duration", "query", "windows")
"""Columns that `samples.parquet` must have; the others may be missing."""
DROPS = {"corpus": "text", "origin": "text", "reason": "text", "detail": "text", "raw": "text"}
ROLLOUTS = {
    "key": "text", "sample_id": "text", "model_id": "text", "prompt_id": "text", "sampling_id": "text",
    "frames_id": "text", "frame_times": "numbers", "index": "count", "text": "text", "reasoning": "text",
    "windows": "windows", "option": "text", "parse_status": "text", "strict_ok": "flag", "iou": "number",
    "scores": "scores", "finish_reason": "text", "tokens_in": "count", "tokens_out": "count", "error": "text",
}  # fmt: skip
TRACES = ROLLOUTS | {
    "teacher_windows": "windows", "annotation_windows": "windows", "kept": "flag", "reason": "text",
    "target": "text", "prompt": "text", "frame_sampling": "text",
}  # fmt: skip
PASS_RATES = {
    "sample_id": "text", "model_id": "text", "prompt_id": "text", "sampling_id": "text", "frames_id": "text",
    "measure": "text", "value": "number", "low": "number", "high": "number", "n": "count", "n_unparsed": "count",
    "n_failed": "count", "mean_iou": "number", "iou_std": "number", "ious": "numbers", "decided": "flag",
    "prompt": "text", "frame_sampling": "text",
}  # fmt: skip
DRAWN = {"sampling": "text"}
"""How answers were drawn, which traces and pass rates have too; files from before it stay good."""


def _pyarrow() -> Any:
    """Pyarrow with its parquet module, untyped: it ships no types."""
    importlib.import_module("pyarrow.parquet")
    return importlib.import_module("pyarrow")


def arrow_schema(columns: Mapping[str, str]) -> Any:
    """The Arrow schema of a {column: type} mapping, with the type names that are used above."""
    pa = _pyarrow()

    text, number = pa.string(), pa.float64()
    types: dict[str, Any] = {
        "text": text, "number": number, "count": pa.int64(), "flag": pa.bool_(), "texts": pa.list_(text),
        "numbers": pa.list_(number), "windows": pa.list_(pa.list_(number)),
        "repairs": pa.list_(pa.struct([("code", text), ("old", text), ("new", text)])),
        "scores": pa.list_(pa.struct([("name", text), ("value", number)])),
    }  # fmt: skip
    return pa.schema([(name, types[kind]) for name, kind in columns.items()])


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
    """A file in the making, beside the one that it will replace."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._temp = path, path.with_name(f".{path.name}.{os.getpid()}.tmp")
        self.file = self._temp.open("wb")

    def commit(self) -> None:
        """Put it in its place."""
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
    """Take away what processes of this machine that were killed left half written in a folder."""
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
    """Write rows as CSV with a header; what is None or NaN is an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        # NaN alone differs from itself.
        writer.writerow({name: value if value == value else None for name, value in row.items()})
    write_text(path, text.getvalue())


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text."""
    with replacing(path) as file:
        file.write(text.encode())


ROW_GROUP = 65_536
"""Rows that are turned into Parquet at a time: what bounds the memory of a file of any length."""


Values = Callable[[str, Sequence[Any]], list[Any]]
"""(column, rows) -> the column's value of each row."""


def _cells(name: str, rows: Sequence[Row]) -> list[Any]:
    return [row.get(name) for row in rows]


class ParquetWriter:
    """A Parquet file with a fixed schema that is written piece by piece, and is there whole or not at all.

    Content-defined chunks and a page index, as the Hub's storage likes them; the same rows give the same bytes. Nothing
    is on disk before the first full row group, so that a short input that ends in an error leaves no trace.
    """

    def __init__(self, path: Path, columns: Mapping[str, str], values: Values = _cells) -> None:
        self._path, self._values = path, values
        self._pa, self._schema = _pyarrow(), arrow_schema(columns)
        self._rows: list[Any] = []
        self._file: Replacement | None = None
        self._writer: Any = None

    def write(self, row: Any) -> None:
        """Take one more row."""
        self._rows.append(row)
        if len(self._rows) == ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._file is None:
            self._file = Replacement(self._path)
            options = {"compression": "zstd", "use_content_defined_chunking": True, "write_page_index": True}
            self._writer = self._pa.parquet.ParquetWriter(self._file.file, self._schema, **options)
        arrays = [self._pa.array(self._values(field.name, self._rows), field.type) for field in self._schema]
        self._writer.write_table(self._pa.Table.from_arrays(arrays, schema=self._schema))
        crash_here("parquet-piece")
        self._rows = []

    def commit(self) -> None:
        """Write what is left and put the file in its place."""
        if self._rows or self._file is None:
            self._flush()
        self._writer.close()
        if self._file is not None:
            self._file.commit()

    def abandon(self) -> None:
        """Leave the earlier file, if there was one, as it is; does nothing after `commit`."""
        if self._file is not None:
            self._file.abandon()


@contextmanager
def parquet_writer(path: Path, columns: Mapping[str, str], values: Values = _cells) -> Generator[ParquetWriter]:
    """A writer whose file is put in its place at the end, and not when that is not reached."""
    writer = ParquetWriter(path, columns, values)
    try:
        yield writer
        writer.commit()
    finally:
        writer.abandon()


def write_parquet(path: Path, rows: Iterable[Any], columns: Mapping[str, str], values: Values = _cells) -> None:
    """Write rows with a fixed schema; a key that a row lacks is null. The same rows give the same bytes."""
    with parquet_writer(path, columns, values) as writer:
        for row in rows:
            writer.write(row)


def read_parquet(path: str | Path, *, needs: Iterable[str] = (), where: str | None = None) -> list[Row]:
    """All rows of a Parquet file as dicts; arguments and errors are those of `read_frame`."""
    return read_frame(path, needs=needs, where=where).to_dicts()


def read_frame(path: str | Path, *, needs: Iterable[str] = (), where: str | None = None) -> Any:
    """A Parquet file as a Polars frame: for millions of rows, of which only some become dicts at a time.

    Args:
        path: the file.
        needs: columns that must be there.
        where: a SQL condition on the columns, as in `split == 'rl'`.

    Raises VtgError when the file is missing, no whole Parquet file, lacks a column, or the condition is wrong.
    """
    import polars as pl

    if not Path(path).is_file():
        raise VtgError(f"{path}: no such file.")
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise VtgError(f"{path}: not a readable Parquet file ({_first_line(error)}). Make it again.") from error
    missing = sorted(set(needs) - set(frame.columns))
    if missing:
        raise VtgError(f"{path}: lacks the column(s) {', '.join(missing)}; it has {', '.join(frame.columns)}.")
    if where:
        try:
            frame = frame.filter(pl.sql_expr(where))
        except pl.exceptions.PolarsError as error:
            raise VtgError(
                f"--where {where!r}: {_first_line(error)}. Write a SQL condition such as split == 'rl'; "
                f"columns: {', '.join(frame.columns)}."
            ) from error
    return frame


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]


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
"""Columns of `samples.parquet` that are not a Sample's field of the same name and type."""


def sample_row(sample: Sample) -> Row:
    """A Sample as a row of `samples.parquet`."""
    return {name: sample_values(name, [sample])[0] for name in SAMPLES}


def sample_values(name: str, samples: Sequence[Sample]) -> list[Any]:
    """A column of `samples.parquet`."""
    return list(map(_SAMPLE_VALUES.get(name) or attrgetter(name), samples))


def drop_values(name: str, drops: Sequence[Drop]) -> list[str]:
    """A column of `drops.parquet`."""
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
    task: Task | None = None
    options: tuple[str, ...] | None = None
    answer: str | None = None
    label_version: str | None = None
    license: str | None = None
    origin: str | None = None
    repairs: tuple[Repair, ...] | None = None
    extra: str | None = None


_WHERE = re.compile(r"(.*) - at `\$\.(\w+)[^`]*`", re.DOTALL)
_decode_extra = msgspec.json.Decoder(dict[str, Any]).decode


def row_sample(row: Row) -> Sample:
    """A Sample from a row of `samples.parquet`; columns that are not its own are left out.

    Raises ValueError, naming the column, when a value is none that a Sample can have.
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
    try:
        extra = _decode_extra(known.extra or "{}")
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
    """A Sample from a row of the file at `path`; raises VtgError, with the row's id and the column, when it is none."""
    try:
        return row_sample(row)
    except ValueError as error:
        raise VtgError(f"{path}: sample {row['sample_id']!r}: {error}. Ingest the corpus again.") from error


def write_samples(path: Path, samples: Iterable[Sample]) -> None:
    """Write `samples.parquet`."""
    write_parquet(path, samples, SAMPLES, sample_values)


def write_drops(path: Path, drops: Iterable[Drop]) -> None:
    """Write `drops.parquet`."""
    write_parquet(path, drops, DROPS, drop_values)


def read_samples(path: str | Path, *, where: str | None = None, limit: int | None = None) -> list[Sample]:
    """Read `samples.parquet`; `where` is a SQL condition on its columns, `limit` takes the first rows that meet it.

    Raises VtgError, with the row's id and the column, when a row is no valid sample or an id occurs twice.
    """
    rows = read_parquet(path, needs=SAMPLE_NEEDS, where=where)[:limit]
    samples = [read_sample(path, row) for row in rows]
    seen: set[str] = set()
    for sample in samples:
        if sample.sample_id in seen:
            raise VtgError(f"{path}: sample_id {sample.sample_id!r} occurs twice; every row needs its own.")
        seen.add(sample.sample_id)
    return samples
