"""Asking: questions in, answers in the journal, with a bounded number of requests in flight.

A reply is on disk before it is counted or acknowledged: whatever ends a run, the next one asks only what is missing.
Requests on their way when a run ends early are waited for, and their answers kept: see `flight`.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from vtgdata.engine.flight import Flight, ended_by_signals
from vtgdata.engine.journal.journal import Attempt, Journal
from vtgdata.engine.progress import Progress, Report
from vtgdata.engine.spool import QuestionAnswers, question_answers
from vtgdata.engine.work_keys import Question, seed_of, work_keys
from vtgdata.errors import VtgError
from vtgdata.files.crash_points import crash_here
from vtgdata.records import Model, NotSent, Request, Sampling

ACKNOWLEDGE_FD = "VTGDATA_ACK_FD"
"""Environment variable: an open file descriptor that gets each key, one a line, once its answer is on disk."""

PULL_SECONDS = 0.2
"""Seconds after which the thread that pulls questions returns, if the journal has all answers to those it pulled."""


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Which model to ask, how its answers are drawn, and where they go."""

    model: Model
    """Gets at most `model.concurrency` requests at a time. Each asks for all missing answers to one question, or for at
    most `model.answers_per_request` of them, if the model has that attribute."""
    sampling: Sampling
    """How answers are drawn."""
    n: int
    """Answers wanted of each question."""
    seed: int
    """Seed of the run: another one draws other answers, except at temperature 0."""
    journal: Journal
    """Open; holds every answer when `ask` returns."""
    note: Callable[[QuestionAnswers], None]
    """Called in a thread, in the order of the questions, with the answers wanted for each and their keys."""
    acknowledge: Callable[[str], None] | None = None
    """Called with a key once its answer is on disk; by default writes it to `$VTGDATA_ACK_FD`, if that is set."""
    total: int = 0
    """Answers wanted in all, if known beforehand; used to estimate the time to go."""
    progress: Callable[[Progress], None] | None = None
    """Called with the progress of the run, at most once a second and at the end."""
    patience: float = 300.0
    """Seconds to wait for requests on their way when the run ends early."""


def run(questions: Iterable[Question], asking: Asking) -> None:
    """`ask`, for callers that are not async; the model is closed at the end."""

    async def ask_and_close() -> None:
        try:
            await ask(questions, asking)
        finally:
            await asking.model.close()

    asyncio.run(ask_and_close())


async def ask(questions: Iterable[Question], asking: Asking) -> None:
    """Ask for n answers to each question, except those that the journal holds.

    Questions are pulled one by one in a thread, since making one may decode a video. At most 2 * model.concurrency are
    in memory at a time, so there may be more than memory holds.

    A failed request is recorded in the journal and does not end the run. EndpointRefused, any exception of the model or
    of `questions`, Ctrl-C (KeyboardInterrupt), a signal to end (Terminated) and cancellation end the run: nothing more
    is sent, and it is raised once the requests on their way have ended, and their answers are kept. Asked to end a
    second time, or after `patience`, the run does not wait for them.
    """
    report = Report(asking.journal.path, asking.model.id, asking.total, asking.progress)
    run = _Run(asking, asking.acknowledge or _acknowledge_to_fd(), report)
    with ended_by_signals(run.flight):
        try:
            run.flight.start(run.all(iter(questions)))
            await run.flight.landed()
        finally:
            run.commit_rest()
            report.write(ended=True)


