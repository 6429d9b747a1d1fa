"""Every fault of a server that the tests know, and a run against servers that have them."""

import codecs
import gzip
from pathlib import Path
from typing import Any

import msgspec

from support.builders import make_sample
from support.servers import Answer, Drip, Fault, Hangup, Server, Silence, completion
from vtgdata.conversation.answer import Form
from vtgdata.engine import rollouts
from vtgdata.engine.ask import Asking, run
from vtgdata.engine.journal.journal import Journal
from vtgdata.engine.spool import QuestionAnswers
from vtgdata.engine.work_keys import Question
from vtgdata.files import plugins
from vtgdata.files.schemas import Row
from vtgdata.plugins.models import openai_api
from vtgdata.records import Endpoint, Message, Sampling, Text

SAMPLES = {f"s{i}": make_sample(f"s{i}", duration=20.0, windows=[(1.0, 5.0)]) for i in range(400)}
BOMB = gzip.compress(b"0" * (openai_api.LONGEST_REPLY + 1))
JSON = {"error": {"message": "try again"}}
PAGE = {"Content-Type": "text/html"}
EVENTS = b'data: {"choices": [{"delta": {"content": "1.0 to 2.0"}}]}\n\ndata: [DONE]\n\n'


def odd(**changes: Any) -> dict[str, Any]:
    """An answer with something odd about it."""
    return completion("1.0 to 2.0") | changes


FAILURES: dict[str, tuple[Answer, str]] = {
    "429": (Fault(429, body=JSON), "HTTP 429: try again"),
    "500": (Fault(500, body=JSON), "HTTP 500: try again"),
    "502": (Fault(502, PAGE, b"<html>Bad gateway</html>"), "HTTP 502"),
    "503": (Fault(503, body=JSON), "HTTP 503: try again"),
    "529": (Fault(529, body={"type": "error", "error": {"type": "overloaded_error"}}), "HTTP 529: overloaded_error"),
    "hung up": (Hangup(), "the connection broke"),
    "reset within the body": (Hangup(after=b'{"choices": ['), "the connection broke"),
    "no answer": (Silence(), "timeout"),
    "an answer in drips": (Drip("1.0 to 2.0", 0.05), "timeout"),
    "malformed": (Fault(200, body=b'{"choices": [}'), "the response is no chat completion"),
    "a page": (Fault(200, PAGE, b"<html>Please log in</html>"), "the response is no chat completion"),
    "truncated": (Fault(200, body=b'{"choices": [{"mess'), "the response is no chat completion"),
    "events cut off": (Fault(200, {"Content-Type": "text/event-stream"}, EVENTS[:30]), "no chat completion"),
    "events that end too early": (Fault(200, body=EVENTS.partition(b"data: [DONE]")[0]), "no chat completion"),
    "an error among the events": (
        Fault(200, body=EVENTS.replace(b"[DONE]", b'{"error": {"message": "try again"}}')),
        "inside a 200: try again",
    ),
    "an error in a 200": (Fault(200, body=JSON), "an error inside a 200: try again"),
    "429 in a 200": (Fault(200, body={"error": {"message": "try again", "code": 429}}), "HTTP 429: try again"),
    "503 in a 200": (Fault(200, body={"error": {"message": "try again", "code": "503"}}), "HTTP 503: try again"),
    "500 in a choice": (odd(choices=[{"finish_reason": "error", "error": {"code": 500}}]), "HTTP 500"),
    "an error in words": (Fault(200, body={"error": "try again"}), "an error inside a 200: try again"),
    "no message": (odd(choices=[{"message": None}]), "the response is no chat completion"),
    "gave up": (completion("1.0 to", finish_reason="abort"), "the server gave up"),
    "no choices": (odd(choices=[]), "the response has no choices"),
    "a gzip bomb": (Fault(200, {"Content-Encoding": "gzip"}, BOMB), "the response is longer than 16 MiB"),
}
"""What is none: tried again. With the row's error where it never ends."""

