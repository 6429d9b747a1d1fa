"""`vtgdata retry`: asks again what failed, nothing else, and replaces no answer."""

import json
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from support.builders import draw_video, make_sample
from support.servers import Fault, Server, seeded
from vtgdata.cli.app import run
from vtgdata.cli.commands import COMMANDS, settings_type
from vtgdata.engine import failures
from vtgdata.engine.failures import chosen, failure_class
from vtgdata.engine.journal.journal import Attempt, Journal
from vtgdata.engine.settings import AskSettings
from vtgdata.errors import VtgError
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.files.step import Step, StepSummary
from vtgdata.records import Reply, TokenBudget

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


def other(kind: Any, default: Any) -> Any:
    """A valid value of a setting's type that is not its default."""
    kinds = (
        [each for each in get_args(kind) if each is not type(None)] if get_origin(kind) in (Union, UnionType) else []
    )
    if kinds:
        return other(kinds[0], default)
    if get_origin(kind) is Annotated:
        base, *rules = get_args(kind)
        if base is int:
            return 1 if default != 1 else 2
        return max((rule.ge or 0 for rule in rules), default=0) + 0.25
    if get_origin(kind) is Literal:
        return next(each for each in get_args(kind) if each != default)
    if get_origin(kind) is list:
        return [other(get_args(kind)[0], None)]
    if get_origin(kind) is dict:
        return {"tiou": 0.25}
    return {bool: not default, str: "text", int: 7, float: 0.25, TokenBudget: TokenBudget(total=5000)}[kind]


ASKING = [name for name in COMMANDS if issubclass(settings_type(name), AskSettings)]


@pytest.mark.parametrize("command", ASKING)
@pytest.mark.parametrize("nothing", [{}, {"budget": 0.0, "confirm_over": 0.0, "max_failed": 0.0, "max_wait": 0.0}])
def test_retry_runs_with_every_setting_of_the_run_that_it_retries(command, nothing, tmp_path, monkeypatch):
    """Every field of the command's Settings table, each with a value that is not its default; 0 is one."""
    monkeypatch.chdir(tmp_path)
    kind = settings_type(command)
    hints = get_type_hints(kind, include_extras=True)
    values = {field.encode_name: other(hints[field.name], field.default) for field in msgspec.structs.fields(kind)}
    values |= nothing
    once = {"dry_run": False, "only": "failed", "batch": "", "replace": False}
    values |= {name: value for name, value in once.items() if name in values}
    values |= {"out": "out"} | ({"shard": "0/4"} if "shard" in values else {})
    written = values | ({"out": "out/shard-0-of-4"} if "shard" in values else {})
    settings = msgspec.convert(written, kind)
    with Step(command, settings, StepSummary, code=["vtgdata.files.step"]) as step:
        step.start()
        step.finish(StepSummary(), [])
    ran: list[Any] = []
    monkeypatch.setattr("vtgdata.cli.commands.execute", lambda name, record: ran.append((name, record)))
    monkeypatch.setattr("vtgdata.cli.running.finish", lambda *about: None)
    assert run(["retry", written["out"], "-q"]) == 0
    assert [name for name, _ in ran] == [command]
    kept = msgspec.to_builtins(ran[0][1])
    assert kept == msgspec.to_builtins(msgspec.structs.replace(settings, out="out"))


def test_a_retry_of_a_run_with_prices_and_a_budget_asks_with_both(folder, capsys):
    (folder / "prices.yaml").write_text("- {model: tiny, input: 2.0, output: 10.0}\n")
    paid = ["--prices", "prices.yaml", "--budget", "0.00012", "--max-tokens", "64"]
    with Server(lambda body, number: Fault(400) if number >= 4 else seeded(body, number)) as server:
        assert score(server, "--budget", "9", "--prices", "prices.yaml", "--max-tokens", "64") == 3
        failed = len(server.requests) - 4
        server.answer = seeded
        capsys.readouterr()
        assert run(["retry", "out", "--dry-run", "--json"]) == 0
        planned = json.loads(capsys.readouterr().out)
        assert (planned["budget"], planned["to_do"]["high"]) == (9.0, failed)
        assert planned["plan"][0]["price"]["input"] == 2.0 and planned["spent"] > 0
        # The budget holds, and another one may be given.
        assert run(["retry", "out", "--budget", paid[3], "-q"]) == 4
        assert "budget of $0.00012" in capsys.readouterr().err
        assert run(["retry", "out", "-q"]) == 0
        capsys.readouterr()
        assert run(["retry", "out", "-q"]) == 0
        assert "nothing to retry: out has no failed request" in capsys.readouterr().out
