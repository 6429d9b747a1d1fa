import asyncio
import os
import random
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support import forked
from support.servers import Fault, Server, seeded, unseeded
from vtgdata.engine import ask as ask_module
from vtgdata.engine.ask import Asking, ask, run
from vtgdata.engine.journal.journal import Journal
from vtgdata.engine.progress import Counts, read_progress
from vtgdata.engine.spool import QuestionAnswers, WantedAnswer
from vtgdata.engine.work_keys import Question, seed_of
from vtgdata.errors import EndpointRefused, VtgError
from vtgdata.files import plugins
from vtgdata.records import Endpoint, Image, Message, Model, Reply, Request, Sampling, Text

KEY_CANARY = "sk-canary-0123456789"


def make_question(number: int, problem: str | None = None) -> Question:
    return Question(
        sample_id=f"shapes:{number}",
        messages=(Message("user", (Text(f"When does {number} happen?"), Image(b"jpeg", 0.0))),),
        prompt_id="ground-1",
        frames_id="frames-1",
        frame_times=(0.0,),
        problem=problem,
    )


class Echo:
    """A model that answers with the seeds it is given, and knows what it was asked."""

    id = "echo"
    looks = True

    def __init__(self, concurrency: int = 4) -> None:
        self.concurrency = concurrency
        self.requests: list[Request] = []
        self.in_flight = self.most_in_flight = 0
        self.closed = False

    async def generate(self, request: Request) -> list[Reply]:
        self.requests.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(0)
        self.in_flight -= 1
        return [self.reply(request, seed) for seed in request.seeds]

    def reply(self, request: Request, seed: int) -> Reply:
        return Reply(text=f"{request.sample_id} {seed}")

    async def close(self) -> None:
        self.closed = True


def ask_all(
    path: Path, model: Model, questions: Any = range(10), n: int = 2, seed: int = 0, **more: Any
) -> tuple[list[WantedAnswer], dict[str, Reply]]:
    """Run once on a journal; what was wanted, and the answers that the journal then has."""
    made = (question if isinstance(question, Question) else make_question(question) for question in questions)
    noted: list[QuestionAnswers] = []
    with Journal(path) as journal:
        run(made, Asking(model=model, sampling=Sampling(), n=n, seed=seed, journal=journal, note=noted.append, **more))
        asked = [one for record in noted for one in record.each()]
        return asked, journal.answered(one.key for one in asked)


def served(server: Server, **endpoint: Any) -> Model:
    return plugins.load("models", "openai_api").connect("tiny", Endpoint(urls=(server.url,), **endpoint))


def test_every_question_gets_n_answers_in_order(tmp_path):
    model = Echo()
    asked, replies = ask_all(tmp_path / "j.sqlite", model, n=3)
    assert [(one.sample_id, one.index) for one in asked] == [(f"shapes:{i}", k) for i in range(10) for k in range(3)]
    assert [replies[one.key].text for one in asked] == [f"{one.sample_id} {seed_of(one.key)}" for one in asked]
    assert model.closed


def test_nothing_is_asked_when_all_is_there(tmp_path):
    _, before = ask_all(tmp_path / "j.sqlite", Echo())
    again, counted = Echo(), []
    _, after = ask_all(tmp_path / "j.sqlite", again, progress=lambda counts: counted.append(str(counts)))
    assert again.requests == []
    assert after == before
    assert counted[-1] == "20 of 20 answers (20 from before)"


def test_more_answers_ask_only_for_the_new_ones(tmp_path):
    ask_all(tmp_path / "j.sqlite", Echo(), n=2)
    model = Echo()
    asked, replies = ask_all(tmp_path / "j.sqlite", model, n=5)
    assert [len(request.seeds) for request in model.requests] == [3] * 10
    assert len(replies) == len(asked) == 50


def test_another_seed_asks_anew(tmp_path):
    first, _ = ask_all(tmp_path / "j.sqlite", Echo(), seed=1)
    second, _ = ask_all(tmp_path / "j.sqlite", Echo(), seed=2)
    assert not {one.key for one in first} & {one.key for one in second}


def test_a_question_that_comes_twice_is_asked_once(tmp_path):
    model = Echo()
    asked, replies = ask_all(tmp_path / "j.sqlite", model, [1, 1, 2, 1])
    assert len(asked) == 8
    assert len(replies) == 4
    assert [request.sample_id for request in model.requests] == ["shapes:1", "shapes:2"]


def test_a_question_with_a_problem_is_never_asked_and_stays_in_the_list(tmp_path):
    model = Echo()
    asked, replies = ask_all(tmp_path / "j.sqlite", model, [make_question(0, "video missing"), 1])
    assert [one.problem for one in asked] == ["video missing"] * 2 + [None] * 2
    assert [request.sample_id for request in model.requests] == ["shapes:1"]
    assert len(replies) == 2


