"""Every fault of a server, at the first, a middle and the last request, through a run: an answer, or a typed row."""

import datetime
import email.utils
import itertools
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from support.builders import draw_video, make_sample
from support.faults import FAILURES, JSON, ODD, REFUSALS, ask, errors
from support.servers import Answer, Fault, Server, Silence, in_turn, seeded
from vtgdata.engine.ask import Asking, run
from vtgdata.engine.journal.journal import Journal
from vtgdata.engine.work_keys import Question
from vtgdata.errors import EndpointRefused
from vtgdata.files import plugins
from vtgdata.files.samples import write_samples
from vtgdata.plugins.models import openai_api
from vtgdata.plugins.models._serving.endpoints import TOO_LONG
from vtgdata.plugins.models._serving.server import Waits
from vtgdata.records import Endpoint, Message, Sampling, Text
from vtgdata.stages import difficulty

PLACES = pytest.mark.parametrize("place", [0, 2, 4], ids=["first", "middle", "last"])
QUICK = Waits(first=0.01, limited=0.03)


def in_time(name: str) -> float:
    """Seconds to wait for an answer: few where none comes, many where a busy machine may take its time."""
    return 0.5 if name in ("no answer", "an answer in drips") else 20.0


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_api, "WAITS", QUICK)
    monkeypatch.setenv("VTGDATA_API_KEY", "sk-canary-0123456789")


def at(place: int, fault: Answer, times: int = 1) -> Callable[[dict[str, Any], int], Answer]:
    """A server's answers: the fault at one request, or from it on so many times."""
    return among(range(place, place + times), fault)


def among(places: Sequence[int], fault: Answer) -> Callable[[dict[str, Any], int], Answer]:
    """A server's answers: the fault at these requests."""
    return lambda body, number: fault if number in places else seeded(body, number)


@pytest.mark.parametrize("name", FAILURES)
def test_a_fault_at_the_first_a_middle_and_the_last_request_costs_one_more_each_and_no_row(
    tmp_path: Path, name: str
) -> None:
    with Server(among((0, 3, 6), FAILURES[name][0])) as server:
        rows = ask(tmp_path / "j.sqlite", server, timeout=in_time(name))
    assert errors(rows) == [None] * 5
    seeds = [request.seed for request in server.requests]
    assert len(set(seeds)) == 5 and len(seeds) == 8
    assert all(seeds[place] == seeds[place + 1] for place in (0, 3, 6))


@pytest.mark.parametrize("name", FAILURES)
def test_a_fault_that_stays_is_a_typed_row_with_the_same_words_in_every_run(tmp_path: Path, name: str) -> None:
    fault, said = FAILURES[name]
    runs: list[list[str | None]] = []
    for path in (tmp_path / "a.sqlite", tmp_path / "b.sqlite"):
        with Server(in_turn(fault)) as server:
            runs.append(errors(ask(path, server, samples=2, timeout=in_time(name), max_wait=0.2)))
            assert 1 <= len(server.requests) <= 2 * QUICK.tries + 5
    assert runs[0] == runs[1] and len(set(runs[0])) == 1
    assert said in (runs[0][0] or "")


@pytest.mark.parametrize("name", ODD)
def test_an_odd_answer_first_in_the_middle_and_last_is_an_answer_and_never_asked_again(
    tmp_path: Path, name: str
) -> None:
    answer, expected = ODD[name]
    with Server(among((0, 2, 4), answer)) as server:
        rows = ask(tmp_path / "j.sqlite", server)
    assert errors(rows) == [None] * 5
    assert len(server.requests) == 5
    for place in (0, 2, 4):
        assert {key: rows[place][key] for key in expected} == expected


