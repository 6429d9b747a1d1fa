"""`vtgdata retry`: asks again what failed, nothing else, and replaces no answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.builders import draw_video, make_sample
from support.servers import Fault, Server, seeded
from vtgdata.cli.app import run
from vtgdata.engine import failures
from vtgdata.engine.failures import chosen, failure_class
from vtgdata.engine.journal.journal import Attempt, Journal
from vtgdata.errors import VtgError
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.records import Reply

TABLES = ("rollouts.parquet", "pass_rates.parquet")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    draw_video(tmp_path / "videos/v.mp4", grey=60)
    write_samples(tmp_path / "samples.parquet", [make_sample(f"s{i}", video_id="v", duration=4.0) for i in range(12)])
    return tmp_path


def score(server: Server, *more: str, out: str = "out") -> int:
    return run([
        "score-difficulty", "--samples", "samples.parquet", "--videos", "videos", "--model", "openai_api:tiny",
        "--endpoint", server.url, "--n", "2", "--num-frames", "4", "--frames", "frames", "--out", out, "-q", *more,
    ])  # fmt: skip


def faulty(body: dict[str, Any], number: int) -> Any:
    """Half the requests are refused; which, follows from the seed."""
    return Fault(400) if body["seed"] % 2 else seeded(body, number)


def time_out(folder: Path) -> None:
    """Let half of what was refused have timed out since, without waiting for that."""
    rows = [row for row in read_parquet(folder / "rollouts.parquet") if row["error"]]
    reply = Reply(text=None, finish_reason="error", error="timeout")
    with Journal(folder / "journal.sqlite") as journal:
        (journal.answers_id,) = {found for (found,) in journal.select("SELECT about FROM attempt")}
        journal.record([
            Attempt(key=row["key"], sample_id=row["sample_id"], index=row["index"], reply=reply) for row in rows[::2]
        ])  # fmt: skip


def errors(folder: Path) -> dict[str, int]:
    found = [failures.failure_class(row["error"]) for row in read_parquet(folder / "rollouts.parquet") if row["error"]]
    return {name: found.count(name) for name in sorted(set(found))}


def test_only_the_named_failures_are_asked_again_and_no_answer_changes(folder, capsys):
    with Server(seeded) as server:
        assert score(server, out="whole") == 0
        server.answer = faulty
        assert score(server) == 3
        failed = errors(folder / "out")["refused"]
        time_out(folder / "out")
        late, refused = (failed + 1) // 2, failed // 2
        assert late and refused
        answered = {row["key"]: row for row in read_parquet(folder / "out/rollouts.parquet") if not row["error"]}
        server.answer = seeded
        server.requests.clear()
        capsys.readouterr()
        assert run(["retry", "out", "--only", "timeout", "--dry-run", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["to_do"]["high"] == late and not server.requests
        assert run(["retry", "out", "--only", "timeout", "-q"]) == 3
        assert len(server.requests) == late
        assert errors(folder / "out") == {"refused": refused}
        rows = {row["key"]: row for row in read_parquet(folder / "out/rollouts.parquet")}
        assert answered.items() <= rows.items()
        assert run(["retry", "out", "--only", "timeout,limit", "-q"]) == 3
        assert len(server.requests) == late
        assert run(["retry", "out", "-q", "--json"]) == 0
        assert len(server.requests) == failed
        # A step that is done has nothing to retry.
        assert run(["retry", "out", "-q"]) == 0
        assert len(server.requests) == failed
    for name in TABLES:
        assert (folder / "out" / name).read_bytes() == (folder / "whole" / name).read_bytes()


def test_nothing_is_asked_that_was_never_asked(folder):
    with Server(seeded) as server:
        assert score(server, "--limit", "4") == 0
        server.requests.clear()
        assert score(server, "--only", "failed") == 3
        assert not server.requests
        rows = read_parquet(folder / "out/rollouts.parquet")
        assert sum(row["error"] == "not asked yet" for row in rows) == 16


def test_a_folder_that_no_asking_command_finished_says_what_to_do(folder, capsys):
    (folder / "out").mkdir()
    assert run(["retry", "out"]) == 1
    assert "Run the command itself" in capsys.readouterr().err
    write_samples(folder / "s.parquet", [make_sample()])
    assert run(["curate", "s.parquet", "--out", "curated", "--filter", "duration:high=100"]) == 0
    assert run(["retry", "curated"]) == 1
    assert "`vtgdata curate`, which asks no model" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["refuse", "unparsable", "cut"])
def test_an_answer_is_no_failure_and_an_unknown_kind_is_said(word):
    with pytest.raises(VtgError, match=r"Known: .*timeout.* is data and stays"):
        chosen(f"timeout,{word}")


def test_every_failure_has_a_kind_that_can_be_named():
    said = [
        "timeout", "no connection", "the connection broke", "HTTP 429", "HTTP 404: x", "HTTP 503", "HTTP 302", "a page",
    ]  # fmt: skip
    assert [failure_class(error) for error in said] == [
        "timeout", "connection", "connection", "limit", "refused", "server", "other", "other",
    ]  # fmt: skip
    assert set(map(failure_class, said)) == set(failures.CLASSES)
    assert chosen("") is None and chosen(" , ") is None
