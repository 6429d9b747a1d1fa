"""evaluate: how well answers find the moments, beside what is scored without looking.

For each model: the metrics with 95 % intervals clustered by video, strict readings, failures counted as 0; with
`--blind` the same model with another video's frames, with `--other-query` another query on the same frames; the best
constant answer; and the paired difference of each model to the one before it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from vtgdata import meta, tables
from vtgdata.answers import parse
from vtgdata.engine.collect import AskSettings, collect, load_samples, model_code
from vtgdata.errors import VtgError
from vtgdata.meta import Summary
from vtgdata.metrics import baselines, grounding, intervals
from vtgdata.records import Sample
from vtgdata.tables import Row, read_samples
from vtgdata.windows import Array, answer_iou, from_pairs

EVALUATED = tables.ROLLOUTS | {"model": "text", "seeing": "text"}


class Settings(AskSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of evaluate."""

    model: list[str] = msgspec.field(default_factory=list)
    """Model to ask: a plug-in with its argument; may be given several times, each is compared with the one before."""
    predictions: str = ""
    """Answers already given, instead of a model: JSONL with sample_id and windows or text, or a rollouts.parquet."""
    temperature: float = 0.0
    """Temperature of sampling; 0 is greedy."""
    blind: bool = False
    """Also ask with another video's frames: what the model scores without looking."""
    blind_frames: Literal["donor", "blank"] = "donor"
    """What the blind model sees: another video's frames, or grey ones."""
    other_query: bool = False
    """Also ask another video's query on the same frames."""
    baseline: str = ""
    """Training samples that the best constant answer is fitted on; by default the evaluated samples themselves."""
    baseline_where: str = ""
    """SQL condition on the columns of the baseline's samples."""


def run(settings: Settings) -> Summary:
    """Evaluate models, or a file of predictions; write evaluation.json and rollouts.parquet."""
    if bool(settings.model) == bool(settings.predictions):
        raise VtgError("evaluate needs either --model (once or more) or --predictions.")
    step = meta.Step(
        "evaluate",
        settings,
        code=[__name__, *(model_code(spec) for spec in settings.model), "vtgdata.scores.tiou", "vtgdata.scores.format"],
        inputs=[*settings.inputs(*settings.model), *(p for p in (settings.predictions, settings.baseline) if p)],
        listings=settings.listings(),
    )
    if (done := step.up_to_date()) is not None:
        return done
    samples = [sample for sample in load_samples(settings) if sample.labelled]
    if not samples:
        raise VtgError(f"{settings.samples}: none of the chosen samples is labelled, so none can be scored.")
    summary, rows, failure = _models(settings, samples) if settings.model else _predictions(settings, samples)
    out = step.start()
    tables.write_parquet(out / "rollouts.parquet", rows, EVALUATED)
    summary |= {"baselines": _baselines(settings, samples), "out": settings.out}
    tables.write_json(out / "evaluation.json", summary)
    return step.finish(summary, ["rollouts.parquet", "evaluation.json"], failed=failure)


def _seeings(settings: Settings) -> list[str]:
    blind = "blind" if settings.blind_frames == "donor" else "blank"
    return ["sighted", *([blind] if settings.blind else []), *(["other_query"] if settings.other_query else [])]


def _models(settings: Settings, samples: list[Sample]) -> tuple[Summary, list[Row], str | None]:
    """Ask each model under each condition."""
    rows: list[Row] = []
    reports: list[dict[str, Any]] = []
    failure: str | None = None
    before: Array | None = None
    for spec in settings.model:
        report: dict[str, Any] = {"model": spec}
        for seeing in _seeings(settings):
            collected = collect(settings, samples, spec, seeing=seeing)
            failure = failure or collected.failure(settings.max_failed, len(samples))
            rows.extend(row | {"model": spec, "seeing": seeing} for row in collected.rows)
            ious = _mean_ious(collected.rows, samples)
            report[seeing] = describe(collected.rows, ious, samples)
            report["model_id"] = collected.model_id
            if seeing == "sighted":
                if before is not None:
                    report["gain"] = _paired(ious - before, samples)
                before = ious
            else:
                report[f"sighted_minus_{seeing}"] = _paired(_sighted(before, ious), samples)
        reports.append(report)
    return reports[0]["sighted"] | {"models": reports}, rows, failure


def _sighted(sighted: Array | None, other: Array) -> Array:
    return other * 0 if sighted is None else sighted - other


