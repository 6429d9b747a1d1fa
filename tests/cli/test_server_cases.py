"""What people met at servers, as commands: how each ends, what is said, and what the server was asked.

The cases of one row: a moderated prompt, a filter, a picture that cannot be read. Those of all: a key, a dialect.
"""

import logging
import random
from pathlib import Path
from typing import Any

import pytest

from support.builders import draw_video, make_sample
from support.faults import FAILURES, REFUSALS
from support.servers import Answer, Fault, Server, completion
from vtgdata.cli.app import run
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.plugins.models import openai_api
from vtgdata.plugins.models._serving.server import Waits

GOOD = "<think>x</think><answer>1.0 s to 3.0 s</answer>"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_api, "WAITS", Waits(first=0.01, longest=0.05, limited=0.03))
    monkeypatch.setenv("VTGDATA_API_KEY", "none")


def score(tmp_path: Path, server: Server, *more: str, samples: int = 6, n: int = 2) -> int:
    """The exit code of `score-difficulty` on samples of one video, each with a query of its own."""
    if not (tmp_path / "videos").exists():
        draw_video(tmp_path / "videos/v.mp4", grey=60)
    made = [make_sample(f"s{i}", video_id="v", query=f"thing <{i}>", duration=4.0) for i in range(samples)]
    write_samples(tmp_path / "s.parquet", made)
    return run(
        ["score-difficulty", "--samples", str(tmp_path / "s.parquet"), "--model", "openai_api:tiny", "--endpoint",
         server.url, "--videos", str(tmp_path / "videos"), "--num-frames", "2", "--short-side", "28", "--out",
         str(tmp_path / "out"), "--n", str(n), "--yes", *more]
    )  # fmt: skip


def rows(tmp_path: Path) -> list[dict[str, Any]]:
    return list(read_parquet(tmp_path / "out/rollouts.parquet"))


def about(body: dict[str, Any], number: int) -> bool:
    """Whether a request is about the sample of this number."""
    return f"thing <{number}>" in str(body["messages"])


def for_one(fault: Answer, number: int = 2):
    return lambda body, n: fault if about(body, number) else GOOD


def test_r03_one_moderated_prompt_is_an_answer_of_score_0_and_the_other_samples_are_asked(tmp_path):
    flagged = {"code": 403, "message": "Input was flagged by moderation"}
    flagged["metadata"] = {"reasons": ["violence"], "flagged_input": "...", "provider_name": "p"}
    with Server(for_one(Fault(403, body={"error": flagged}))) as server:
        assert score(tmp_path, server, "--concurrency", "1", samples=8, n=1) == 0
        assert len(server.requests) == 8
        assert score(tmp_path, server, "--concurrency", "1", samples=8, n=1) == 0
        assert len(server.requests) == 8, "it is not asked again"
    (refused,) = [row for row in rows(tmp_path) if row["finish_reason"] == "content_filter"]
    assert (refused["sample_id"], refused["text"], refused["iou"], refused["error"]) == ("s2", "", 0.0, None)


def test_a_403_for_one_prompt_without_a_word_why_is_a_typed_row_and_exit_code_3(tmp_path, capsys):
    with Server(for_one(Fault(403, body={"error": {"message": "Forbidden"}}))) as server:
        assert score(tmp_path, server, samples=8, n=1) == 3
    assert {row["sample_id"] for row in rows(tmp_path) if row["error"] == "HTTP 403: Forbidden"} == {"s2"}
    assert [row["error"] for row in rows(tmp_path)].count(None) == 7


def test_a_403_for_all_is_a_bad_key_and_exit_code_7(tmp_path, capsys):
    with Server(lambda body, n: Fault(403, body={"error": {"message": "Forbidden"}})) as server:
        assert score(tmp_path, server, samples=40) == 7
        assert len(server.requests) <= 10
    assert "VTGDATA_API_KEY" in (said := capsys.readouterr().err) and "Forbidden" in said


MAX_TOKENS = {
    "message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' "
    "instead.", "type": "invalid_request_error", "param": "max_tokens", "code": "unsupported_parameter",
}  # fmt: skip
SEED = {
    "code": 400, "message": 'Invalid JSON payload received. Unknown name "seed": Cannot find field.',
    "status": "INVALID_ARGUMENT",
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "fault", "instead"),
    [
        ("max_tokens", Fault(400, body={"error": MAX_TOKENS}), "max_completion_tokens"),
        ("seed", Fault(400, body=[{"error": SEED}]), None),
    ],
)
def test_r13_a_field_that_a_server_refuses_is_left_out_or_renamed_and_that_is_said_once(
    tmp_path, caplog, field, fault, instead
):
    caplog.set_level(logging.WARNING, "vtgdata")
    with Server(lambda body, n: fault if field in body else GOOD) as server:
        assert score(tmp_path, server) == 0
    assert len(server.requests) == 13, "one request to learn it"
    assert all(field not in request.body for request in server.requests[1:])
    assert instead is None or all(instead in request.body for request in server.requests[1:])
    assert caplog.text.count(f"`{field}` is") == 1
    assert {row["error"] for row in rows(tmp_path)} == {None}


