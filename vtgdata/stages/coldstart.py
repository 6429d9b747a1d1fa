"""build-coldstart: ask a teacher, verify its answers, and turn those that hold into traces to train on.

Every rollout is written, with its reason if it is not kept as a trace. A trace ends with the teacher's own window, so
that reasoning and answer agree; `--target annotation` puts the true window that the teacher met in its place.
"""

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Annotated, Any, NamedTuple, cast

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.conversation.prompt import load_prompt
from vtgdata.engine import choice, judging, pilot, readings, shards, trace_pieces, turns, unreleasable, verification
from vtgdata.engine.batch.export import Exported
from vtgdata.engine.choice import Positions, Quota
from vtgdata.engine.collect import Collected, collect, too_many
from vtgdata.engine.judge_settings import JudgeSettings, refuse_without_judge
from vtgdata.engine.judging import Judge, Judged, Pending
from vtgdata.engine.kept import PENDING, Tally
from vtgdata.engine.models import plugin_code
from vtgdata.engine.money import plan
from vtgdata.engine.money.plan_words import Planned
from vtgdata.engine.pilot import Forecast
from vtgdata.engine.questions import load_samples
from vtgdata.engine.settings import UnitFraction
from vtgdata.engine.targets import Targets
from vtgdata.engine.trace_pieces import Maker
from vtgdata.engine.traced import COLUMNS, Tracer, left_out
from vtgdata.engine.turns import Taught, Teacher, Yield
from vtgdata.engine.verification import Chain
from vtgdata.files import plugins
from vtgdata.files.parquet import table_of
from vtgdata.files.pieces import PieceWriter, piece_writer
from vtgdata.files.samples import SampleTable
from vtgdata.files.schemas import ROLLOUTS, VERDICTS
from vtgdata.files.step import Step, StepSummary
from vtgdata.releases.rebuild.answers import still_there
from vtgdata.video.frame_settings import PositiveInt

log = logging.getLogger("vtgdata")

NONE = "none"
"""The one verifier of a chain of scores alone."""


class Settings(JudgeSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
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
    workers: PositiveInt = 2
    """Processes that score and verify stored answers (--rollouts) where these are many, 1 for none besides this one;
    with --executor, shards that run at a time on this machine, while a cluster decides by its CPUs."""
    proposals: str = ""
    """For a prompt with {proposal}: a rollouts.parquet, whose windows of each sample are proposed."""

    @property
    def tells(self) -> bool:
        """Whether a prompt may tell what of the answer is known: here the answers measure nobody."""
        return True

    def inputs(self, *models: str) -> list[str]:
        """Files and folders that the traces depend on."""
        judges, prompts = judging.models_and_prompts(_specs(self))
        named = [str(value) for spec in self.verify for value in plugins.parse_spec(spec).settings.values()]
        return [
            *super().inputs(*models, *judges), *prompts, *([self.proposals] if self.proposals else []),
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
    judge: Judged | UnsetType = UNSET
    """With the verifier `judge`: how often it said no, and what it cost."""
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
            *plugin_code(
                [*settings.models_asked(), *judging.models_and_prompts(_specs(settings))[0]], _scores(settings)
            ),
            *verification.modules(_specs(settings)),
        ],
        inputs=settings.inputs(*settings.models_asked()),
        listings=settings.listings(),
    ) as step:
        if not settings.ignores_up_to_date and (done := step.up_to_date()) is not None:
            return done
        asked = turns.teachers(settings)
        pilot.refuse_over_whole(settings)
        Quota(settings.size, settings.balance, settings.quota, settings.seed)
        samples = still_there(shards.part(load_samples(settings), settings), settings.rollouts)
        chain = Chain(_specs(settings), samples)
        judge = Judge(chain.judge, settings) if chain.judge else refuse_without_judge(settings)
        work = _Work(settings, asked, chain, judge)
        unreleasable.refuse(settings, samples)
        some = pilot.draw(samples, settings.pilot, settings.seed) if settings.pilot else samples
        if (planned := work.plan(some)) is not None:
            return planned
        if settings.executor and not (settings.rollouts and trace_pieces.splits(chain, _scores(settings))):
            shards.on_ray(run, settings)
        work.out = step.start()
        made = work.make(some, whole=settings.pilot is None)
        forecast: Forecast | UnsetType = UNSET
        if settings.pilot:
            forecast = pilot.forecast(made.yields, len(some), len(samples))
            if settings.go_on:
                for line in pilot.words(forecast):
                    log.info("%s", line)
                pilot.refuse(forecast, settings.budget)
                some = samples
                work.plan(some)
                made = work.make(some, whole=True)
        summary = Summary(
            samples=len(some), **made.figures, n_failed=made.n_failed, model=made.yields[0].collected.model_id,
            teachers=[each.told() for each in made.yields] if len(asked) > 1 or settings.pilot else UNSET,
            forecast=forecast, judge=judge.told() if judge else UNSET, reproducible=made.reproducible, out=settings.out,
        )  # fmt: skip
        failed = too_many(made.n_failed, len(some), made.first_failure, settings.max_failed)
        return step.finish(summary, list(work.files), failed=failed, parser=readings.parser())


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


