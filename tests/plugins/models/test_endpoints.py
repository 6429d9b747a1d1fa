"""Servers that come and go, and what that costs: no row, few tries, little time."""

import asyncio
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from support.servers import Answer, Fault, Server, Silence, seeded
from vtgdata.errors import EndpointRefused
from vtgdata.plugins.models import openai_api
from vtgdata.plugins.models._serving.endpoints import Endpoints, Trial
from vtgdata.plugins.models._serving.server import Failed, Waits
from vtgdata.plugins.models._serving.server import Server as State
from vtgdata.records import Endpoint, Message, Reply, Request, Sampling, Text

WAITS = Waits(first=0.02, longest=0.2, limited=0.05)


def make_states(count: int = 1, most: int = 8, **waits: Any) -> list[State]:
    """Servers that have answered once."""
    states = [State(f"http://{i}/v1", f"http://{i}/v1", most, Waits(**waits)) for i in range(count)]
    for state in states:
        state.well()
    return states


def fail(state: State, kind: Any, sent: float | None = None, pause: float | None = None) -> None:
    state.failed(Failed(kind, "it failed", pause=pause), time.monotonic() if sent is None else sent)


def test_a_new_server_gets_one_request_until_it_has_answered():
    state = State("u", "u", 8, Waits())
    assert state.state == "half-open" and not state.full
    state.begin(time.monotonic())
    assert state.full
    state.well()
    assert state.state == "closed" and not state.full


@pytest.mark.parametrize("kind", ["broken", "busy", "late", "cut"])
def test_the_breaker_opens_after_three_failures_in_a_row_and_an_answer_between_starts_anew(kind: Any):
    (state,) = make_states()
    for _ in range(2):
        fail(state, kind)
        fail(state, kind)
        assert state.state == "closed"
        state.well()
    for _ in range(3):
        fail(state, kind)
    assert state.state == "open" and state.ready_at > time.monotonic()


def test_no_connection_opens_the_breaker_at_once_and_each_failed_probe_for_longer():
    (state,) = make_states(first=10.0, longest=35.0)
    lengths: list[float] = []
    for _ in range(4):
        fail(state, "unreachable")
        lengths.append(state.open_until - time.monotonic())
    for length, least in zip(lengths, (10, 20, 35, 35), strict=True):
        assert least - 0.1 <= length <= 1.5 * least
    state.well()
    assert state.state == "closed" and state.ready_at <= time.monotonic()


def test_failures_of_requests_that_were_sent_before_the_breaker_opened_do_not_keep_it_open():
    (state,) = make_states(first=10.0)
    before = time.monotonic() - 1
    fail(state, "unreachable")
    until = state.open_until
    for _ in range(20):
        fail(state, "unreachable", sent=before)
    assert state.open_until == until and state.opened == 1


@pytest.mark.parametrize("kind", ["limit", "busy", "late", "cut", "unreachable"])
def test_the_limit_is_halved_once_for_all_that_were_on_their_way_and_grows_by_one_a_round(kind: Any):
    (state,) = make_states(most=16)
    before = time.monotonic() - 1
    for _ in range(16):
        fail(state, kind, sent=before)
    assert state.limit == 8
    for _ in range(9):
        state.well()
    assert 8.9 < state.limit < 9.2
    for _ in range(1000):
        state.well()
    assert state.limit == 16


def test_a_bad_answer_says_nothing_of_how_much_a_server_can_take():
    (state,) = make_states(most=16)
    fail(state, "broken")
    assert state.limit == 16


def test_the_limit_is_never_below_one():
    (state,) = make_states(most=4)
    for _ in range(10):
        fail(state, "limit")
        state.limited = 0
    assert state.limit == 1 and not state.full


def test_a_pause_is_never_shorter_than_was_asked_for():
    for asked in (0.0, 0.3, 7.0, 250.0):
        (state,) = make_states()
        now = time.monotonic()
        fail(state, "limit", pause=asked)
        assert state.rests_until - now >= max(asked, Waits().limited)
        assert state.rests_until - now <= max(asked + 1.01, 1.5 * Waits().limited + 0.1)