def test_r13_the_users_own_body_is_sent_from_the_first_request_and_is_another_question(tmp_path):
    fault = Fault(400, body={"error": MAX_TOKENS})
    with Server(lambda body, n: fault if "max_tokens" in body else GOOD) as server:
        own = "max_tokens=null,max_completion_tokens=99,chat_template_kwargs.enable_thinking=false"
        assert score(tmp_path, server, "--body", own) == 0
        assert len(server.requests) == 12
        body = server.requests[0].body
        assert "max_tokens" not in body and body["max_completion_tokens"] == 99
        assert body["chat_template_kwargs"] == {"enable_thinking": False}
        assert score(tmp_path, server, "--body", own) == 0
        assert len(server.requests) == 12, "the same body finds its answers"
        assert (
            score(
                tmp_path,
                server,
                "--body",
                'reasoning={"effort": "low", "tags": ["a", "b"]}',
                "--out",
                str(tmp_path / "2"),
            )
            == 0
        )
        assert server.requests[-1].body["reasoning"] == {"effort": "low", "tags": ["a", "b"]}
    keys = [{row["key"] for row in read_parquet(tmp_path / out / "rollouts.parquet")} for out in ("out", "2")]
    assert len(keys[0] | keys[1]) == 24


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("max_completion_tokens=4096", "--max-tokens 4096"),
        ("messages=[]", "it is made from the prompt"),
        ("n=4", "use --n"),
        ("max_tokens", "is not key=value"),
        ("a.=1", "a name is missing"),
    ],
)
def test_a_body_that_cannot_be_meant_is_refused_before_anything_is_asked(tmp_path, capsys, body, words):
    with Server(lambda body, n: GOOD) as server:
        assert score(tmp_path, server, "--body", body) in (1, 2)
        assert server.requests == []
    assert words in capsys.readouterr().err


def test_a_model_that_asks_no_server_has_no_body(tmp_path, capsys):
    samples = str(tmp_path / "s.parquet")
    write_samples(tmp_path / "s.parquet", [make_sample("s0")])
    scripted = ["score-difficulty", "--samples", samples, "--model", f"scripted:{samples}", "--out"]
    assert run([*scripted, str(tmp_path / "out"), "--body", "seed=null", "--yes"]) in (1, 2)
    assert "asks no server" in capsys.readouterr().err


def test_r15_a_bad_key_inside_a_200_ends_with_exit_code_7_and_advice(tmp_path, capsys):
    with Server(lambda body, n: {"error": {"message": "No auth credentials found", "code": 401}}) as server:
        assert score(tmp_path, server) == 7
    assert len(server.requests) <= 6
    said = capsys.readouterr().err
    assert "No auth credentials found" in said and "VTGDATA_API_KEY" in said


def test_r15_a_limit_inside_a_200_is_waited_for(tmp_path):
    limit = {"error": {"message": "Rate limit exceeded", "code": 429, "metadata": {"provider_name": "x"}}}
    with Server(lambda body, n: limit if n in (1, 2, 3) else GOOD) as server:
        assert score(tmp_path, server) == 0
    assert len(server.requests) == 15
    assert {row["error"] for row in rows(tmp_path)} == {None}


def test_r17_a_prompt_that_azure_refuses_counts_as_an_answer_of_score_0_and_is_not_asked_again(tmp_path):
    fault = {"message": "The response was filtered due to the prompt.", "type": None, "param": "prompt"}
    fault |= {"code": "content_filter", "status": 400, "innererror": {"code": "ResponsibleAIPolicyViolation"}}
    with Server(for_one(Fault(400, body={"error": fault}))) as server:
        for _ in range(2):
            assert score(tmp_path, server) == 0
        assert len(server.requests) == 12
    refused = [row for row in rows(tmp_path) if row["sample_id"] == "s2"]
    assert [(row["error"], row["iou"], row["finish_reason"]) for row in refused] == [(None, 0.0, "content_filter")] * 2
    rates = [row for row in read_parquet(tmp_path / "out/pass_rates.parquet") if row["sample_id"] == "s2"]
    assert {(rate["n"], rate["n_failed"]) for rate in rates} == {(2, 0)}


QUICK = ["503", "malformed", "500 in a choice", "gave up", "401", "no quota", "404", "an error in words"]


@pytest.mark.parametrize("seed", range(2))
def test_a_server_that_misbehaves_for_one_row_in_a_hundred_ends_with_exit_code_3_and_all_others_answered(
    tmp_path, seed
):
    rng = random.Random(seed)
    faults = {name: fault for name, (fault, _) in FAILURES.items()} | REFUSALS
    wrong = dict(zip(rng.sample(range(100, 300), 3), rng.sample(QUICK, 3), strict=True))

    def answer(body: dict[str, Any], number: int) -> Answer:
        return next((faults[name] for row, name in wrong.items() if about(body, row)), GOOD)

    with Server(answer) as server:
        more = ("--max-wait", "0.3", "--concurrency", "8")
        assert score(tmp_path, server, *more, samples=300, n=1) == 3
    failed = {row["sample_id"] for row in rows(tmp_path) if row["error"]}
    assert failed == {f"s{row}" for row in wrong}
    assert len(rows(tmp_path)) == 300


def test_a_server_that_answers_as_another_model_is_left_out_unless_the_user_allows_it(tmp_path, capsys):
    with Server(lambda body, n: completion(GOOD) | {"model": "large"}) as server:
        assert score(tmp_path, server) == 7
        assert "--answers-as 'large'" in capsys.readouterr().err
        assert score(tmp_path, server, "--answers-as", "large") == 0
