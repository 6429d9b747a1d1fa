"""The rows of a page: a sample each, with what its answers, pass rates and audit say of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from vtgdata.errors import VtgError
from vtgdata.metrics.consensus import consensus
from vtgdata.releases.pages import tables
from vtgdata.releases.pages.models import names
from vtgdata.releases.pages.rates import Rates, rates
from vtgdata.releases.pages.read import read
from vtgdata.releases.pages.tables import Found

_SAMPLE = (
    *("sample_id", "corpus", "split", "video_id", "video_file", "duration", "query", "windows", "task", "license"),
    *("label_version", "origin", "repairs", "labelled", "none_is_right", "video_status", "place", "label"),
)
"""Columns of samples, queues and a release's files that describe a sample."""
_ANSWER = (
    *("sample_id", "key", "model", "model_id", "seeing", "index", "windows", "teacher_windows", "iou"),
    *("parse_status", "kept", "reason", "tokens_out", "error"),
)
_ABOUT = ("rollouts", "traces", "rates", "chosen", "audit")
"""Kinds of tables whose rows are about samples, and do not say what these are."""
_FEWEST = 3
"""Answers that agree on something: with fewer, a sample has no consensus."""
_MOST = 32
"""Answers of one sample that count for its consensus."""


class Rows(msgspec.Struct, kw_only=True):
    """What the table of samples shows."""

    samples: Any
    """Polars frame, a row per sample: what `tables.sample_columns` names, and what follows from it and from answers."""
    answers: Any
    """Polars frame, a row per answer: `row` (place of its sample), `model` (name with what it saw), `teacher`,
    `windows`, `iou`, `parse_status`, `kept`, `reason`, `tokens_out`."""
    models: list[str] = []
    rates: Rates = msgspec.field(default_factory=Rates)
    """Whose pass rates the columns `pass_rate` and the like are, and by which measure."""


def gather(found: Found, samples: str = "") -> Rows:
    """The rows of everything that was found.

    Args:
        found: the files.
        samples: a samples.parquet to take queries and labels from, besides those found.

    Raises VtgError when there are answers or pass rates, and nothing says which samples they are about.
    """
    import polars as pl

    sources = [*found.of("samples"), *found.of("traces"), *found.of("queue")]
    named = samples or ("" if found.of("samples") or found.of("queue") else tables.setting(found, "samples"))
    if named:
        sources = [*_samples_of(named), *sources]
    parts = [frame for path in sources if "query" in (frame := read(path, _SAMPLE)).columns]
    if not parts:
        if any(found.of(kind) for kind in _ABOUT):
            raise VtgError(f"{found.root}: does not say which samples its rows are about. Name them with --samples.")
        parts = [pl.DataFrame(schema=tables.sample_columns())]
    others = [read(path, ("sample_id",)) for kind in _ABOUT for path in found.of(kind)]
    grouped = pl.concat([*parts, *others], how="diagonal_relaxed").group_by("sample_id", maintain_order=True)
    frame = _whole(grouped.agg(pl.all().drop_nulls().last()))
    if named and others:
        queued = [read(path, ("sample_id",)) for path in found.of("queue")]
        frame = frame.join(pl.concat([*others, *queued]), on="sample_id", how="semi", maintain_order="left")
    named_models = names(found)
    answers, models = _answers(found, frame, named_models)
    measured = rates(found, named_models)
    compared = _compared(answers, models)
    for more in (measured.frame, _audit(found), _agreement(answers), _traced(answers), compared):
        if more is not None:
            frame = frame.join(more, on="sample_id", how="left", maintain_order="left")
    return Rows(samples=_derived(frame), answers=answers, models=models, rates=measured)


def _samples_of(named: str) -> list[Path]:
    """The file of samples that is named, or all those of a folder; raises VtgError for a folder without any."""
    files = tables.find(named).of("samples") if Path(named).is_dir() else [Path(named)]
    if not files:
        raise VtgError(f"--samples {named}: has no samples.parquet. Name a folder that has one, or the file.")
    return files