def place_all(endpoints: Endpoints, count: int) -> list[str]:
    async def placed() -> list[str]:
        return [(await endpoints.place(Trial())).name for _ in range(count)]

    return asyncio.run(placed())


def test_the_least_outstanding_comes_first_and_none_gets_more_than_its_limit():
    states = make_states(3, most=4)
    states[1].limit = 2.9
    states[2].outstanding = 3
    names = place_all(Endpoints(states, Waits(), 1), 7)
    assert names[:5] == ["http://0/v1", "http://1/v1", "http://0/v1", "http://1/v1", "http://0/v1"]
    assert [state.outstanding for state in states] == [4, 2, 4]


def test_an_answer_that_failed_at_a_server_goes_to_another_even_where_that_has_more_to_do():
    states = make_states(2)
    states[1].outstanding = 5
    endpoints, trial = Endpoints(states, Waits(), 1), Trial()

    async def twice() -> list[str]:
        first = await endpoints.place(trial)
        endpoints.failed(first, trial, Failed("broken", "it failed"))
        endpoints.leave(first)
        return [first.name, (await endpoints.place(trial)).name]

    assert asyncio.run(twice()) == ["http://0/v1", "http://1/v1"]


def test_answers_that_wait_are_placed_in_the_order_in_which_they_came():
    (state,) = make_states(most=1)
    endpoints = Endpoints([state], Waits(), 1)

    async def ten() -> list[int]:
        order: list[int] = []

        async def one(number: int) -> None:
            server = await endpoints.place(Trial())
            order.append(number)
            await asyncio.sleep(0)
            endpoints.leave(server)

        await asyncio.gather(*map(one, range(10)))
        return order

    assert asyncio.run(ten()) == list(range(10))


# Four servers, of which some die


Answering = Callable[[dict[str, Any], int], Answer]


def answers(servers: list[Server], count: int, concurrency: int, **endpoint: Any) -> list[Reply]:
    """Ask for so many answers, each by its seed."""
    urls = tuple(server.url for server in servers)
    model = openai_api.connect("tiny", Endpoint(urls=urls, concurrency=concurrency, **endpoint))
    slots = asyncio.Semaphore(concurrency)
    messages = (Message("user", (Text("When?"),)),)

    async def one(seed: int) -> Reply:
        async with slots:
            request = Request(sample_id="s", messages=messages, sampling=Sampling(), seeds=(seed,))
            return (await model.generate(request))[0]

    async def all_of_them() -> list[Reply]:
        try:
            return await asyncio.gather(*map(one, range(count)))
        finally:
            await model.close()

    return asyncio.run(all_of_them())


class Dying:
    """A server's answers: each takes a while, and between two moments after the first request there are none."""

    def __init__(self, how: str, begin: float, end: float | None) -> None:
        self.how, self.begin, self.end = how, begin, end
        self.server: Server | None = None
        self.timers: list[threading.Timer] = []
        self.started = 0.0

    def __call__(self, body: dict[str, Any], number: int) -> Answer:
        if number == 0:
            self.start()
        since = time.monotonic() - self.started
        dead = self.begin <= since and (self.end is None or since < self.end)
        if dead and self.how == "hangs":
            return Silence()
        if dead and self.how != "gone":
            return Fault(int(self.how), body={"error": {"message": "no"}})
        time.sleep(0.01)
        return seeded(body, number)

    def start(self) -> None:
        """Begin to count the time."""
        self.started = time.monotonic()
        if self.how == "gone" and self.server is not None:
            self.timers = [threading.Timer(self.begin, self.server.down)]
            self.timers += [threading.Timer(self.end, self.server.up)] if self.end is not None else []
        for timer in self.timers:
            timer.start()