def looking(number: int, looked: list[int], **found: Any) -> Question:
    """A question whose pixels are read only when it is asked."""
    whole = make_question(number)

    def look() -> Question:
        looked.append(number)
        return msgspec.structs.replace(whole, **found)

    empty = (Message("user", (*whole.messages[0].parts[:1], Image(b"", 0.0))),)
    return msgspec.structs.replace(whole, messages=empty, look=look)


def test_frames_are_read_only_of_what_is_asked(tmp_path):
    looked: list[int] = []
    model = Echo()
    ask_all(tmp_path / "j.sqlite", model, [looking(i, looked) for i in range(3)])
    ask_all(tmp_path / "j.sqlite", model, [looking(i, looked) for i in range(5)])
    assert looked == [0, 1, 2, 3, 4]
    assert all(request.messages[0].parts[1] == Image(b"jpeg", 0.0) for request in model.requests)


@pytest.mark.parametrize("found", [{"frames_id": "frames-2"}, {"problem": "video unreadable", "messages": ()}])
def test_what_is_found_when_it_is_looked_at_counts(tmp_path, found):
    asked, replies = ask_all(tmp_path / "j.sqlite", Echo(), [looking(1, [], **found)])
    assert [(one.frames_id, one.problem) for one in asked] == [
        (found.get("frames_id", "frames-1"), found.get("problem"))
    ] * 2
    assert len(replies) == (0 if "problem" in found else 2)


def test_a_failed_request_is_kept_not_acknowledged_and_asked_again_on_the_next_run(tmp_path):
    class Faulty(Echo):
        def reply(self, request: Request, seed: int) -> Reply:
            bad = request.sample_id == "shapes:3"
            return Reply(text=None, error="HTTP 500") if bad else super().reply(request, seed)

    acknowledged: list[str] = []
    asked, replies = ask_all(tmp_path / "j.sqlite", Faulty(), acknowledge=acknowledged.append)
    failed = [one.key for one in asked if one.sample_id == "shapes:3"]
    assert set(acknowledged) == set(replies) == {one.key for one in asked} - set(failed)
    with Journal(tmp_path / "j.sqlite") as journal:
        assert [journal.failures(failed)[key].error for key in failed] == ["HTTP 500"] * 2
    model = Echo()
    _, replies = ask_all(tmp_path / "j.sqlite", model)
    assert [request.sample_id for request in model.requests] == ["shapes:3"]
    assert len(replies) == 20


def test_an_answer_is_on_disk_before_it_is_acknowledged(tmp_path):
    with Journal(tmp_path / "j.sqlite") as journal:
        held: list[bool] = []
        run(
            map(make_question, range(5)),
            Asking(
                model=Echo(),
                sampling=Sampling(),
                n=2,
                seed=0,
                journal=journal,
                note=lambda record: None,
                acknowledge=lambda key: held.append(journal.holds([key]) == {key} and not journal._db.in_transaction),
            ),
        )
    assert held == [True] * 10


@pytest.mark.parametrize("concurrency", [1, 3, 16])
def test_few_requests_are_in_flight_and_few_questions_alive(tmp_path, concurrency):
    done = 0
    alive: list[int] = []

    class Slow(Echo):
        def reply(self, request: Request, seed: int) -> Reply:
            nonlocal done
            done += 1
            return super().reply(request, seed)

    def lazily() -> Iterator[Question]:
        for number in range(100):
            alive.append(number + 1 - done)
            yield make_question(number)

    model = Slow(concurrency)
    asked, _ = ask_all(tmp_path / "j.sqlite", model, lazily(), n=1)
    assert len(asked) == 100
    assert model.most_in_flight <= concurrency
    assert max(alive) <= 2 * concurrency


def test_questions_are_pulled_in_a_thread_so_that_decoding_holds_nothing_up(tmp_path):
    """The second question comes only once the first is answered: on the loop's own thread this would never end."""
    answered = threading.Event()

    def decoding() -> Iterator[Question]:
        yield make_question(0)
        assert answered.wait(20)
        yield make_question(1)

    asked, _ = ask_all(tmp_path / "j.sqlite", Echo(), decoding(), n=1, acknowledge=lambda key: answered.set())
    assert len(asked) == 2


def test_a_model_may_take_the_answers_to_one_question_apart(tmp_path):
    model = Echo()
    model.answers_per_request = 2  # type: ignore[attr-defined]
    ask_all(tmp_path / "j.sqlite", model, range(3), n=5)
    assert sorted(len(request.seeds) for request in model.requests) == [1] * 3 + [2] * 6


