"""build-coldstart: ask a teacher, verify its answers, and turn those that hold into traces to train on.

Every rollout is written, with its reason if it is not kept as a trace. A trace ends with the teacher's own window, so
that reasoning and answer agree; `--target annotation` puts the true window that the teacher met in its place.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.conversation.prompt import load_prompt
from vtgdata.conversation.verifying import parted
from vtgdata.engine import choice, shards, unreleasable, verification
from vtgdata.engine.batch.export import Exported
from vtgdata.engine.choice import Positions, Quota
from vtgdata.engine.collect import Collected, collect
from vtgdata.engine.models import plugin_code
from vtgdata.engine.money import plan
from vtgdata.engine.money.plan_words import Planned
from vtgdata.engine.questions import frame_store, load_samples
from vtgdata.engine.rollouts import sampling_text
from vtgdata.engine.settings import UnitFraction
from vtgdata.engine.targets import Targets
from vtgdata.engine.unreleasable import TrainingSettings
from vtgdata.engine.verification import Chain
from vtgdata.files import plugins
from vtgdata.files.parquet import parquet_writer
from vtgdata.files.schemas import DRAWN, ROLLOUTS, TRACES, VERIFIED, Row
from vtgdata.files.step import Step, StepSummary
from vtgdata.records import Sample
from vtgdata.records.windows import as_pairs
from vtgdata.releases.rebuild.answers import still_there
from vtgdata.video.frame_settings import PositiveInt

COLUMNS = TRACES | DRAWN | VERIFIED
"""Columns of traces.parquet."""
BLIND = "no_better_than_blind"
"""Reason of `beats_blind`."""
NONE = "none"
"""The one verifier of a chain of scores alone."""


class Settings(TrainingSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of build-coldstart."""

    model: str
    """The teacher: a plug-in with its argument, as in openai_api:NAME or scripted:samples.parquet."""
    n: int = 4
    """Answers per sample."""
    keep: dict[str, UnitFraction] = msgspec.field(default_factory=lambda: dict(verification.KEEP))
    """Minimum value of each score that a trace needs, as in tiou=0.5."""
    verify: list[str] = msgspec.field(default_factory=lambda: list(verification.CHECKS))
    """Verifiers after the scores, in order: a name with its settings, as in length:least=5, or a dotted path to your
    own; none leaves all out. May be given several times."""
    per_sample: Annotated[int, msgspec.Meta(ge=0)] = 1
    """Maximum number of traces to keep per sample, those with the highest --best-by; 0 for all."""
    best_by: str = "tiou"
    """Score by which the best answers of a sample are chosen."""
    size: PositiveInt | None = None
    """Maximum number of traces in all; which of them are left out is drawn by the seed."""
    balance: str = ""
    """Column whose values get equal shares of --size: corpus, split, window_length, position, or a key of extra, as the
    kind of query."""
    quota: dict[str, Annotated[float, msgspec.Meta(ge=0)]] = msgspec.field(default_factory=dict[str, float])
    """For single values of that column, a number of traces or a share of --size, as in tacos=0.2."""
    target: str = "teacher"
    """What a trace ends with: teacher, annotation (the true window that the teacher met, and the right option), or
    teacher_if:T (the teacher's from IoU T on, else the annotation's)."""
    proposals: str = ""
    """For a prompt with {proposal}: a rollouts.parquet, whose windows of each sample are proposed."""

    @property
    def tells(self) -> bool:
        """Whether a prompt may tell what of the answer is known: here the answers measure nobody."""
        return True

    def inputs(self, *models: str) -> list[str]:
        """Files and folders that the traces depend on."""
        named = [str(value) for spec in self.verify for value in plugins.parse_spec(spec).settings.values()]
        return [
            *super().inputs(*models), *([self.proposals] if self.proposals else []),
            *(path for path in named if path.endswith((".parquet", ".md")) and Path(path).exists()),
        ]  # fmt: skip


