"""Asking one model about samples: turns samples into rows of rollouts, through the journal."""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from vtgdata.conversation.prompt import Prompt, load_prompt
from vtgdata.engine import ask, failures, rollouts, trained_as
from vtgdata.engine.adaptive.rounds import Places
from vtgdata.engine.askable import obstacles
from vtgdata.engine.given import ONLY, GivenAnswers, Turn
from vtgdata.engine.journal.counts import Answers, answers, outdated, varied
from vtgdata.engine.journal.journal import Journal
from vtgdata.engine.metering import metered, take_shards
from vtgdata.engine.models import answers_id, asked_model, former_id, told_by
from vtgdata.engine.money.prices import Price, is_local
from vtgdata.engine.questions import frame_store, questions
from vtgdata.engine.settings import AskSettings
from vtgdata.engine.spool import QuestionAnswers, Spool
from vtgdata.errors import BudgetReached
from vtgdata.files import plugins
from vtgdata.files.claims import JOURNAL
from vtgdata.files.live import teller
from vtgdata.files.schemas import Row
from vtgdata.records import Model, RenewedModel, Reply, Sample
from vtgdata.video.store import FrameStore

log = logging.getLogger("vtgdata")
_Rows = Iterator[tuple[Sample, list[Row], dict[str, Reply]]]

CHUNK = 256
"""Questions whose rows are in memory at a time."""


class Collected:
    """Rollouts of one model on some samples, read from the journal lazily; made by `collect`."""

    def __init__(self, samples: Sequence[Sample], model_id: str, prompt: Prompt, read: Callable[..., Any]) -> None:
        self.model_id, self.prompt, self.samples = model_id, prompt, samples
        self._read = read
        self.given: GivenAnswers | None = None
        """Where stored answers are taken: these."""
        self.n_failed = 0
        """Samples, of those read so far, with a failed request or a video that could not be read."""
        self.first_failure = ""
        """The first such failure, with the detail that the journal has."""
        self.answers_id = ""
        """Of these answers in the journal (see `work_keys.answers_id`); empty for stored rollouts."""
        self.price: Price | None = None
        """Of the model's tokens; None if it is unknown, or nothing was asked."""
        self.reproducible: bool | None = None
        """For a model that computes answers in batches here, whether each was computed in a batch of one size, so that
        the same command gives it again; None for other models."""

    def by_sample(self) -> Iterator[tuple[Sample, list[Row]]]:
        """Each sample with its rows, in order.

        Reads CHUNK samples at a time, so that memory does not grow with their number.
        """
        self.n_failed, self.first_failure = 0, ""
        for sample, rows, replies in self._read(self.samples):
            failed = next((row for row in rows if row["error"]), None)
            if failed is not None:
                self.note(sample, _told(failed, replies.get(failed["key"])))
            yield sample, rows

    def note(self, sample: Sample, failed: str) -> None:
        """Note the first failure of a sample; an empty text says that none of its requests failed."""
        if failed:
            self.n_failed += 1
            self.first_failure = self.first_failure or f"{sample.sample_id!r}: {failed}"

    def close(self) -> None:
        """Let go of the model and of stored rows: several models in turn need not fit in memory together."""
        self._read, self.given = _closed, None

    def failure(self, most: float) -> str | None:
        """The message when over a share `most` of the samples failed, else None; call it when all rows are read."""
        return too_many(self.n_failed, len(self.samples), self.first_failure, most)


def too_many(n_failed: int, n: int, first: str, most: float) -> str | None:
    """The message when over a share `most` of n samples failed, else None."""
    if n_failed <= most * n:
        return None
    return (
        f"{n_failed} of {n} samples failed, first {first}. "
        "Mend the cause and run the same command again (only these are asked), or allow a share with --max-failed."
    )


