import asyncio
import gzip
import tracemalloc
import zlib
from typing import Any

import msgspec
import pytest

from support.servers import Fault, Server, completion, in_turn
from vtgdata.plugins.models import openai_api
from vtgdata.plugins.models._serving.server import Waits
from vtgdata.plugins.models.openai_api import connect
from vtgdata.records import Endpoint, Message, Reply, Request, Sampling, Text

BOMB = gzip.compress(b"0" * 200_000_000)
MESSAGES = (Message("user", (Text("When?"),)),)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_api, "WAITS", Waits(tries=2, first=0.01))


def ask(server: Server, seeds: int = 1) -> list[Reply]:
    model = connect("tiny", Endpoint(urls=(server.url,), concurrency=1))

    async def send() -> list[Reply]:
        replies: list[Reply] = []
        for seed in range(seeds):
            replies += await model.generate(
                Request(sample_id="s", messages=MESSAGES, sampling=Sampling(), seeds=(seed,))
            )
        await model.close()
        return replies

    return asyncio.run(send())


@pytest.mark.parametrize("status", [200, 500])
def test_a_gzip_bomb_is_a_failed_answer_and_does_not_fill_the_memory(status: int) -> None:
    with Server(in_turn(Fault(status, {"Content-Encoding": "gzip"}, BOMB))) as server:
        tracemalloc.start()
        (reply,) = ask(server)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (reply.text, reply.error) == (None, "the response is longer than 16 MiB")
    assert most < 4 * openai_api.LONGEST_REPLY < 200_000_000


@pytest.mark.parametrize("place", [0, 2, 4])
def test_only_the_request_that_met_the_bomb_is_asked_again(place: int) -> None:
    bomb = Fault(200, {"Content-Encoding": "gzip"}, BOMB)
    answers: list[Any] = ["yes"] * place + [bomb] + ["yes"] * 6
    with Server(in_turn(*answers)) as server:
        replies = ask(server, 5)
    assert [(reply.text, reply.error) for reply in replies] == [("yes", None)] * 5
    assert len(server.requests) == 6


def test_a_long_reply_that_is_not_packed_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_api, "LONGEST_REPLY", 2**20)
    with Server(in_turn(completion("a" * 2**20))) as server:
        assert ask(server)[0].error == "the response is longer than 1 MiB"


@pytest.mark.parametrize(
    ("packing", "pack"), [("gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress)]
)
def test_a_packed_answer_is_read_to_its_last_letter(packing: str, pack: Any) -> None:
    text = "".join(chr(97 + i * i % 26) for i in range(300_000))
    body = pack(msgspec.json.encode(completion(text)))
    with Server(in_turn(Fault(200, {"Content-Encoding": packing}, body))) as server:
        assert ask(server)[0].text == text


@pytest.mark.parametrize(
    ("packing", "said"), [("br", "packed in a way that was not asked for"), ("gzip", "not packed as it says")]
)
def test_what_cannot_be_unpacked_is_a_typed_failure(packing: str, said: str) -> None:
    with Server(in_turn(Fault(200, {"Content-Encoding": packing}, b"neither"))) as server:
        assert said in (ask(server)[0].error or "")
