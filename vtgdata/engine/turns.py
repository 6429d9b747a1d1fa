"""Teachers in turn: the cheapest is asked first, and each further one only about samples that have no trace yet.

A sample of which a request failed waits for its answer: it is not handed on, since the next run may well get it from
the cheaper teacher. Which samples are handed on depends on answers alone, so a run that is taken up asks the same.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import msgspec

from vtgdata.engine.collect import Collected
from vtgdata.engine.given import Turn
from vtgdata.engine.journal.counts import Spend, journals, peek, spend_by_sample, spend_in
from vtgdata.engine.kept import PENDING, Outcome
from vtgdata.engine.money.plan import Ask
from vtgdata.engine.money.prices import dollars
from vtgdata.engine.shards import refuse
from vtgdata.engine.unreleasable import TrainingSettings
from vtgdata.errors import VtgError
from vtgdata.files.claims import JOURNAL
from vtgdata.files.samples import SampleTable
from vtgdata.records import Sample
from vtgdata.video.frame_settings import PositiveInt


class TurnSettings(TrainingSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a command that asks teachers in turn."""

    model: str
    """The teacher: a plug-in with its argument, as in openai_api:NAME or scripted:samples.parquet."""
    then: list[str] = msgspec.field(default_factory=list[str])
    """A further, dearer teacher: asked only about samples that have no trace after the earlier ones. May be given
    several times, in turn."""
    then_endpoint: list[str] = msgspec.field(default_factory=list[str])
    """Base URL of the servers of a further teacher, or several with commas: one value for each --then, in turn. Without
    it all teachers are asked at --endpoint."""
    pilot: PositiveInt | None = None
    """Take only so many samples first, drawn by the seed with each corpus at its share, and say from their answers what
    a kept trace costs and what the whole would cost and yield. Then stop: without this the same command goes on, and
    asks none of them again."""
    go_on: bool = False
    """After --pilot, go on with all samples if what the whole would at least cost is within --budget."""

    def models_asked(self) -> Sequence[str]:
        """Specs of all teachers."""
        return [self.model, *self.then]


class Teacher(NamedTuple):
    """One of the teachers."""

    spec: str
    settings: TurnSettings
    """By which it is asked."""
    turn: Turn

    @property
    def ask(self) -> Ask:
        """What a plan says of it: none but the first is sure to be asked."""
        return Ask(self.spec, "sighted", self.settings, sure=self.turn.place == 0)


def teachers(settings: TurnSettings) -> list[Teacher]:
    """The teachers in turn; raises VtgError where settings do not go together."""
    specs, urls = [settings.model, *settings.then], settings.then_endpoint
    if len({*specs}) < len(specs):
        raise VtgError("--then: names a teacher twice. Each asks about what the others left, so name another one.")
    if urls and len(urls) != len(settings.then):
        raise VtgError(
            f"--then-endpoint: given {len(urls)} times for {len(settings.then)} --then. Give one for each, in turn; "
            "several servers of one teacher stand in one value, with commas between them."
        )
    if settings.then and settings.batch:
        raise VtgError(
            "--batch writes all requests beforehand, and which samples a further teacher is asked about is known only "
            "after the first one's answers. Leave out --then, bring the answers back, and give it then: with the same "
            "--out nothing is asked again."
        )
    if settings.go_on and settings.pilot is None:
        raise VtgError("--go-on says what to do after a pilot: say by --pilot of how many samples.")
    if settings.pilot is not None:
        refuse(settings, "a pilot is a few samples. Run it alone, then the whole with shards.")
        if settings.batch:
            raise VtgError("--pilot asks a few samples to see what the rest costs: leave out --batch.")
    found: list[Teacher] = []
    for place, spec in enumerate(specs):
        own = settings
        if place and urls:
            own = msgspec.structs.replace(settings, endpoint=[url.strip() for url in urls[place - 1].split(",")])
        found.append(Teacher(spec, own, Turn(place, len(specs))))
    return found


def refuse_twins(yields: Sequence["Yield"]) -> None:
    """Raise VtgError where two teachers are one model under two names: one's answers would count as the other's."""
    ids = [each.collected.model_id for each in yields if each.collected.model_id]
    if len({*ids}) < len(ids):
        raise VtgError(
            f"--then {yields[-1].teacher.spec}: is the same model as an earlier teacher ({ids[-1]}), so it would only "
            "say the same again. Name another one."
        )