def _predictions(settings: Settings, samples: list[Sample]) -> tuple[Summary, list[Row], str | None]:
    """Score a file of predictions; a sample without one counts as failed, and scores 0."""
    given = _read_predictions(Path(settings.predictions))
    known = {sample.sample_id for sample in samples}
    extra = [key for key in given if key not in known]
    blank: Row = dict.fromkeys(tables.ROLLOUTS)
    rows: list[Row] = []
    for sample in samples:
        row = blank | {"sample_id": sample.sample_id, "index": 0, "model": settings.predictions, "seeing": "sighted"}
        found = given.get(sample.sample_id)
        rows.append(row | ({"error": "no prediction"} if found is None else _judge(found, sample)))
    summary = describe(rows, _mean_ious(rows, samples), samples)
    return (
        summary | {"n_extra": len(extra), "models": [{"model": settings.predictions, "sighted": summary}]},
        rows,
        None,
    )


def _judge(prediction: Row, sample: Sample) -> Row:
    """A prediction's windows, parsed from its text where it has no windows of its own, and their IoU."""
    if prediction.get("text") is not None:
        answer = parse(prediction["text"], duration=sample.video.duration)
        windows, status = answer.windows, answer.parse_status
    else:
        windows = from_pairs(prediction.get("windows"))
        status = "ok" if windows else "no_answer"
    pairs = [[window.start, window.end] for window in windows]
    return {"windows": pairs, "parse_status": status, "iou": answer_iou(windows, sample.windows)}


def _read_predictions(path: Path) -> dict[str, Row]:
    rows: list[tuple[str, Any]]
    if path.suffix == ".parquet":
        rows = [(f"{path}: row {i}", row) for i, row in enumerate(tables.read_parquet(path, needs=("sample_id",)))]
    else:
        rows = [(f"{path}:{i}", line) for i, line in enumerate(path.read_bytes().splitlines(), 1) if line.strip()]
    found: dict[str, Row] = {}
    for where, row in rows:
        try:
            row = msgspec.json.decode(row) if isinstance(row, bytes) else row
            from_pairs(row.get("windows"))
            key = str(row["sample_id"])
        except (msgspec.DecodeError, KeyError, AttributeError, ValueError, TypeError) as error:
            raise VtgError(
                f"{where}: {error!r}; write one object with sample_id and windows (or text) a line."
            ) from error
        if key in found:
            raise VtgError(f"{where}: sample_id {key!r} occurs twice; give one answer per sample.")
        found[key] = row
    if not found:
        raise VtgError(f"{path}: holds no prediction.")
    return found


def _mean_ious(rows: Sequence[Row], samples: Sequence[Sample]) -> Array:
    """Mean IoU of each sample's answers, in the order of the samples; what failed counts as 0. Returns (n,)."""
    totals: dict[str, list[float]] = {}
    for row in rows:
        totals.setdefault(row["sample_id"], []).append(row["iou"] or 0.0)
    return np.array([np.mean(totals.get(sample.sample_id, [0.0])) for sample in samples], dtype=np.float64)


def describe(rows: Sequence[Row], ious: Array, samples: Sequence[Sample]) -> dict[str, Any]:
    """Counts, metrics (fractions), their 95 % intervals, and the metrics when only the asked form is read."""
    strict = np.array(ious)
    in_form = {row["sample_id"] for row in rows if row["strict_ok"]}
    strict[[sample.sample_id not in in_form for sample in samples]] = 0.0
    return {
        "n": len(samples),
        "n_unparsed": sum(row["parse_status"] not in (None, "ok") for row in rows),
        "n_failed": sum(row["error"] is not None for row in rows),
        "metrics": grounding.metrics(ious),
        "intervals": _intervals(grounding.per_sample(ious), samples),
        "strict_metrics": grounding.metrics(strict),
    }


def _intervals(values: Mapping[str, Array], samples: Sequence[Sample]) -> dict[str, tuple[float, float]]:
    videos = [sample.video.video_id for sample in samples]
    return {name: intervals.clustered(array, videos) for name, array in values.items()}


def _paired(differences: Array, samples: Sequence[Sample]) -> dict[str, Any]:
    low, high = intervals.clustered(differences, [sample.video.video_id for sample in samples])
    return {"mIoU": float(differences.mean()), "low": low, "high": high}


def _baselines(settings: Settings, samples: Sequence[Sample]) -> dict[str, Any]:
    """The best constant answer, and on what it was fitted."""
    training = list(samples)
    if settings.baseline:
        training = read_samples(settings.baseline, where=settings.baseline_where or None)
    window = baselines.best_constant(training)
    ious = np.array(baselines.constant_ious(samples, window))
    return {
        "best_constant": {
            "window": window,
            "fitted_on": "training samples" if settings.baseline else "the evaluated samples",
            "metrics": grounding.metrics(ious),
            "intervals": _intervals(grounding.per_sample(ious), samples),
        }
    }
