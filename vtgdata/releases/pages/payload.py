"""The data of a page as JSON: columns rather than rows, so that 10^5 samples are a few megabytes."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np

from vtgdata.files.outside_text import masked
from vtgdata.releases.pages.rows import Rows

_encode = msgspec.json.Encoder().encode
_PIECE = 65_536
"""Rows whose values are objects at a time."""
_CODED = 512
"""A column of texts with at most so many different ones is stored as numbers, with the texts once."""
_LETTERS = 300
"""Letters of a text in the table; a sample's own page has more."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column of the table."""

    name: str
    title: str
    kind: str
    """`text`, `number` or `share` (a number in [0, 1])."""
    help: str
    rank: int = 5
    """Columns of a higher rank are folded first where the window is narrow."""


COLUMNS = (
    Column(name="place", title="place", kind="number", help="place in the review's queue", rank=6),
    Column(name="query", title="query", kind="text", help="the sentence", rank=0),
    Column(name="pass_rate", title="pass rate", kind="share", help="share of the student's answers that pass", rank=2),
    Column(name="mean_iou", title="mean IoU", kind="share", help="mean IoU of the student's answers", rank=3),
    Column(name="disagreement", title="disagree", kind="share",
           help="share of the answers outside the window that most agree on", rank=3),
    Column(name="p_wrong", title="P(wrong)", kind="share", help="chance that the label is wrong, by the audit", rank=2),
    Column(name="change", title="change", kind="text", help="what changed since the path of --against", rank=2),
    Column(name="pass_rate_change", title="± pass rate", kind="number", help="pass rate less --against's", rank=4),
    Column(name="gain", title="gain", kind="number", help="IoU of the last model less that of the one before", rank=3),
    Column(name="trace", title="trace", kind="text", help="kept, or why no answer of the teacher was", rank=4),
    Column(name="corpus", title="corpus", kind="text", help="corpus", rank=4),
    Column(name="split", title="split", kind="text", help="split", rank=4),
    Column(name="duration", title="video s", kind="number", help="length of the video in seconds", rank=5),
    Column(name="start", title="start s", kind="number", help="start of the first window", rank=5),
    Column(name="length", title="window s", kind="number", help="length of the first window", rank=5),
    Column(name="moments", title="windows", kind="number", help="number of true windows", rank=7),
    Column(name="words", title="words", kind="number", help="words of the query", rank=8),
    Column(name="answers", title="answers", kind="number", help="answers with the video shown", rank=7),
    Column(name="repaired", title="repairs", kind="text", help="codes of what was changed", rank=6),
    Column(name="video_status", title="video", kind="text", help="whether the video can be read", rank=8),
    Column(name="video_id", title="video id", kind="text", help="id of the video", rank=8),
    Column(name="sample_id", title="sample", kind="text", help="id of the sample", rank=6),
)  # fmt: skip


def columns(rows: Rows) -> list[Column]:
    """The columns that say something: null or equal in every row, a column is left out, but query and id stay.

    Where the pass rates of several students are there, each of them has a column that names it.
    """
    frame, keep = rows.samples, {"query", "sample_id", "duration", "start", "length"}
    found: list[Column] = []
    for column in COLUMNS:
        if column.name in keep or (
            frame[column.name].null_count() < frame.height and frame[column.name].n_unique() > 1
        ):
            found += _of_students(rows, column) if column.name in ("pass_rate", "mean_iou") else [column]
        elif column.name == "pass_rate":  # the last student's say nothing, and others' may
            found += _of_students(rows, column)[1:]
    return found


def _of_students(rows: Rows, column: Column) -> list[Column]:
    """A column of the student that was measured last, and, of pass rates, those of the others."""
    students = rows.rates.students
    if not any(student.name for student in students):
        return [column]
    others = students[-2::-1] if column.name == "pass_rate" else []
    found: list[Column] = []
    for student in (students[-1], *others):
        name = short(student.name, 60) or "a model without a name"
        found.append(
            msgspec.structs.replace(
                column, name=student.column if column.name == "pass_rate" else column.name,
                title=f"{column.title}, {name}" if len(students) > 1 else column.title,
                help=f"{column.help}: {name}, {rows.rates.measure}", rank=column.rank + len(found),
            )
        )  # fmt: skip
    return found


