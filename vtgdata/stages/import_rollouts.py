"""import rollouts: answers and difficulties that others publish, as samples, rollouts and pass rates.

Each form says which way its numbers point and what it does not tell; see `annotations.published_rollouts`.
"""

import logging
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from vtgdata.annotations.normalise import normalise
from vtgdata.annotations.published_rollouts import UNKNOWN, Published, PublishedForm
from vtgdata.conversation.answer import parse
from vtgdata.engine import rates
from vtgdata.engine.adaptive import posteriors
from vtgdata.engine.measures import Measure, read_measures
from vtgdata.engine.rates import tenths_of
from vtgdata.engine.rollouts import DEFAULT_SCORES, score_rows
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, plugins
from vtgdata.files.parquet import ParquetWriter
from vtgdata.files.samples import drops_column, samples_column
from vtgdata.files.schemas import DECIDED, DRAWN, DROPS, PASS_RATES, ROLLOUTS, SAMPLES, Row
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.records import Corpus, Drop, RawRow, Sample
from vtgdata.records.windows import as_pairs

log = logging.getLogger("vtgdata")

RATES = PASS_RATES | DRAWN | DECIDED
NO_PROMPT = f"unknown-{fingerprint.short('')[:8]}"
"""Id of a prompt of which nothing is known: its text is empty."""


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of import rollouts."""

    file: str
    """The published file."""
    form: str
    """Its form: timelens2, tempsamp, timerft, open_r1 or verl, or a dotted path to a module of your own."""
    out: str
    """Folder for samples.parquet, drops.parquet and pass_rates.parquet; for rollouts.parquet, if answers are there."""
    measures: list[str] = msgspec.field(default_factory=list[str])
    """Pass rate to store, as for score-difficulty; may be given several times. By default the form's own: of one
    answer's IoU mean_iou, and no share of answers that pass, which a single answer cannot tell."""
    limit: int | None = None
    """Read this many rows and stop."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """How the pass rates of a measure are distributed."""

    mean: float | None
    median: float | None
    tenths: list[int]
    """Samples by the tenth of [0, 1] in which their rate lies."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """What was published, and what it became: rows = samples + drops."""

    form: str
    source: str
    """Where the form was read."""
    direction: str
    """What the published numbers are, and which way they point."""
    unknown: list[str]
    """What is not published."""
    model: str
    """Whose answers they are."""
    rows: int
    samples: int
    drops: int
    reasons: dict[str, int]
    """{reason: number of drops}."""
    answers: list[int]
    """The least and the most answers to a sample."""
    unrated: int
    """Samples without a published answer."""
    measures: dict[str, Told]
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary:
    """Read a published file; raises VtgError when it holds no row of the form."""
    module = plugins.load("forms", settings.form)
    form: PublishedForm = module.FORM
    measures = read_measures(settings.measures or ([] if form.measure == "reward" else [form.measure]))
    if form.measure == "reward" and measures:
        raise VtgError(
            f"--form {settings.form}: publishes rewards, not answers that can be scored; leave out --measures."
        )
    scores = [score for measure in measures for score in measure.scores]
    with Step(
        "import rollouts",
        settings,
        Summary,
        code=[
            __name__,
            plugins.module_name("forms", settings.form),
            *(plugins.module_name("scores", s) for s in scores),
        ],
        inputs=[settings.file],
    ) as step:
        if (done := step.up_to_date()) is not None:
            return done
        out = step.start()
        made = _Made(form, measures, out)
        try:
            for published, outcome in _normalised(module.read(Path(settings.file)), form, settings.limit):
                made.add(published, outcome)
            if not made.samples:
                raise VtgError(
                    f"{settings.file}: no row of the form {settings.form}; first: {made.first or 'no row at all'}."
                )
            made.commit()
        finally:
            made.abandon()
        posteriors.fill(out / "pass_rates.parquet", RATES)
        summary = made.summary(settings)
        log.warning("%s: %s. Not published: %s.", settings.file, form.direction, ", ".join(form.unknown) or "nothing")
        names = ["samples.parquet", "drops.parquet", "pass_rates.parquet"]
        return step.finish(summary, [*names, *(["rollouts.parquet"] if form.answers else [])])


def _normalised(
    rows: Iterator[Published], form: PublishedForm, limit: int | None
) -> Iterator[tuple[Published, Sample | Drop]]:
    """Each row with the sample or drop that it becomes."""
    corpus = _corpus(form)
    waiting: deque[Published] = deque()

    def raw() -> Iterator[RawRow]:
        for number, published in enumerate(rows):
            if number == limit:
                return
            waiting.append(published)
            yield published.row

    for outcome in normalise(raw(), corpus):
        yield waiting.popleft(), outcome


def _corpus(form: PublishedForm) -> Corpus:
    """The facts of the form's corpus: our reader's, else what the form says."""
    if form.corpus in plugins.names("corpora"):
        return plugins.load("corpora", form.corpus).CORPUS
    return Corpus(
        name=form.corpus, title=form.title, summary=form.title, splits=(), license=form.license,
        license_link=form.source, license_confidence="C", homepage=form.source, citation=form.title, grid=None,
    )  # fmt: skip


class _Made:
    """The files that are written, and the counts."""

    def __init__(self, form: PublishedForm, measures: Sequence[Measure], out: Path) -> None:
        self.form, self.measures = form, measures
        self._samples = ParquetWriter(out / "samples.parquet", SAMPLES, samples_column)
        self._drops = ParquetWriter(out / "drops.parquet", DROPS, drops_column)
        self._rates = ParquetWriter(out / "pass_rates.parquet", RATES)
        self._said = ParquetWriter(out / "rollouts.parquet", ROLLOUTS) if form.answers else None
        self.samples = self.drops = self.unrated = 0
        self.reasons: dict[str, int] = {}
        self.answers: set[int] = set()
        self.values = {name: array("d") for name in ([each.name for each in measures] or [form.measure])}
        self.first = ""
        """What the first drop says."""

    def add(self, published: Published, outcome: Sample | Drop) -> None:
        """Write what one row became."""
        if isinstance(outcome, Drop):
            self._drops.write(outcome)
            self.drops += 1
            self.reasons[outcome.reason] = self.reasons.get(outcome.reason, 0) + 1
            self.first = self.first or f"{outcome.origin}: {outcome.reason} ({outcome.detail[:100]})"
            return
        self._samples.write(outcome)
        self.samples += 1
        found = self._of_answers(published, outcome) if self.form.answers else self._of_values(published)
        answers = len(published.texts or published.values)
        self.unrated += not answers
        self.answers |= {answers} if answers else set()
        for measured in found if answers else ():
            self._rates.write(self._common(outcome) | measured)
            self.values[measured["measure"]].append(measured["value"])

    def _common(self, sample: Sample) -> Row:
        return {
            "sample_id": sample.sample_id, "model_id": self.form.model, "prompt_id": NO_PROMPT,
            "sampling_id": self.form.sampling, "frames_id": UNKNOWN, "prompt": "", "frame_sampling": None,
            "sampling": None, "n_unparsed": 0, "n_failed": 0,
        }  # fmt: skip

    def _of_values(self, published: Published) -> list[Row]:
        """Pass rates where only the value of each answer is published."""
        values = list(published.values)
        if not self.measures:
            return [rates.answered([]) | {"n": len(values)} | rates.rate(self.form.measure, values)]
        rows: list[Row] = [{"iou": value, "scores": [], "error": None} for value in values]
        return [rates.answered(values) | rates.rate(each.name, _values(each, rows)) for each in self.measures]

    def _of_answers(self, published: Published, sample: Sample) -> list[Row]:
        """Pass rates where answers are published; they are read and scored, and written too."""
        rows = [self._said_row(sample, index, text) for index, text in enumerate(published.texts)]
        form = published.form or self.form.answers
        assert form is not None
        said = [parse(text, duration=sample.video.duration, form=form) for text in published.texts]
        for row, answer in zip(rows, said, strict=True):
            row |= {
                "windows": as_pairs(answer.windows), "option": answer.option, "parse_status": answer.parse_status,
                "strict_ok": answer.strict_ok, "reasoning": answer.reasoning,
            }  # fmt: skip
        scores = [score for measure in self.measures for score in measure.scores]
        score_rows(rows, said, [sample] * len(rows), tuple(dict.fromkeys((*DEFAULT_SCORES, *scores))))
        assert self._said is not None
        for row in rows:
            self._said.write(row)
        unread = sum(answer.parse_status != "ok" for answer in said)
        common = rates.answered([row["iou"] for row in rows if row["iou"] is not None]) | {"n_unparsed": unread}
        return [common | rates.rate(each.name, _values(each, rows)) for each in self.measures]

    def _said_row(self, sample: Sample, index: int, text: str) -> Row:
        key = fingerprint.of_value([self.form.source, sample.sample_id, index])
        common = {name: value for name, value in self._common(sample).items() if name in ROLLOUTS}
        return common | {"key": key, "index": index, "text": text, "iou": None, "scores": None, "error": None}

    def commit(self) -> None:
        """Put the files in their places."""
        for writer in self._writers():
            writer.commit()

    def abandon(self) -> None:
        """Leave no file that was not put in its place."""
        for writer in self._writers():
            writer.abandon()

    def _writers(self) -> list[ParquetWriter]:
        return [each for each in (self._samples, self._drops, self._rates, self._said) if each is not None]

    def summary(self, settings: Settings) -> Summary:
        """The counts as a Summary."""
        return Summary(
            form=settings.form,
            source=self.form.source,
            direction=self.form.direction,
            unknown=list(self.form.unknown),
            model=self.form.model,
            rows=self.samples + self.drops,
            samples=self.samples,
            drops=self.drops,
            reasons=self.reasons,
            answers=[min(self.answers, default=0), max(self.answers, default=0)],
            unrated=self.unrated,
            measures={name: _told(np.array(values)) for name, values in self.values.items()},
            out=settings.out,
        )


def _values(measure: Measure, rows: Sequence[Row]) -> list[float]:
    return [value for row in rows if (value := measure.value(row)) is not None]


def _told(values: Any) -> Told:
    tenths = np.bincount(tenths_of(values), minlength=10).tolist()
    known = len(values) > 0
    return Told(
        mean=float(values.mean()) if known else None, median=float(np.median(values)) if known else None, tenths=tenths
    )