def _whole(frame: Any) -> Any:
    """The frame with all columns that every row of a page has; an unstated text is empty."""
    import polars as pl

    missing = {name: kind for name, kind in tables.sample_columns().items() if name not in frame.columns}
    frame = frame.with_columns([pl.lit(None, dtype=kind).alias(name) for name, kind in missing.items()])
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    return frame.with_columns([pl.col(name).fill_null("") for name in texts])


def _answers(found: Found, frame: Any, called: Mapping[str, str]) -> tuple[Any, list[str]]:
    """The answers of all files, each once, and the names of their models. Args: called: {model id: its name}."""
    import polars as pl

    parts: list[Any] = []
    teachers = {folder for folder, meta in found.metas if meta.command == "build-coldstart"}
    for kind in ("traces", "rollouts"):
        for path in found.of(kind):
            part = read(path, _ANSWER)
            released = kind == "traces" and "kept" not in part.columns
            if kind == "traces":
                part = _traces(part)
            told = kind == "traces" or path.parent in teachers
            parts.append(part.with_columns(pl.lit(told).alias("teacher"), pl.lit(released).alias("released")))
    if not parts:
        return pl.DataFrame(schema={"row": pl.Int64, "sample_id": pl.String} | _answer_types()), []
    answers = pl.concat(parts, how="diagonal_relaxed")
    missing = {name: kind for name, kind in _answer_types().items() if name not in answers.columns}
    answers = answers.with_columns([pl.lit(None, dtype=kind).alias(name) for name, kind in missing.items()])
    seeing = pl.col("seeing").fill_null("sighted")
    name = pl.coalesce("model", pl.col("model_id").replace(dict(called))).fill_null("model")
    answers = answers.with_columns(
        pl.when(seeing == "sighted").then(name).otherwise(name + " (" + seeing.str.replace_all("_", " ") + ")").alias(
            "model"
        ),
        (seeing == "sighted").alias("sighted"),
    ).with_columns(
        # A release's traces do not say which of the answers they are; the same key among its rollouts does.
        pl.col("index").fill_null(pl.col("index").max().over("sample_id", "model", "key"))
    ).unique(["sample_id", "model", "key", "index"], keep="first", maintain_order=True)  # fmt: skip
    # A release has a teacher's other answers among its rollouts, and does not say that they are those of a teacher.
    taught = answers.filter(pl.col("released"))["model"].unique()
    answers = answers.with_columns(pl.col("teacher") | pl.col("model").is_in(taught.implode()))
    places = frame.select("sample_id").with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    answers = answers.join(places, on="sample_id", how="inner", maintain_order="left")
    models = answers["model"].unique(maintain_order=True).to_list()  # in the order of files, whatever comes first below
    return answers.sort("row", "teacher", maintain_order=True, descending=[False, True]), models


def _traces(part: Any) -> Any:
    """Traces with the teacher's windows; those of a release, where `windows` is the label, are all kept ones."""
    import polars as pl

    part = part.with_columns(windows="teacher_windows").drop("teacher_windows")
    return part if "kept" in part.columns else part.with_columns(kept=pl.lit(True))


def _answer_types() -> dict[str, Any]:
    import polars as pl

    windows = pl.List(pl.List(pl.Float64))
    return {
        "model": pl.String, "model_id": pl.String, "key": pl.String, "seeing": pl.String, "index": pl.Int64,
        "windows": windows, "iou": pl.Float64, "parse_status": pl.String, "kept": pl.Boolean, "reason": pl.String,
        "tokens_out": pl.Int64, "error": pl.String, "teacher": pl.Boolean, "sighted": pl.Boolean,
    }  # fmt: skip


def _audit(found: Found) -> Any:
    """P(wrong) and the proposed window of each audited sample; None without an audit."""
    import polars as pl

    parts = [read(path, ("sample_id", "p_wrong", "proposed")) for path in found.of("audit")]
    parts += [read(path, ("sample_id", "proposed")) for path in found.of("queue")]
    if not parts:
        return None
    frame = pl.concat(parts, how="diagonal_relaxed")
    return frame.group_by("sample_id", maintain_order=True).agg(pl.all().drop_nulls().last())


