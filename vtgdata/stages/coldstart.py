"""build-coldstart: ask a teacher, and turn the answers that agree with the annotation into traces to train on.

Every rollout is written, with a reason if it is not kept as a trace. In published practice (TVG-R1, issue 1) a trace
ends with the teacher's own window, so that reasoning and answer agree; `--target annotation` puts the annotation's
windows in its place.
"""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.conversation.answer import Form
from vtgdata.conversation.prompt import Prompt, load_prompt
from vtgdata.engine import shards, unreleasable
from vtgdata.engine.batch.export import Exported
from vtgdata.engine.collect import Collected, collect
from vtgdata.engine.models import plugin_code
from vtgdata.engine.money import plan
from vtgdata.engine.money.plan_words import Planned
from vtgdata.engine.questions import load_samples
from vtgdata.engine.rollouts import sampling_text
from vtgdata.engine.settings import UnitFraction
from vtgdata.engine.unreleasable import TrainingSettings
from vtgdata.errors import VtgError
from vtgdata.files.parquet import parquet_writer
from vtgdata.files.schemas import DRAWN, ROLLOUTS, TRACES, Row
from vtgdata.files.step import Step, StepSummary
from vtgdata.records import Sample
from vtgdata.records.times import format_time
from vtgdata.records.windows import as_pairs
from vtgdata.releases.rebuild.answers import still_there
from vtgdata.video.frame_settings import PositiveInt