def test_a_refusal_ends_the_run_at_once_and_keeps_what_was_answered(tmp_path):
    class Refusing(Echo):
        def reply(self, request: Request, seed: int) -> Reply:
            if request.sample_id == "shapes:5":
                raise EndpointRefused("no quota")
            return super().reply(request, seed)

    acknowledged: list[str] = []
    model = Refusing(1)
    with pytest.raises(EndpointRefused, match="no quota"):
        ask_all(tmp_path / "j.sqlite", model, range(1000), acknowledge=acknowledged.append)
    assert model.closed
    assert len(model.requests) == 6
    with Journal(tmp_path / "j.sqlite") as journal:
        assert journal.holds(acknowledged) == set(acknowledged)
        assert len(acknowledged) == 10
    progress = read_progress(tmp_path / "j.sqlite")
    assert progress is not None and progress.ended and progress.counts.answered == 10


def test_an_error_in_the_questions_ends_the_run_as_itself(tmp_path):
    def broken() -> Iterator[Question]:
        yield make_question(0)
        raise VtgError("video.mp4: cannot be read")

    with pytest.raises(VtgError, match="cannot be read"):
        ask_all(tmp_path / "j.sqlite", Echo(), broken())


def test_a_cancelled_run_leaves_a_journal_that_goes_on(tmp_path):
    async def cancelled() -> None:
        with Journal(tmp_path / "j.sqlite") as journal:
            asking: asyncio.Task[None] = asyncio.create_task(
                ask(
                    map(make_question, range(50)),
                    Asking(
                        model=Echo(),
                        sampling=Sampling(),
                        n=2,
                        seed=0,
                        journal=journal,
                        note=lambda record: None,
                        acknowledge=lambda key: asking.cancel() if key else None,
                    ),
                )
            )
            with pytest.raises(asyncio.CancelledError):
                await asking

    asyncio.run(cancelled())
    model = Echo()
    asked, replies = ask_all(tmp_path / "j.sqlite", model, range(50))
    assert 0 < sum(len(request.seeds) for request in model.requests) < 100
    assert len(replies) == len(asked) == 100


def test_progress_lies_beside_the_journal_while_it_runs(tmp_path):
    path = tmp_path / "j.sqlite"
    seen: list[Counts] = []

    def look(key: str) -> None:
        progress = read_progress(path)
        assert progress is not None and not progress.ended and progress.owner is not None
        assert progress.owner.pid == os.getpid()
        seen.append(progress.counts)

    ask_all(path, Echo(), acknowledge=look)
    assert len(seen) == 20
    progress = read_progress(path)
    assert progress is not None and progress.ended
    assert progress.counts == Counts(to_do=20, cached=0, asked=20, answered=20, failed=0, problems=0, uncosted=20)


def test_a_wrong_descriptor_to_acknowledge_to_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv(ask_module.ACKNOWLEDGE_FD, "stdout")
    with pytest.raises(VtgError, match="no open file descriptor"):
        ask_all(tmp_path / "j.sqlite", Echo())


def test_the_table_does_not_depend_on_concurrency(tmp_path):
    with Server(seeded) as server:
        tables = [
            ask_all(tmp_path / f"{concurrency}.sqlite", served(server, concurrency=concurrency), n=3)
            for concurrency in (1, 4, 16)
        ]
        assert server.most_in_flight <= 16
    texts = [[(one, replies[one.key].text) for one in asked] for asked, replies in tables]
    assert texts[0] == texts[1] == texts[2]


