"""The numbers behind a page's plots: distributions of samples and answers. Each plot is JSON that the page draws."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtgdata.records.windows import Array
from vtgdata.releases.pages.payload import short
from vtgdata.releases.pages.rates import Student
from vtgdata.releases.pages.rows import Rows

Plot = dict[str, Any]
BINS = 24
GRID = 20
"""Cells of a heat map along each side."""
_MOST = 14
"""Bars of how often each text occurs; the others are one bar."""
_DECADES = 30.0
"""Values whose largest is so many times their smallest are shown on a logarithmic axis."""


def samples(rows: Rows) -> list[Plot]:
    """How the samples are distributed."""
    frame = rows.samples
    if not frame.height:
        return []
    durations, starts, ends = (_values(frame[name]) for name in ("duration", "start", "end"))
    durations = np.where(durations > 0, durations, np.nan)  # one of 0 is not known either
    lengths = _values(frame["length"])
    plots = [
        counts("corpus", "samples by corpus", frame["corpus"]),
        counts("split", "samples by split", frame["split"]),
        histogram("length of the videos", "seconds", durations),
        histogram("length of the first window", "seconds", lengths),
        heat("first window: start against end", starts / durations, ends / durations),
        histogram("middle of the first window", "share of the video", (starts + ends) / 2 / durations, (0, 1)),
        histogram("words of the query", "words", _values(frame["words"]), whole=True),
        *(histogram(_of(rows, who), "pass rate", _values(frame[who.column]), (0, 1)) for who in rows.rates.students),
        histogram("disagreement of the answers", "share outside the densest cluster",
                  _values(frame["disagreement"]), (0, 1)),
        histogram("IoU of the last model less that of the one before, sample by sample", "difference of IoU",
                  _values(frame["gain"]), (-1, 1)),
        histogram("chance that the label is wrong, by the audit", "P(wrong)", _values(frame["p_wrong"]), (0, 1)),
        counts("trace", "samples by what became of the teacher's answers", frame["trace"]),
    ]  # fmt: skip
    return [plot for plot in plots if plot]


def _of(rows: Rows, student: Student) -> str:
    return ", ".join(each for each in ("pass rate", rows.rates.measure, short(student.name, 60)) if each)


def answers(rows: Rows) -> list[Plot]:
    """How the answers are distributed: IoU by model, status of parsing, lengths."""
    if not rows.models:
        return []
    frame = rows.answers
    plots = [counts("status", "answers by how they were read", frame["parse_status"], y="answers")]
    for name in rows.models:
        mine = frame.filter(frame["model"] == name)
        title = f"IoU of {mine.height:,} answers, {short(name, 60)}"
        plots.append(histogram(title, "IoU with the annotation", _values(mine["iou"]), (0, 1), y="answers"))
    tokens = _values(frame["tokens_out"])
    plots.append(histogram("length of the answers", "tokens", tokens[tokens > 0], y="answers", whole=True))
    return [plot for plot in plots if plot]


def counts(name: str, title: str, texts: Any, y: str = "samples") -> Plot | None:
    """How often each text occurs; None where all rows are alike or say nothing."""
    found = texts.filter(texts.is_not_null() & (texts.cast(str) != "")).value_counts(sort=True, name="count")
    if found.height < 2 and name != "status":
        return None
    pairs = [(short(str(text), 60), int(count)) for text, count in found.iter_rows()]
    if len(pairs) > _MOST + 1:
        rest = pairs[_MOST:]
        pairs = [*pairs[:_MOST], (f"{len(rest):,} others", sum(count for _, count in rest))]
    return {"kind": "bars", "title": title, "y": y, "rows": [{"label": text, "count": count} for text, count in pairs]}


def histogram(
    title: str, x: str, values: Array, bounds: tuple[float, float] | None = None, *, y: str = "samples",
    whole: bool = False,
) -> Plot | None:  # fmt: skip
    """A histogram over the values' own range, or between bounds; None without values.

    The axis is logarithmic where the values span decades, and ends are those of the values, so that no bin outside of
    them is drawn.
    """
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    low, high = bounds or (float(values.min()), float(values.max()))
    log = bounds is None and low > 0 and high / low > _DECADES and not whole
    edges = _edges(low, high, 20 if bounds else BINS, log=log, whole=whole)
    found = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
    left_out = int((values < edges[0]).sum() + (values > edges[-1]).sum()) if bounds else 0
    return {
        "kind": "histogram", "title": title, "x": x, "y": y, "log": log, "edges": [float(f"{e:.6g}") for e in edges],
        "counts": found.tolist(),
        **({"note": f"{left_out:,} lie outside the axis and are in its outermost bars"} if left_out else {}),
    }  # fmt: skip


def _edges(low: float, high: float, number: int, *, log: bool, whole: bool) -> Array:
    if log:
        return np.asarray(np.geomspace(low, high, number + 1), dtype=np.float64)
    if whole and high - low < 2 * BINS:
        return np.arange(np.floor(low), np.floor(high) + 2, dtype=np.float64)
    return np.linspace(low, high if high > low else low + 1, number + 1)


def heat(title: str, starts: Array, ends: Array) -> Plot | None:
    """Starts against ends, as shares of the video."""
    known = np.isfinite(starts) & np.isfinite(ends)
    if not known.any():
        return None
    cells = np.zeros((GRID, GRID), dtype=int)
    places = [np.clip((each[known] * GRID - 1e-9).astype(int), 0, GRID - 1) for each in (starts, ends)]
    np.add.at(cells, tuple(places), 1)
    return {"kind": "heat", "title": title, "x": "start, share of the video", "y": "end, share of the video",
            "cells": cells.tolist()}  # fmt: skip


def _values(column: Any) -> Array:
    """A column as floats; an unknown value is NaN."""
    import polars as pl

    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def lines(title: str, x: str, y: str, series: Sequence[tuple[str, Sequence[tuple[float, float]]]]) -> Plot | None:
    """Curves, each a name and its points; None without points."""
    found = [{"name": name, "points": [list(point) for point in points]} for name, points in series if points]
    return {"kind": "lines", "title": title, "x": x, "y": y, "series": found} if found else None
