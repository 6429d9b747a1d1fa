"""audit: find labels that may be wrong, from answers that are there already, and queue them for a person's look.

    out/audit.parquet      P(wrong) of every label, weight = P(right), what its answers agree on, and how far that is
    out/review.parquet     the queue: most worth a look first, one row in ten drawn at random from the rest, unmarked
    out/controls.parquet   which were drawn, for `review`: so the share of wrong labels in the whole pool follows

Nothing is asked. The models' habit, their median shift against the annotations, is taken off first. Answers err
together, how often is estimated without truths, and P(wrong) has an interval; --decisions about the queue correct it.
"""

from typing import Annotated, Any

import msgspec
import numpy as np

from vtgdata.engine import audit_decisions, audit_pool
from vtgdata.engine.audit_pool import Audited
from vtgdata.errors import VtgError
from vtgdata.files import label_reviews
from vtgdata.files.label_reviews import CONTROL_COLUMNS, CONTROLS, QUEUE, QUEUE_COLUMNS, label_of
from vtgdata.files.parquet import parquet_writer, write_parquet
from vtgdata.files.samples import SampleTable, open_samples
from vtgdata.files.schemas import Row
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.metrics import label_noise
from vtgdata.metrics.label_noise import Found
from vtgdata.metrics.recalibration import Measured

AUDIT = "audit.parquet"
COLUMNS = {
    "sample_id": "text", "corpus": "text", "p_wrong": "number", "p_low": "number", "p_high": "number",
    "weight": "number", "pass_rate": "number", "answers": "count", "agree": "number", "spread": "number",
    "iou": "number", "proposed": "windows", "label": "text",
}  # fmt: skip
"""Of audit.parquet: `p_low` and `p_high` are the ends of P(wrong)'s interval, the upper one, if no decisions
corrected it, without errors that answers share; `agree` is the share of the answers' weight in the densest cluster,
`spread` its seconds, `proposed` its window, `iou` that with the nearest true window."""
RANDOM = 10
"""One row in so many of a queue is drawn at random."""


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of audit."""

    samples: str
    """Samples whose labels are audited: a samples.parquet."""
    rollouts: list[str]
    """Answers to them, of teachers, students, or several models: a rollouts.parquet; may be given several times."""
    out: str
    """Output folder."""
    where: str = ""
    """SQL condition on the columns of the samples, as in "split == 'train'"."""
    size: Annotated[int, msgspec.Meta(ge=RANDOM)] = 200
    """Rows of the queue, those drawn at random included."""
    trained: list[str] = msgspec.field(default_factory=list[str])
    """Id of a model that was trained on these labels, to be named beside what it says of them; may be given several
    times."""
    decisions: str = ""
    """Decisions about the queue that these answers gave, as `vtgdata review --apply` takes them: P(wrong) is corrected
    by them, and that of a decided label is 0 or 1. The queue stays the same."""
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Seed of all random draws."""


class ModelHabit(msgspec.Struct, frozen=True, kw_only=True):
    """A model whose answers were used."""

    model: str
    start: float
    """Seconds by which its windows begin after the annotations', at the median; taken off."""
    end: float
    answers: int
    """Answers that met a true window, from which this was estimated."""
    trained: bool
    """Whether it was trained on these labels (--trained)."""


