"""The numbers of an evaluation as rows of a table, for evaluation.csv, and its answers, for rollouts.parquet."""

from functools import partial
from typing import Any

from vtgdata.files.parquet import ParquetWriter
from vtgdata.files.schemas import ROLLOUTS, Row
from vtgdata.metrics.judged_rows import JudgedRows
from vtgdata.metrics.report import Ruler, Scored

EVALUATED = ROLLOUTS | {"model": "text", "seeing": "text"}
"""Columns of the answers that were scored."""

CSV = {
    "name": "text", "seeing": "text", "group": "text", "part": "text", "metric": "text", "n": "count",
    "value": "number", "low": "number", "high": "number",
}  # fmt: skip


def csv_rows(summary: dict[str, Any]) -> list[Row]:
    """Every number of an evaluation as one row: model or baseline, what it saw, part of the samples, metric, value."""
    rows: list[Row] = []
    n = summary["n"]
    for name, report in summary["baselines"].items():
        rows += _scores(name, "nothing", n, report)
    for report in summary["models"]:
        for condition in ("sighted", "blind", "blank", "other_query"):
            if condition in report:
                rows += _scores(report["model"], condition, n, report[condition])
                strict: dict[str, float] = report[condition]["strict_metrics"] or {}
                rows += [_cell(report["model"], f"{condition}, strict", "", "", m, n, v) for m, v in strict.items()]
        for each in report.get("curve", ()):
            rows += _scores(report["model"], f"sighted, {each['num_frames']} frames", n, each | {"applies_to": {}})
        if "sampled" in report:
            rows += _scores(report["model"], "sampled", n, report["sampled"] | {"applies_to": {}, "seen": {}})
        for group, parts in report["breakdown"].items():
            for part, scores in parts.items():
                rows += [
                    _cell(report["model"], "sighted", group, part, m, scores["n"], v, scores["intervals"][m])
                    for m, v in scores["metrics"].items()
                ]
    return rows


def _scores(name: str, condition: str, n: int, report: dict[str, Any]) -> list[Row]:
    fewer = report["applies_to"]
    rows = [
        _cell(name, condition, "", "", m, fewer.get(m, n), v, report["intervals"][m])
        for m, v in report["metrics"].items()
    ]
    for m, each in report["seen"].items():
        told = (
            (f"{m}, others", each["others"], (None, None)),
            (f"{m}, seen", each["seen"], (each["low"], each["high"])),
        )
        rows += [_cell(name, condition, "", "", metric, fewer.get(m, n), v, bounds) for metric, v, bounds in told]
    return rows


def _cell(
    name: str, condition: str, group: str, part: str, metric: str, n: int, value: float,
    bounds: tuple[float | None, float | None] = (None, None),
) -> Row:  # fmt: skip
    cells = (name, condition, group, part, metric, n, value, *bounds)
    return dict(zip(CSV, cells, strict=True))


def write_rows(writer: ParquetWriter, scored: Scored, ruler: Ruler, model: str) -> None:
    """Write what models answered, and the answers of a file. Args: model: the name of those of a file."""
    for row in scored.rows:
        writer.write(row)
    for judged, values in zip(scored.judged, scored.values, strict=True):
        if isinstance(judged.rows, JudgedRows):
            told = {"model": model, "seeing": "sighted"}
            ious = ruler.ious(judged, values)
            for table in judged.rows.tables(EVALUATED, told, ious, partial(ruler.stored, values)):
                writer.write_table(table)
