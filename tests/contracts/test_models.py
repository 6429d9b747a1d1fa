"""What every model promises; a new file in vtgdata/plugins/models is picked up by itself, and opened by its EXAMPLE."""

import asyncio
import contextlib
import importlib.util
import os
import random
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from support.builders import make_sample
from support.servers import Answer, Fault, Hangup, Server, Silence, completion
from vtgdata.engine.models import open_model
from vtgdata.engine.settings import AskSettings
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.samples import write_samples
from vtgdata.records import (
    BatchModel,
    Endpoint,
    Footage,
    Image,
    Message,
    Model,
    ModelExample,
    ModelInPieces,
    NamedModel,
    ReadsReplies,
    Reply,
    Request,
    Sampling,
    Text,
    VideoModel,
)  # fmt: skip
from vtgdata.video.decode import jpeg

NAMES = plugins.names("models")
KEYS = ("sk-first-0123456789abcdef", "sk-other-fedcba9876543210")
SECONDS = 60
"""After which something hangs."""
RAW_WORDS = re.compile(
    r"errno|traceback|0x[0-9a-f]{5,}|https?:|127\.0\.0\.1|localhost|/v1|(?<!\w)/\w+/|:\d{2,5}\b",
    re.IGNORECASE,
)
"""What words have that an operating system or a library wrote, or that name a machine."""


def ordered(value: Any) -> bytes:
    """A JSON value as text, whatever the order of its keys."""
    return msgspec.json.encode(value, order="sorted")


def answer(body: dict[str, Any], number: int) -> str:
    """A text that is a function of all that was asked, the seed included."""
    draw = random.Random(ordered(body))
    return f"<answer>{draw.uniform(0, 9):.3f} to {draw.uniform(9, 99):.3f}</answer>"


def example_of(name: str) -> ModelExample:
    """The EXAMPLE of a model, which is skipped where the package that it needs is not installed."""
    module = plugins.load("models", name)
    needs = getattr(module, "NEEDS", "")
    if needs and importlib.util.find_spec(needs) is None:
        pytest.skip(f"{needs} is not installed")
    found = getattr(module, "EXAMPLE", None)
    assert isinstance(found, ModelExample), "its module has an EXAMPLE, a ModelExample: see CONTRIBUTING.md"
    return found


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Builds a tiny model at the first call."""
    folder = tmp_path_factory.mktemp("contract") / "tiny"

    def build() -> Path:
        if not folder.is_dir():
            from vtgdata.demo import tiny

            tokenizer = tiny.build_tokenizer()
            tiny.build_model(tokenizer, seed=1).save_pretrained(folder)
            tiny.build_processor(tokenizer).save_pretrained(folder)
        return folder

    return build


class Lender:
    """Opens models on what their examples ask for."""

    def __init__(self, folder: Path, tiny_model: Callable[[], Path]) -> None:
        self.folder, self.tiny_model = folder, tiny_model

    def filled(self, value: Any, url: str) -> Any:
        """A setting, with what is lent in the place of its name in braces."""
        if not isinstance(value, str):
            return value
        if "{samples}" in value and not (self.folder / "samples.parquet").exists():
            write_samples(self.folder / "samples.parquet", [make_sample()])
        model = str(self.tiny_model()) if "{tiny_model}" in value else ""
        lent = {"{samples}": str(self.folder / "samples.parquet"), "{server}": url, "{tiny_model}": model}
        return re.sub(r"\{\w+\}", lambda found: lent[found[0]], value)

    def open(self, name: str, url: str, **endpoint: Any) -> Model:
        example = example_of(name)
        settings = {key: self.filled(value, url) for key, value in example.settings.items()}
        urls = tuple(self.filled(each, url) for each in example.urls)
        reached = Endpoint(urls=urls, concurrency=4, **endpoint)
        return plugins.load("models", name).connect(self.filled(example.argument, url), reached, **settings)


@pytest.fixture
def lender(tmp_path: Path, tiny_model: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> Lender:
    monkeypatch.setenv("VTGDATA_API_KEY", KEYS[0])
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return Lender(tmp_path, tiny_model)


@contextlib.contextmanager
def serving(name: str, said: Callable[[dict[str, Any], int], Answer] = answer) -> Iterator[Server]:
    """A server that says so, in the form of the model's own server where that is another."""
    response = example_of(name).response

    def shaped(body: dict[str, Any], number: int) -> Answer:
        found = said(body, number)
        return response(found) if response is not None and isinstance(found, str) else found

    with Server(shaped) as server:
        yield server