ODD: dict[str, tuple[Answer, Row]] = {
    "only reasoning": (completion(None, reasoning_content="It opens."), {"parse_status": "no_answer"}),
    "reasoning apart": (
        completion("<answer>1.0 to 2.0</answer>", reasoning_content="It opens."),
        {"text": "<think>It opens.</think><answer>1.0 to 2.0</answer>", "reasoning": "It opens.", "iou": 0.25},
    ),
    "reasoning in the text": (
        completion("<think>First 5 to 9?</think><answer>1.0 to 2.0</answer>"),
        {"reasoning": "First 5 to 9?", "windows": [[1.0, 2.0]], "strict_ok": True},
    ),
    "no usage": (odd(usage=None), {"tokens_in": None, "tokens_out": None}),
    "usage of another form": (odd(usage="many"), {"tokens_in": None}),
    "tokens that are none": (
        odd(usage={"prompt_tokens": "7", "completion_tokens": -3}), {"tokens_in": None, "tokens_out": None}
    ),
    "cut off": (completion("1.0 to", finish_reason="length"), {"finish_reason": "length", "parse_status": "truncated"}),
    "filtered": (completion("", finish_reason="content_filter"), {"finish_reason": "content_filter", "iou": 0.0}),
    "the id of another answer": (odd(id="chatcmpl-7"), {"windows": [[1.0, 2.0]]}),
    "events": (
        Fault(200, {"Content-Type": "text/event-stream"}, EVENTS), {"windows": [[1.0, 2.0]], "finish_reason": "stop"}
    ),
    "comments first": (
        Fault(200, body=b": busy\n\n: busy\n\n" + msgspec.json.encode(completion("1.0 to 2.0"))),
        {"windows": [[1.0, 2.0]]},
    ),
    "a byte-order mark": (
        Fault(200, body=codecs.BOM_UTF8 + msgspec.json.encode(completion("1.0 to 2.0"))), {"windows": [[1.0, 2.0]]}
    ),
    "a byte-order mark of UTF-16": (
        Fault(200, body=msgspec.json.encode(completion("1.0 to 2.0")).decode().encode("utf-16")),
        {"windows": [[1.0, 2.0]]},
    ),
    "lines after it": (
        Fault(200, body=msgspec.json.encode(completion("1.0 to 2.0")) + b"\n\ndata: [DONE]\n\nX-Sum: 1\n"),
        {"windows": [[1.0, 2.0]]},
    ),
    "one piece of a stream": (
        odd(choices=[{"delta": {"content": "1.0 to 2.0"}, "finish_reason": "stop"}]), {"windows": [[1.0, 2.0]]}
    ),
    "an empty error": (odd(error=None), {"windows": [[1.0, 2.0]]}),
    "filtered, status 400": (
        Fault(400, body={"error": {"code": "content_filter", "message": "The prompt was filtered."}}),
        {"text": "", "finish_reason": "content_filter", "iou": 0.0, "tokens_in": 0, "tokens_out": 0},
    ),
    "filtered, status 403": (
        Fault(403, body={"error": {"code": 403, "metadata": {"reasons": ["violence"], "flagged_input": "a"}}}),
        {"text": "", "finish_reason": "content_filter", "iou": 0.0},
    ),
    "filtered, in a 200": (
        Fault(200, body={"promptFeedback": {"blockReason": "SAFETY"}}), {"finish_reason": "content_filter", "iou": 0.0}
    ),
    "cut off in other words": (
        completion("1.0 to", finish_reason="MAX_TOKENS"), {"finish_reason": "length", "parse_status": "truncated"}
    ),
    "content in parts": (
        completion(None) | {"choices": [{"message": {"content": [{"type": "text", "text": "1.0 to 2.0"}]}}]},
        {"windows": [[1.0, 2.0]]},
    ),
}  # fmt: skip
"""What is an answer, odd as it is: kept, and never asked again."""

REFUSALS: dict[str, Fault] = {
    "401": Fault(401, body=JSON),
    "402": Fault(402, body=JSON),
    "403": Fault(403, body=JSON),
    "404": Fault(404, body={"error": {"message": "no model tiny", "code": "model_not_found"}}),
    "no quota": Fault(429, {"Retry-After": "20"}, {"error": {"message": "pay", "code": "insufficient_quota"}}),
    "no quota, in a list": Fault(429, body=[{"error": {"message": "pay", "type": "insufficient_quota"}}]),
}


def ask(path: Path, *servers: Server, samples: int = 5, concurrency: int = 1, **endpoint: Any) -> list[Row]:
    """The rows of a run that asks once about each sample, each row checked to be an answer or a typed failure."""
    urls = tuple(server.url for server in servers)
    model = plugins.load("models", "openai_api").connect(
        "tiny", Endpoint(urls=urls, concurrency=concurrency, **endpoint)
    )
    questions = [
        Question(
            sample_id=sample_id, messages=(Message("user", (Text(sample_id),)),), prompt_id="p", frames_id="f",
            frame_times=(),
        )
        for sample_id in list(SAMPLES)[:samples]
    ]  # fmt: skip
    noted: list[QuestionAnswers] = []
    with Journal(path) as journal:
        run(questions, Asking(model=model, sampling=Sampling(), n=1, seed=0, journal=journal, note=noted.append))
        asked = [one for record in noted for one in record.each()]
        keys = [one.key for one in asked]
        replies = {**journal.failures(keys), **journal.answered(keys)}
    rows = rollouts.finalize(asked, replies, SAMPLES, model_id=model.id, sampling=Sampling(), form=Form())
    for row in rows:
        assert (row["error"] is None) == (row["text"] is not None) == (row["iou"] is not None)
        assert not any(str(server.port) in (row["error"] or "") for server in servers)
        assert "canary" not in str(row)
    return rows


def errors(rows: list[Row]) -> list[str | None]:
    return [row["error"] for row in rows]