class Summary(StepSummary, frozen=True, kw_only=True):
    """Number of samples, rollouts and traces."""

    samples: int
    rollouts: int
    traces: int
    """Number of traces kept."""
    samples_with_trace: int
    reasons: dict[str, int]
    """{reason: number of rollouts that were not kept as traces}."""
    marks: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    """{mark: number of traces}: what was done to kept answers (`rewritten`), and what their teacher was told."""
    positions: dict[str, Positions] | UnsetType = UNSET
    """Where the windows of kept traces lie, and where they would lie without `beats_blind`, where it left out some."""
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
        code=[__name__, *plugin_code([settings.model], _scores(settings)), *verification.modules(_specs(settings))],
        inputs=settings.inputs(settings.model),
        listings=settings.listings(),
    ) as step:
        if not settings.ignores_up_to_date and (done := step.up_to_date()) is not None:
            return done
        quota = Quota(settings.size, settings.balance, settings.quota, settings.seed)
        samples = still_there(shards.part(load_samples(settings), settings), settings.rollouts)
        chain = Chain(_specs(settings), samples)
        targets = Targets(load_prompt(settings.prompt), settings.target, rewrites=chain.rewrites)
        unreleasable.refuse(settings, samples)
        asks = [] if settings.rollouts else [(settings.model, "sighted")]
        if (planned := plan.check(settings, samples, asks)) is not None:
            return planned
        if settings.executor:
            shards.on_ray(run, settings)
        out = step.start()
        tally = _Tally(quota)
        with (
            collect(settings, samples, settings.model, scores=_scores(settings)) as collected,
            parquet_writer(out / "rollouts.parquet", ROLLOUTS) as rollouts,
            parquet_writer(out / "traces.parquet", COLUMNS) as traces,
        ):
            asked = _Asked(settings, chain, targets, collected)
            for sample, rows in collected.by_sample():
                found = asked.traces(rows, sample)
                for row, trace in zip(rows, found, strict=True):
                    rollouts.write(row)
                    traces.write(trace)
                tally.add(sample, found)
        over = quota.over()
        choice.rewrite(out / "traces.parquet", COLUMNS, over, _left)
        summary = Summary(
            samples=len(samples),
            **tally.figures(over),
            n_failed=collected.n_failed,
            model=collected.model_id,
            reproducible=UNSET if collected.reproducible is None else collected.reproducible,
            out=settings.out,
        )
        failed = collected.failure(settings.max_failed)
        return step.finish(summary, ["rollouts.parquet", "traces.parquet"], failed=failed)


def _specs(settings: Settings) -> list[str]:
    """The specs of the whole chain."""
    verify = [] if settings.verify == [NONE] else settings.verify
    return [*verification.score_specs(settings.keep), *verify]


def _scores(settings: Settings) -> tuple[str, ...]:
    """The scores that the rows need."""
    return tuple(dict.fromkeys((*settings.keep, settings.best_by)))


class _Asked:
    """Turns the rows of a sample into traces."""

    def __init__(self, settings: Settings, chain: Chain, targets: Targets, collected: Collected) -> None:
        self.settings, self.chain, self.targets = settings, chain, targets
        store = frame_store(settings) if chain.looks else None
        self.frames = store.frames if store is not None else None
        self.prompt = collected.prompt.text
        self.how = {
            "prompt_id": targets.taught.id,
            "prompt": targets.taught.text,
            "frame_sampling": json.dumps(msgspec.to_builtins(settings.frame_sampling()), sort_keys=True),
            "sampling": sampling_text(settings.sampling(), settings.seed, collected.reproducible),
        }

    def traces(self, rows: Sequence[Row], sample: Sample) -> list[Row]:
        """A trace row for each rollout of a sample, in order: `kept` says if it is a trace, `reason` why not."""
        told = [row | {"prompt": self.prompt} for row in rows]
        reasons = self.chain.reasons(told, sample, self.frames)
        found = [self._trace(row, sample, why) for row, why in zip(told, reasons, strict=True)]
        choice.best(found, self.settings.per_sample, self.settings.best_by)
        return found

    def _trace(self, row: Row, sample: Sample, why: str | None) -> Row:
        written = self.targets.write(row, sample) if why is None else why
        trace = row | self.how | {
            "teacher_windows": row["windows"],
            "annotation_windows": as_pairs(sample.windows),
        }  # fmt: skip
        if isinstance(written, str):
            return _left(trace, written)
        return trace | {"kept": True, "reason": None, "target": written.text, "marks": list(written.marks)}


def _left(trace: Row, why: str) -> Row:
    """A trace that is left out, with its reason in parts."""
    code, number, words = parted(why)
    return trace | {"kept": False, "reason": code, "number": number, "detail": words or None}


class _Tally:
    """Counts of what became of the rollouts."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self.reasons: Counter[str] = Counter()
        self.marks: Counter[str] = Counter()
        self.kept: dict[str, str] = {}
        self.rollouts = 0
        self.middles: tuple[list[float], list[float]] = ([], [])
        """Of kept traces, and of those that `beats_blind` left out."""

    def add(self, sample: Sample, traces: Sequence[Row]) -> None:
        """Count a sample's rollouts."""
        self.quota.note(sample, traces)
        self.rollouts += len(traces)
        for trace in traces:
            if trace["kept"]:
                self.kept[trace["key"]] = sample.sample_id
                self.marks.update(trace["marks"])
            else:
                self.reasons[trace["reason"]] += 1
            if sample.video.duration and trace["windows"] and (trace["kept"] or trace["reason"] == BLIND):
                middle = sum(trace["windows"][0]) / 2 / sample.video.duration
                self.middles[not trace["kept"]].append(middle)

    def figures(self, over: Mapping[str, str]) -> dict[str, Any]:
        """The counts of a summary; traces over a quota are not kept."""
        reasons = self.reasons + Counter(parted(why).code for why in over.values())
        left = [sample_id for key, sample_id in self.kept.items() if key not in over]
        kept, lost = self.middles
        told = {"kept": choice.positions(kept), "without_beats_blind": choice.positions([*kept, *lost])}
        return {
            "rollouts": self.rollouts, "traces": len(left), "samples_with_trace": len(set(left)),
            "reasons": dict(sorted(reasons.items())), "marks": dict(sorted(self.marks.items())),
            "positions": told if lost else UNSET,
        }  # fmt: skip