@PLACES
@pytest.mark.parametrize("headers", [{"Retry-After": "0.3"}, {"retry-after-ms": "300"}], ids=["seconds", "ms"])
@pytest.mark.parametrize("status", [429, 503])
def test_nothing_is_sent_before_the_pause_that_was_asked_for_is_over(
    tmp_path: Path, status: int, headers: dict[str, str], place: int
) -> None:
    with Server(at(place, Fault(status, headers))) as server:
        rows = ask(tmp_path / "j.sqlite", server, concurrency=3)
    assert errors(rows) == [None] * 5
    asked = server.requests[place].time
    assert all(later.time - asked >= 0.3 for later in server.requests if later.time > asked + 0.05)
    assert server.requests[-1].time - asked < 3


@PLACES
def test_a_date_to_wait_for_is_waited_for(tmp_path: Path, place: int) -> None:
    dates: list[float] = []

    def dated(body: dict[str, Any], number: int) -> Answer:
        if number != place:
            return seeded(body, number)
        dates.append(math.ceil(time.time() + 0.2) - time.time() + time.monotonic())
        moment = datetime.datetime.fromtimestamp(math.ceil(time.time() + 0.2), datetime.UTC)
        return Fault(429, {"Retry-After": email.utils.format_datetime(moment, usegmt=True)})

    with Server(dated) as server:
        assert errors(ask(tmp_path / "j.sqlite", server)) == [None] * 5
    assert server.requests[place + 1].time >= dates[0] - 0.01


@PLACES
def test_a_pause_longer_than_max_wait_fails_what_is_left_at_once_and_the_next_run_asks_it(
    tmp_path: Path, place: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "vtgdata")
    with Server(at(place, Fault(429, {"Retry-After": "1e9"}))) as server:
        began = time.monotonic()
        rows = ask(tmp_path / "j.sqlite", server)
        assert time.monotonic() - began < 5
        assert errors(rows) == [None] * place + [f"HTTP 429: {TOO_LONG}"] * (5 - place)
        assert len(server.requests) == place + 1, "nothing is sent where it would be too early"
        assert "asks for a pause of 1000000000 s" in caplog.text and caplog.text.count("asks for") == 1
        assert errors(ask(tmp_path / "j.sqlite", server)) == [None] * 5
        assert len(server.requests) == 6


def test_how_long_a_pause_may_be_is_a_setting(tmp_path: Path) -> None:
    with Server(at(0, Fault(503, {"Retry-After": "0.5"}))) as server:
        assert errors(ask(tmp_path / "a.sqlite", server, max_wait=0.2)) == [f"HTTP 503: {TOO_LONG}"] * 5
    with Server(at(0, Fault(503, {"Retry-After": "0.5"}))) as server:
        assert errors(ask(tmp_path / "b.sqlite", server, max_wait=0.5)) == [None] * 5


def test_where_one_server_asks_for_a_long_pause_the_other_answers_all(tmp_path: Path) -> None:
    with Server(in_turn(Fault(429, {"Retry-After": "86400"}))) as resting, Server(seeded) as well:
        assert errors(ask(tmp_path / "j.sqlite", resting, well, concurrency=4)) == [None] * 5
    assert len(resting.requests) == 1


@PLACES
def test_no_connection_for_a_while_costs_no_row(tmp_path: Path, place: int) -> None:
    with Server(seeded) as server:

        def gone(body: dict[str, Any], number: int) -> Answer:
            if number == place:
                # Not from this thread: it serves the connection that is to break.
                threading.Thread(target=server.down).start()
                threading.Timer(0.3, server.up).start()
                return Silence(0.1)
            return seeded(body, number)

        server.answer = gone
        assert errors(ask(tmp_path / "j.sqlite", server, timeout=5)) == [None] * 5


def test_no_connection_at_all_is_a_typed_row_after_max_wait(tmp_path: Path) -> None:
    with Server(seeded) as server:
        server.down()
        began = time.monotonic()
        assert errors(ask(tmp_path / "j.sqlite", server, max_wait=0.3)) == ["no connection"] * 5
        # It gives up when the next try would come too late. Each backoff is twice the last, with up to 50 % jitter, so
        # more than half of --max-wait has passed; and far less than the 300 s that it would wait unless told otherwise.
        assert 0.16 <= time.monotonic() - began < 60
        server.up()