class _Run:
    """The state of one run."""

    def __init__(self, asking: Asking, acknowledge: Callable[[str], None], report: Report) -> None:
        self.asking, self.acknowledge, self.report = asking, acknowledge, report
        self.model, self.journal = asking.model, asking.journal
        # See ModelInPieces. Not asked by isinstance, which may not see what a meter passes on from its model.
        self.per_request: int = getattr(self.model, "answers_per_request", None) or max(1, asking.n)
        self.alive = asyncio.Semaphore(2 * self.model.concurrency)
        self.slots = asyncio.Semaphore(self.model.concurrency)
        self.committing = asyncio.Lock()
        self.replied: list[Attempt] = []
        self.sent: set[str] = set()
        """Keys asked for in this run whose answers are not on disk: in flight, or failed."""
        self.ended = False
        self.flight = Flight(asking.model, asking.patience)

    async def all(self, questions: Iterator[Question]) -> None:
        """Start a task for each question with missing answers, when there is room for it, until the questions end."""
        while not self.ended and not self.flight.ending:
            await self.alive.acquire()
            found = await asyncio.to_thread(self._next, questions)
            self.report.update()
            if found is None:
                self.alive.release()
            else:
                self.flight.start(self._question(*found))
            # A name would keep the frames alive while the next question is pulled.
            del found

    def _next(self, questions: Iterator[Question]) -> tuple[Question, list[tuple[int, str]]] | None:
        """Pull questions until one has missing answers, for at most about PULL_SECONDS; runs in a thread.

        Returns the question with index and key of each missing answer, or None when the time is over or the questions
        ended.
        """
        until = time.monotonic() + PULL_SECONDS
        while time.monotonic() < until:
            question = next(questions, None)
            if question is None:
                self.ended = True
                return None
            if found := self._want(question):
                return found
        return None

    def _want(self, question: Question) -> tuple[Question, list[tuple[int, str]]] | None:
        """Note the answers wanted for a question.

        Returns the question with index and key of each answer to ask for, or None when there is none.
        """
        keys, missing = self._missing(question)
        if missing and question.look is not None:
            # Its frames are needed only now. They may have changed since the keys were made.
            question = question.look()
            keys, missing = self._missing(question)
        self.asking.note(question_answers(question, keys))
        counts = self.report.counts
        if question.problem is not None:
            counts.problems += len(keys)
            return None
        self.sent.update(key for _, key in missing)
        counts.to_do += len(keys)
        counts.cached += len(keys) - len(missing)
        return (question, missing) if missing else None

    def _missing(self, question: Question) -> tuple[list[str], list[tuple[int, str]]]:
        """All keys of a question, and index and key of each answer to ask for."""
        asking = self.asking
        keys = work_keys(question, self.model.id, asking.sampling, asking.n, asking.seed)
        if question.problem is not None:
            return keys, []
        # A question that comes twice is asked once. Look at `sent` before the journal: a key leaves `sent` only when
        # its answer is in the journal.
        known = self.sent.intersection(keys)
        known |= self.journal.settled(keys)
        return keys, [(index, key) for index, key in enumerate(keys) if key not in known]

    async def _question(self, question: Question, missing: Sequence[tuple[int, str]]) -> None:
        """Get the missing answers to one question."""
        parts = [missing[start : start + self.per_request] for start in range(0, len(missing), self.per_request)]
        try:
            await asyncio.gather(*(self._request(question, part) for part in parts))
        finally:
            self.alive.release()

    async def _request(self, question: Question, wanted: Sequence[tuple[int, str]]) -> None:
        try:
            async with self.slots:
                await self._ask(question, wanted)
        except BaseException as error:
            # Noted before the slot of this request lets another one go.
            self.flight.fail(error)
        self.report.update()

    async def _ask(self, question: Question, wanted: Sequence[tuple[int, str]]) -> None:
        """Send a request, and write its replies to the journal; nothing happens if the run ends before it is sent."""
        seeds = tuple(seed_of(key) for _, key in wanted)
        request = Request(
            sample_id=question.sample_id, messages=question.messages, sampling=self.asking.sampling, seeds=seeds
        )
        self.report.counts.asked += len(wanted)
        try:
            replies = await self.flight.send(self.model.generate(request))
        except NotSent:
            self.report.counts.asked -= len(wanted)
            return
        crash_here("answer-came")
        self.replied.extend(
            Attempt(key=key, sample_id=question.sample_id, index=index, reply=reply)
            for (index, key), reply in zip(wanted, replies, strict=True)
        )
        # Keep the slot until the answers are on disk, so that a crash loses at most the answers that are in slots.
        async with self.committing:
            await self._commit()

    async def _commit(self) -> None:
        """Write all waiting replies to the journal in one commit; replies that arrive meanwhile form the next batch.

        Nothing cancels this: of a run that ends early, only requests are cut off.
        """
        batch, self.replied = self.replied, []
        if batch:
            try:
                await asyncio.to_thread(self.journal.record, batch)
            except BaseException:
                self.replied = batch + self.replied
                raise
            self._count(batch)

    def commit_rest(self) -> None:
        """Commit the replies that could not be written before, as to a disk that was full."""
        batch, self.replied = self.replied, []
        if batch:
            self.journal.record(batch)
            self._count(batch)

    def _count(self, batch: Sequence[Attempt]) -> None:
        for attempt in batch:
            self.report.counts.add(attempt.reply)
            if attempt.reply.error is None:
                self.sent.discard(attempt.key)
                self.acknowledge(attempt.key)
                crash_here("answer-acknowledged")


def _acknowledge_to_fd() -> Callable[[str], None]:
    named = os.environ.get(ACKNOWLEDGE_FD)
    if not named:
        return lambda key: None
    try:
        descriptor = int(named)
        os.fstat(descriptor)
    except (ValueError, OSError) as error:
        raise VtgError(f"{ACKNOWLEDGE_FD}={named!r} is no open file descriptor ({error}). Unset it.") from error

    def write(key: str) -> None:
        os.write(descriptor, f"{key}\n".encode())

    return write