@contextmanager
def _told_what_is_left(journal: Journal, samples: Iterable[Sample], settings: AskSettings) -> Generator[None]:
    """Add the number of missing answers to the error of a used-up budget; by then all answers that came are on disk."""
    n = settings.n
    try:
        yield
    except BudgetReached as error:
        there = Answers()
        answers(journal.select, journal.answers_id, there)
        obstacle = obstacles(settings)
        left = sum(n - there.count(sample.sample_id, n) for sample in samples if obstacle(sample) is None)
        raise BudgetReached(
            f"{error} {left:,} answers are left to do. What was answered is kept: the same command with a higher "
            "--budget goes on."
        ) from None


@contextmanager
def collect(
    settings: AskSettings,
    samples: Sequence[Sample],
    spec: str,
    *,
    condition: str = "sighted",
    scores: Sequence[str] = (),
    places: Places | None = None,
    turn: Turn = ONLY,
    settled: bool = False,
) -> Generator[Collected]:
    """Ask one model about samples, and give the rows of its answers; asks only for answers that the journal lacks.

    Args:
        settings: of the stage.
        samples: what to ask about.
        spec: of the model.
        condition: `sighted`, or a control: `blind` shows a video of another source instead, `blank` shows grey,
            `other_query` shows the right frames and asks the query of another video.
        scores: score plug-ins to add to the rows, beside tiou and format.
        places: for adaptive n; decides after each round which samples need more answers, until none does.
        turn: of stored rollouts (--rollouts) of teachers asked in turn, whose are meant.
        settled: whether this run asked all of it already: then the journal is read again, and what failed stays so.

    Entering the context asks everything. Rows can be read until the context is left, which closes the journal.
    """
    prompt = load_prompt(settings.prompt)
    for name in scores:
        plugins.load("scores", name)
    names = tuple(dict.fromkeys((*rollouts.DEFAULT_SCORES, *scores)))
    if given := getattr(settings, "rollouts", ""):
        found = GivenAnswers(given, settings, names, turn)
        found.count(samples, places)
        collected = Collected(samples, found.model_id, prompt, found.of)
        collected.given = found
        yield collected
        collected.close()
        return
    if condition == "sighted":
        for line in trained_as.differences(spec, prompt.id, settings.frame_sampling(), settings.sampling()):
            log.warning("%s", line)
    model = asked_model(spec, settings, condition)
    store = frame_store(settings)
    folder = Path(settings.out)
    folder.mkdir(parents=True, exist_ok=True)
    with Journal(folder / JOURNAL) as journal, Spool(folder) as spool, _told_what_is_left(journal, samples, settings):
        journal.answers_id = answers_id(settings, prompt, model, condition)
        journal.again = (lambda _: False) if settled else failures.chosen(settings.only)
        take_shards(journal, folder)
        _say_outdated(model, settings, prompt, condition, journal, samples)
        model = metered(spec, model, settings, journal)
        asked = _Ask(spec, condition, names)
        asker = _Asker(settings, asked, _Held(prompt, store, model, journal, spool))
        if places is None:
            asker.ask(samples, settings.n)
        else:
            asker.deepen(samples, places)
        collected = Collected(samples, model.id, prompt, asker.latest if places else asker.rows)
        collected.answers_id, collected.price = journal.answers_id, model.price
        if (stated := getattr(model, "reproducible", None)) is not None:
            collected.reproducible = not varied(journal.select, journal.answers_id)
            if stated and not collected.reproducible:
                log.warning(
                    "%s: some of its answers were made without --reproducible and are kept, so another run may differ "
                    "from this one; name a new --out to have all of them reproducible",
                    journal.path,
                )
        yield collected
        collected.close()


def _closed(_: object) -> Iterator[Any]:
    raise ValueError("the rows of a model are read before its context is left")


def _say_outdated(
    model: Model, settings: AskSettings, prompt: Prompt, condition: str, journal: Journal, samples: Sequence[Sample]
) -> None:
    """Say how many answers of the folder are asked again though they are there, and why: see `RenewedModel`."""
    if isinstance(model, RenewedModel):
        former = former_id(settings, prompt, model, condition)
        again = outdated([journal.select], former, journal.answers_id, samples, settings.n)
        if again:
            log.warning("%s: %d answers are asked again: %s", journal.path, again, model.formerly_why)


