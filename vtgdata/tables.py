"""Files between stages: Parquet with fixed schemas, JSON and JSONL, each written whole or not at all."""

import csv
import importlib
import io
import math
import os
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec

from vtgdata.errors import VtgError
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
    path.parent.mkdir(parents=True, exist_ok=True)
    temp = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temp.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temp.replace(path)
    finally:
        temp.unlink(missing_ok=True)


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


def write_parquet(path: Path, rows: Sequence[Row], columns: Mapping[str, str]) -> None:
    """Write rows with a fixed schema, with content-defined chunks and a page index as the Hub's storage likes them.

    The same rows give the same bytes.
    """
    pa = _pyarrow()
    table = pa.Table.from_pylist(list(rows), schema=arrow_schema(columns))
    with replacing(path) as file:
        pa.parquet.write_table(
            table, file, compression="zstd", use_content_defined_chunking=True, write_page_index=True
        )


def read_parquet(path: str | Path, *, needs: Iterable[str] = (), where: str | None = None) -> list[Row]:
    """All rows of a Parquet file as dicts.

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
    return frame.to_dicts()


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]


def sample_row(sample: Sample) -> Row:
    """A Sample as a row of `samples.parquet`."""
    video = sample.video
    return {
        "sample_id": sample.sample_id, "corpus": sample.corpus, "split": sample.split, "video_id": video.video_id,
        "video_file": video.file, "source_id": video.source_id, "source_start": video.source_start,
        "duration": video.duration, "video_status": video.status, "query": sample.query,
        "windows": as_pairs(sample.windows), "labelled": sample.labelled, "task": sample.task,
        "options": list(sample.options), "answer": sample.answer, "label_version": sample.label_version,
        "license": sample.license, "origin": sample.origin, "repairs": msgspec.to_builtins(sample.repairs),
        "extra": msgspec.json.encode(sample.extra, order="sorted").decode(),
    }  # fmt: skip


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


def write_samples(path: Path, samples: Iterable[Sample]) -> None:
    """Write `samples.parquet`."""
    write_parquet(path, [sample_row(sample) for sample in samples], SAMPLES)


def write_drops(path: Path, drops: Iterable[Drop]) -> None:
    """Write `drops.parquet`."""
    write_parquet(path, [msgspec.to_builtins(drop) for drop in drops], DROPS)


def read_samples(path: str | Path, *, where: str | None = None, limit: int | None = None) -> list[Sample]:
    """Read `samples.parquet`; `where` is a SQL condition on its columns, `limit` takes the first rows that meet it.

    Raises VtgError, with the row's id and the column, when a row is no valid sample or an id occurs twice.
    """
    needs = ("sample_id", "corpus", "split", "video_id", "duration", "query", "windows")
    samples: list[Sample] = []
    for row in read_parquet(path, needs=needs, where=where)[:limit]:
        try:
            samples.append(row_sample(row))
        except ValueError as error:
            raise VtgError(f"{path}: sample {row['sample_id']!r}: {error}. Ingest the corpus again.") from error
    seen: set[str] = set()
    for sample in samples:
        if sample.sample_id in seen:
            raise VtgError(f"{path}: sample_id {sample.sample_id!r} occurs twice; every row needs its own.")
        seen.add(sample.sample_id)
    return samples