def _agreement(answers: Any) -> Any:
    """How many answers each sample has, and what share of them lies outside their densest cluster, with its window."""
    import polars as pl

    seen = answers.filter(answers["sighted"].fill_null(False))
    if seen.is_empty():
        return None
    first = pl.col("windows").list.first()
    seen = seen.select("sample_id", start=first.list.first(), end=first.list.last())
    grouped: Any = seen.group_by("sample_id", maintain_order=True).agg(
        pl.len().alias("answers"), pl.col("start", "end").head(_MOST)
    )
    most = min(_MOST, int(grouped["answers"].max()))
    windows, weights = np.full((grouped.height, most, 2), np.nan), np.zeros((grouped.height, most))
    lengths: Any = grouped["start"].list.len().to_numpy().astype(np.int64)
    rows = np.repeat(np.arange(int(grouped.height), dtype=np.int64), lengths)
    places = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    for axis, name in enumerate(("start", "end")):
        windows[rows, places, axis] = grouped[name].explode().cast(pl.Float64).to_numpy()
    weights[rows, places] = 1.0
    agreed = consensus(windows, weights)
    known = (agreed.share > 0) & (lengths >= _FEWEST)
    spread = np.where(lengths >= 2, 1 - agreed.share, np.nan)
    return pl.DataFrame(
        {
            "sample_id": grouped["sample_id"], "answers": grouped["answers"],
            "disagreement": pl.Series(spread).fill_nan(None), "consensus": _windows(agreed.window, known),
        }
    )  # fmt: skip


def _windows(windows: Any, known: Any) -> Any:
    """A Polars column of windows. Args: windows: (n, 2); known: (n,) False for a row without any."""
    import polars as pl

    kind = pl.List(pl.List(pl.Float64))
    both = pl.DataFrame({"window": pl.Series(windows[:, None]).cast(kind), "known": known})
    return both.select(pl.when("known").then("window").otherwise(pl.lit([], kind))).to_series()


def _traced(answers: Any) -> Any:
    """Whether a trace of each sample was kept, and if none was, why; None without traces."""
    import polars as pl

    traces = answers.filter(answers["teacher"].fill_null(False) & answers["kept"].is_not_null())
    if traces.is_empty():
        return None
    lost = pl.when(pl.col("kept").any()).then(pl.lit("kept")).otherwise(pl.col("reason").drop_nulls().first())
    return traces.group_by("sample_id", maintain_order=True).agg(lost.alias("trace"))


def _compared(answers: Any, models: Sequence[str]) -> Any:
    """By how much the IoU of the last model is above that of the one before, for each sample that both answered.

    Models that were shown the video and are no teachers count, in the order of their files; None for fewer than two.
    """
    import polars as pl

    students = answers.filter(answers["sighted"].fill_null(False) & ~answers["teacher"].fill_null(False))
    there = set(students["model"].unique().to_list())
    pair = [name for name in models if name in there][-2:]
    if len(pair) < 2:
        return None
    first, second = (
        students.filter(students["model"] == name).group_by("sample_id", maintain_order=True).agg(pl.col("iou").mean())
        for name in pair
    )
    both = first.join(second, on="sample_id", suffix="_second", maintain_order="left")
    return both.select("sample_id", gain=pl.col("iou_second") - pl.col("iou"))


def _derived(frame: Any) -> Any:
    """The frame with the columns that follow from others, and those that it lacks as nulls."""
    import polars as pl

    optional = {
        "pass_rate": pl.Float64, "mean_iou": pl.Float64, "p_wrong": pl.Float64, "answers": pl.UInt32,
        "disagreement": pl.Float64, "gain": pl.Float64, "trace": pl.String, "proposed": pl.List(pl.List(pl.Float64)),
        "consensus": pl.List(pl.List(pl.Float64)),
    }  # fmt: skip
    frame = frame.with_columns(
        [pl.lit(None, dtype=kind).alias(name) for name, kind in optional.items() if name not in frame.columns]
    )
    first = pl.col("windows").list.first()
    repairs = pl.col("repairs").list.eval(pl.element().struct.field("code")).list.unique().list.sort().list.join(", ")
    return frame.with_columns(
        start=first.list.first(), end=first.list.last(), length=first.list.last() - first.list.first(),
        moments=pl.col("windows").list.len(), words=pl.col("query").str.count_matches(r"\S+"),
        repaired=repairs.fill_null(""),
    )  # fmt: skip
