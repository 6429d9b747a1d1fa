import asyncio
import base64
import datetime
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.servers import Drip, Fault, Hangup, Server, completion, in_turn, seeded
from vtgdata.conversation import controls
from vtgdata.errors import EndpointRefused, VtgError
from vtgdata.plugins.models import openai_api
from vtgdata.plugins.models._serving.said import retry_after
from vtgdata.plugins.models._serving.server import Waits
from vtgdata.plugins.models.openai_api import ServedModel, connect
from vtgdata.records import Endpoint, Image, Message, Reply, Request, Sampling, Text

QUICK = Waits(first=0.01, limited=0.02)
NOW = datetime.datetime(2026, 11, 23, 12, 0, 0, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(openai_api, "WAITS", QUICK)
    for name in ("VTGDATA_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def make_request(*seeds: int, messages: tuple[Message, ...] = (Message("user", (Text("When?"),)),)) -> Request:
    return Request(sample_id="s", messages=messages, sampling=Sampling(max_tokens=9), seeds=seeds or (1,))


def about(text: str) -> tuple[Message, ...]:
    return (Message("user", (Text(text),)),)


def opened(*servers: Server, model: str = "tiny", **endpoint: Any) -> ServedModel:
    return connect(model, Endpoint(urls=tuple(server.url for server in servers), **endpoint))


def generate(model: ServedModel, *requests: Request) -> list[list[Reply]]:
    """Send the requests at once, and close the model."""

    async def send() -> list[list[Reply]]:
        try:
            return await asyncio.gather(*(model.generate(request) for request in requests))
        finally:
            await model.close()

    return asyncio.run(send())


def one(*answers: Any, **endpoint: Any) -> tuple[Reply, Server]:
    """The reply to one request, to a server that gives these answers in turn."""
    with Server(in_turn(*answers)) as server:
        return generate(opened(server, **endpoint), make_request())[0][0], server


def test_a_request_has_the_messages_in_order_and_only_standard_fields():
    messages = (
        Message("system", (Text("Look."),)),
        Message("user", (Text("0.0 s"), Image(b"\xff\xd8first", 0.0), Text("1.0 s"), Image(b"\xff\xd8last", 1.0))),
    )
    with Server(seeded) as server:
        generate(opened(server), make_request(5, messages=messages))
    assert server.requests[0].path == "/v1/chat/completions"
    url = "data:image/jpeg;base64,"
    assert server.requests[0].body == {
        "model": "tiny",
        "temperature": 1.0,
        "top_p": 1.0,
        "max_tokens": 9,
        "seed": 5,
        "messages": [
            {"role": "system", "content": "Look."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "0.0 s"},
                    {"type": "image_url", "image_url": {"url": url + base64.b64encode(b"\xff\xd8first").decode()}},
                    {"type": "text", "text": "1.0 s"},
                    {"type": "image_url", "image_url": {"url": url + base64.b64encode(b"\xff\xd8last").decode()}},
                ],
            },
        ],
    }


def test_a_control_token_in_a_query_is_broken_by_a_blank_and_said_once(caplog):
    query = "a <|im_end|> sign <image> falls, she <laughs>"
    words = f'Find "{query}". Think inside <think></think>.'
    text = Text(words, ((6, 6 + len(query)),))
    controls._say.cache_clear()
    with Server(seeded) as server, caplog.at_level("WARNING", logger="vtgdata"):
        generate(opened(server), make_request(1, 2, messages=(Message("user", (text,)),)))
    sent = {request.body["messages"][0]["content"] for request in server.requests}
    assert sent == {'Find "a < |im_end|> sign < image> falls, she <laughs>". Think inside <think></think>.'}
    said = [record.getMessage() for record in caplog.records if "control_token" in record.getMessage()]
    assert len(said) == 2 and "'<|im_end|>'" in said[0] and "'< |im_end|>'" in said[0]


def test_n_answers_are_n_requests_each_with_its_seed_and_come_in_order():
    with Server(seeded) as server:
        replies = generate(opened(server), make_request(3, 1, 2))[0]
    assert [reply.text for reply in replies] == [seeded({"seed": seed}, 0) for seed in (3, 1, 2)]
    assert sorted(request.seed for request in server.requests) == [1, 2, 3]


def test_what_failed_tries_used_is_told_with_the_failure():
    gave_up = completion("", finish_reason="abort")
    reply, server = one(gave_up)
    assert reply.error is not None and "gave up" in reply.error
    assert (reply.tokens_in, reply.tokens_out) == (7 * len(server.requests), 3 * len(server.requests))
    reply, _ = one(Fault(400))
    assert (reply.tokens_in, reply.tokens_out) == (None, None)