def encode(values: Any, kind: str) -> msgspec.Raw:
    """A Polars column as JSON values: numbers rounded to the millisecond; few different texts once each."""
    import polars as pl

    if kind != "text":
        return _listed(len(values), lambda part: _numbers(values[part].cast(pl.Float64)))
    texts = values.fill_null("")
    distinct = texts.unique(maintain_order=True)
    if len(distinct) > _CODED:
        return _listed(len(texts), lambda part: [short(each) for each in texts[part]])
    places = {text: place for place, text in enumerate(distinct.to_list())}
    codes = _listed(len(texts), lambda part: [places[text] for text in texts[part]])
    return json({"values": [short(text) for text in places], "codes": codes})


def _numbers(values: Any) -> list[float | None]:
    found = values.fill_nan(None).round(3).to_list()
    return [int(each) if each is not None and each.is_integer() else each for each in found]


def _listed(n: int, values: Callable[[slice], list[Any]]) -> msgspec.Raw:
    """A list of n values as JSON, made in pieces: as objects, those of a long table would not fit into memory."""
    pieces = (_encode(values(slice(low, min(low + _PIECE, n))))[1:-1] for low in range(0, n, _PIECE))
    return msgspec.Raw(b"[" + b",".join(pieces) + b"]")


def json(value: Any) -> msgspec.Raw:
    """A value as JSON."""
    return msgspec.Raw(_encode(value))


def short(text: str, letters: int = _LETTERS) -> str:
    """A text without credentials, cut to some letters, with a mark that says how many there were."""
    told = masked(text) if "://" in text or "hf_" in text or "sk-" in text else text
    return told if len(told) <= letters else f"{told[:letters]}… ({len(told):,} letters)"


def flat(windows: Sequence[Sequence[float]] | None) -> list[float]:
    """Windows as start, end, start, end, ..., to the millisecond.

    >>> flat([[1.0, 2.5], [3.0, 4.0]])
    [1, 2.5, 3, 4]
    """
    found = [round(float(value), 3) for window in windows or () for value in window]
    return [int(value) if value.is_integer() else value for value in found]


def windows(frame: Any, name: str) -> msgspec.Raw:
    """A column of windows, each row flat."""
    return _listed(frame.height, lambda part: _flats(frame[name][part]))


def _flats(column: Any) -> list[list[float]]:
    """`flat` of each row of a Polars column."""
    import polars as pl

    listed = column.cast(pl.List(pl.List(pl.Float64)))
    sizes = listed.list.eval(pl.element().list.len()).list.sum().fill_null(0).to_numpy()
    values = listed.drop_nulls().explode().drop_nulls().explode().drop_nulls().to_numpy()
    found: list[float] = values.tolist()
    # Almost all are to the millisecond already; `round` would give the same number.
    for i in np.flatnonzero(values != np.rint(values * 1000) / 1000).tolist():
        found[i] = round(found[i], 3)
    for i in np.flatnonzero(np.isfinite(values)).tolist():
        if found[i].is_integer():
            found[i] = int(found[i])
    return [found[start:end] for start, end in itertools.pairwise([0, *np.cumsum(sizes).tolist()])]


def answers(rows: Rows) -> msgspec.Raw:
    """Of each sample its answers: place of the model, IoU in per cent (-1: none), 1 for a kept trace, its windows."""
    owners = rows.answers["row"].to_numpy()  # ascending

    def of(part: slice) -> list[list[list[float]]]:
        found: list[list[list[float]]] = [[] for _ in range(part.stop - part.start)]
        low, high = np.searchsorted(owners, (part.start, part.stop)).tolist()
        told = answers_of(rows.answers[low:high], rows.models)
        for row, answer in zip(owners[low:high].tolist() if told else (), told, strict=True):
            found[row - part.start].append(answer)
        return found

    return _listed(rows.samples.height, of)


def answers_of(answers: Any, models: Sequence[str]) -> list[list[float]]:
    """Some answers, each as in `answers`."""
    if not models:
        return []
    places = {name: place for place, name in enumerate(models)}
    ious = (-1 if iou is None else round(100 * iou) for iou in answers["iou"].to_list())
    kept, spans = answers["kept"].fill_null(False).to_list(), _flats(answers["windows"])
    of_model = (places[name] for name in answers["model"])
    return [[*each[:2], int(each[2]), *each[3]] for each in zip(of_model, ious, kept, spans, strict=True)]


def table(rows: Rows) -> dict[str, Any]:
    """All that the table and the timelines of a page need, for all samples."""
    frame, shown = rows.samples, columns(rows)
    return {
        "columns": json(shown),
        "data": {column.name: encode(frame[column.name], column.kind) for column in shown},
        "ids": _listed(frame.height, lambda part: frame["sample_id"][part].to_list()),
        "annotation": windows(frame, "windows"),
        "consensus": windows(frame, "consensus"),
        "answers": answers(rows),
    }
