"""A proxy on the way is named in what is said, since the words may be its own."""

import asyncio
import sys

import pytest

from support.servers import Fault, Server, completion
from vtgdata.errors import VtgError
from vtgdata.plugins.models import openai_api
from vtgdata.plugins.models._serving.addresses import proxy
from vtgdata.plugins.models._serving.server import Waits
from vtgdata.records import Endpoint, Message, Reply, Request, Sampling, Text


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_api, "WAITS", Waits(first=0.01, longest=0.02, limited=0.01))
    monkeypatch.setenv("VTGDATA_API_KEY", "none")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def ask(url: str, max_wait: float = 0.05) -> Reply:
    request = Request(
        sample_id="s", messages=(Message("user", (Text("?"),)),), sampling=Sampling(max_tokens=9), seeds=(1,)
    )
    model = openai_api.connect("tiny", Endpoint(urls=(url,), max_wait=max_wait, timeout=10))

    async def answer() -> Reply:
        (reply,) = await model.generate(request)
        await model.close()
        return reply

    return asyncio.run(answer())


def test_answers_come_through_a_proxy(monkeypatch):
    with Server(lambda body, n: completion("yes")) as way:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{way.port}")
        assert ask("http://models.example/v1").text == "yes"
    assert way.requests[0].path == "http://models.example/v1/chat/completions"


@pytest.mark.parametrize("status", [403, 407, 502, 503])
def test_a_page_of_a_proxy_is_told_with_the_proxys_name_and_without_its_password(monkeypatch, status):
    page = Fault(status, {"Content-Type": "text/html"}, b"<html>Blocked by policy</html>")
    with Server(lambda body, n: page) as way:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:secret@127.0.0.1:{way.port}")
        reply = ask("http://models.example/v1")
        named = f"HTTP_PROXY=http://127.0.0.1:{way.port}"
    assert reply.error is not None and str(way.port) not in reply.error
    assert reply.detail is not None and named in reply.detail and "secret" not in reply.detail


def test_a_proxy_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    reply = ask("http://models.example/v1")
    assert reply.error is not None and reply.error.startswith("no connection")
    assert reply.detail is not None and "HTTP_PROXY=http://127.0.0.1:9" in reply.detail


def test_only_what_goes_through_a_proxy_is_said_to(monkeypatch):
    assert proxy("http://models.example/v1") == ""
    monkeypatch.setenv("HTTPS_PROXY", "http://way.example:8080")
    assert proxy("http://models.example/v1") == ""
    assert proxy("https://models.example/v1") == "HTTPS_PROXY=http://way.example:8080"
    monkeypatch.setenv("NO_PROXY", "models.example")
    assert proxy("https://models.example/v1") == ""
    monkeypatch.setenv("ALL_PROXY", "socks5://me:secret@way.example")
    assert proxy("https://other.example/v1") == "HTTPS_PROXY=http://way.example:8080"
    assert proxy("http://other.example/v1") == "ALL_PROXY=socks5://way.example"


@pytest.mark.parametrize("address", ["socks5://127.0.0.1:9", "ftp://way.example:1", ":::"])
def test_a_proxy_that_cannot_be_used_is_said_and_not_the_servers_address_blamed(monkeypatch, address):
    monkeypatch.setenv("ALL_PROXY", address)
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(VtgError, match=r"ALL_PROXY.*go through this proxy.*NO_PROXY"):
        openai_api.connect("tiny", Endpoint(urls=("http://models.example/v1",)))