def test_tokens_of_reasoning_that_only_the_total_has_are_counted():
    reply, _ = one(completion("a") | {"usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 1010}})
    assert (reply.tokens_in, reply.tokens_out) == (7, 1003)


def test_tokens_time_and_server_are_kept():
    reply, server = one("yes")
    assert (reply.tokens_in, reply.tokens_out, reply.finish_reason, reply.error) == (7, 3, "stop", None)
    assert reply.endpoint == server.url
    assert reply.seconds is not None and reply.seconds > 0


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_is_kept_apart(field):
    reply, _ = one(completion("the answer", **{field: "since"}))
    assert (reply.text, reply.reasoning) == ("the answer", "since")


@pytest.mark.parametrize(
    ("body", "text", "finish_reason"),
    [
        (completion("cut off", finish_reason="length"), "cut off", "length"),
        (completion(None, finish_reason="length", reasoning_content="still thinking"), "", "length"),
        (completion(None, refusal="I cannot help with that."), "I cannot help with that.", "stop"),
        (completion("", finish_reason="content_filter"), "", "content_filter"),
        ({"choices": [{"message": {"content": "bare"}}]}, "bare", "stop"),
    ],
)
def test_a_bad_answer_is_an_answer_and_is_not_asked_again(body, text, finish_reason):
    reply, server = one(body)
    assert (reply.text, reply.finish_reason, reply.error) == (text, finish_reason, None)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(500, body={"error": {"message": "oops"}}),
        Fault(200, {"Content-Type": "text/html"}, b"<html>Please log in</html>"),
        Fault(200, body=b'{"choices": [{"mess'),
        Fault(200, body=b""),
        Fault(200, body=["odd"]),
        Fault(200, body={"choices": []}),
        Fault(200, {"Content-Encoding": "gzip"}, b"no gzip"),
        completion("half an ans", finish_reason="abort"),
        Hangup(),
        Hangup(after=b'{"choices"'),
    ],
)
def test_a_passing_fault_is_tried_again_and_a_lasting_one_is_a_typed_failure(fault):
    reply, server = one(fault, fault, "at last")
    assert (reply.text, reply.error) == ("at last", None)
    assert len(server.requests) == 3
    reply, server = one(fault)
    assert reply.text is None
    assert reply.error is not None and reply.detail is not None
    assert reply.detail.startswith(server.url) and reply.detail.endswith("(tries: 5)")
    assert len(server.requests) == QUICK.tries


@pytest.mark.parametrize(
    "fault",
    [
        Fault(502, body=b"<html>Bad gateway</html>"),
        Fault(503),
        Fault(529, body={"error": "overloaded"}),
        Fault(408),
        Fault(429, body={"error": {"message": "slow down", "code": "rate_limit_exceeded"}}),
    ],
)
def test_a_server_that_is_busy_is_waited_for_and_its_word_for_that_costs_no_try(fault):
    reply, server = one(*[fault] * (QUICK.tries + 1), "at last")
    assert (reply.text, reply.error) == ("at last", None)
    assert len(server.requests) == QUICK.tries + 2
    reply, server = one(fault, max_wait=0)
    assert reply.text is None
    assert reply.error is not None and reply.error.startswith(f"HTTP {fault.status}")
    assert (reply.detail or "").startswith(server.url) and "--max-wait" in (reply.detail or "")


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_request_that_is_itself_at_fault_is_not_tried_again(status):
    reply, server = one(Fault(status, body={"error": {"message": "context is 4096 tokens"}}))
    assert f"HTTP {status}: context is 4096 tokens" in (reply.error or "")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("fault", "advice"),
    [
        (Fault(401, body={"error": {"message": "no"}}), "VTGDATA_API_KEY"),
        (Fault(402), "credit"),
        (Fault(403), "access"),
        (Fault(404, body={"error": {"message": "no model tiny"}}), "v1/models"),
        (Fault(429, body={"error": {"message": "pay", "code": "insufficient_quota"}}), "quota"),
        (Fault(429, {"Retry-After": "9"}, {"error": {"message": "pay", "type": "insufficient_quota"}}), "quota"),
    ],
)
def test_a_refusal_of_all_ends_everything_after_three_requests(fault, advice):
    """Not after one: a status alone does not tell whether one request is refused or all."""
    with Server(in_turn(fault)) as server, pytest.raises(EndpointRefused, match=advice) as caught:
        generate(opened(server), *(make_request(1, messages=about(f"When {i}?")) for i in range(20)))
    assert len(server.requests) == 3
    assert caught.value.exit_code == 7
    assert "key 'none'" not in str(caught.value) and "'none'" not in str(caught.value)


def test_no_answer_in_time_is_a_failure():
    end = threading.Event()
    try:
        with Server(lambda body, number: "late" if end.wait(30) else "") as server:
            reply = generate(opened(server, timeout=0.05), make_request())[0][0]
    finally:
        end.set()
    assert reply.error == "timeout" and "no answer within 0.05 s" in (reply.detail or "")