class _Ask(NamedTuple):
    """One model under one condition."""

    spec: str
    condition: str
    """`sighted`, or the control's name; see `collect`."""
    scores: tuple[str, ...]
    """Score plug-ins whose values go into the rows."""


class _Held(NamedTuple):
    """What stays open during a run."""

    prompt: Prompt
    store: FrameStore | None
    model: Model
    journal: Journal
    spool: Spool


class _Asker:
    """The state that all rounds of one run share."""

    def __init__(self, settings: AskSettings, asked: _Ask, held: _Held) -> None:
        self.settings, self.asked = settings, asked
        self.prompt, self.store, self.model, self.journal, self.spool = held
        self.progress = teller(f"{asked.spec}, {asked.condition}")

    def ask(self, samples: Sequence[Sample], n: int) -> None:
        """Ask until the journal has n answers for each sample, and note the wanted answers in the spool."""
        asking = ask.Asking(
            model=self.model,
            sampling=self.settings.sampling(),
            n=n,
            seed=self.settings.seed,
            journal=self.journal,
            note=self.spool.add,
            total=n * len(samples),
            progress=self.progress,
            patience=self.settings.timeout,
        )
        told = told_by(self.model, self.settings)
        ask.run(questions(samples, self.prompt, self.store, self.settings, self.asked.condition, told), asking)

    def deepen(self, samples: Sequence[Sample], places: Places) -> None:
        """Ask in rounds until no sample needs more answers."""
        for wanted in places.opening([sample.sample_id for sample in samples]):
            self._round(samples, wanted, places)
        while more := places.deepen():
            self._round(samples, more, places)

    def _round(self, samples: Sequence[Sample], wanted: Mapping[str, int], places: Places) -> None:
        """Ask for as many answers as are wanted of each sample."""
        counts = sorted(set(wanted.values()))
        whole = len(counts) == 1 and len(wanted) == len(samples)
        for n in counts:
            some = samples if whole else [sample for sample in samples if wanted.get(sample.sample_id) == n]
            start = self.spool.end
            self.ask(some, n)
            for sample, rows, _ in self.rows(some, start):
                places.take(sample.sample_id, rows)

    def latest(self, samples: Sequence[Sample]) -> _Rows:
        """Each sample with the rows of its last round."""
        last = {record.sample_id: place for place, record in self.spool.read()}
        return self._made(samples, (self.spool.at(last[sample.sample_id]) for sample in samples))

    def rows(self, samples: Sequence[Sample], since: int = 0) -> _Rows:
        """Each sample with its rows and its replies by key, for a round that asked exactly these samples."""
        return self._made(samples, (record for _, record in self.spool.read(since)))

    def _made(self, samples: Iterable[Sample], records: Iterator[QuestionAnswers]) -> _Rows:
        pairs = zip(samples, records, strict=True)
        while chunk := list(islice(pairs, CHUNK)):
            wanted = [one for _, record in chunk for one in record.each()]
            replies = self.journal.answered(one.key for one in wanted)
            replies |= self.journal.failures(one.key for one in wanted if one.key not in replies)
            rows = rollouts.finalize(
                wanted,
                replies,
                {sample.sample_id: sample for sample, _ in chunk},
                model_id=self.model.id,
                sampling=self.settings.sampling(),
                form=self.prompt.form,
                prompt=self.prompt,
                scores=self.asked.scores,
                served=not is_local(self.asked.spec),
            )
            made = iter(rows)
            for sample, record in chunk:
                yield sample, list(islice(made, record.n)), replies


def _told(row: Row, reply: Reply | None) -> str:
    """A failed row's error for people. It adds the server's own words, which only the journal keeps."""
    detail = f" ({reply.detail})" if reply is not None and reply.detail else ""
    return f"{row['error']}{detail}"
