"""The table of dialects: for each cited provider the bodies that we send and what is read from its replies.

`dialects.json` holds what each cited page says, rewritten as facts: the fields that a request may have, and replies
with every text that a model wrote replaced. A body that nobody can cite is not in it.
"""

import asyncio
import datetime
import logging
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.servers import Answer, Fault, Server, completion, in_turn
from vtgdata.plugins.models import openai_api
from vtgdata.plugins.models._serving.said import PUBLISHED
from vtgdata.plugins.models._serving.server import Waits
from vtgdata.records import Endpoint, Image, Message, Reply, Request, Sampling, Text

TABLE: dict[str, list[dict[str, Any]]] = msgspec.json.decode(Path(__file__).with_name("dialects.json").read_bytes())
REQUESTS, REPLIES = TABLE["requests"], TABLE["replies"]
PROVIDERS = {"OpenAI", "Azure OpenAI", "Gemini, OpenAI endpoint", "OpenRouter", "vLLM", "SGLang", "transformers serve"}
PROMPT = (Message("system", (Text("Answer."),)), Message("user", (Text("When?"), Image(b"\xff\xd8\xff\xd9", time=1.0))))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_api, "WAITS", Waits(first=0.01, limited=0.03))
    monkeypatch.setenv("VTGDATA_API_KEY", "none")


def named(entry: dict[str, Any]) -> str:
    return f"{entry['provider']}: {entry.get('what', 'a request')}"


def answers(entry: dict[str, Any]) -> list[Answer]:
    """What the server of an entry answers, one after the other."""
    good = completion("1.0 to 2.0") | {"model": entry["asked"]}
    return [
        good if body == "good" else Fault(status, body=body.encode() if isinstance(body, str) else body)
        for status, body in entry["replies"]
    ]


def ask(server: Server, entry: dict[str, Any], n: int = 1) -> list[Reply]:
    """`n` answers one after the other, as a run asks for them."""
    more = {"max_wait": float(entry["max_wait"])} if "max_wait" in entry else {}
    endpoint = Endpoint(urls=(server.url,), body=entry.get("body", {}), **more)
    model = openai_api.connect(entry["asked"], endpoint)
    sampling = Sampling(temperature=entry.get("temperature", 1.0), max_tokens=9)

    async def run() -> list[Reply]:
        out: list[Reply] = []
        for seed in range(n):
            out += await model.generate(Request(sample_id="s", messages=PROMPT, sampling=sampling, seeds=(seed,)))
        await model.close()
        return out

    return asyncio.run(run())


@pytest.mark.parametrize("entry", [*REQUESTS, *REPLIES], ids=named)
def test_each_body_has_an_address_a_version_and_a_date(entry: dict[str, Any]):
    assert re.match(r"https://|recorded on loopback: ", entry["source"]) and entry["version"]
    # A page of a repository is named with its commit, since it changes.
    assert "/blob/" not in entry["source"] or re.search(r"/blob/[0-9a-f]{40}/", entry["source"])
    assert datetime.date.fromisoformat(entry["date"]) <= datetime.date(2026, 12, 31)


def test_every_provider_has_requests_and_replies():
    assert {entry["provider"] for entry in REQUESTS} == PROVIDERS
    assert {entry["provider"] for entry in REPLIES} >= PROVIDERS


@pytest.mark.parametrize("entry", REQUESTS, ids=named)
def test_a_request_has_only_fields_that_the_provider_takes_or_that_are_known_to_be_harmless(entry: dict[str, Any]):
    with Server(lambda body, number: completion("1.0 to 2.0")) as server:
        ask(server, {"asked": "tiny"})
    (request,) = server.requests
    assert set(request.body) - set(entry["takes"]) <= set(entry.get("more", {}))
    assert not set(request.body) & set(entry["lacks"]) - set(entry.get("more", {}))
    # Text and pictures are sent as all of the cited pages have them.
    system, user = request.body["messages"]
    assert system == {"role": "system", "content": "Answer."}
    text, picture = user["content"]
    assert text == {"type": "text", "text": "When?"}
    assert picture["type"] == "image_url" and set(picture) == {"type", "image_url"}
    assert re.fullmatch(r"data:image/jpeg;base64,[\w+/=]+", picture["image_url"]["url"])


@pytest.mark.parametrize("entry", REPLIES, ids=named)
def test_what_is_read_from_a_reply_is_what_the_cited_page_says(entry: dict[str, Any], caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.WARNING, "vtgdata")
    with Server(in_turn(*answers(entry))) as server:
        (reply,) = ask(server, entry)
        for name, value in entry["reads"].items():
            found = getattr(reply, name)
            if name == "error" and value is not None:
                assert found is not None and found.startswith(value[:PUBLISHED])
            else:
                assert found == value, name
        if "error" not in entry["reads"]:
            assert reply.error is None
        last = server.requests[-1].body
        for name, value in entry.get("sends", {}).items():
            assert last[name] == value
        assert not set(entry.get("leaves_out", ())) & set(last)


TAUGHT = [entry for entry in REPLIES if len(entry["replies"]) > 1 and entry["replies"][0][0] == 400]


@pytest.mark.parametrize("entry", TAUGHT, ids=named)
def test_what_a_server_teaches_is_learnt_once_said_once_and_remembered(
    entry: dict[str, Any], caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.WARNING, "vtgdata")
    with Server(in_turn(*answers(entry))) as server:
        replies = ask(server, entry, n=5)
    assert [reply.error for reply in replies] == [None] * 5
    assert len(server.requests) == 6, "one request to learn it"
    assert caplog.text.count("from now on") == 1
    for request in server.requests[1:]:
        assert not set(entry.get("leaves_out", ())) & set(request.body)
        assert all(request.body[name] == value for name, value in entry.get("sends", {}).items())