def test_a_wrong_key_stops_after_a_few_requests_and_is_written_nowhere(tmp_path, monkeypatch):
    """The server repeats the key, as some do."""
    monkeypatch.setenv("VTGDATA_API_KEY", KEY_CANARY)
    told = {"error": {"message": f"Incorrect API key provided: {KEY_CANARY}", "code": "invalid_api_key"}}
    with Server(lambda body, number: Fault(401, body=told)) as server:
        with pytest.raises(EndpointRefused, match="VTGDATA_API_KEY") as caught:
            ask_all(tmp_path / "j.sqlite", served(server, concurrency=16), range(100))
    assert len(server.requests) <= 6, "of three different prompts: one refusal may be one row's"
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY_CANARY}"
    assert KEY_CANARY not in str(caught.value)
    assert all(KEY_CANARY.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_the_key_is_not_in_a_journal_of_failures(tmp_path, monkeypatch):
    monkeypatch.setenv("VTGDATA_API_KEY", KEY_CANARY)
    told = {"error": {"message": f"bad request of {KEY_CANARY}"}}
    with Server(lambda body, number: Fault(400, body=told)) as server:
        asked, replies = ask_all(tmp_path / "j.sqlite", served(server))
        assert replies == {}
    with Journal(tmp_path / "j.sqlite") as journal:
        assert "[secret]" in (journal.failures([asked[0].key])[asked[0].key].error or "")
    assert all(KEY_CANARY.encode() not in path.read_bytes() for path in tmp_path.iterdir())


# The crash test: a real process that asks, killed again and again.

SCORE = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[4:]
from test_ask import served_at, make_question, N, SAMPLES
from vtgdata.engine.ask import Asking, run
from vtgdata.engine.journal.journal import Journal
from vtgdata.records import Sampling

with Journal(Path(sys.argv[1])) as journal:
    model = served_at(sys.argv[2], int(sys.argv[3]))
    asked = {"sampling": Sampling(), "n": N, "seed": 7, "journal": journal, "note": lambda record: None}
    run(map(make_question, range(SAMPLES)), Asking(model=model, **asked))
"""
SAMPLES, N, CONCURRENCY = 60, 4, 8


def served_at(url: str, concurrency: int) -> Model:
    return plugins.load("models", "openai_api").connect("tiny", Endpoint(urls=(url,), concurrency=concurrency))


def score(path: Path, server: Server, kill_after: int | None, blow: signal.Signals = signal.SIGKILL) -> list[str]:
    """Run the scoring process; kill it after so many acknowledgements. Returns every key that it acknowledged."""
    reading, writing = os.pipe()
    tests = Path(__file__).parent
    process = forked.start(
        ["-c", SCORE, str(path), server.url, str(CONCURRENCY), str(tests), str(tests.parent)],
        env={**os.environ, "VTGDATA_ACK_FD": str(writing)},
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL if blow == signal.SIGINT else None,
    )
    os.close(writing)
    acknowledged: list[str] = []
    with os.fdopen(reading) as pipe:
        for line in pipe:
            # A key cut off by the kill was not acknowledged.
            acknowledged += [line[:-1]] if line.endswith("\n") else []
            if len(acknowledged) == kill_after:
                process.send_signal(blow)
    assert process.wait(60) == (0 if kill_after is None else -blow)
    return acknowledged


def texts_of(path: Path, keys: list[str]) -> dict[str, str | None]:
    with Journal(path) as journal:
        return {key: reply.text for key, reply in journal.answered(keys).items()}


@pytest.mark.parametrize(
    ("seed", "kills"), [(1, 4), *(pytest.param(seed, 25, marks=pytest.mark.slow) for seed in range(2, 6))]
)
def test_every_acknowledged_answer_survives_a_kill(tmp_path, seed, kills):
    draw, path = random.Random(seed), tmp_path / "j.sqlite"
    known: dict[str, str | None] = {}
    total, most = SAMPLES * N, SAMPLES * N // (kills + 1)
    with Server(unseeded) as server:
        for _ in range(kills):
            before = {request.seed for request in server.requests}
            start = len(server.requests)
            acknowledged = score(path, server, draw.randint(1, most))
            again = [request.seed for request in server.requests[start:] if request.seed in before]
            assert len(again) <= CONCURRENCY, "only what was in flight at the kill is asked again"
            texts = texts_of(path, [*known, *acknowledged])
            assert set(texts) == {*known, *acknowledged}, "nothing acknowledged is lost"
            assert known.items() <= texts.items(), "no answer changes"
            assert all((seed_of(key), text) in server.replies for key, text in texts.items())
            known = texts
        score(path, server, None)
        with Journal(path) as journal:
            rows = journal._db.execute("SELECT key FROM attempt").fetchall()
        assert len(rows) == len(set(rows)) == total, "one row per key, all answered"
        assert known.items() <= texts_of(path, [key for (key,) in rows]).items()
        assert len(server.requests) <= total + kills * CONCURRENCY
        done = len(server.requests)
        assert score(path, server, None) == []
        assert len(server.requests) == done, "nothing changed means nothing is asked"


def test_an_interrupted_run_keeps_its_answers_and_tidies_up(tmp_path):
    with Server(unseeded) as server:
        acknowledged = score(tmp_path / "j.sqlite", server, 30, signal.SIGINT)
        assert len(server.requests) < SAMPLES * N
    assert sorted(path.name for path in tmp_path.iterdir()) == ["j.sqlite", "j.sqlite.progress.json"]
    progress = read_progress(tmp_path / "j.sqlite")
    assert progress is not None and progress.ended
    assert set(texts_of(tmp_path / "j.sqlite", acknowledged)) == set(acknowledged)
