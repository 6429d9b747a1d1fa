"""A server draws as `Sampling` says: it is sent what it would otherwise take from its model's folder."""

import asyncio
import json
import logging

import pytest

from support.servers import Fault, Server, seeded
from vtgdata.plugins.models import openai_api
from vtgdata.plugins.models._serving.drawing import TAKES
from vtgdata.records import Endpoint, Message, Reply, Request, Sampling, Text

STANDARD = {"model", "messages", "temperature", "top_p", "max_tokens", "seed"}


def ask(server: Server, *, seeds: tuple[int, ...] = (1,), **sampling) -> list[Reply]:
    message = Message("user", (Text("?"),))
    request = Request(sample_id="s", messages=(message,), sampling=Sampling(**sampling), seeds=seeds)

    async def answers():
        model = openai_api.connect("tiny", Endpoint(urls=(server.url,)))
        try:
            return await model.generate(request)
        finally:
            await model.close()

    return asyncio.run(answers())


def owned(server: Server, owner: str) -> Server:
    server.models_body = json.dumps({"object": "list", "data": [{"id": "tiny", "owned_by": owner}]}).encode()
    return server


def further(server: Server) -> list[dict]:
    return [{name: value for name, value in each.body.items() if name not in STANDARD} for each in server.requests]


NEUTRAL = {
    "vllm": {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0},
    "sglang": {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0},
    "llamacpp": {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0},
}


@pytest.mark.parametrize("owner", TAKES)
def test_a_server_that_fills_in_defaults_of_its_models_folder_is_told_that_none_acts(owner):
    """R11: vLLM was sent temperature, top_p, max_tokens and seed, and took the rest from generation_config.json."""
    with Server(seeded) as server:
        ask(owned(server, owner), seeds=(1, 2, 3))
    assert further(server) == [NEUTRAL[owner]] * 3


@pytest.mark.parametrize("owner", TAKES)
def test_what_was_asked_for_is_sent_by_the_servers_own_name(owner):
    with Server(seeded) as server:
        ask(owned(server, owner), top_k=7, min_p=0.1, repetition_penalty=1.2)
    assert list(further(server)[0].values()) == [7, 0.1, 1.2]
    assert list(further(server)[0]) == list(NEUTRAL[owner])


def test_a_server_that_does_not_say_what_it_is_gets_standard_fields_alone():
    with Server(seeded) as server:
        ask(owned(server, "system"))
        assert further(server) == [{}]


def test_such_a_server_is_sent_what_was_asked_for_and_that_is_said_once(caplog):
    with Server(seeded) as server, caplog.at_level(logging.WARNING, "vtgdata"):
        caplog.handler.setLevel(logging.WARNING)
        logging.getLogger("vtgdata").addHandler(caplog.handler)
        try:
            ask(owned(server, "system"), seeds=(1, 2), top_k=7)
        finally:
            logging.getLogger("vtgdata").removeHandler(caplog.handler)
    assert further(server) == [{"top_k": 7}] * 2
    assert "does not say what it is: top_k is sent to it, but may not act there" in caplog.text


def test_a_server_that_refuses_the_field_says_so_in_the_row():
    unknown = Fault(400, {}, {"error": {"message": "Unknown parameter: 'top_k'.", "type": "invalid_request_error"}})
    with Server(lambda body, number: unknown if "top_k" in body else "yes") as server:
        [reply] = ask(server, top_k=7)
    assert "Unknown parameter: 'top_k'" in reply.error


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"data": 3}', b'{"data": [{"id": "tiny", "owned_by": null}]}'])
def test_a_list_of_models_that_is_none_stops_nothing(body):
    with Server(seeded) as server:
        server.models_body = body
        [reply] = ask(server)
    assert reply.error is None
    assert further(server) == [{}]


def test_requests_that_are_written_down_have_what_was_asked_for():
    request = Request(sample_id="s", messages=(), sampling=Sampling(top_k=7), seeds=(1,))
    [body] = openai_api.connect("tiny", Endpoint(urls=("http://127.0.0.1:1/v1",))).bodies(request)
    assert body["top_k"] == 7
