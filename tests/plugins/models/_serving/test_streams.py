"""The answer in a body, in whatever form it comes."""

import codecs
import json

import pytest

from support.servers import completion
from vtgdata.plugins.models._serving.reply import models, read
from vtgdata.plugins.models._serving.server import Failed
from vtgdata.plugins.models._serving.streams import NoJson, document

GOOD = json.dumps(completion("1.0 to 2.0"))
PIECES = [
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]},
    {"choices": [{"index": 0, "delta": {"reasoning_content": "Hm."}}]},
    {"choices": [{"index": 0, "delta": {"content": "1.0"}}]},
    {"choices": [{"index": 0, "delta": {"content": " to 2.0"}, "finish_reason": None}]},
    {"model": "tiny", "choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]},
    {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}},
]


def events(pieces: list[dict], end: str = "data: [DONE]\n\n", line: str = "\n") -> bytes:
    text = "".join(f"data: {json.dumps(piece)}\n\n" for piece in pieces) + end
    return text.replace("\n", line).encode()


@pytest.mark.parametrize(
    "body",
    [
        GOOD.encode(),
        codecs.BOM_UTF8 + GOOD.encode(),
        GOOD.encode("utf-16"),
        codecs.BOM_UTF16_BE + GOOD.encode("utf-16-be"),
        GOOD.encode("utf-32"),
        b"\n\n  \r\n" + GOOD.encode(),
        b": keep-alive\n\n: keep-alive\n\n" + GOOD.encode(),
        GOOD.encode() + b"\n\ndata: [DONE]\n\n",
        GOOD.encode() + b"\r\nX-Checksum: 1\r\n",
        GOOD.encode() + b"\x00\x00",
        b"data: " + GOOD.encode() + b"\n\n",
        b"event: message\nid: 1\ndata: " + GOOD.encode() + b"\n\ndata: [DONE]\n\n",
        b"data:" + GOOD.encode() + b"\r\n\r\n",
    ],
)
def test_a_whole_answer_is_found_whatever_stands_around_it(body):
    reply, model = read(body)
    assert (reply.text, reply.tokens_in, reply.tokens_out, reply.finish_reason) == ("1.0 to 2.0", 7, 3, "stop")
    assert model == "tiny"


@pytest.mark.parametrize(
    "body",
    [
        events(PIECES),
        events(PIECES, line="\r\n"),
        codecs.BOM_UTF8 + events(PIECES),
        b": busy\n\n" + events(PIECES),
        events(PIECES, end=""),
        "\n".join(json.dumps(piece) for piece in PIECES).encode(),
    ],
)
def test_a_stream_is_put_together_with_its_reasoning_its_end_and_its_tokens(body):
    reply, model = read(body)
    assert (reply.text, reply.reasoning, reply.finish_reason) == ("1.0 to 2.0", "Hm.", "length")
    assert (reply.tokens_in, reply.tokens_out, model) == (7, 3, "tiny")


@pytest.mark.parametrize(
    "body",
    [b"", b"   ", b"<html>", b"data: \n\n", b"data: [DONE]\n\n", b": only comments\n\n", b'{"choices": [', b"\xff\xfe"],
)
def test_a_body_without_an_answer_is_none(body):
    with pytest.raises(Failed):
        read(body)
    with pytest.raises(NoJson):
        document(body)


@pytest.mark.parametrize("upto", range(1, 5))
def test_a_stream_that_breaks_off_is_no_answer(upto):
    with pytest.raises(Failed, match="ends before its answer does"):
        read(events(PIECES[:upto], end="upstream error: reset\n"))


def test_an_error_in_the_middle_of_a_stream_counts_as_its_code():
    error = {"error": {"code": 429, "message": "Rate limit exceeded"}, "choices": [{"delta": {"content": ""}}]}
    with pytest.raises(Failed) as caught:
        read(events([*PIECES[:3], error]))
    assert caught.value.kind == "limit"


def test_content_in_parts_keeps_reasoning_apart():
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        {"type": "reasoning", "text": " Yes."},
        {"type": "output_text", "text": "1.0 to 2.0"},
    ]
    reply, _ = read(json.dumps({"choices": [{"message": {"content": parts}}]}).encode())
    assert (reply.text, reply.reasoning) == ("1.0 to 2.0", "Hm. Yes.")


def test_a_list_of_models_may_begin_with_a_byte_order_mark():
    assert models(codecs.BOM_UTF8 + b'{"data": [{"id": "b"}, {"id": "a"}]}') == ["a", "b"]