def four(dying: dict[int, Dying], count: int, **endpoint: Any) -> tuple[list[Reply], list[Server]]:
    """That many answers from four servers, of which some die for a while."""
    servers = [Server(seeded) for _ in range(4)]
    for server in servers:
        server.__enter__()
    try:
        for number, how in dying.items():
            servers[number].answer, how.server = how, servers[number]
        return answers(servers, count, 12, **endpoint), servers
    finally:
        for timer in (timer for how in dying.values() for timer in how.timers):
            timer.join()
        for server in servers:
            server.__exit__(None, None, None)


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_api, "WAITS", WAITS)
    monkeypatch.setenv("VTGDATA_API_KEY", "none")


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("how", ["gone", "500", "503", "429", "hangs"])
def test_one_of_four_servers_dying_for_a_while_costs_no_answer(how: str):
    replies, servers = four({1: Dying(how, 0.2, 0.7)}, 400, timeout=1.0 if how == "hangs" else 20.0)
    assert [reply.error for reply in replies if reply.error] == []
    assert [reply.text for reply in replies] == [seeded({"seed": seed}, 0) for seed in range(400)]
    lost = sum(len(server.requests) for server in servers) - 400
    assert lost <= 40, "few requests go to a server that is dead"


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("how", ["gone", "503", "429"])
def test_all_four_dying_for_a_while_costs_no_answer(how: str):
    replies, _ = four({i: Dying(how, 0.1, 0.6) for i in range(4)}, 300, timeout=20)
    assert [reply.error for reply in replies if reply.error] == []


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("how", ["gone", "500", "503", "hangs"])
def test_all_four_dying_for_good_ends_in_typed_failures_soon(how: str):
    began = time.monotonic()
    replies, servers = four({i: Dying(how, 0.3, None) for i in range(4)}, 2000, timeout=0.2, max_wait=0.4)
    failed = [reply for reply in replies if reply.error]
    assert time.monotonic() - began < 20
    assert failed and all(reply.text is None for reply in failed)
    kinds = {"no connection", "the connection broke", "timeout", "HTTP 500: no", "HTTP 503: no"}
    assert {reply.error for reply in failed} <= kinds
    assert sum(len(server.requests) for server in servers) < 2600


@pytest.mark.usefixtures("_quick")
def test_answers_on_their_way_when_a_server_refuses_are_waited_for_since_they_are_paid_for():
    refused = threading.Barrier(12)

    def no_more(body: dict[str, Any], number: int) -> Answer:
        if number == 0:
            return seeded(body, number)
        question = int(body["messages"][0]["content"])
        if question > 3:
            refused.wait(20)
            return Fault(402)
        # The three on their way are answered after the others were refused.
        if question == 1:
            refused.wait(20)
        return seeded(body, number) if not time.sleep(0.3) else ""

    with Server(no_more) as server:
        model = openai_api.connect("tiny", Endpoint(urls=(server.url,), concurrency=14))
        kept: list[Reply] = []

        async def one(question: int) -> None:
            messages = (Message("user", (Text(str(question)),)),)
            request = Request(sample_id="s", messages=messages, sampling=Sampling(), seeds=(question,))
            kept.extend(await model.generate(request))

        async def all_of_them() -> None:
            await one(0)
            async with asyncio.TaskGroup() as group:
                for question in range(1, 15):
                    group.create_task(one(question))

        with pytest.raises(ExceptionGroup) as caught:
            asyncio.run(all_of_them())
    assert caught.group_contains(EndpointRefused)
    answered = [reply for reply in kept if reply.error is None]
    assert len(answered) == 4, "the one before, and the three on their way"


def test_an_answer_that_is_late_is_asked_for_three_times_and_no_more_since_each_may_be_paid_for():
    (state,) = make_states()
    endpoints, trial = Endpoints([state], Waits(), 1), Trial()
    late = Failed("late", "timeout")
    endpoints.failed(state, trial, late)
    endpoints.failed(state, trial, late)
    with pytest.raises(Failed, match="timeout"):
        endpoints.failed(state, trial, late)


@pytest.mark.usefixtures("_quick")
def test_a_server_that_fails_half_of_the_time_is_used_and_costs_no_answer():
    chance = random.Random(7)
    flaky: Answering = lambda body, number: Fault(500) if chance.random() < 0.5 else seeded(body, number)  # noqa: E731
    with Server(flaky) as bad, Server(seeded) as good:
        replies = answers([bad, good], 200, 8)
    assert all(reply.error is None for reply in replies)
    assert len(bad.requests) > 20