class Settings(TrainingSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of build-coldstart."""

    model: str
    """The teacher: a plug-in with its argument, as in openai_api:NAME or scripted:samples.parquet."""
    n: int = 4
    """Answers per sample."""
    keep: dict[str, UnitFraction] = msgspec.field(default_factory=lambda: {"tiou": 0.5})
    """Minimum value of each score that a trace needs, as in tiou=0.5."""
    per_sample: PositiveInt = 1
    """Maximum number of traces to keep per sample; those with the highest IoU are kept."""
    target: Literal["teacher", "annotation"] = "teacher"
    """Whether a trace ends with the teacher's window or the annotation's."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """Number of samples, rollouts and traces."""

    samples: int
    rollouts: int
    traces: int
    """Number of traces kept."""
    samples_with_trace: int
    reasons: dict[str, int]
    """{reason: number of rollouts that were not kept as traces}."""
    n_failed: int
    """Number of samples with a failed request or an unusable video."""
    model: str
    """Id of the teacher."""
    reproducible: bool | UnsetType = UNSET
    """Set for a local model: whether all answers were computed in batches of one size (--reproducible), so that the
    same command gives them again."""
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary | Planned | Exported:
    """Ask the teacher, verify its answers, and write rollouts.parquet and traces.parquet.

    With --dry-run, returns the plan and asks nothing; with --batch, returns the summary of the export.
    """
    settings = shards.placed(settings)
    with Step(
        "build-coldstart",
        settings,
        Summary,
        code=[__name__, *plugin_code([settings.model], tuple(settings.keep))],
        inputs=settings.inputs(settings.model),
        listings=settings.listings(),
    ) as step:
        if not settings.ignores_up_to_date and (done := step.up_to_date()) is not None:
            return done
        samples = still_there(shards.part(load_samples(settings), settings), settings.rollouts)
        if settings.target == "annotation":
            _window_form(load_prompt(settings.prompt))
        unreleasable.refuse(settings, samples)
        asks = [] if settings.rollouts else [(settings.model, "sighted")]
        if (planned := plan.check(settings, samples, asks)) is not None:
            return planned
        if settings.executor:
            shards.on_ray(run, settings)
        out = step.start()
        reasons: Counter[str] = Counter()
        n_rollouts = n_kept = n_with_trace = 0
        with (
            collect(settings, samples, settings.model, scores=tuple(settings.keep)) as collected,
            parquet_writer(out / "rollouts.parquet", ROLLOUTS) as rollouts,
            parquet_writer(out / "traces.parquet", TRACES | DRAWN) as traces,
        ):
            for sample, rows in collected.by_sample():
                found = verify(rows, sample, collected, settings)
                for row, trace in zip(rows, found, strict=True):
                    rollouts.write(row)
                    traces.write(trace)
                kept = sum(trace["kept"] for trace in found)
                n_rollouts, n_kept, n_with_trace = n_rollouts + len(rows), n_kept + kept, n_with_trace + (kept > 0)
                reasons.update(trace["reason"] for trace in found if not trace["kept"])
        summary = Summary(
            samples=len(samples),
            rollouts=n_rollouts,
            traces=n_kept,
            samples_with_trace=n_with_trace,
            reasons=dict(sorted(reasons.items())),
            n_failed=collected.n_failed,
            model=collected.model_id,
            reproducible=UNSET if collected.reproducible is None else collected.reproducible,
            out=settings.out,
        )
        failed = collected.failure(settings.max_failed)
        return step.finish(summary, ["rollouts.parquet", "traces.parquet"], failed=failed)


def verify(rows: Sequence[Row], sample: Sample, collected: Collected, settings: Settings) -> list[Row]:
    """Return a trace row for each rollout of a sample, in order: `kept` says if it is a trace, `reason` why not."""
    traces = [_trace(row, sample, collected, settings) for row in rows]
    rivals = [trace for trace in traces if trace["kept"]]
    rivals.sort(key=lambda trace: (-trace["iou"], trace["index"]))
    for trace in rivals[settings.per_sample :]:
        trace["kept"], trace["reason"] = False, "better_one_kept"
    return traces


def _trace(row: Row, sample: Sample, collected: Collected, settings: Settings) -> Row:
    reason = _reason(row, sample, settings.keep)
    annotation = as_pairs(sample.windows)
    target = None
    if reason is None:
        target = row["text"]
        if settings.target == "annotation":
            target = _with_window(row, sample, collected)
    return row | {
        "teacher_windows": row["windows"],
        "annotation_windows": annotation,
        "kept": reason is None,
        "reason": reason,
        "target": target,
        "prompt": collected.prompt.text,
        "frame_sampling": json.dumps(msgspec.to_builtins(settings.frame_sampling()), sort_keys=True),
        "sampling": sampling_text(settings.sampling(), settings.seed, collected.reproducible),
    }


def _reason(row: Row, sample: Sample, keep: dict[str, float]) -> str | None:
    """The reason why a rollout is not a trace; None if it is one."""
    if row["error"]:
        return "failed"
    if not sample.windows and not sample.none_is_right:
        return "unlabelled" if not sample.labelled else "no_true_window"
    # Where there is no moment, saying so is the answer, and its IoU counts as 1.
    if row["parse_status"] != "ok" and not (sample.none_is_right and row["iou"]):
        return str(row["parse_status"])
    if not row["strict_ok"]:
        return "not_in_form"
    scores: dict[str, Any] = {score["name"]: score["value"] for score in row["scores"]}
    for name, least in keep.items():
        if name not in scores or scores[name] < least:
            return f"{name}_below_{least:g}"
    return None


def _with_window(row: Row, sample: Sample, collected: Collected) -> str:
    """The teacher's reasoning, then the annotation's windows (only the first if the prompt asks for one window)."""
    prompt = collected.prompt
    head, separator, _ = str(row["text"]).rpartition("</think>")
    times = [
        (format_time(window.start, prompt.time, ""), format_time(window.end, prompt.time, ""))
        for window in sample.windows
    ]
    return head + separator + _window_form(prompt).write(times, row["option"] or "")


def _window_form(prompt: Prompt) -> Form:
    """The prompt's answer form; raises VtgError when the form has no place for a window."""
    if "{start}" not in prompt.form.template:
        raise VtgError(f"prompt {prompt.name}: its answer form has no place for a window; use --target teacher.")
    return prompt.form
