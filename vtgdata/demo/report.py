"""The demo's report: one table of the results, with and without looking, and the gates that they have to pass.

Only this step opens the key to the wrong labels, after everything else is done.
"""

from typing import Any

import msgspec
import numpy as np

from vtgdata.errors import VtgError
from vtgdata.files import json_document, outside
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import read_samples
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.files.whole import write_json
from vtgdata.metrics.intervals import auc

NOTE = (
    "The teacher is scripted, with biased errors put in on purpose, and the videos are drawn: this shows the mechanism "
    "(RL on annotations undoes a teacher's bias), not a benchmark's score."
)


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of demo-report."""

    out: str
    """Output folder."""
    evaluation: str
    """evaluation.json of two models: SFT first, then SFT + RL, with --blind and --other-query."""
    pass_rates: str
    """Pass rates of the SFT model on the pool: a pass_rates.parquet."""
    samples: str
    """The samples: a samples.parquet."""
    key: str
    """The key to the wrong labels: wrong_labels.jsonl."""
    release: str
    """The release that was trained on."""
    model: str
    """The trained model."""


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the demo claims."""

    claim: str
    measured: str
    """In words."""
    holds: bool


class Summary(StepSummary, frozen=True, kw_only=True):
    """The table, and what holds."""

    names: list[str]
    """Of the metrics."""
    rows: list[dict[str, Any]]
    """A row of the table: its name, what `evaluate` reports of it, and the mIoU of its controls."""
    gates: list[Gate]
    places: dict[str, str]
    """Where to look further: {what: path}."""
    note: str
    """What the table does not show."""
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary:
    """Write report.json; the gates say what holds, they do not stop the run."""
    with Step(
        "demo-report",
        settings,
        Summary,
        code=[__name__],
        inputs=[settings.evaluation, settings.pass_rates, settings.samples, settings.key],
    ) as step:
        if (done := step.up_to_date()) is not None:
            return done
        evaluation = _documents(settings.evaluation, lines=False)[0]
        models = evaluation.get("models") or ()
        if len(models) != 2 or any("blind" not in m or "other_query" not in m for m in models):
            raise VtgError(f"{settings.evaluation}: needs two models, evaluated with --blind and --other-query.")
        constant = evaluation["baselines"]["best_constant"]
        rows: list[dict[str, Any]] = [{"name": "best constant answer", **constant, "blind": None, "other_query": None}]
        for name, model in zip(("SFT", "SFT + RL"), models, strict=True):
            controls = {kind: model[kind]["metrics"]["mIoU"] for kind in ("blind", "other_query")}
            rows.append({"name": name, **model["sighted"], **controls})
        summary = Summary(
            names=list(constant["metrics"]),
            rows=rows,
            gates=gates(constant, models, label_auc(settings)),
            places={
                "release": settings.release,
                "card": f"{settings.release}/README.md",
                "model": settings.model,
                "report": f"{settings.out}/report.json",
            },
            note=NOTE,
            out=settings.out,
        )
        out = step.start()
        write_json(out / "report.json", summary)
        return step.finish(summary, ["report.json"])


def gates(constant: dict[str, Any], models: list[dict[str, Any]], separation: float) -> list[Gate]:
    """The demo's claims, each with the measured value and whether it holds."""
    sft, rl = models
    best = constant["metrics"]["mIoU"]
    seen, blind, other = (sft[kind]["metrics"]["mIoU"] for kind in ("sighted", "blind", "other_query"))
    gain, rl_blind = rl["gain"], rl["blind"]["metrics"]["mIoU"]
    claims = [
        (
            "SFT sees: mIoU at least 0.15 above the best constant answer",
            f"{seen:.3f} and {best:.3f}",
            seen >= best + 0.15,
        ),
        ("SFT sees: mIoU at least 0.3 above its own blind control", f"{seen:.3f} and {blind:.3f}", seen >= blind + 0.3),
        (
            "SFT listens: with another query on the same frames it falls, the paired 95 % interval lies above 0",
            f"{seen:.3f} and {other:.3f}, {_interval(sft['sighted_minus_other_query'])}",
            sft["sighted_minus_other_query"]["low"] > 0,
        ),
        (
            "RL gains: the paired 95 % interval lies above 0",
            _interval(gain),
            gain["low"] > 0,
        ),
        ("RL looks: blind mIoU below the best constant answer", f"{rl_blind:.3f} and {best:.3f}", rl_blind < best),
        ("pass rates separate right from wrong labels: AUC above 0.9", f"{separation:.3f}", separation > 0.9),
    ]
    return [Gate(claim=claim, measured=measured, holds=bool(holds)) for claim, measured, holds in claims]


def _interval(difference: dict[str, float]) -> str:
    return f"{difference['mIoU']:+.3f} [{difference['low']:+.3f}, {difference['high']:+.3f}]"


def _documents(path: str, *, lines: bool) -> list[dict[str, Any]]:
    """The JSON objects of a file: one, or one in each line. Raises VtgError when it holds anything else."""
    raw = outside.read_bytes(path)
    try:
        return [json_document.decode(each, dict[str, Any]) for each in (raw.splitlines() if lines else [raw])]
    except msgspec.DecodeError as error:
        raise VtgError(f"{path}: not what a step of the demo writes ({error}). Run the demo again.") from error


def label_auc(settings: Settings) -> float:
    """AUC of the pass rate (mean IoU) for separating rightly from wrongly labelled rows of the pool."""
    key = {row.get("id"): row.get("wrong") for row in _documents(settings.key, lines=True)}
    raw_ids = {s.sample_id: s.sample_id.partition(":")[2].partition("~")[0] for s in read_samples(settings.samples)}
    rates = [
        (row["value"], not key[raw_ids[row["sample_id"]]])
        for row in read_parquet(settings.pass_rates)
        if row["measure"] == "mean_iou" and row["value"] is not None and raw_ids[row["sample_id"]] in key
    ]
    return auc(np.array([value for value, _ in rates]), np.array([right for _, right in rates], dtype=bool))
