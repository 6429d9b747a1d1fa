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
from vtgdata.answers import Form, parse
from vtgdata.engine.collect import AskSettings, collect, load_samples, plugin_code
from vtgdata.errors import VtgError
from vtgdata.meta import Summary
from vtgdata.metrics import baselines, grounding, intervals
from vtgdata.records import Sample
from vtgdata.tables import Row, read_samples
from vtgdata.video.messages import load_prompt
from vtgdata.windows import Array, answer_iou, as_pairs, from_pairs

EVALUATED = tables.ROLLOUTS | {"model": "text", "seeing": "text"}


class Settings(AskSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of evaluate."""

    out: str = "evaluation"
    """Output folder."""
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


class Prediction(msgspec.Struct, frozen=True):
    """One answer of a predictions file; other keys are ignored."""

    sample_id: str
    windows: list[tuple[float, float]] | None = None
    """[start, end] pairs in seconds; looked at only where there is no text."""
    text: str | None = None
    """What the model said."""
    error: str | None = None
    """Why there is no answer: counted as failed."""


def run(settings: Settings) -> Summary:
    """Evaluate models, or a file of predictions; write evaluation.json and rollouts.parquet."""
    if bool(settings.model) == bool(settings.predictions):
        raise VtgError("evaluate needs either --model (once or more) or --predictions.")
    if settings.n != 1:
        raise VtgError("evaluate takes one answer per sample (n 1); score-difficulty measures pass rates over several.")
    step = meta.Step(
        "evaluate",
        settings,
        code=[__name__, *plugin_code(settings.model)],
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
        ious: dict[str, Array] = {}
        for seeing in _seeings(settings):
            collected = collect(settings, samples, spec, seeing=seeing)
            failure = failure or collected.failure(settings.max_failed, len(samples))
            rows.extend(row | {"model": spec, "seeing": seeing} for row in collected.rows)
            ious[seeing] = _ious(collected.rows, samples)
            report["model_id"] = collected.model_id
            report[seeing] = describe(collected.rows, ious[seeing], samples)
            if seeing != "sighted":
                report[f"sighted_minus_{seeing}"] = _paired(ious["sighted"] - ious[seeing], samples)
        if before is not None:
            report["gain"] = _paired(ious["sighted"] - before, samples)
        before = ious["sighted"]
        reports.append(report)
    return reports[0]["sighted"] | {"models": reports}, rows, failure


def _predictions(settings: Settings, samples: list[Sample]) -> tuple[Summary, list[Row], str | None]:
    """Score a file of predictions; a sample without one counts as failed, and scores 0."""
    given = _read_predictions(Path(settings.predictions))
    form = load_prompt(settings.prompt).form
    known = {sample.sample_id for sample in samples}
    blank: Row = dict.fromkeys(tables.ROLLOUTS)
    rows: list[Row] = []
    for sample in samples:
        row = blank | {"sample_id": sample.sample_id, "index": 0, "model": settings.predictions, "seeing": "sighted"}
        found = given.get(sample.sample_id)
        rows.append(row | ({"error": "no prediction"} if found is None else _judge(found, sample, form)))
    summary = describe(rows, _ious(rows, samples), samples)
    report = {"model": settings.predictions, "sighted": summary}
    failure = None
    if summary["n_failed"] > settings.max_failed * len(samples):
        failure = (
            f"{settings.predictions}: {summary['n_failed']} of {len(samples)} samples have no prediction and score 0. "
            "Complete the file, or allow a share with --max-failed."
        )
    return summary | {"n_extra": sum(key not in known for key in given), "models": [report]}, rows, failure


def _judge(prediction: Prediction, sample: Sample, form: Form) -> Row:
    """A prediction's windows, parsed from its text where there is one, and their IoU; a wrong window is no answer."""
    if prediction.error is not None:
        return {"error": prediction.error}
    if prediction.text is not None:
        answer = parse(prediction.text, duration=sample.video.duration, form=form)
        windows, status, strict = answer.windows, answer.parse_status, answer.strict_ok
    else:
        try:
            windows, strict = from_pairs(prediction.windows), None
            status = "ok" if windows else "no_answer"
        except ValueError:
            windows, status, strict = (), "unparsable", None
    iou = answer_iou(windows, sample.windows)
    return {"windows": as_pairs(windows), "parse_status": status, "strict_ok": strict, "iou": iou}


def _read_predictions(path: Path) -> dict[str, Prediction]:
    """Predictions by sample id; raises VtgError naming the row that is wrong."""
    if path.suffix == ".parquet":
        rows = tables.read_parquet(path, needs=("sample_id",))
        numbered: list[tuple[str, Any]] = [(f"{path}: row {i}", row) for i, row in enumerate(rows, 1)]
    elif path.is_file():
        lines = path.read_bytes().splitlines()
        numbered = [(f"{path}:{i}", line) for i, line in enumerate(lines, 1) if line.strip()]
    else:
        raise VtgError(f"{path}: no such file of predictions.")
    found: dict[str, Prediction] = {}
    for where, row in numbered:
        try:
            value = msgspec.json.decode(row) if isinstance(row, bytes) else row
            prediction = msgspec.convert(value, Prediction)
        except msgspec.DecodeError as error:
            raise VtgError(f"{where}: {error}. Write an object with sample_id and windows (or text) a line.") from error
        if prediction.sample_id in found:
            raise VtgError(f"{where}: sample_id {prediction.sample_id!r} occurs twice; give one answer per sample.")
        found[prediction.sample_id] = prediction
    if not found:
        raise VtgError(f"{path}: holds no prediction.")
    return found


def _ious(rows: Sequence[Row], samples: Sequence[Sample]) -> Array:
    """IoU of each sample's one answer, in the order of the samples; what failed counts as 0. Returns (n,)."""
    found = {row["sample_id"]: row["iou"] or 0.0 for row in rows}
    return np.array([found.get(sample.sample_id, 0.0) for sample in samples], dtype=np.float64)


def describe(rows: Sequence[Row], ious: Array, samples: Sequence[Sample]) -> dict[str, Any]:
    """Counts, metrics (fractions), their 95 % intervals, and the metrics when only the asked form is read."""
    # Windows without a text have no form to be strict about.
    readable = any(row["strict_ok"] is not None for row in rows)
    in_form = {row["sample_id"] for row in rows if row["strict_ok"]}
    strict = np.where([sample.sample_id in in_form for sample in samples], ious, 0.0)
    return {
        "n": len(samples),
        "n_unparsed": sum(row["parse_status"] not in (None, "ok") for row in rows),
        "n_failed": sum(row["error"] is not None for row in rows),
        "metrics": grounding.metrics(ious),
        "intervals": _intervals(grounding.per_sample(ious), samples),
        "strict_metrics": grounding.metrics(strict) if readable else None,
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
