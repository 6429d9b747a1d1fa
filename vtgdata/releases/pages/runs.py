"""The plots of whole runs: the funnel from raw rows to splits, training curves, evaluations with their intervals."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from vtgdata.files.parquet import read_frame
from vtgdata.releases import document, plots
from vtgdata.releases.pages import tables
from vtgdata.releases.pages.numbers import Plot, lines
from vtgdata.releases.pages.payload import short
from vtgdata.releases.pages.tables import Found

_GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("loss", "loss", ("loss", "eval_loss")),
    ("without gradient, cut off, seen", "share",
     ("frac_reward_zero_std", "cut_off", "seen", "held_out_seen", "clip_ratio")),
    ("entropy and KL", "nats", ("entropy", "kl")),
    ("length of the answers", "tokens", ("tokens",)),
    ("learning rate", "learning rate", ("learning_rate",)),
)  # fmt: skip
"""Curves that share a plot, by the names that the trainers log; all others in [0, 1] are shares or rewards."""
_NAMES = {"frac_reward_zero_std": "groups without gradient", "cut_off": "answers cut off", "kl": "KL"}
_PUBLISHED = ("model", "metric", "value", "source", "differs")
"""Keys of a published number."""
_TABLE = 200
"""Most rows of a table on the first page."""


def funnel(found: Found) -> list[Plot]:
    """How many rows came in, what was left out for which reason, and what the splits hold."""
    rows: list[dict[str, Any]] = []
    traces: list[dict[str, Any]] = []
    for folder, meta in found.metas:
        told = meta.summary
        name = "" if folder == found.root else f" ({folder.name})"
        if meta.command == "ingest":
            rows += [_bar(f"raw rows{name}", told.get("rows")), *_lost(told), _bar("samples", told.get("samples"))]
        elif meta.command in ("curate", "check", "review"):
            after = _bar(f"after {meta.command}{name}", told.get("samples"))
            rows += [*_lost(told), after] if type(after["count"]) is int else []
        elif meta.command == "build-coldstart":
            answers = _bar(f"answers of the teacher{name}", told.get("rollouts"))
            traces += [answers, *_lost(told), _bar("traces", told.get("traces"))]
        elif meta.command == "select":
            rows += [_bar(f"pool{name}", told.get("pool")), _bar("selected", told.get("rows"))]
    for folder in found.releases[-1:]:
        opened = document.open_release(str(folder)).document
        if not rows:
            rows = _stated(opened.figures.get("rows", {}))
            traces = traces or _stated(opened.figures.get("traces", {}))
        for config, splits in opened.configs.items():
            rows += [_bar(f"{config} {split}, release {opened.version}", file.rows) for split, file in splits.items()]
    titles = (("from raw rows to splits", rows), ("from the teacher's answers to traces", traces))
    return [_bars(title, known) for title, bars in titles if (known := [b for b in bars if b["count"] is not None])]


def costs(found: Found) -> list[Plot]:
    """What each model's answers cost, where a step says it."""
    rows: list[dict[str, Any]] = []
    for folder, meta in found.metas:
        for told in (*_records(meta.summary.get("teachers")), _record(meta.summary.get("judge"))):
            spent = told.get("spent")
            if isinstance(spent, int | float):
                words = short(f"{told.get('model', '')} ({folder.name})", 80)
                rows.append({"label": words, "count": round(float(spent), 4), "lost": False})
    return [{"kind": "bars", "title": "cost by model", "y": "US dollars", "rows": rows}] if rows else []


def _bar(label: str, count: Any, *, lost: bool = False) -> dict[str, Any]:
    return {"label": short(label, 80), "count": count if type(count) is int else None, "lost": lost}


def _bars(title: str, rows: Sequence[dict[str, Any]]) -> Plot:
    return {"kind": "bars", "title": title, "y": "rows", "rows": list(rows)}


