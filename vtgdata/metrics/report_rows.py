"""The numbers of an evaluation as rows of a table, for evaluation.csv."""

from typing import Any

from vtgdata.files.schemas import Row

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