class _Writers(NamedTuple):
    """Of the files of a run."""

    rollouts: PieceWriter
    traces: PieceWriter
    verdicts: PieceWriter = cast(PieceWriter, None)
    """Of a run with a judge alone."""


class _Work:
    """Asks the teachers in turn, verifies what they say, and writes it: all of the first one, then of the next one."""

    def __init__(self, settings: Settings, asked: Sequence[Teacher], chain: Chain, judge: Judge | None) -> None:
        self.settings, self.teachers, self.chain, self.judge = settings, asked, chain, judge
        self.targets = Targets(load_prompt(settings.prompt), settings.target, rewrites=chain.rewrites)
        self.out = Path()
        self.files = {"rollouts.parquet": ROLLOUTS, "traces.parquet": COLUMNS}
        if judge is not None:
            self.files[judging.NAME] = VERDICTS

    def plan(self, samples: SampleTable) -> Planned | Exported | None:
        """The plan of asking about samples, or None when that may begin; see `plan.check`."""
        asks = [] if self.settings.rollouts else [each.ask for each in self.teachers]
        first = [(each.spec, each.condition) for each in asks[:1]]
        judged = self.judge.asks(len(self.teachers)) if self.judge else []
        return plan.check(self.settings, samples, first, perhaps=[*asks[1:], *judged])

    def make(self, samples: SampleTable, *, whole: bool) -> _Made:
        """Ask about samples. Args: whole: whether quotas count; they are those of the whole, not of a pilot."""
        settings, path = self.settings, self.out / "traces.parquet"
        quota = Quota(settings.size, settings.balance, settings.quota, settings.seed) if whole else Quota.none()
        tally, yields, left = Tally(quota), list[Yield](), samples
        if self.judge is not None:
            self.judge.counts.clear()
        with ExitStack() as stack:
            writers = _Writers(*(
                stack.enter_context(piece_writer(self.out / name, columns)) for name, columns in self.files.items()
            ))  # fmt: skip
            for teacher in self.teachers:
                if yields:
                    left = yields[-1].left(left)
                yields.append(self._ask(teacher, left, yields, writers, tally))
        over = quota.over()
        choice.rewrite(path, COLUMNS, over, left_out)
        stated = [each.collected.reproducible for each in yields if each.collected.reproducible is not None]
        return _Made(
            yields, tally.figures(over), sum(each.n_failed for each in yields),
            next((first for each in yields if (first := each.first_failure)), ""),
            all(stated) if stated else UNSET,
        )  # fmt: skip

    def _ask(
        self, teacher: Teacher, samples: SampleTable, earlier: Sequence[Yield], writers: _Writers, tally: Tally
    ) -> Yield:
        settings = self.settings
        judged = self.judge.verdicts(self._pending(teacher, samples)) if self.judge else []
        said = {row["key"]: judging.words_of(row) for row in judged}
        with self._collect(teacher, samples, settled=self.judge is not None) as collected:
            found = Yield(teacher, collected)
            tracer = Tracer(settings, self.chain, self.targets, collected, said)
            turns.refuse_twins([*earlier, found])
            maker = Maker(tracer, settings.per_sample, settings.best_by)
            for piece in trace_pieces.pieces(collected, maker, settings.workers, settings.executor):
                writers.rollouts.write(piece.rollouts)
                writers.traces.write(piece.traces)
                for sample, outcome in zip(piece.samples, piece.outcomes, strict=True):
                    tally.add(sample, outcome)
                    found.add(sample, outcome)
        if judged:
            writers.verdicts.write(table_of(judged, VERDICTS))
        for row in judged:
            found.note_judged(row["sample_id"], self.judge.cost_of(row) if self.judge else 0)
        return found

    def _collect(
        self, teacher: Teacher, samples: SampleTable, *, settled: bool = False
    ) -> AbstractContextManager[Collected]:
        scores = _scores(self.settings)
        return collect(teacher.settings, samples, teacher.spec, scores=scores, turn=teacher.turn, settled=settled)

    def _pending(self, teacher: Teacher, samples: SampleTable) -> list[Pending]:
        """The answers that nothing but the judge can speak against."""
        found: list[Pending] = []
        with self._collect(teacher, samples) as collected:
            tracer = Tracer(self.settings, self.chain, self.targets, collected, {})
            for sample, rows in collected.by_sample():
                reasons = tracer.reasons(rows, sample)
                found += [Pending(sample, row) for row, why in zip(rows, reasons, strict=True) if why == PENDING]
        return found