def _lost(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    reasons = cast("dict[str, Any]", summary.get("reasons") or {})
    return [_bar(f"left out: {reason}", count, lost=True) for reason, count in reasons.items()]


def _stated(figures: Mapping[str, int]) -> list[dict[str, Any]]:
    return [_bar(label, count, lost=label.startswith(plots.LEFT_OUT)) for label, count in figures.items()]


def trainings(found: Found) -> list[Plot]:
    """The curves of every run of a trainer, and what its completions earned by step."""
    made: list[Plot | None] = []
    for path in found.trainings:
        entries = tables.read_lines(path)
        name = path.parent.name
        names = list(dict.fromkeys(key for entry in entries for key in entry if key != "step"))
        taken: set[str] = set()
        for title, unit, wanted in _GROUPS:
            mine = [each for each in names if each in wanted]
            taken |= set(mine)
            made.append(lines(f"{name}: {title}", "step", unit, _series(entries, mine)))
        others = [each for each in names if each not in taken and _is_share(entries, each)]
        made.append(lines(f"{name}: rewards and shares", "step", "mean", _series(entries, others)))
    return [plot for plot in (*made, *_completions(found)) if plot]


def _series(entries: Sequence[dict[str, Any]], names: Iterable[str]) -> list[tuple[str, list[tuple[float, float]]]]:
    return [(_NAMES.get(name, name.replace("_", " ")), _points(entries, name)) for name in names]


def _points(entries: Sequence[dict[str, Any]], name: str) -> list[tuple[float, float]]:
    pairs = [(entry.get("step"), entry.get(name)) for entry in entries]
    return [(float(x), float(y)) for x, y in pairs if type(x) in (int, float) and type(y) in (int, float)]  # pyright: ignore[reportArgumentType]


def _is_share(entries: Sequence[dict[str, Any]], name: str) -> bool:
    values = [value for _, value in _points(entries, name)]
    return bool(values) and min(values) >= -1 and max(values) <= 1.5


def _completions(found: Found) -> list[Plot | None]:
    """Mean reward and length of the stored completions, step by step."""
    import polars as pl

    files: dict[Path, list[Path]] = {}
    for path in found.of("completions"):
        files.setdefault(path.parent.parent, []).append(path)
    made: list[Plot | None] = []
    for folder, parts in files.items():
        wanted = ("step", "reward", "tokens_out")
        frame = pl.concat([read_frame(path, needs=wanted).select(wanted) for path in parts])
        steps: Any = frame.group_by("step").agg(pl.col("reward", "tokens_out").mean()).sort("step")
        for column, unit in (("reward", "mean reward"), ("tokens_out", "mean tokens")):
            points = [(float(x), float(y)) for x, y in zip(steps["step"], steps[column], strict=True) if y is not None]
            made.append(lines(f"{folder.name}: completions by step", "step", unit, [(column, points)]))
    return made


def evaluations(found: Found) -> tuple[list[Plot], list[dict[str, Any]]]:
    """Plots and tables of every evaluation: models and baselines with intervals, controls, published numbers."""
    made: list[Plot] = []
    told: list[dict[str, Any]] = []
    for path in found.evaluations:
        summary = tables.read_json(path)
        name = path.parent.name
        rows = _scored(summary)
        metrics = list(dict.fromkeys(metric for _, scores in rows for metric in scores))
        for metric in metrics[:4]:
            points = [
                {"label": label, "quiet": quiet, **scores[metric]}
                for (label, quiet), scores in rows
                if metric in scores
            ]  # fmt: skip
            made.append({"kind": "intervals", "title": f"{name}: {metric}", "x": f"{metric}, 95 %", "rows": points})
        table = [[label, *(_words(scores.get(metric)) for metric in metrics)] for (label, _), scores in rows]
        told.append({"title": f"{name}: {summary.get('n', '?')} samples", "head": ["what", *metrics], "rows": table})
        told += [each for each in (_gains(name, summary), _published(name, summary)) if each]
    return made, told


def _listed(value: Any) -> str:
    return ", ".join(map(str, cast("list[Any]", value))) if isinstance(value, list) else str(value or "")


def _record(value: Any) -> dict[str, Any]:
    """A JSON object, or an empty one in the place of anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _records(value: Any) -> list[dict[str, Any]]:
    """The objects of a JSON list, or none."""
    return [_record(each) for each in cast("list[Any]", value)] if isinstance(value, list) else []


_Scored = tuple[tuple[str, bool], dict[str, dict[str, float | None]]]


def _scored(summary: Mapping[str, Any]) -> list[_Scored]:
    """Of each baseline and each model under each condition, its metrics with their intervals."""
    rows: list[_Scored] = []
    for name, report in _record(summary.get("baselines")).items():
        rows.append(((name.replace("_", " "), True), _intervals(_record(report))))
    models = _records(summary.get("models")) or [{"model": "predictions", "sighted": summary}]
    for report in models:
        for condition in ("sighted", "blind", "blank", "other_query"):
            if isinstance(report.get(condition), dict):
                words = "" if condition == "sighted" else f", {condition.replace('_', ' ')}"
                rows.append(
                    (
                        (short(f"{report.get('model', '')}{words}"), condition != "sighted"),
                        _intervals(_record(report[condition])),
                    )
                )
    return rows


def _intervals(report: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    bounds, metrics = _record(report.get("intervals")), _record(report.get("metrics"))
    return {
        name: {"value": value, "low": (bounds.get(name) or [None])[0], "high": (bounds.get(name) or [None])[-1]}
        for name, value in metrics.items()
        if isinstance(value, int | float)
    }


def _words(score: Mapping[str, float | None] | None) -> str:
    if score is None or score["value"] is None:
        return ""
    interval = "" if score["low"] is None else f" [{100 * score['low']:.1f}, {100 * cast(float, score['high']):.1f}]"
    return f"{100 * score['value']:.1f}{interval}"


def _gains(name: str, summary: Mapping[str, Any]) -> dict[str, Any] | None:
    """The differences that an evaluation has intervals of, paired by sample."""
    rows: list[list[Any]] = []
    for report in _records(summary.get("models")):
        for key in ("gain", "sighted_minus_blind", "sighted_minus_blank", "sighted_minus_other_query"):
            found = _record(report.get(key))
            if isinstance(found.get("mIoU"), int | float):
                words = "better than the first model by" if key == "gain" else key.replace("_", " ")
                said = f"{found['mIoU']:+.3f} [{found.get('low', 0):+.3f}, {found.get('high', 0):+.3f}]"
                rows.append([short(str(report.get("model", ""))), words, said])
    head = ["model", "difference", "mIoU, paired 95 %"]
    return {"title": f"{name}: differences", "head": head, "rows": rows} if rows else None


def _published(name: str, summary: Mapping[str, Any]) -> dict[str, Any] | None:
    """The numbers that others published on the same labels."""
    rows: list[list[Any]] = []
    for benchmark in _records(summary.get("published")):
        of = f"{benchmark.get('corpus', '')} {benchmark.get('split', '')}"
        for each in _records(benchmark.get("published")):
            rows.append([short(of), *(short(_listed(each.get(key))) for key in _PUBLISHED)])
    head = ["labels", "model", "metric", "value", "source", "differs from here"]
    return {"title": f"{name}: published numbers", "head": head, "rows": rows[:_TABLE]} if rows else None
