"""One row never ends a run: a server that misbehaves for a few rows, in every way, and one that does for all.

What is the fault of one row and what of all is told by who else got an answer; prompts, bodies and bills are checked
against the server's own log.
"""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.faults import FAILURES, ODD, REFUSALS, SAMPLES, ask, errors
from support.servers import Answer, Drip, Fault, Server, Silence, completion, seeded
from vtgdata.engine.journal.journal import Journal
from vtgdata.errors import EndpointRefused
from vtgdata.plugins.models import openai_api
from vtgdata.plugins.models._serving.server import Waits

ROWS = 300
REQUEST: dict[str, Answer] = {
    "400": Fault(400, body={"error": {"message": "context is 4096 tokens, you asked for 5000"}}),
    "413": Fault(413, body={"error": {"message": "too large"}}),
    "422": Fault(422, body={"detail": [{"loc": ["body", "messages", 0], "msg": "cannot read the image"}]}),
    "405": Fault(405),
    "400 in a 200": Fault(200, body={"error": {"message": "cannot read the image", "code": 400}}),
    "a page with 403": Fault(403, {"Content-Type": "text/html"}, b"<html>Blocked</html>"),
    "another kind of words each time": Fault(400, body={"error": {"message": "no"}}),
    "another model": completion("1.0 to 2.0") | {"model": "large"},
}
"""Refusals of a request."""
SLOW = (Silence, Drip)
FAULTS: dict[str, Answer] = {
    **{name: fault for name, (fault, _) in FAILURES.items()},
    **REFUSALS,
    **REQUEST,
}
"""Every way in which a request goes without an answer: the lists of the fault matrix, and what is refused."""
EMPTY = {name: answer for name, (answer, row) in ODD.items() if row.get("finish_reason") == "content_filter"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_api, "WAITS", Waits(first=0.002, longest=0.01, limited=0.002))
    monkeypatch.setenv("VTGDATA_API_KEY", "none")


def row_of(body: dict[str, Any]) -> str:
    """The sample that a request is about: the run's prompt is its id."""
    return body["messages"][0]["content"]


def unlucky(rng: random.Random, names: list[str]) -> dict[str, str]:
    """One per cent of the rows, the first and the last among them -> the way in which the server misbehaves."""
    rows = list(SAMPLES)[:ROWS]
    return dict(zip(["s0", rows[-1], *rng.sample(rows[1:-1], ROWS // 100 - 2)], names, strict=False))


def in_journal(path: Path) -> tuple[int, int]:
    """Input and output tokens of all attempts in a journal."""
    with Journal(path) as journal:
        fields = [f"total(json_extract(CAST(reply AS TEXT), '$.tokens_{end}'))" for end in ("in", "out")]
        return tuple(int(journal._value(f"SELECT {field} FROM attempt")) for field in fields)  # pyright: ignore


# Slow ones cost their timeout at each try: a few stand for them.
QUICK = sorted(name for name, fault in FAULTS.items() if not isinstance(fault, SLOW) and name != "a gzip bomb")
GROUPS = [QUICK[i : i + 3] for i in range(0, len(QUICK), 3)]


@pytest.mark.parametrize("names", GROUPS, ids=lambda names: "; ".join(names))
def test_a_server_that_misbehaves_for_one_row_in_a_hundred_costs_these_rows_and_no_other(
    tmp_path: Path, names: list[str]
) -> None:
    wrong = unlucky(random.Random("; ".join(names)), names)
    billed: list[int] = []

    def answer(body: dict[str, Any], number: int) -> Answer:
        name = wrong.get(row_of(body))
        found = FAULTS[name] if name else seeded(body, number)
        if isinstance(found, str | dict):
            billed.append(number)
        return found

    with Server(answer) as server:
        rows = ask(tmp_path / "j.sqlite", server, samples=ROWS, concurrency=8, max_wait=0.3)
    failed = {row["sample_id"] for row in rows if row["error"]}
    assert failed == set(wrong)
    asked = Counter(row_of(request.body) for request in server.requests)
    assert all(asked[row["sample_id"]] == 1 for row in rows if row["error"] is None), "no answer is paid for twice"
    fields = {"model", "messages", "temperature", "top_p", "max_tokens", "seed"}
    assert all(set(request.body) == fields for request in server.requests)
    assert [row["tokens_in"] for row in rows if row["error"] is None] == [7] * (ROWS - len(wrong))
    assert in_journal(tmp_path / "j.sqlite") == (7 * len(billed), 3 * len(billed)), "also what failed tries were billed"


@pytest.mark.parametrize("name", EMPTY)
def test_rows_that_a_filter_refuses_are_answers_of_score_0_and_are_not_asked_again(tmp_path: Path, name: str) -> None:
    wrong = {"s0", "s7", "s29"}
    with Server(lambda body, n: EMPTY[name] if row_of(body) in wrong else seeded(body, n)) as server:
        for _ in range(2):
            rows = ask(tmp_path / "j.sqlite", server, samples=30, concurrency=4)
        assert len(server.requests) == 30
    assert errors(rows) == [None] * 30
    assert {row["sample_id"] for row in rows if row["finish_reason"] == "content_filter"} == wrong
    assert all(row["iou"] == 0.0 for row in rows if row["sample_id"] in wrong)


@pytest.mark.parametrize("name", [*FAULTS, *EMPTY])
def test_a_server_that_misbehaves_for_all_ends_the_run_within_50_requests_and_says_what_it_said(
    tmp_path: Path, name: str
) -> None:
    fault = {**FAULTS, **EMPTY}[name]
    with Server(lambda body, number: fault) as server:
        with pytest.raises(EndpointRefused) as caught:
            slow = isinstance(fault, SLOW)
            ask(tmp_path / "j.sqlite", server, samples=400, concurrency=8, max_wait=0.3, timeout=0.2 if slow else 20.0)
        assert 1 <= len(server.requests) <= 50
    billed = len(server.requests) if isinstance(fault, dict) and fault.get("usage") else 0
    assert in_journal(tmp_path / "j.sqlite") == (7 * billed, 3 * billed)
    said = FAILURES.get(name, (None, ""))[1].rpartition(": ")[2]
    assert {"timeout": "no answer within 0.2 s"}.get(said, said) in str(caught.value)
    assert server.url in str(caught.value)


def test_a_key_that_ends_in_the_middle_ends_the_run_and_an_answer_between_is_an_end_of_doubt(tmp_path: Path) -> None:
    refusal = Fault(401, body={"error": {"message": "no"}})
    with Server(lambda body, number: refusal if number >= 60 else seeded(body, number)) as server:
        with pytest.raises(EndpointRefused, match="VTGDATA_API_KEY"):
            ask(tmp_path / "a.sqlite", server, samples=400, concurrency=8)
        assert 60 < len(server.requests) <= 60 + 10 + 8
    with Server(lambda body, number: refusal if number % 3 else seeded(body, number)) as server:
        rows = ask(tmp_path / "b.sqlite", server, samples=60, concurrency=1)
    assert errors(rows).count(None) == 20