def test_a_server_that_drips_its_answer_is_given_up_when_its_time_is_over():
    with Server(in_turn(Drip("12.0 to 15.0", 0.03))) as server:
        reply = generate(opened(server, timeout=0.3), make_request())[0][0]
    assert reply.error == "timeout" and reply.text is None


def test_a_server_that_is_not_there_is_a_failure_with_its_address_in_the_detail():
    with Server(seeded) as server:
        pass
    reply = generate(opened(server, max_wait=0), make_request())[0][0]
    assert reply.error == "no connection"
    assert (reply.detail or "").startswith(f"{server.url}: no connection (")


def test_an_error_that_is_published_names_no_server_no_key_and_is_the_same_in_every_run(monkeypatch):
    monkeypatch.setenv("VTGDATA_API_KEY", "key-canary-1234")
    said = set()
    for tries in (1, 5):
        monkeypatch.setattr(openai_api, "WAITS", Waits(tries=tries, first=0.01))
        with Server(in_turn("")) as server:
            words = f"key-canary-1234 at {server.url} fails: " + "long " * 80
            server.answer = in_turn(Fault(500, body={"error": {"message": words}}))
            reply = generate(opened(server), make_request())[0][0]
        said.add(reply.error)
        assert reply.error is not None and len(reply.error) <= 120 and "canary" not in str(reply)
        assert server.url in (reply.detail or "") and reply.endpoint == server.url
    (error,) = said
    assert error.startswith("HTTP 500: [secret] at [server] fails: long long")


@pytest.mark.parametrize("headers", [{"Retry-After": "0.2"}, {"retry-after-ms": "200"}])
def test_retry_after_is_waited_for_by_all_requests_to_that_server(headers):
    with Server(in_turn("first", Fault(429, headers), "next")) as server:
        model = opened(server)

        async def send() -> list[list[Reply]]:
            # The first answer opens the gate; the second meets the limit, and those after it wait too.
            await model.generate(make_request(1))
            limited = asyncio.create_task(model.generate(make_request(2)))
            while not model.endpoints.servers[0].rests_until:
                await asyncio.sleep(0.001)
            replies = await asyncio.gather(limited, *(model.generate(make_request(seed)) for seed in (3, 4, 5)))
            await model.close()
            return replies

        replies = asyncio.run(send())
    assert [reply.text for [reply] in replies] == ["next"] * 4
    refused, later = server.requests[1], server.requests[2:]
    assert len(later) == 4
    assert all(request.time - refused.time >= 0.2 for request in later)


def test_a_server_that_is_always_at_its_limit_gets_one_request_at_a_time():
    with Server(in_turn(Fault(429))) as server:
        replies = generate(opened(server, max_wait=0.2), make_request(*range(6)))[0]
    assert all("HTTP 429" in (reply.error or "") for reply in replies)
    assert server.most_in_flight == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after": "1e9"}, 1e9),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Thu, 23 Nov 2028 12:00:30 GMT"}, 731 * 86400 + 30),
        # By the clock of the server, which is three hours ahead, or two days behind.
        ({"retry-after": "Mon, 23 Nov 2026 15:00:30 GMT", "date": "Mon, 23 Nov 2026 15:00:00 GMT"}, 30.0),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT", "date": "Sat, 21 Nov 2026 12:00:00 GMT"}, 30.0),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT", "date": "some day"}, 30.0),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers, seconds):
    assert retry_after(headers, NOW) == seconds


@settings(deadline=None)
@given(st.text(), st.text())
def test_no_header_breaks_the_reading(seconds, milliseconds):
    wait = retry_after({"retry-after": seconds, "retry-after-ms": milliseconds}, NOW)
    assert wait is None or 0 <= wait < float("inf")


def test_work_is_shared_by_least_outstanding():
    both = threading.Barrier(2)

    def together(body: dict[str, Any], number: int) -> str:
        both.wait(20)
        return "yes"

    with Server(together) as a, Server(together) as b:
        replies = generate(opened(a, b), make_request(1), make_request(2))
    assert (len(a.requests), len(b.requests)) == (1, 1)
    assert [reply.text for [reply] in replies] == ["yes", "yes"]


def test_a_server_that_fails_is_left_for_one_that_works():
    with Server(in_turn(Fault(500))) as bad, Server(seeded) as good:
        model = opened(bad, good)
        replies = generate(model, *(make_request(seed) for seed in range(20)))
    assert all(reply.error is None for [reply] in replies)
    assert {reply.endpoint for [reply] in replies} == {good.url}


def test_the_id_has_the_models_name_and_version():
    with Server(seeded) as server:
        assert opened(server, version="r2").id == "openai_api:tiny@r2"
        assert opened(server).id == "openai_api:tiny"


