"""Stored rollouts of one or several models as arrays, for the audit of labels."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files.pieces import read_frames
from vtgdata.files.samples import SampleTable
from vtgdata.files.schemas import ROLLOUTS
from vtgdata.metrics import habits
from vtgdata.metrics.habits import Habit
from vtgdata.metrics.label_noise import Pool
from vtgdata.records.windows import Array

MOST_WINDOWS = 4
"""Windows of one answer that are looked at; each counts as an answer of its own."""
MOST_LABELS = 16
"""True windows of one sample that are looked at."""


class Audited(NamedTuple):
    """The samples that have answers, and their arrays."""

    rows: list[int]
    """Places of the samples in their file."""
    pool: Pool
    """With each model's habit taken off."""
    habits: dict[str, Habit]
    """Of each model."""


def read(samples: SampleTable, paths: Sequence[str], trained: Sequence[str] = ()) -> Audited:
    """Read the answers to samples that have a true window and a duration.

    Args:
        samples: to audit.
        paths: rollouts.parquet files; their models are told apart by `model_id`.
        trained: ids of models that were trained on these labels, to be checked.

    Raises VtgError when no file has an answer to one of the samples, or a model of `trained` has none.
    """
    frame = _usable(samples)
    answers = _answers(paths, frame)
    models = sorted(set(answers["model_id"].to_list()))
    for name in trained:
        if name not in models:
            raise VtgError(f"--trained {name!r}: no answer is of that model; {did_you_mean(name, models)}")
    asked_rows = np.unique(answers["row"].to_numpy())
    place = np.full(frame.height, -1)
    place[asked_rows] = np.arange(len(asked_rows))
    frame = frame[asked_rows.tolist()]
    labels, duration = _labels(frame), frame["duration"].to_numpy().astype(np.float64)
    parts: list[Array] = []
    told: list[NDArray[np.bool_]] = []
    found: dict[str, Habit] = {}
    for name in models:
        windows, asked = _of_model(answers, name, place, len(asked_rows))
        found[name] = habits.habit(windows, labels)
        parts.append(habits.taken_off(windows, found[name], duration))
        told.append(asked)
    source = frame["source"].rank("dense").to_numpy().astype(np.int64) - 1
    pool = Pool(np.concatenate(parts, axis=1), np.concatenate(told, axis=1), labels, duration, source)
    return Audited(frame["row"].to_list(), pool, found)


def _usable(samples: SampleTable) -> Any:
    """The samples that can be audited, with their places, as a Polars frame."""
    import polars as pl

    columns = ["sample_id", "windows", "duration", "video_id"]
    frame = samples.frame.with_row_index("row")
    source = pl.col("source_id") if "source_id" in frame.columns else pl.lit(None, dtype=pl.String)
    return frame.select("row", *columns, source=source.fill_null(pl.col("video_id"))).filter(
        (pl.col("windows").list.len() > 0) & (pl.col("duration") > 0)
    )


def _answers(paths: Sequence[str], frame: Any) -> Any:
    """A row for each window of each answer: `row` in the frame, model, place among the model's, start and end."""
    import polars as pl

    known = frame.select("sample_id").with_row_index("row")
    columns = {name: ROLLOUTS[name] for name in ("sample_id", "model_id", "index", "windows", "parse_status", "error")}
    parts: list[Any] = []
    for path in paths:
        for piece in read_frames(path, columns, needs=("sample_id", "model_id", "windows")):
            good = pl.col("parse_status").fill_null("ok") == "ok"
            parts.append(
                piece.filter(pl.col("error").is_null())
                .join(known, on="sample_id", how="inner")
                .with_columns(
                    pl.col("model_id").fill_null("unknown"), pl.col("index").fill_null(0),
                    windows=pl.when(good).then(pl.col("windows").list.head(MOST_WINDOWS)),
                )
                .select("row", "model_id", "index", "windows")
            )  # fmt: skip
    rows = pl.concat(parts) if parts else None
    if rows is None or rows.is_empty():
        raise VtgError(
            f"{', '.join(paths)}: no answer to any of these samples with a window. Give their rollouts.parquet."
        )
    rows = rows.sort("model_id", "row", "index", maintain_order=True).with_columns(
        windows=pl.when(pl.col("windows").list.len() > 0).then(pl.col("windows"))
    )
    rows = rows.explode("windows").with_columns(
        start=pl.col("windows").list.get(0, null_on_oob=True), end=pl.col("windows").list.get(1, null_on_oob=True)
    )
    return rows.with_columns(place=pl.int_range(pl.len()).over("model_id", "row")).drop("windows")


def _of_model(answers: Any, name: str, place: Any, n: int) -> tuple[Array, Any]:
    """One model's windows (n, k, 2), and whether each is there (n, k)."""
    import polars as pl

    rows = answers.filter(pl.col("model_id") == name)
    k = int(rows["place"].max()) + 1
    windows, asked = np.full((n, k, 2), np.nan), np.zeros((n, k), dtype=np.bool_)
    at = place[rows["row"].to_numpy()], rows["place"].to_numpy()
    asked[at] = True
    bounds = rows.select("start", "end").cast(pl.Float64).to_numpy()
    windows[at] = np.where((bounds[:, 0] < bounds[:, 1])[:, None], bounds, np.nan)
    return windows, asked


def _labels(frame: Any) -> Array:
    """(n, m, 2) true windows, NaN where a sample has fewer."""
    import polars as pl

    m = min(MOST_LABELS, int(frame["windows"].list.len().max()))
    each = frame.select(pl.col("windows").list.head(m)).with_row_index("at").explode("windows")
    each = each.with_columns(place=pl.int_range(pl.len()).over("at"))
    bounds = each["windows"].list.to_array(2).to_numpy()
    found = np.full((frame.height, m, 2), np.nan)
    found[each["at"].to_numpy(), each["place"].to_numpy()] = bounds
    return found