@pytest.mark.parametrize("name", NAMES)
def test_frames_are_taken_as_one_video_with_the_times_that_are_told_or_refused_in_words(name, lender):
    """`told` is one time a frame or a pair, rising, within the frames' times; or `no_video` is a clause."""
    with serving(name) as server:
        model = lender.open(name, server.url)
        if not isinstance(model, VideoModel) or model.no_video:
            why = getattr(model, "no_video", "it takes no video")
            assert why and not why.endswith((".", "!")) and "\n" not in why
            return
        times = (0.0, 1.5, 3.0, 4.5, 6.0, 7.5)
        told = model.told(times)
        assert len(told) in (3, 6) and list(told) == sorted(told) and told[0] >= 0 and told[-1] <= times[-1]
        shown = Footage(tuple(jpeg(np.full((28, 28, 3), n, dtype=np.uint8), 28) for n in range(6)), times)
        asked = request(1, 2)
        message = Message("user", (Text("Look: "), shown, Text("When does a dog jump?")))
        (replies,) = ask(model, msgspec.structs.replace(asked, messages=(message,)))
    assert [reply.error for reply in replies] == [None, None]


def request(*seeds: int, picture: bytes = b"") -> Request:
    picture = picture or jpeg(np.full((28, 28, 3), 90, dtype=np.uint8), 28)
    parts = (Text("0.0 s"), Image(picture, 0.0), Text("When does a dog jump?"))
    return Request(sample_id="test:1", messages=(Message("user", parts),), sampling=Sampling(max_tokens=8), seeds=seeds)


def ask(model: Model, *requests: Request) -> list[list[Reply]]:
    """Ask one after the other, and close; nothing may hang."""

    async def each() -> list[list[Reply]]:
        async with asyncio.timeout(SECONDS):
            try:
                return [await model.generate(one) for one in requests]
            finally:
                await model.close()

    return asyncio.run(each())


def texts(replies: list[Reply]) -> list[str]:
    assert all(reply.error is None for reply in replies), replies
    return [reply.text or "" for reply in replies]


@pytest.mark.parametrize("name", NAMES)
def test_n_seeds_have_n_replies_in_their_order(name: str, lender: Lender) -> None:
    with serving(name) as server:
        together, *alone = ask(lender.open(name, server.url), request(3, 1, 2), request(3), request(1), request(2))
    assert len(together) == 3 and [len(each) for each in alone] == [1, 1, 1]
    assert all(isinstance(reply, Reply) for reply in together)
    if example_of(name).reproducible:
        assert texts(together) == [texts(each)[0] for each in alone]
    if example_of(name).seeded:
        assert len(set(texts(together))) > 1, "another seed draws another answer"


