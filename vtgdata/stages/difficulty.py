"""score-difficulty: measure a student's pass rate on each sample from n answers; the raw IoUs are stored too.

A pass rate is in [0, 1]: higher is easier, and difficulty is 1 minus the pass rate. Each has a named measure: either a
score's mean over the answers, or the share of answers that reach a value of the score (see `engine.measures`).
"""

import json
import logging
from array import array
from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from vtgdata.conversation.prompt import load_prompt
from vtgdata.engine import rates, readings, shards, unreleasable
from vtgdata.engine.adaptive import posteriors
from vtgdata.engine.adaptive.remembered import Remembered
from vtgdata.engine.adaptive.rounds import Places
from vtgdata.engine.adaptive.rule import parse_rule
from vtgdata.engine.batch.export import Exported
from vtgdata.engine.collect import Collected, collect
from vtgdata.engine.measures import Measure, default_measures, read_measure, read_measures, stored_name
from vtgdata.engine.models import plugin_code
from vtgdata.engine.money import plan
from vtgdata.engine.money.plan_words import Planned
from vtgdata.engine.questions import load_samples
from vtgdata.engine.rollouts import DEFAULT_SCORES, sampling_text, unparsed
from vtgdata.engine.selection import earlier
from vtgdata.engine.unreleasable import TrainingSettings
from vtgdata.errors import VtgError
from vtgdata.files.parquet import parquet_writer
from vtgdata.files.samples import SampleTable
from vtgdata.files.schemas import DECIDED, DRAWN, PASS_RATES, ROLLOUTS, Row
from vtgdata.files.step import Step, StepSummary
from vtgdata.records import Sample
from vtgdata.releases.rebuild.answers import still_there
from vtgdata.video.frame_settings import PositiveInt

log = logging.getLogger("vtgdata")

RATES = PASS_RATES | DRAWN | DECIDED
"""Columns of pass_rates.parquet.

Only --adaptive fills `place` and its edges. No reader requires those of DECIDED, so older files stay readable.
"""


