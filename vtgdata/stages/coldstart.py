"""build-coldstart: ask a teacher, verify its answers, and turn those that hold into traces to train on.

Every rollout is written, with its reason if it is not kept as a trace. A trace ends with the teacher's own window, so
that reasoning and answer agree; `--target annotation` puts the true window that the teacher met in its place.
"""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.conversation.prompt import load_prompt
from vtgdata.conversation.verifying import parted
from vtgdata.engine import choice, pilot, shards, turns, unreleasable, verification
from vtgdata.engine.batch.export import Exported
from vtgdata.engine.choice import Positions, Quota
from vtgdata.engine.collect import Collected, collect, too_many
from vtgdata.engine.kept import Tally
from vtgdata.engine.models import plugin_code
from vtgdata.engine.money import plan
from vtgdata.engine.money.plan_words import Planned
from vtgdata.engine.pilot import Forecast
from vtgdata.engine.questions import frame_store, load_samples
from vtgdata.engine.rollouts import sampling_text
from vtgdata.engine.settings import UnitFraction
from vtgdata.engine.targets import Targets
from vtgdata.engine.turns import Taught, Teacher, TurnSettings, Yield
from vtgdata.engine.verification import Chain
from vtgdata.files import plugins
from vtgdata.files.parquet import ParquetWriter, parquet_writer
from vtgdata.files.samples import SampleTable
from vtgdata.files.schemas import DRAWN, ROLLOUTS, TRACES, VERIFIED, Row
from vtgdata.files.step import Step, StepSummary
from vtgdata.records import Sample
from vtgdata.records.windows import as_pairs
from vtgdata.releases.rebuild.answers import still_there
from vtgdata.video.frame_settings import PositiveInt

log = logging.getLogger("vtgdata")

COLUMNS = TRACES | DRAWN | VERIFIED
"""Columns of traces.parquet."""
NONE = "none"
"""The one verifier of a chain of scores alone."""


class Settings(TurnSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of build-coldstart."""

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
    """Id of the teacher, the first one with --then."""
    teachers: list[Taught] | UnsetType = UNSET
    """With --then or --pilot: what became of each teacher's answers, and what they cost."""
    forecast: Forecast | UnsetType = UNSET
    """With --pilot: what its answers say of the whole."""
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
        code=[
            __name__,
            *plugin_code(settings.models_asked(), _scores(settings)),
            *verification.modules(_specs(settings)),
        ],
        inputs=settings.inputs(*settings.models_asked()),
        listings=settings.listings(),
    ) as step:
        if not settings.ignores_up_to_date and (done := step.up_to_date()) is not None:
            return done
        asked = turns.teachers(settings)
        Quota(settings.size, settings.balance, settings.quota, settings.seed)
        samples = still_there(shards.part(load_samples(settings), settings), settings.rollouts)
        chain = Chain(_specs(settings), samples)
        targets = Targets(load_prompt(settings.prompt), settings.target, rewrites=chain.rewrites)
        unreleasable.refuse(settings, samples)
        some = pilot.draw(samples, settings.pilot, settings.seed) if settings.pilot else samples
        if (planned := _plan(settings, some, asked)) is not None:
            return planned
        if settings.executor:
            shards.on_ray(run, settings)
        work = _Work(settings, asked, step.start(), chain, targets)
        made = work.make(some, whole=settings.pilot is None)
        forecast: Forecast | UnsetType = UNSET
        if settings.pilot:
            forecast = pilot.forecast(made.yields, len(some), len(samples))
            if settings.go_on:
                for line in pilot.words(forecast):
                    log.info("%s", line)
                pilot.refuse(forecast, settings.budget)
                some = samples
                _plan(settings, some, asked)
                made = work.make(some, whole=True)
        summary = Summary(
            samples=len(some), **made.figures, n_failed=made.n_failed, model=made.yields[0].collected.model_id,
            teachers=[each.told() for each in made.yields] if len(asked) > 1 or settings.pilot else UNSET,
            forecast=forecast, reproducible=made.reproducible, out=settings.out,
        )  # fmt: skip
        failed = too_many(made.n_failed, len(some), made.first_failure, settings.max_failed)
        return step.finish(summary, ["rollouts.parquet", "traces.parquet"], failed=failed)


def _plan(settings: Settings, samples: SampleTable, asked: Sequence[Teacher]) -> Planned | Exported | None:
    first, *later = asked
    asks = [] if settings.rollouts else [(first.spec, "sighted")]
    return plan.check(settings, samples, asks, perhaps=[] if settings.rollouts else [each.ask for each in later])


def _specs(settings: Settings) -> list[str]:
    """The specs of the whole chain."""
    verify = [] if settings.verify == [NONE] else settings.verify
    return [*verification.score_specs(settings.keep), *verify]


def _scores(settings: Settings) -> tuple[str, ...]:
    """The scores that the rows need."""
    return tuple(dict.fromkeys((*settings.keep, settings.best_by)))


class _Made(NamedTuple):
    """What was made of some samples."""

    yields: list[Yield]
    """Of each teacher."""
    figures: dict[str, Any]
    """Counts of a summary."""
    n_failed: int
    """Samples that failed; one that failed with a teacher is asked of no further one."""
    first_failure: str
    reproducible: bool | UnsetType


class _Work:
    """Asks the teachers in turn, verifies what they say, and writes it: all of the first one, then of the next one."""

    def __init__(self, settings: Settings, asked: Sequence[Teacher], out: Path, chain: Chain, targets: Targets) -> None:
        self.settings, self.teachers, self.out, self.chain, self.targets = settings, asked, out, chain, targets

    def make(self, samples: SampleTable, *, whole: bool) -> _Made:
        """Ask about samples. Args: whole: whether quotas count; they are those of the whole, not of a pilot."""
        settings, path = self.settings, self.out / "traces.parquet"
        quota = Quota(settings.size, settings.balance, settings.quota, settings.seed) if whole else Quota.none()
        tally, yields = Tally(quota), list[Yield]()
        with (
            parquet_writer(self.out / "rollouts.parquet", ROLLOUTS) as rollouts,
            parquet_writer(path, COLUMNS) as traces,
        ):
            left = samples
            for teacher in self.teachers:
                yields.append(self._ask(teacher, left, yields, rollouts, traces, tally))
                left = yields[-1].left(left)
        over = quota.over()
        choice.rewrite(path, COLUMNS, over, _left)
        stated = [each.collected.reproducible for each in yields if each.collected.reproducible is not None]
        return _Made(
            yields, tally.figures(over), sum(each.collected.n_failed for each in yields),
            next((first for each in yields if (first := each.collected.first_failure)), ""),
            all(stated) if stated else UNSET,
        )  # fmt: skip

    def _ask(
        self, teacher: Teacher, samples: SampleTable, earlier: Sequence[Yield], rollouts: ParquetWriter,
        traces: ParquetWriter, tally: Tally,
    ) -> Yield:  # fmt: skip
        scores = _scores(self.settings)
        with collect(teacher.settings, samples, teacher.spec, scores=scores, turn=teacher.turn) as collected:
            found, asked = Yield(teacher, collected), _Asked(self.settings, self.chain, self.targets, collected)
            turns.refuse_twins([*earlier, found])
            for sample, rows in collected.by_sample():
                made = asked.traces(rows, sample)
                for row, trace in zip(rows, made, strict=True):
                    rollouts.write(row)
                    traces.write(trace)
                tally.add(sample, made)
                found.add(sample, made)
        return found


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
