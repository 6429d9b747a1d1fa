"""compare-rates: pass rates of several students or checkpoints side by side: gap, drift, and rank correlation."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import msgspec
import numpy as np

from vtgdata.engine.adaptive.remembered import logit
from vtgdata.engine.selection import pool
from vtgdata.errors import VtgError
from vtgdata.files.row_table import FrameRows, RowTable
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.files.whole import write_json


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of compare-rates."""

    files: list[str]
    """Pass rates, in the order of the checkpoints, or the teacher's last: pass_rates.parquet of two runs or more."""
    out: str
    """Output folder."""
    measure: str = ""
    """Measure that counts; by default the one that `select` takes, where all files have it."""


class Student(msgspec.Struct, frozen=True, kw_only=True):
    """One model's pass rates."""

    model: str
    file: str
    samples: int
    mean: float


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two students on the samples that both answered."""

    first: str
    second: str
    samples: int
    gap: float
    """Mean rate of the second minus that of the first."""
    drift: float
    """Spread of the change of the log odds from sample to sample, beside the mean change; it includes the chance of
    few answers."""
    rank_correlation: float | None
    """Spearman's, of the two orders of the samples; None where one has no spread."""
    better: int
    """Samples on which the second has the higher rate."""
    worse: int


class Summary(StepSummary, frozen=True, kw_only=True):
    """The comparison."""

    measure: str
    students: list[Student]
    pairs: list[Pair]
    out: str
    """Output folder."""


class _Rates(NamedTuple):
    student: Student
    rows: Any


def run(settings: Settings) -> Summary:
    """Compare each pair; write comparison.json. Raises VtgError for fewer than two students, or without a measure."""
    with Step("compare-rates", settings, Summary, code=[__name__], inputs=settings.files) as step:
        if (done := step.up_to_date()) is not None:
            return done
        measure = settings.measure or _common(settings.files)
        found = [each for path in settings.files for each in _students(path, measure)]
        if len(found) < 2:
            raise VtgError("compare-rates needs the pass rates of two models or more.")
        out = step.start()
        summary = Summary(
            measure=measure,
            students=[each.student for each in found],
            pairs=[_pair(first, second) for first, second in combinations(found, 2)],
            out=settings.out,
        )
        write_json(out / "comparison.json", summary)
        return step.finish(summary, ["comparison.json"])


def _common(paths: Sequence[str]) -> str:
    """The measure that `select` would take of those that all files have."""
    import polars as pl

    there: list[set[str]] = []
    for path in paths:
        frames = [frame["measure"].cast(pl.String) for frame in RowTable(path, needs=["measure"]).frames(["measure"])]
        there.append(set(pl.concat(frames)) if frames else set())
    common = sorted(set.intersection(*there)) if there else []
    if not common:
        raise VtgError(f"{', '.join(paths)}: have no measure in common; score one of them again with --measures.")
    return pool.named(common, "", "compare-rates")


def _students(path: str, measure: str) -> list[_Rates]:
    import polars as pl

    table = RowTable(path, needs=["sample_id", "model_id", "measure", "value", "n"])
    frames = list(table.frames([name for name in table.columns if name not in ("prompt", "frame_sampling", "ious")]))
    if not frames:
        return []
    rows = pl.concat(frames)
    found: list[_Rates] = []
    for (model,), part in rows.group_by("model_id", maintain_order=True):
        rates = pool.of(FrameRows(part), measure, who=path)
        if rates.height:
            mean = float(rates["rate"].mean())
            found.append(_Rates(Student(model=str(model), file=path, samples=rates.height, mean=mean), rates))
    return found


def _pair(first: _Rates, second: _Rates) -> Pair:
    import polars as pl

    both = first.rows.join(second.rows, on="sample_id", suffix="_2")
    if not both.height:
        raise VtgError(f"{first.student.file} and {second.student.file}: have no sample in common.")
    one, two = both["rate"].to_numpy(), both["rate_2"].to_numpy()
    odds = [logit(rate, both[n].cast(pl.Float64).to_numpy()) for rate, n in ((one, "n"), (two, "n_2"))]
    ranks = [both[name].rank("average").to_numpy() for name in ("rate", "rate_2")]
    spread = min(float(each.std()) for each in ranks)
    return Pair(
        first=first.student.model,
        second=second.student.model,
        samples=both.height,
        gap=float((two - one).mean()),
        drift=float((odds[1] - odds[0]).std()),
        rank_correlation=float(np.corrcoef(ranks[0], ranks[1])[0, 1]) if spread > 0 else None,
        better=int((two > one).sum()),
        worse=int((two < one).sum()),
    )
