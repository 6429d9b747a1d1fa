"""The meter: costs to the last picodollar, and a budget that no order of answers and no price gets past."""

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtgdata.engine.money import tokens
from vtgdata.engine.money.budget import Metered
from vtgdata.engine.money.prices import LOCAL, PICO, Price
from vtgdata.errors import BudgetReached
from vtgdata.records import Message, Reply, Request, Sampling, Text

PRICE = Price(model="m", input=3.0, output=15.0)
MESSAGES = (Message("user", (Text("x" * 2000),)),)
GUESS = tokens.of_messages(MESSAGES).high
"""Tokens that the prompt is guessed to have at most."""


class Counted:
    """Answers after random pauses, with the tokens that a function gives; notes what was spent as each began."""

    id, concurrency, looks = "counted", 8, True

    def __init__(self, reply, seed: int = 0) -> None:
        self.reply, self.draw = reply, random.Random(seed)
        self.meter: Metered | None = None
        self.spent_at_start: list[int] = []
        self.in_flight = self.most_in_flight = 0

    async def generate(self, request: Request) -> list[Reply]:
        assert self.meter is not None
        self.spent_at_start.append(self.meter.spent)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        for _ in range(self.draw.randint(0, 5)):
            await asyncio.sleep(0)
        self.in_flight -= 1
        return [self.reply(seed) for seed in request.seeds]

    async def close(self) -> None:
        pass


def ask(count: int, model: Counted, budget: float | None, n: int = 1, max_tokens: int = 64, **more) -> list[Reply]:
    """Ask so many requests at once through a meter; the replies that came before the budget ended it."""
    meter = model.meter = Metered(model, more.pop("price", PRICE), budget=budget, **more)
    replies: list[Reply] = []

    async def one(number: int, slots: asyncio.Semaphore) -> None:
        async with slots:
            seeds = tuple(range(number * n, number * n + n))
            request = Request(sample_id="s", messages=MESSAGES, sampling=Sampling(max_tokens=max_tokens), seeds=seeds)
            replies.extend(await meter.generate(request))

    async def all_of_them() -> None:
        slots = asyncio.Semaphore(model.concurrency)
        found = await asyncio.gather(*(one(i, slots) for i in range(count)), return_exceptions=True)
        stops = [error for error in found if isinstance(error, BaseException)]
        assert all(isinstance(stop, BudgetReached) for stop in stops), stops

    asyncio.run(all_of_them())
    return replies


def told(tokens_in: int | None, tokens_out: int | None, error: str | None = None) -> Reply:
    return Reply(text=None if error else "a", tokens_in=tokens_in, tokens_out=tokens_out, error=error)


def test_each_answer_says_what_it_cost_and_the_sum_is_exact() -> None:
    model = Counted(lambda seed: told(100 + seed, seed))
    replies = ask(50, model, None)
    assert sorted(round((reply.cost or 0) * PICO) for reply in replies) == [
        (100 + seed) * 3_000_000 + seed * 15_000_000 for seed in range(50)
    ]
    assert model.meter is not None and model.meter.spent == sum(
        (100 + s) * 3_000_000 + s * 15_000_000 for s in range(50)
    )


def test_a_failure_costs_what_it_says_it_used_and_an_answer_that_says_nothing_costs_the_most_it_can() -> None:
    most = PRICE.cost(int(GUESS) + 1, 64)
    for reply, cost in (
        (told(100, 10, "timeout"), PRICE.cost(100, 10)),
        (told(100, None, "timeout"), PRICE.cost(100, 0)),
        (told(None, None, "no connection"), None),
        (told(None, None), most),
        (told(100, None), most),
        (told(-5, -5), 0),
    ):
        model = Counted(lambda seed, reply=reply: reply)
        found = ask(1, model, None)[0].cost
        assert (found is None) == (cost is None) and round((found or 0) * PICO) == (cost or 0)
        assert model.meter is not None and model.meter.spent == (cost or 0)


def test_an_unknown_price_is_unknown_and_a_model_on_this_machine_costs_nothing() -> None:
    assert [reply.cost for reply in ask(3, Counted(lambda seed: told(1, 1)), None, price=None)] == [None] * 3
    assert [reply.cost for reply in ask(3, Counted(lambda seed: told(1, 1)), 0.0, price=LOCAL)] == [0.0] * 3


@given(
    seed=st.integers(0, 2**32),
    budget=st.floats(0.0, 0.3),
    concurrency=st.integers(1, 12),
    n=st.integers(1, 3),
    dear=st.floats(0.0, 4.0),
    before=st.floats(0.0, 0.1),
)
def test_the_spend_never_passes_the_budget_by_more_than_what_is_in_flight(seed, budget, concurrency, n, dear, before):
    draw = random.Random(seed)
    # From nothing to four times what was guessed: then, and only then, may what is in flight pass the budget.
    costs = {k: (draw.randint(0, max(1, int(GUESS * dear))), draw.randint(0, 64)) for k in range(40 * n)}
    model = Counted(lambda key: told(*costs[key]), seed)
    model.concurrency = concurrency
    replies = ask(40, model, budget, n=n, spent=round(before * PICO))
    limit, meter = round(budget * PICO), model.meter
    assert meter is not None
    assert meter.spent == round(before * PICO) + sum(round((reply.cost or 0.0) * PICO) for reply in replies)
    assert all(spent <= limit for spent in model.spent_at_start)
    assert meter.spent <= max(limit, round(before * PICO)) + model.most_in_flight * n * max(
        PRICE.cost(*cost) for cost in costs.values()
    )


def test_a_budget_waits_for_what_is_in_flight_before_it_gives_up() -> None:
    # Room for one request at its highest cost, while each really costs a two-hundredth of it.
    most = PRICE.cost(int(GUESS) + 1, 64)
    model = Counted(lambda seed: told(1, 1))
    replies = ask(19, model, 1.2 * most / PICO)
    assert len(replies) == 19
    assert model.most_in_flight == 1


def test_a_used_up_budget_says_what_is_spent_and_what_the_next_request_may_cost() -> None:
    model = Counted(lambda seed: told(1000, 64))
    model.meter = Metered(model, PRICE, budget=0.005)
    request = Request(sample_id="s", messages=MESSAGES, sampling=Sampling(max_tokens=64), seeds=(1,))
    asyncio.run(model.meter.generate(request))
    with pytest.raises(BudgetReached) as stopped:
        asyncio.run(model.meter.generate(request))
    assert stopped.value.exit_code == 4
    said = str(stopped.value)
    for words in ("$0.005 is used up", "$0.004 is spent", "one request more may cost $0.00"):
        assert words in said, said


def test_a_meter_outlives_its_event_loop() -> None:
    # Adaptive rounds ask one model in one event loop after the other.
    for _ in range(3):
        model = Counted(lambda seed: told(10, 1))
        meter = model.meter = Metered(model, PRICE, budget=0.02)
        request = Request(sample_id="s", messages=MESSAGES, sampling=Sampling(max_tokens=64), seeds=(1,))

        async def both(meter: Metered = meter, request: Request = request) -> None:
            await asyncio.gather(*(meter.generate(request) for _ in range(5)))
            await meter.close()

        for _ in range(2):
            asyncio.run(both())