class Settings(TrainingSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of score-difficulty."""

    model: str
    """The student: a plug-in with its argument, as in transformers_local:PATH."""
    n: PositiveInt = 8
    """Answers per sample; with --adaptive, the minimum (at least 2, since the prior is fitted to them)."""
    adaptive: str = ""
    """MEASURE:LOW:HIGH:ERROR, as in mean_iou:0.2:0.8:0.05: ask for more answers until the expected share of samples on
    the wrong side of LOW or HIGH is below ERROR. MEASURE is one of --measures."""
    prior: list[str] = msgspec.field(default_factory=list[str])
    """With --adaptive, a pass_rates.parquet of an earlier checkpoint or another model, whose answers count as far as a
    small fresh probe shows that they help; then a sample may need a single new answer. May be given several times."""
    max_n: PositiveInt = 32
    """With --adaptive, the maximum number of answers per sample."""
    measures: list[str] = msgspec.field(default_factory=list[str])
    """Pass rate to store, from any score: support_f1 is its mean over a sample's answers, support_f1>=0.5 the share of
    answers with at least 0.5, answer*tiou>=0.5 the share that is right in both; mean_iou and iou>=T use the score tiou.
    May be given several times. By default it follows the prompt: for one window iou>=0.5 and mean_iou, for all windows
    union_iou>=0.5 and union_iou, for an option with a window answer*iou>=0.5, answer and mean_iou, for an option
    answer."""


class Recalled(msgspec.Struct, frozen=True, kw_only=True):
    """What a probe said of earlier pass rates."""

    helped: bool
    """Whether they were used."""
    gain: float | None
    """Mean log-likelihood of a fresh sample above that under the pool's prior; None if nothing was answered."""
    worth: float | None
    """Answers that the prior of a sample is worth."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """Number of samples and answers, and how hard the samples are."""

    samples: int
    n_unlabelled: int
    """Samples without labels, which were not asked about."""
    n_without_moment: int
    """Labelled samples without a true window or answer, where no answer can be right: they were not asked about."""
    rollouts: int
    pass_rates: dict[str, float | None]
    """{measure: mean over the samples}; None if no sample has a value."""
    n_unparsed: int
    """Answers from which no window counts, since their parse status is not `ok`."""
    n_failed: int
    """Number of samples with a failed request or an unusable video."""
    model: str
    """Id of the student."""
    out: str
    """Output folder."""
    reproducible: bool | UnsetType = UNSET
    """Set for a local model: whether all answers were computed in batches of one size (--reproducible), so that the
    same command gives them again."""
    places: dict[str, int] | UnsetType = UNSET
    """{place: number of samples}. This field and those below are set only with --adaptive."""
    expected_misplaced: float | UnsetType | None = UNSET
    """Expected share of misplaced samples; None if no sample was answered."""
    asked_misplaced: float | UnsetType = UNSET
    """The share that may be misplaced: ERROR of --adaptive."""
    prior: dict[str, float] | UnsetType = UNSET
    """The prior fitted to the first answers: a, b and weight."""
    remembered: Recalled | UnsetType = UNSET
    """What the probe said of --prior."""


def run(settings: Settings) -> Summary | Planned | Exported:
    """Ask the student n times about each sample; write rollouts.parquet and pass_rates.parquet.

    With --dry-run, returns the plan and asks nothing; with --batch, returns the summary of the export.
    """
    settings = _with_measures(settings)
    measures = read_measures(settings.measures)
    _places(settings)
    settings = shards.placed(settings)
    with Step(
        "score-difficulty",
        settings,
        Summary,
        code=[__name__, *plugin_code([settings.model], [score for measure in measures for score in measure.scores])],
        inputs=[*settings.inputs(settings.model), *settings.prior],
        listings=settings.listings(),
    ) as step:
        if not settings.ignores_up_to_date and (done := step.up_to_date()) is not None:
            return done
        chosen = still_there(shards.part(load_samples(settings), settings), settings.rollouts)
        labelled = chosen.only(lambda sample: sample.labelled)
        samples = labelled.only(_answerable)
        if chosen and not samples:
            why = "has a true window or answer" if labelled else "is labelled"
            raise VtgError(f"{settings.samples}: none of the chosen samples {why}, so none can be scored.")
        unreleasable.refuse(settings, samples)
        places = _places(settings, samples)
        most = settings.max_n if places else None
        asks = [] if settings.rollouts else [(settings.model, "sighted")]
        if (planned := plan.check(settings, samples, asks, most)) is not None:
            return planned
        if settings.executor:
            shards.on_ray(run, settings)
        out = step.start()
        with (
            collect(settings, samples, settings.model, scores=_scores(measures), places=places) as collected,
            parquet_writer(out / "rollouts.parquet", ROLLOUTS) as rollouts,
            parquet_writer(out / "pass_rates.parquet", RATES) as written,
        ):
            totals = _Totals([measure.name for measure in measures])
            decided = places.decided() if places else {}
            for sample, rows in collected.by_sample():
                for row in rows:
                    rollouts.write(row)
                of_sample = pass_rates(rows, collected, settings, decided.get(sample.sample_id, {}) if places else None)
                for rate in of_sample:
                    written.write(rate)
                totals.add(rows, of_sample)
        posteriors.fill(out / "pass_rates.parquet", RATES)
        summary = Summary(
            samples=len(samples),
            n_unlabelled=len(chosen) - len(labelled),
            n_without_moment=len(labelled) - len(samples),
            rollouts=totals.rollouts,
            pass_rates=totals.means(),
            n_unparsed=totals.unparsed,
            n_failed=collected.n_failed,
            model=collected.model_id,
            reproducible=UNSET if collected.reproducible is None else collected.reproducible,
            out=settings.out,
            **(places.summary() if places else {}),
            remembered=_recalled(places),
        )
        failed = collected.failure(settings.max_failed)
        return step.finish(summary, ["rollouts.parquet", "pass_rates.parquet"], failed=failed, parser=readings.parser())


def _with_measures(settings: Settings) -> Settings:
    """The settings with the measures that the prompt asks for, where none is named."""
    if settings.measures:
        return settings
    return msgspec.structs.replace(settings, measures=default_measures(load_prompt(settings.prompt).form))


def _answerable(sample: Sample) -> bool:
    """Whether an answer to a labelled sample can be right."""
    return bool(sample.windows) or sample.answer is not None or bool(getattr(sample, "none_is_right", False))


class _Totals:
    """Totals of all rows for the summary, added up sample by sample."""

    def __init__(self, measures: Sequence[str]) -> None:
        self.values = {measure: array("d") for measure in measures}
        self.rollouts = self.unparsed = 0

    def add(self, rows: Sequence[Row], rates: Sequence[Row]) -> None:
        self.rollouts += len(rows)
        self.unparsed += sum(unparsed(row) for row in rows)
        for rate in rates:
            if rate["value"] is not None:
                # Where more answers were asked for after a look, the mean of the answers is biased.
                value = rate["posterior_mean"] if rate.get("place") else rate["value"]
                self.values[rate["measure"]].append(value)

    def means(self) -> dict[str, float | None]:
        return {measure: float(np.mean(values)) if values else None for measure, values in self.values.items()}


def _places(settings: Settings, samples: SampleTable | None = None) -> Places | None:
    """The adaptive rule that decides how many answers each sample gets; None if every sample gets n.

    Raises VtgError when --adaptive, --n, --max-n, --measures, --prior and --shard do not fit together.
    """
    if not settings.adaptive:
        if settings.prior:
            raise VtgError("--prior saves answers where --adaptive decides how many there are: give that, too.")
        return None
    shards.refuse(settings, "--adaptive looks at all samples after each round, so it runs in one process.")
    rule = parse_rule(settings.adaptive)
    if not 2 <= settings.n <= settings.max_n:
        raise VtgError(f"--adaptive needs 2 <= --n <= --max-n, got {settings.n} and {settings.max_n}.")
    measure = read_measure(rule.measure)
    if measure not in read_measures(settings.measures):
        raise VtgError(f"--adaptive decides by {rule.measure!r}: name it among --measures, so that it is stored.")
    if settings.prior and samples is not None:
        facts = earlier.facts_of(samples, settings.prior, measure.name)
        ids = [sample.sample_id for sample in samples]
        return Remembered(
            rule, measure, first=settings.n, most=settings.max_n, seed=settings.seed, ids=ids, facts=facts
        )
    return Places(rule, measure, first=settings.n, most=settings.max_n)


def _recalled(places: Places | None) -> Recalled | UnsetType:
    """What is said of --prior."""
    if not isinstance(places, Remembered):
        return UNSET
    learnt = places.learnt
    if learnt is None or not learnt.helps:
        log.warning("--prior: the earlier answers say no more than the pool does, so they are not used")
    return Recalled(
        helped=learnt is not None and learnt.helps,
        gain=None if learnt is None else learnt.gain,
        worth=None if learnt is None else learnt.worth,
    )


def _scores(measures: Sequence[Measure]) -> list[str]:
    """The scores that the measures need and rollouts.parquet does not have by default."""
    return [score for measure in measures for score in measure.scores if score not in DEFAULT_SCORES]


def pass_rates(
    rollouts: Sequence[Row], collected: Collected, settings: Settings, decided: Row | None = None
) -> list[Row]:
    """Return one row per measure from one sample's rollouts; its value is None if the measure applies to no answer.

    Args:
        rollouts: rows of one sample.
        collected: gives the prompt.
        settings: of the stage.
        decided: what --adaptive decided about the sample ({} if nothing), added to the row of the rule's own measure;
            None without --adaptive. If it is given, intervals stay valid although the rule looked after every round.
    """
    ious = [row["iou"] for row in rollouts if row["iou"] is not None]
    first = rollouts[0]
    common = {name: first[name] for name in ("sample_id", "model_id", "prompt_id", "sampling_id", "frames_id")} | {
        "n_unparsed": sum(unparsed(row) for row in rollouts),
        "n_failed": sum(row["error"] is not None for row in rollouts),
        **rates.answered(ious),
        "prompt": collected.prompt.text,
        "frame_sampling": json.dumps(msgspec.to_builtins(settings.frame_sampling()), sort_keys=True),
        "sampling": sampling_text(settings.sampling(), settings.seed, collected.reproducible),
    }
    looked = decided is not None
    own = stored_name(parse_rule(settings.adaptive).measure) if looked else ""
    return [
        common
        | rates.rate(measure.name, _values(measure, rollouts), looked=looked)
        | (decided or {} if measure.name == own else {})
        for measure in read_measures(settings.measures)
    ]


def _values(measure: Measure, rollouts: Sequence[Row]) -> list[float]:
    return [value for row in rollouts if (value := measure.value(row)) is not None]