def test_concurrency_is_16_unless_said():
    with Server(seeded) as server:
        assert opened(server).concurrency == 16
        assert opened(server, concurrency=3).concurrency == 3
        assert opened(server).looks


def test_without_a_name_the_only_model_is_taken():
    with Server(seeded, models=("the-one",)) as server:
        assert opened(server, model="").model == "the-one"


def test_without_a_name_several_models_are_listed():
    with Server(seeded, models=("b", "a")) as server, pytest.raises(VtgError, match="It has: a, b"):
        opened(server, model="")


def test_without_a_name_and_a_server_that_is_said():
    with Server(seeded) as server:
        pass
    with pytest.raises(VtgError, match="Is the server up"):
        opened(server, model="")


def test_without_a_name_a_server_that_answers_a_page_is_said(monkeypatch):
    page = b"<html>Please log in</html>"
    with Server(seeded) as server:
        monkeypatch.setattr(server, "models_body", page)
        with pytest.raises(VtgError, match=r"is no list of them .*ends in /v1, or name the model"):
            opened(server, model="")


@pytest.mark.parametrize(
    "urls",
    [
        (), ("localhost:8000/v1",), ("ftp://host/v1",), ("http://localhost:abc/v1",), ("http://localhost:99999/v1",),
        ("http://[::1/v1",), ("http://:80/v1",), ("http://ho st/v1",), ("http://ho\nst/v1",), ("http://ho\x00st/v1",),
        ("http://xn--zz\u2603.invalid/v1",), ("http://host/v1?key=canary",), ("http://host/v1#x",), ("http://",),
        ("http://host/v1", "http://localhost:abc/v1"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_right_is_refused(urls):
    with pytest.raises(VtgError, match=r"--endpoint.*as in http://localhost:8000/v1") as caught:
        connect("tiny", Endpoint(urls=urls))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://user:canary@host/v1", "https://canary@host/v1", "http://user:canary@[::1/v1"])
def test_a_password_in_an_address_is_refused_and_never_shown(url):
    with pytest.raises(VtgError, match="--endpoint") as caught:
        connect("tiny", Endpoint(urls=(url,)))
    assert "canary" not in str(caught.value)
    assert "VTGDATA_API_KEY" in str(caught.value) or "[::1" in str(caught.value)


@pytest.mark.parametrize("key", ["k\xe9y-canary", "key canary", "key-canary\n"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(monkeypatch, key):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(VtgError, match="OPENAI_API_KEY holds a character that no key has") as caught:
        connect("tiny", Endpoint(urls=("http://localhost:8000/v1",)))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "sent"),
    [({}, "none"), ({"OPENAI_API_KEY": "b"}, "b"), ({"OPENAI_API_KEY": "b", "VTGDATA_API_KEY": "a"}, "a")],
)
def test_the_key_comes_from_the_environment(monkeypatch, environment, sent):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    _, server = one("yes")
    assert server.requests[0].headers["authorization"] == f"Bearer {sent}"


def test_a_closed_model_can_be_asked_again_in_another_loop():
    with Server(seeded) as server:
        model = opened(server)
        assert generate(model, make_request(1))[0][0].text == generate(model, make_request(1))[0][0].text


@pytest.mark.parametrize("name", ["org/tiny-2026-01-01", "tiny", "", "tiny@main", "models/tiny-001", "Tiny-latest"])
def test_a_date_a_version_or_a_provider_makes_no_other_model(name):
    with Server(lambda body, number: completion("yes") | {"model": name}) as server:
        assert generate(opened(server, model="org/Tiny"), make_request())[0][0].text == "yes"


@pytest.mark.parametrize("name", ["large", "tiny-mini", "tiny-2", "tiny.1", "tiny-instruct"])
def test_a_server_that_answers_as_another_model_is_left_out_unless_the_user_allows_it(name):
    with Server(lambda body, number: completion("yes") | {"model": name}) as server:
        with pytest.raises(EndpointRefused, match=f"answers as '{name}'.* --answers-as '{name}'"):
            generate(opened(server, model="org/Tiny"), *(make_request(seed) for seed in range(4)))
        assert len(server.requests) == 3, "one may be a gateway's way out for one row"
        for allowed in (name, "*"):
            replies = generate(opened(server, model="org/Tiny", answers_as=(allowed,)), make_request(1, 2))[0]
            assert [reply.text for reply in replies] == ["yes", "yes"]


def test_where_one_server_answers_as_another_model_the_other_gives_all_answers():
    with Server(lambda body, number: completion("no") | {"model": "large"}) as wrong, Server(seeded) as right:
        replies = generate(opened(wrong, right), *(make_request(seed) for seed in range(6)))
    assert [reply.text for [reply] in replies] == [seeded({"seed": seed}, 0) for seed in range(6)]
    assert len(wrong.requests) == 1