class Taught(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the answers of one teacher."""

    model: str
    """Its id."""
    asked: int
    """Samples it was asked about, without those that wait for an answer that failed."""
    samples_with_trace: int
    traces: int
    """Answers of it that were kept, before any quota."""
    reasons: dict[str, int]
    """{reason: answers that were not kept}."""
    corpora: dict[str, tuple[int, int]]
    """{corpus: (samples asked about, samples with a trace)}."""
    spent: float | Literal["unknown"] | None
    """US dollars of its answers and failed requests, as the journal has them; None where stored answers were taken."""
    per_trace: float | Literal["unknown"] | None
    """US dollars for each trace; None where there is none."""


class Yield:
    """Counts what becomes of one teacher's answers."""

    def __init__(self, teacher: Teacher, collected: Collected) -> None:
        self.teacher, self.collected = teacher, collected
        self.settled: dict[str, int] = {}
        """{sample: its traces}, of the samples of which no request failed."""
        self.reasons: Counter[str] = Counter()
        self.corpora: dict[str, list[int]] = {}
        self.judged: dict[str, int | None] = {}
        """{sample: picodollars of a judge's verdicts on this teacher's answers}; None where its price is unknown."""
        self._unjudged, self._first = 0, ""

    @property
    def n_failed(self) -> int:
        """Samples of which a request failed, the teacher's or the judge's."""
        return self.collected.n_failed + self._unjudged

    @property
    def first_failure(self) -> str:
        """The first such failure."""
        return self.collected.first_failure or self._first

    def add(self, sample: Sample, found: Outcome) -> None:
        """Count what became of a sample's answers."""
        unjudged = not found.failed and PENDING in found.reasons
        if unjudged:
            self._unjudged, self._first = self._unjudged + 1, self._first or f"{sample.sample_id!r}: no verdict came"
        if found.failed or unjudged or not found.answers:
            return
        self.settled[sample.sample_id] = len(found.kept)
        self.reasons.update(found.reasons)
        of_corpus = self.corpora.setdefault(sample.corpus, [0, 0])
        of_corpus[0], of_corpus[1] = of_corpus[0] + 1, of_corpus[1] + bool(found.kept)

    def note_judged(self, sample_id: str, cost: int | None) -> None:
        """Note what a verdict cost, in picodollars; None if nobody knows."""
        before = self.judged.get(sample_id, 0)
        self.judged[sample_id] = None if cost is None or before is None else before + cost

    def left(self, samples: SampleTable) -> SampleTable:
        """The samples for the next teacher; none of those whose answers nothing is there to hold against."""

        def wanted(sample: Sample) -> bool:
            known = sample.labelled or bool(sample.windows) or sample.answer is not None
            return known and self.settled.get(sample.sample_id) == 0

        return samples.only(wanted)

    def spent(self) -> Spend | None:
        """What the journals of the folder say that its answers cost; None where nothing is known or was asked."""
        price, about = self.collected.price, self.collected.answers_id
        if price is None:
            return None
        return spend_in(journals(Path(self.teacher.settings.out), JOURNAL), price, about)

    def costs(self) -> dict[str, int] | None:
        """{settled sample: picodollars, what judging its answers cost included}; None where a price is unknown."""
        price, about = self.collected.price, self.collected.answers_id
        if price is None or None in self.judged.values():
            return None
        with peek(Path(self.teacher.settings.out) / JOURNAL) as select:
            paid = spend_by_sample(select, price, about)
        return {name: paid.get(name, 0) + (self.judged.get(name) or 0) for name in self.settled}

    def told(self) -> Taught:
        """The counts as a record; the journal may not be open."""
        traces, spent = sum(self.settled.values()), self.spent()
        money = "unknown" if spent is None or spent.uncounted else dollars(spent.picodollars)
        if self.teacher.settings.rollouts:
            money = None
        return Taught(
            model=self.collected.model_id,
            asked=len(self.settled),
            samples_with_trace=sum(kept > 0 for kept in self.settled.values()),
            traces=traces,
            reasons=dict(sorted(self.reasons.items())),
            corpora={name: cast(Any, tuple(counts)) for name, counts in sorted(self.corpora.items())},
            spent=money,
            per_trace=money / traces if isinstance(money, float) and traces else None if traces == 0 else money,
        )
