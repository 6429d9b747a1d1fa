"""However a run ends early, the answers on their way are kept, and nothing more is sent."""

import asyncio
import os
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from vtgdata.engine.ask import Asking, run
from vtgdata.engine.journal.journal import Journal
from vtgdata.engine.money.budget import Metered
from vtgdata.engine.money.prices import PICO, Price
from vtgdata.engine.work_keys import Question
from vtgdata.errors import BudgetReached, EndpointRefused, Terminated, VtgError
from vtgdata.records import Message, NotSent, Reply, Request, Sampling, Text

PRICE = Price(model="m", input=1.0, output=1.0)


class Paid:
    """A server of six slots that bills each request as it comes, and answers late: the later requests first."""

    id, concurrency, looks = "paid", 6, True

    def __init__(self, on_request: Callable[[int], None] = lambda number: None) -> None:
        self.on_request = on_request
        self.billed, self.stopped_at = 0, None
        self.tokens: Callable[[int], int] = lambda number: 10

    async def generate(self, request: Request) -> list[Reply]:
        number, self.billed = self.billed, self.billed + 1
        self.on_request(number)
        await asyncio.sleep(0.02 * (6 - number % 6))
        return [Reply(text="a", tokens_in=self.tokens(number), tokens_out=1) for _ in request.seeds]

    def stop(self) -> None:
        self.stopped_at = self.billed

    async def close(self) -> None:
        pass


def questions(count: int = 40, size: Callable[[int], int] = lambda number: 10) -> Iterator[Question]:
    for number in range(count):
        yield Question(
            sample_id=f"s{number}", messages=(Message("user", (Text("x" * size(number)),)),), prompt_id="p",
            frames_id="f", frame_times=(0.0,),
        )  # fmt: skip


def ask(path: Path, model: Any, asked: Iterator[Question], **more: Any) -> None:
    with Journal(path) as journal:
        run(asked, Asking(model=model, sampling=Sampling(), n=1, seed=0, journal=journal, note=lambda _: None, **more))


def kept(path: Path) -> int:
    with Journal(path) as journal:
        return journal.select("SELECT count(*) FROM attempt WHERE status = 'answer'")[0][0]


def refuse(number: int) -> None:
    if number == 15:
        raise EndpointRefused("no such key")


def crash(number: int) -> None:
    if number == 15:
        raise RuntimeError("a mistake of the plug-in")


def interrupt(number: int) -> None:
    if number == 15:
        os.kill(os.getpid(), signal.SIGINT)


def terminate(number: int) -> None:
    if number == 15:
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize(
    ("happens", "error", "unbilled"),
    [
        (refuse, EndpointRefused, 1),
        (crash, RuntimeError, 1),
        (interrupt, KeyboardInterrupt, 0),
        (terminate, Terminated, 0),
    ],
)
def test_what_was_sent_is_kept_however_the_run_ends(tmp_path, happens, error, unbilled):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    model = Paid(happens)
    with pytest.raises(error):
        ask(tmp_path / "j.sqlite", model, questions())
    assert kept(tmp_path / "j.sqlite") == model.billed - unbilled < 40
    # At most those of the same turn of the loop follow, and these are kept too.
    assert model.stopped_at is not None and model.billed - model.stopped_at <= model.concurrency
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_an_error_of_the_questions_waits_for_what_is_on_its_way(tmp_path):
    def broken() -> Iterator[Question]:
        yield from questions(8)
        raise VtgError("video.mp4: cannot be read")

    model = Paid()
    with pytest.raises(VtgError, match="cannot be read"):
        ask(tmp_path / "j.sqlite", model, broken())
    assert kept(tmp_path / "j.sqlite") == model.billed >= 6


@pytest.mark.parametrize("seed", range(5))
def test_a_dear_prompt_that_finds_no_room_does_not_cut_off_a_cheap_one(tmp_path, seed):
    """The fault behind bills that no journal had: both wait for room, the dear one gives up, the cheap one was sent.

    A dear prompt sets aside $0.0020, which the budget never covers, and a cheap one $0.00053, so they go one by one.
    """
    model, draw = Paid(), random.Random(seed)
    sizes = [10, 10, *(draw.choice((10, 3000)) for _ in range(58))]
    price_of_all = Metered(model, PRICE, budget=0.001)
    with pytest.raises(BudgetReached):
        ask(tmp_path / "j.sqlite", price_of_all, questions(60, sizes.__getitem__))
    assert kept(tmp_path / "j.sqlite") == model.billed >= 2
    assert price_of_all.spent == model.billed * PRICE.cost(10, 1) <= 0.001 * PICO


def test_a_disk_that_is_full_for_a_moment_loses_no_answer(tmp_path, monkeypatch):
    record, failed = Journal.record, []

    def once_full(journal: Journal, entries: Any) -> None:
        if not failed:
            failed.append(len(entries))
            raise VtgError("disk full")
        record(journal, entries)

    monkeypatch.setattr(Journal, "record", once_full)
    model = Paid()
    with pytest.raises(VtgError, match="disk full"):
        ask(tmp_path / "j.sqlite", model, questions())
    assert kept(tmp_path / "j.sqlite") == model.billed > 0


def test_a_request_that_never_comes_back_is_cut_off_after_a_time(tmp_path, caplog):
    class Hanging(Paid):
        async def generate(self, request: Request) -> list[Reply]:
            replies = await super().generate(request)
            await asyncio.sleep(0 if self.billed < 4 else 60)
            return replies

    def broken() -> Iterator[Question]:
        yield from questions(6)
        raise VtgError("broken")

    with pytest.raises(VtgError, match="broken"):
        ask(tmp_path / "j.sqlite", Hanging(), broken(), patience=0.5)
    assert "were cut off on their way" in caplog.text


def test_a_model_that_is_stopped_may_say_that_it_sent_nothing(tmp_path):
    class Waiting(Paid):
        """Its seventh request and all later ones wait for a server that is down, until it is stopped."""

        async def generate(self, request: Request) -> list[Reply]:
            if self.billed >= 6:
                while self.stopped_at is None:
                    await asyncio.sleep(0.01)
                raise NotSent
            return await super().generate(request)

    model = Waiting()

    def broken() -> Iterator[Question]:
        yield from questions(10)
        raise VtgError("broken")

    with pytest.raises(VtgError, match="broken"):
        ask(tmp_path / "j.sqlite", model, broken())
    assert kept(tmp_path / "j.sqlite") == model.billed == 6