@pytest.mark.parametrize("before", [0, 6], ids=["from the start", "after some answers"])
@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}], ids=["no word", "a pause of 0"])
def test_a_server_that_always_says_429_gets_at_most_one_request_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], before: int
) -> None:
    # A third of the real times; what they really are is held below.
    monkeypatch.setattr(openai_api, "WAITS", Waits(first=0.05, longest=0.4, limited=0.3))

    def limited(body: dict[str, Any], number: int) -> Answer:
        return seeded(body, number) if number < before else Fault(429, headers, JSON)

    with Server(limited) as server:
        model = plugins.load("models", "openai_api").connect(
            "tiny", Endpoint(urls=(server.url,), concurrency=6, max_wait=2)
        )
        questions = (
            Question(
                sample_id=f"q{i}",
                messages=(Message("user", (Text(f"{i}"),)),),
                prompt_id="p",
                frames_id="f",
                frame_times=(),
            )
            for i in range(20)
        )
        with Journal(tmp_path / "j.sqlite") as journal:
            run(
                questions,
                Asking(model=model, sampling=Sampling(), n=1, seed=0, journal=journal, note=lambda record: None),
            )
    times = [request.time for request in server.requests[before:]]
    # Those in flight together with the first that met the limit were sent before anyone could know.
    assert 3 <= len(times) <= 6 + 8
    times = times[-3:] if before else times
    # Less than 0.3 s, for what a busy machine needs to note a request.
    assert all(later - sooner >= 0.2 for sooner, later in itertools.pairwise(times))
    assert Waits().limited == 1.0


@PLACES
@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_for_good_ends_the_command_with_exit_code_7_and_keeps_what_was_answered(
    tmp_path: Path, name: str, place: int
) -> None:
    draw_video(tmp_path / "videos/v.mp4", grey=60)
    write_samples(
        tmp_path / "samples.parquet",
        [make_sample(f"s{i}", video_id="v", query=f"a {i}", duration=4.0) for i in range(20)],
    )
    with Server(at(place, REFUSALS[name], times=1000)) as server:
        settings = difficulty.Settings(
            samples=str(tmp_path / "samples.parquet"), out=str(tmp_path / "out"), videos=str(tmp_path / "videos"),
            frames=str(tmp_path / "frames"), num_frames=2, model="openai_api:tiny", endpoint=[server.url], n=1,
            concurrency=2,
        )  # fmt: skip
        with pytest.raises(EndpointRefused) as caught:
            difficulty.run(settings)
    assert caught.value.exit_code == 7 and server.url in str(caught.value)
    assert len(server.requests) <= place + (10 + 2 if place else 3), "a few of all, and what was in flight"
    with Journal(tmp_path / "out/journal.sqlite") as journal:
        assert journal._value("SELECT count(*) FROM attempt WHERE status = 'answer'") == place


@pytest.mark.parametrize("name", REFUSALS)
def test_a_server_that_refuses_is_taken_out_and_the_others_go_on(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "vtgdata")
    with Server(in_turn(REFUSALS[name])) as refusing, Server(seeded) as well:
        assert errors(ask(tmp_path / "j.sqlite", refusing, well, samples=40, concurrency=4)) == [None] * 40
    assert len(refusing.requests) == 3
    assert caplog.text.count("refused 'tiny'") == 1 and "the other servers (1) go on" in caplog.text


def test_when_all_refuse_the_run_ends_after_three_requests_to_each(tmp_path: Path) -> None:
    with Server(in_turn(REFUSALS["401"])) as a, Server(in_turn(REFUSALS["402"])) as b:
        with pytest.raises(EndpointRefused, match=r"HTTP 401.*the other servers \(1\) refused too"):
            ask(tmp_path / "j.sqlite", a, b, samples=40, concurrency=4)
        assert [len(server.requests) for server in (a, b)] == [3, 3]
