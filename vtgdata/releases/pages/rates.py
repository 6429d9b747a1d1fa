"""The pass rates of a page: one column for each student, each with its name."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from vtgdata.releases.pages.models import tail
from vtgdata.releases.pages.read import read
from vtgdata.releases.pages.tables import Found

MOST = 8
"""Most students that have a column: those measured last."""
_ID = ("model_id", "prompt_id")


class Student(msgspec.Struct, frozen=True):
    """A model whose pass rates were measured."""

    column: str
    """Its column: `pass_rate` for the one measured last, `pass_rate_a` for the first of the others, and so on."""
    name: str
    """Its name, with the prompt where it was measured under several; empty where its file has none."""


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Pass rates of samples, by one measure."""

    frame: Any = None
    """Polars frame: `sample_id`, a column for each student, `mean_iou` of the one measured last; None without any."""
    measure: str = ""
    students: list[Student] = []
    """In the order in which they were measured."""
    left_out: int = 0
    """Students measured earlier, which have no column."""


def rates(found: Found, names: Mapping[str, str]) -> Rates:
    """The pass rates of all files. Args: names: of the models, as `models.names` has them."""
    import polars as pl

    files = [*found.of("chosen"), *found.of("rates")]
    if not files:
        return Rates()
    parts = [read(path, ("sample_id", "measure", "value", "mean_iou", *_ID)) for path in files]
    table = pl.concat(parts, how="diagonal_relaxed")
    measures = table["measure"].drop_nulls().unique(maintain_order=True).to_list()
    measure = min(measures, key=lambda name: (name != "iou>=0.5", not name.startswith("iou>=")), default="")
    missing = [name for name in ("mean_iou", *_ID) if name not in table.columns]
    kinds = {"mean_iou": pl.Float64}
    table = table.with_columns([pl.lit(None, dtype=kinds.get(name, pl.String)).alias(name) for name in missing])
    table = table.filter(pl.col("measure") == measure).with_columns(pl.col(*_ID).fill_null(""))
    asked: list[tuple[str, str]] = table.select(_ID).unique(keep="last", maintain_order=True).rows()
    if not asked:
        return Rates()
    shown = asked[-MOST:]
    letters = [f"pass_rate_{letter}" for letter in "abcdefgh"[: len(shown) - 1]]
    students = [
        Student(column, name) for column, name in zip([*letters, "pass_rate"], _names(shown, names), strict=True)
    ]
    mine = {who.column: (pl.col("model_id") == model) & (pl.col("prompt_id") == prompt)
            for who, (model, prompt) in zip(students, shown, strict=True)}  # fmt: skip
    columns = [pl.col("value").filter(of).drop_nulls().last().alias(name) for name, of in mine.items()]
    columns.append(pl.col("mean_iou").filter(mine["pass_rate"]).drop_nulls().last())
    frame = table.group_by("sample_id", maintain_order=True).agg(columns)
    return Rates(frame=frame, measure=measure, students=students, left_out=len(asked) - len(shown))


def _names(asked: Sequence[tuple[str, str]], names: Mapping[str, str]) -> list[str]:
    """A name for each (model id, prompt id), which tells it from the others."""
    full = [names.get(model, model) for model, _ in asked]
    same = Counter(tail(name) for name in dict.fromkeys(full))
    told = [tail(name) if same[tail(name)] == 1 else name for name in full]
    several = Counter(full)
    return [
        f"{name}, prompt {prompt}" if several[whole] > 1 else name
        for name, whole, (_, prompt) in zip(told, full, asked, strict=True)
    ]