class SharedErrors(msgspec.Struct, frozen=True, kw_only=True):
    """How far answers err together."""

    voters: int
    """Answers of a sample that vote: all but the second guesses of ranked lists."""
    agreement: float
    """Correlation of two of them meeting a right label."""
    independent: float
    """Number of voters without such agreement that tell as much."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """What was found."""

    samples: int
    """Labels that were audited."""
    not_audited: int
    """Samples without a true window, a duration, or an answer."""
    models: list[ModelHabit]
    share: float
    """Share of wrong labels: the mean of P(wrong)."""
    low: float
    """Mean of the lower ends of its interval."""
    high: float
    """Mean of the upper ends: without decisions, the share if the answers never erred together."""
    errors: SharedErrors
    """How far the answers err together."""
    decided: Measured | None
    """How well P(wrong) fits the decisions, before and after they corrected it; None without any."""
    likely: int
    """Labels with P(wrong) of 0.5 or more."""
    queue: int
    """Rows of review.parquet."""
    random: int
    """Of these, rows drawn at random."""
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary:
    """Audit the labels, and write audit.parquet, review.parquet and controls.parquet."""
    inputs = [settings.samples, *settings.rollouts, *([settings.decisions] if settings.decisions else [])]
    code = [__name__, "vtgdata.metrics.label_noise", "vtgdata.engine.audit_pool", "vtgdata.engine.audit_decisions"]
    with Step("audit", settings, Summary, code=code, inputs=inputs) as step:
        if (done := step.up_to_date()) is not None:
            return done
        samples = open_samples(settings.samples, where=settings.where or None)
        if not settings.rollouts:
            raise VtgError("--rollouts: name at least one rollouts.parquet with answers to these samples.")
        audited = audit_pool.read(samples, settings.rollouts, settings.trained)
        try:
            found = label_noise.judge(audited.pool, settings.seed)
        except ValueError as error:
            raise VtgError(f"{settings.samples}: {error}. Give the answers to more of the samples.") from error
        rows = _Rows(samples, audited, found, settings.decisions)
        out = step.start()
        with parquet_writer(out / AUDIT, COLUMNS) as writer:
            for place in range(len(audited.rows)):
                writer.write(rows.audit(place))
        top, drawn = _queue(found.order, settings)
        order = _mixed(top, drawn, settings.seed)
        write_parquet(out / QUEUE, (rows.queue(n, place) for n, place in enumerate(order)), QUEUE_COLUMNS)
        controls = sorted(rows.id_of(place) for place in drawn)
        pool = len(audited.rows) - len(top)
        write_parquet(out / CONTROLS, [{"sample_id": each, "pool": pool} for each in controls], CONTROL_COLUMNS)
        share, low, high = map(_mean, rows.chances[:3])
        summary = Summary(
            samples=len(audited.rows),
            not_audited=len(samples) - len(audited.rows),
            models=[
                ModelHabit(model=name, start=h.start, end=h.end, answers=h.answers, trained=name in settings.trained)
                for name, h in audited.habits.items()
            ],
            share=share,
            low=low,
            high=high,
            errors=SharedErrors(
                voters=found.shared.voters, agreement=found.shared.agreement, independent=found.shared.independent
            ),
            decided=rows.chances.measured,
            likely=int((rows.chances.wrong >= 0.5).sum()),
            queue=len(order),
            random=len(drawn),
            out=settings.out,
        )
        return step.finish(summary, [AUDIT, QUEUE, CONTROLS])


def _mean(values: Any) -> float:
    return float(values.mean())


def _queue(order_by: Any, settings: Settings) -> tuple[list[int], list[int]]:
    """The places that are most worth a look, and those drawn at random from the rest."""
    size = min(settings.size, len(order_by))
    random = size // RANDOM
    order = np.argsort(-order_by, kind="stable").tolist()
    top, rest = order[: size - random], order[size - random :]
    drawn = np.random.default_rng([settings.seed, 1]).permutation(len(rest))[:random]
    return top, [rest[number] for number in sorted(drawn.tolist())]


def _mixed(top: list[int], drawn: list[int], seed: int) -> list[int]:
    """Both in one list, in which nothing but the order of the first is kept."""
    rng = np.random.default_rng([seed, 2])
    random = np.zeros(len(top) + len(drawn), dtype=bool)
    random[rng.permutation(len(random))[: len(drawn)]] = True
    first, second = iter(top), iter(drawn)
    return [next(second) if each else next(first) for each in random.tolist()]


class _Rows:
    """The rows of the output files."""

    def __init__(self, samples: SampleTable, audited: Audited, found: Found, decisions: str) -> None:
        self._found, self._pool = found, audited.pool
        self._samples = samples.frame[audited.rows]
        self._table = SampleTable("", self._samples)
        self._labels = [label_of(sample) for sample in self._table]
        ids = self._samples["sample_id"].to_list()
        decided = audit_decisions.judged(decisions, dict(zip(ids, self._labels, strict=True))) if decisions else None
        self.chances = audit_decisions.chances(found, ids, audited.pool.source, decided)

    def id_of(self, place: int) -> str:
        """The id of a sample."""
        return self._samples["sample_id"][place]

    def audit(self, place: int) -> Row:
        """A row of audit.parquet."""
        found, most = self._found, self._found.consensus
        wrong, low, high = (float(each[place]) for each in self.chances[:3])
        return {
            "sample_id": self.id_of(place), "corpus": self._samples["corpus"][place], "p_wrong": wrong,
            "p_low": low, "p_high": high, "weight": 1.0 - wrong, "pass_rate": float(found.passed[place]),
            "answers": int(self._pool.asked[place].sum()), "agree": float(most.share[place]),
            "spread": _number(most.spread[place]), "iou": float(found.iou[place]),
            "proposed": self._proposed(place), "label": self._labels[place],
        }  # fmt: skip

    def queue(self, number: int, place: int) -> Row:
        """A row of review.parquet."""
        most, proposed = self._found.consensus, self._proposed(place)
        members = self._pool.answers[place][most.members[place]].tolist()
        low, high = label_reviews.interval_of(members) if proposed else (None, None)
        told = {
            "proposed": proposed, "low": [low] if low else [], "high": [high] if high else [],
            "agree": float(most.share[place]), "answers": int(self._pool.asked[place].sum()),
        }  # fmt: skip
        return label_reviews.queue_row(number, self._table[place], told)

    def _proposed(self, place: int) -> list[list[float]]:
        start, end = self._found.consensus.window[place].tolist()
        return [[round(start, 3), round(end, 3)]] if start < end else []


def _number(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)