@pytest.mark.parametrize("name", NAMES)
def test_the_same_request_has_the_same_replies_again(name: str, lender: Lender) -> None:
    if not example_of(name).reproducible:
        pytest.skip("it says that it is not reproducible")
    with serving(name) as server:
        first, again = (texts(ask(lender.open(name, server.url), request(5, 6))[0]) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("name", NAMES)
def test_its_id_is_the_same_every_time_and_on_every_server(name: str, lender: Lender) -> None:
    with serving(name) as one, serving(name) as other:
        ids = {lender.open(name, url).id for url in (one.url, other.url, one.url)}
    assert len(ids) == 1 and ids.pop().strip()


@pytest.mark.parametrize("name", NAMES)
def test_its_parts_are_of_the_kinds_that_records_say(name: str, lender: Lender) -> None:
    with serving(name) as server:
        model = lender.open(name, server.url)
    assert isinstance(model.looks, bool) and model.concurrency >= 1
    assert not isinstance(model, ModelInPieces) or model.answers_per_request >= 1
    assert isinstance(getattr(plugins.load("models", name), "LOCAL", False), bool)
    if example_of(name).urls:
        assert isinstance(model, NamedModel) and model.model, "what a server's model costs goes by its name"


@pytest.mark.parametrize("name", NAMES)
def test_it_may_be_closed_twice_and_without_a_question(name: str, lender: Lender) -> None:
    async def close() -> None:
        async with asyncio.timeout(SECONDS):
            await model.close()
            await model.close()

    with serving(name) as server:
        model = lender.open(name, server.url)
        asyncio.run(close())
        ask(model, request(1))
        asyncio.run(close())


def key() -> str:
    return os.environ["VTGDATA_API_KEY"]


def quoting(body: dict[str, Any], number: int) -> Answer:
    """A failure in whose words a server names itself, a folder and the key."""
    words = f"backend http://127.0.0.1:8999/v1 lost /srv/models/tiny, key {key()}, <Model object at 0x7f0a1b2c3d4e>"
    return Fault(500, body={"error": {"message": words}})


def refusing(body: dict[str, Any], number: int) -> Answer:
    """The request's own fault, in words that name a folder and the key."""
    return Fault(400, body={"error": {"message": f"bad image, key {key()}, in /srv/models/tiny"}})


FAULTS: dict[str, Callable[[dict[str, Any], int], Answer] | None] = {
    "down": None,
    "quotes": quoting,
    "refuses the request": refusing,
    "hangs up": lambda body, number: Hangup(),
    "says no JSON": lambda body, number: Fault(200, body=b"<html>127.0.0.1</html>"),
    "is silent": lambda body, number: Silence(),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", NAMES)
def test_an_error_is_a_reply_whose_words_are_the_same_everywhere(
    name: str, fault: str, lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not example_of(name).urls:
        pytest.skip("it asks no server")
    errors: list[list[str]] = []
    for each in KEYS:
        monkeypatch.setenv("VTGDATA_API_KEY", each)
        with serving(name, FAULTS[fault] or answer) as server:
            model = lender.open(name, server.url, timeout=0.5, max_wait=0.5)
            if FAULTS[fault] is None:
                server.down()
            replies = ask(model, request(1, 2))[0]
            port = str(server.port)
        errors.append([checked(reply, port) for reply in replies])
    assert errors[0] == errors[1] and len(errors[0]) == 2


def checked(reply: Reply, port: str) -> str:
    """The error of a reply that has one and could be published."""
    assert reply.text is None and reply.error, "a request that failed is a Reply with an error, and no text"
    said = RAW_WORDS.search(reply.error)
    assert said is None, f"{reply.error!r} has {said[0]!r}: errors are published. Raw words belong into detail"
    assert port not in reply.error
    assert key() not in f"{reply.error} {reply.detail}", "the key is shown"
    return reply.error


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_that_cannot_be_read_ends_no_run(name: str, lender: Lender) -> None:
    with serving(name) as server:
        replies = ask(lender.open(name, server.url), request(1, 2, picture=b"no picture"))[0]
        port = str(server.port)
    assert len(replies) == 2
    for reply in replies:
        assert reply.error is None or checked(reply, port)


@pytest.mark.parametrize("name", NAMES)
def test_it_answers_after_a_question_was_given_up(name: str, lender: Lender) -> None:
    arrived, gate = threading.Event(), threading.Event()

    def slow(body: dict[str, Any], number: int) -> Answer:
        arrived.set()
        gate.wait(SECONDS)
        return answer(body, number)

    async def give_up() -> list[Reply]:
        async with asyncio.timeout(SECONDS):
            given_up = asyncio.create_task(model.generate(request(1, 2)))
            if example_of(name).urls:
                await asyncio.to_thread(arrived.wait, SECONDS)
            else:
                await asyncio.sleep(0)
            given_up.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await given_up
            gate.set()
            try:
                return await model.generate(request(3, 4))
            finally:
                await model.close()

    with serving(name, slow) as server:
        model = lender.open(name, server.url)
        assert len(texts(asyncio.run(give_up()))) == 2


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_setting_is_refused_by_its_name(name: str) -> None:
    example_of(name)
    with pytest.raises(VtgError, match=rf"{name}.*unknown setting 'no_such_setting'"):
        open_model(f"{name}:no_such_setting=1", AskSettings(samples="samples.parquet", out="out"))


@pytest.mark.parametrize("name", NAMES)
def test_what_it_writes_down_for_a_batch_is_what_it_sends_and_what_comes_back_is_read(
    name: str, lender: Lender
) -> None:
    module = plugins.load("models", name)
    with serving(name) as server:
        model = lender.open(name, server.url)
        if not isinstance(model, BatchModel):
            pytest.skip("it writes no requests down")
        assert isinstance(module, ReadsReplies), "who writes requests down reads what comes back: reply_of"
        bodies = model.bodies(request(7, 8))
        said = texts(ask(model, request(7, 8))[0])
        sent = [logged.body for logged in server.requests]
    assert sorted(bodies, key=ordered) == sorted(sent, key=ordered)
    shaped = example_of(name).response or completion
    assert [module.reply_of(msgspec.json.encode(shaped(text))).text for text in said] == said
    assert module.reply_of(b"{}").error
