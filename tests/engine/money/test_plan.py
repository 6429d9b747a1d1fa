"""The plan and the budget through the command: a real server that says its usage, and arithmetic to the picodollar."""

import json
import logging
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support import forked
from support.billing import PRICE, bill, billed, spent, usage
from support.builders import draw_video, make_sample
from support.servers import Fault, Server, completion, seeded
from support.terminals import on_terminal
from vtgdata.cli.app import run
from vtgdata.engine.journal.counts import peek, spend
from vtgdata.engine.journal.journal import Attempt, Journal
from vtgdata.engine.money import prices
from vtgdata.engine.money.plan_words import Bounds
from vtgdata.engine.money.prices import PICO
from vtgdata.errors import Locked, Unconfirmed, VtgError
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.records import Reply
from vtgdata.stages import difficulty, evaluate

SAMPLES, N = 24, 3
TABLES = ("rollouts.parquet", "pass_rates.parquet")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    # The log's handler keeps the stream that it was made with, and each test has its own.
    monkeypatch.setattr(logging.getLogger("vtgdata"), "handlers", [])
    monkeypatch.setattr(logging.getLogger("vtgdata"), "propagate", True)
    draw_video(tmp_path / "videos/v.mp4", grey=60)
    samples = [make_sample(f"s{i}", video_id="v", duration=4.0) for i in range(SAMPLES)]
    write_samples(tmp_path / "samples.parquet", samples)
    (tmp_path / "prices.yaml").write_text("- {model: tiny, input: 2.0, output: 10.0}\n")
    return tmp_path


def score(server: Server, *more: str, out: str = "out") -> int:
    """`vtgdata score-difficulty`; the exit code."""
    return run(arguments(server, *more, out=out))


def arguments(server: Server, *more: str, out: str = "out") -> list[str]:
    return [
        "score-difficulty", "--samples", "samples.parquet", "--videos", "videos", "--model", "openai_api:tiny",
        "--endpoint", server.url, "--n", str(N), "--num-frames", "4", "--frames", "frames", "--max-tokens", "64",
        "--concurrency", "6", "--out", out, *more,
    ]  # fmt: skip


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p.relative_to(folder)): (p.stat().st_size, p.stat().st_mtime_ns) for p in folder.rglob("*")}


def test_a_budget_stops_the_command_keeps_what_was_answered_and_a_higher_one_goes_on(folder, capsys):
    with Server(billed) as server:
        assert score(server, out="whole") == 0
        expected = {name: (folder / "whole" / name).read_bytes() for name in TABLES}
        server.requests.clear()
        for budget in (0.02, 0.03, 0.05):
            assert score(server, "--prices", "prices.yaml", "--budget", str(budget)) == 4
            said = capsys.readouterr().err
            assert bill(server) == spent(folder / "out/journal.sqlite") <= round(budget * PICO)
            left = SAMPLES * N - len(server.requests)
            assert left > 0 and f"{left} answers are left to do" in said and "higher --budget goes on" in said
            # What stands idle is less than the next request may cost at most.
            assert not (folder / "out/meta.json").exists() and not (folder / "out/rollouts.parquet").exists()
        assert round(0.05 * PICO) - bill(server) < PRICE.cost(500 * 14, 64)
        assert score(server, "--prices", "prices.yaml", "--budget", "1") == 0
        assert len({request.seed for request in server.requests}) == len(server.requests) == SAMPLES * N
        assert bill(server) == spent(folder / "out/journal.sqlite")
        assert {name: (folder / "out" / name).read_bytes() for name in TABLES} == expected
        # How a step is paid for is no part of what comes of it.
        capsys.readouterr()
        assert score(server, "--yes", "--budget", "2", "--prices", "prices.yaml", "--json") == 0
        assert json.loads(capsys.readouterr().out)["up_to_date"]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server counts as one on another machine: what it costs is unknown."""
    monkeypatch.setattr(prices, "is_loopback", lambda url: False)


def test_what_failed_requests_used_counts_and_so_does_a_price_that_comes_later(folder, capsys, elsewhere):
    with Server(billed) as server:
        assert score(server) == 0
        with Journal(folder / "out/journal.sqlite") as journal:
            reply = Reply(text=None, error="timeout", tokens_in=1000, tokens_out=50)
            journal.record([Attempt(key="k", sample_id="s0", index=9, reply=reply)])
        assert spent(folder / "out/journal.sqlite") == 0
        with peek(folder / "out/journal.sqlite") as select:
            assert spend(select, None).uncounted == SAMPLES * N
            assert spend(select, PRICE) == (bill(server) + PRICE.cost(1000, 50), 0)
            assert spend(select, PRICE, only_failed=True) == (PRICE.cost(1000, 50), 0)
        # More answers, with a budget that is spent already.
        assert score(server, "--n", "4", "--prices", "prices.yaml", "--budget", "0.01") == 4
        assert len(server.requests) == SAMPLES * N
        assert f"{SAMPLES} answers are left to do" in capsys.readouterr().err


def test_a_budget_needs_a_price(folder, capsys, elsewhere):
    with Server(billed) as server:
        assert score(server, "--budget", "5") == 1
        assert not server.requests
    assert "--prices FILE" in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_a_server_on_this_machine_is_free_which_is_said_once_and_so_is_one_that_is_called_free(
    folder, capsys, monkeypatch
):
    with Server(billed) as server:
        assert score(server, "--limit", "2", "--budget", "0") == 0
        said = capsys.readouterr().err
        assert said.count("openai_api:tiny costs nothing: it runs on a server on this machine") == 1
        assert "unknown" not in said
        # A price of the user's own goes first, as for a proxy to a paid server.
        assert score(server, "--prices", "prices.yaml", "--budget", "0") == 4
        assert "costs nothing" not in capsys.readouterr().err
        monkeypatch.setattr(prices, "is_loopback", lambda url: False)
        assert score(server, "--limit", "4", "--free", "--budget", "0") == 0
        assert capsys.readouterr().err.count("openai_api:tiny costs nothing: --free says so") == 1
        assert score(server, "--free", "--dry-run") == 0
        assert "cost nothing (--free says so)" in capsys.readouterr().out
        assert score(server, "--free", "--prices", "prices.yaml", "--dry-run") == 0
        assert "cost $0." in capsys.readouterr().out, "a price that is known counts"
    assert spent(folder / "out/journal.sqlite") == 0


def test_shards_share_what_the_step_may_spend(folder, capsys):
    with Server(billed) as server:
        for index in range(2):
            assert score(server, "--shard", f"{index}/2", "--prices", "prices.yaml", "--budget", "0.02") == 4
        assert spent(folder / "out/shard-0-of-2/journal.sqlite") <= 0.02 * PICO
        before = len(server.requests)
        assert score(server, "--prices", "prices.yaml", "--dry-run", "--json") == 0
        planned = json.loads(capsys.readouterr().out)
        assert (planned["cached"], round(planned["spent"] * PICO)) == (before, bill(server))
        # What both spent counts where they are put together: no request fits any more.
        assert score(server, "--prices", "prices.yaml", "--budget", str(bill(server) / PICO)) == 4
        assert f"{SAMPLES * N - before} answers are left to do" in capsys.readouterr().err
        assert len(server.requests) == before
        assert score(server, "--prices", "prices.yaml", "--budget", "1") == 0
        assert len(server.requests) == SAMPLES * N
        assert bill(server) == spent(folder / "out/journal.sqlite")


def test_a_dry_run_says_the_plan_as_one_object_asks_nothing_and_writes_nothing(folder, capsys):
    with Server(billed) as server:
        assert score(server, "--dry-run", "--json", "--prices", "prices.yaml") == 0
        planned = json.loads(capsys.readouterr().out)
        assert not (folder / "out").exists() and not (folder / "frames").exists() and not server.requests
        assert (planned["to_do"], planned["cached"]) == ({"low": 72, "high": 72}, 0)
        assert planned["hours"] == "unknown" and planned["plan"][0]["measured_by"] == 0
        assert planned["cost"]["low"] < planned["cost"]["high"]
        assert score(server, "--limit", "10", "--prices", "prices.yaml") == 0
        real = PRICE.cost(*map(sum, zip(*(usage(request.seed) for request in server.requests), strict=True)))
        before = snapshot(folder / "out")
        capsys.readouterr()
        assert score(server, "--dry-run", "--json", "--prices", "prices.yaml") == 0
        planned = json.loads(capsys.readouterr().out)
        assert snapshot(folder / "out") == before and len(server.requests) == 30
    assert (planned["to_do"]["high"], planned["cached"], planned["failed_before"]) == (42, 30, 0)
    assert planned["plan"][0]["cached_exact"] and planned["plan"][0]["measured_by"] == 30
    assert round(planned["spent"] * PICO) == real
    assert planned["cost"]["low"] <= real * 42 / 30 / PICO <= planned["cost"]["high"] < 2 * real * 42 / 30 / PICO
    assert 0 <= planned["hours"]["low"] <= planned["hours"]["high"] < 1
    assert planned["disk_free_bytes"] > planned["disk_bytes"]["high"] > 0


def test_a_plan_counts_what_can_be_asked_and_says_apart_how_many_videos_are_missing(folder, capsys):
    """Of 100 samples 90 have no video: the plan is one of 10, and so is what is asked."""
    marked = []
    for number in range(100):
        sample = make_sample(f"m{number}", video_id="v" if number % 10 == 0 else f"gone{number // 3}", duration=4.0)
        # Marked or not: what counts is whether the file is there now.
        status = (None, "missing", "ok")[number % 3]
        marked.append(msgspec.structs.replace(sample, video=msgspec.structs.replace(sample.video, status=status)))
    write_samples(folder / "samples.parquet", marked)
    gone = len({sample.video.video_id for sample in marked} - {"v"})
    with Server(billed) as server:
        assert score(server, "--prices", "prices.yaml", "--dry-run", "--json") == 0
        planned = json.loads(capsys.readouterr().out)
        assert planned["to_do"] == planned["wanted"] == {"low": 10 * N, "high": 10 * N}
        assert planned["cannot_ask"] == {"video missing": 90} and planned["missing_videos"] == gone
        assert score(server, "--prices", "prices.yaml", "--dry-run") == 0
        said = capsys.readouterr().out
        assert (
            "30 of 30 answers to do, 0 there\nnot counted, since they cannot be asked about: 90 (video missing)" in said
        )
        assert f"{gone} videos are missing" in said
        assert score(server, "--prices", "prices.yaml", "--budget", "0.013") == 4
        asked = len(server.requests)
        assert f"{10 * N - asked} answers are left to do" in capsys.readouterr().err
        assert score(server, "--prices", "prices.yaml", "--max-failed", "1") == 0
        assert len(server.requests) == 10 * N
        assert score(server, "--prices", "prices.yaml", "--dry-run", "--json") == 0
        planned = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert planned["to_do"] == {"low": 0, "high": 0} and planned["cached"] == 10 * N


def test_a_file_that_could_not_be_read_is_in_the_high_end_alone(folder, capsys):
    rows = [make_sample(f"s{number}", video_id="v", duration=4.0) for number in range(4)]
    bad = msgspec.structs.replace(rows[3].video, status="unreadable: truncated")
    write_samples(folder / "samples.parquet", [*rows[:3], msgspec.structs.replace(rows[3], video=bad)])
    with Server(billed) as server:
        assert score(server, "--dry-run", "--json") == 0
    planned = json.loads(capsys.readouterr().out)
    assert planned["to_do"] == {"low": 3 * N, "high": 4 * N} and planned["cannot_ask"] == {"video unreadable": 1}


@pytest.mark.parametrize("more", [[], ["--seed", "7"]])
def test_a_pilot_narrows_the_range_and_so_do_answers_with_another_seed(folder, capsys, more):
    with Server(billed) as server:
        assert score(server, "--prices", "prices.yaml", "--dry-run") == 0
        assert "(guessed; a pilot narrows it: the same command with --limit 20" in capsys.readouterr().out
        widths = []
        for pilot in (None, "3", "12"):
            if pilot:
                assert score(server, "--prices", "prices.yaml", "--limit", pilot) == 0
            capsys.readouterr()
            assert score(server, "--prices", "prices.yaml", "--dry-run", "--json", *more) == 0
            planned = json.loads(capsys.readouterr().out)
            assert planned["plan"][0]["measured_by"] == (N * int(pilot) if pilot else 0)
            widths.append(planned["cost"]["high"] / planned["cost"]["low"])
        assert widths[0] > widths[1] > widths[2] and widths[2] < 1.7 < 5 < widths[0], widths
        before = len(server.requests)
        assert score(server, "--prices", "prices.yaml", *more) == 0
        real = sum(PRICE.cost(*usage(request.seed)) for request in server.requests[before:]) / PICO
        assert planned["cost"]["low"] <= real <= planned["cost"]["high"]


def test_a_budget_below_what_one_request_sets_aside_says_so_before_it_starts(folder, capsys):
    with Server(billed) as server:
        assert score(server, "--prices", "prices.yaml", "--budget", "0.002", "--dry-run") == 0
        assert "the budget of $0.002 does not cover one request" in capsys.readouterr().out
        assert score(server, "--prices", "prices.yaml", "--budget", "0.002") == 4
        said = capsys.readouterr().err
        assert "the budget of $0.002 does not cover one request" in said and "Nothing was asked; 72 answers" in said
        assert "0 of 72 answers (0 from before)" not in said and not (folder / "out").exists()
        # What the plan refuses, the meter would have refused: nothing that could be asked is.
        planned = score(server, "--prices", "prices.yaml", "--dry-run", "--json")
        aside = json.loads(capsys.readouterr().out)["plan"][0]["set_aside"]
        assert planned == 0 and score(server, "--prices", "prices.yaml", "--budget", str(aside * 1.3)) == 4
        assert server.requests
        assert not any("does not cover" in line for line in capsys.readouterr().err.splitlines())


def test_what_is_guessed_before_the_first_answer_holds_what_comes(folder, capsys):
    with Server(billed) as server:
        assert score(server, "--dry-run", "--json", "--prices", "prices.yaml") == 0
        planned = json.loads(capsys.readouterr().out)
        assert score(server, "--prices", "prices.yaml") == 0
        assert planned["cost"]["low"] * PICO <= bill(server) <= planned["cost"]["high"] * PICO


def test_the_plan_on_a_terminal_is_a_few_lines_and_an_unknown_price_is_said(folder, capsys, elsewhere):
    with Server(billed) as server:
        assert score(server, "--dry-run") == 0
        said = capsys.readouterr().out
        assert "72 of 72 answers to do, 0 there" in said and "cost unknown" in said
        assert "the price of openai_api:tiny is unknown: name it with --prices FILE" in said
        # Unknown prices block nothing, but are said.
        assert score(server, "--limit", "2") == 0
        assert "what openai_api:tiny costs is unknown: name it with --prices FILE" in capsys.readouterr().err
    assert run(["score-difficulty", "--samples", "samples.parquet", "--model", "scripted:samples.parquet",
                "--out", "o", "--dry-run"]) == 0  # fmt: skip
    assert "cost nothing (it runs on this machine)" in capsys.readouterr().out


def test_other_questions_are_not_taken_for_answered_and_failures_are_told_apart(folder, capsys):
    with Server(lambda body, number: Fault(400) if number % 3 == 0 else billed(body, number)) as server:
        assert score(server) == 3
        capsys.readouterr()
        for more, to_do, failed in (
            ([], 24, 24), (["--n", "4"], 48, 24), (["--n", "2"], None, None), (["--seed", "5"], 72, 0),
            (["--max-tokens", "65"], 72, 0), (["--num-frames", "5"], 72, 0), (["--prompt", "ground_nothink"], 72, 0),
        ):  # fmt: skip
            assert score(server, "--dry-run", "--json", *more) == 0
            planned = json.loads(capsys.readouterr().out)
            if to_do is not None:
                assert (planned["to_do"]["high"], planned["failed_before"]) == (to_do, failed), more
            assert planned["cached"] + planned["to_do"]["high"] == planned["wanted"]["high"]


def test_a_journal_from_before_is_counted_as_what_it_may_be_and_goes_on(folder, capsys):
    with Server(billed) as server:
        assert score(server, "--limit", "10") == 0
        old = folder / "out/journal.sqlite"
        downgrade(old)
        before = snapshot(folder / "out")
        capsys.readouterr()
        assert score(server, "--dry-run", "--json") == 0
        planned = json.loads(capsys.readouterr().out)
        assert snapshot(folder / "out") == before
        assert (planned["cached"], planned["plan"][0]["cached_exact"]) == (30, False)
        assert score(server) == 0
        assert len(server.requests) == SAMPLES * N


def downgrade(path: Path) -> None:
    """Make a journal one of version 1, as an earlier vtgdata wrote it."""
    import sqlite3

    db = sqlite3.connect(path)
    db.executescript("ALTER TABLE attempt DROP COLUMN about; PRAGMA user_version = 1;")
    db.close()


def test_a_killed_run_s_answers_are_in_the_plan(folder, capsys):
    with Server(billed) as server:
        path = folder / "out/journal.sqlite"
        path.parent.mkdir()
        program = (
            "import os, sys\nfrom pathlib import Path\nfrom vtgdata.engine.journal.journal import Journal, Attempt\n"
            "from vtgdata.records import Reply\njournal = Journal(Path(sys.argv[1]))\n"
            "said = [Attempt(key=f'k{i}', sample_id=f's{i}', index=0, reply=Reply(text='a')) for i in range(5)]\n"
            "journal.record(said)\n"
            "os.kill(os.getpid(), 9)\n"
        )
        subprocess.run([sys.executable, "-c", program, str(path)], check=False)
        before = snapshot(folder / "out")
        assert any(name.endswith("-wal") for name in before)
        assert score(server, "--dry-run", "--json") == 0
        assert json.loads(capsys.readouterr().out)["cached"] == 5
        assert snapshot(folder / "out") == before


def test_a_plan_of_a_folder_that_is_being_written_says_who_has_it(folder):
    with Server(billed) as server, Journal(folder / "out/journal.sqlite"):
        with pytest.raises(Locked, match=f"process {os.getpid()}"), peek(folder / "out/journal.sqlite"):
            pass
        assert score(server, "--dry-run") == 5


def test_a_file_that_is_no_journal_is_named(folder, capsys):
    (folder / "out").mkdir()
    (folder / "out/journal.sqlite").write_bytes(b"no database" * 200)
    with Server(billed) as server:
        assert score(server, "--dry-run") == 1
    assert "out/journal.sqlite: not a readable journal" in capsys.readouterr().err


def test_without_yes_a_dear_step_is_refused_where_nobody_can_be_asked(folder, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: PTH123, SIM115
    with Server(billed) as server:
        dear = ["--prices", "prices.yaml", "--confirm-over", "0.01"]
        assert score(server, *dear) == 4
        said = capsys.readouterr().err
        assert re.search(r"this may cost \$0\.0\d+ to \$[\d.]+, more than --confirm-over 0.01", said), said
        assert "--yes" in said and not server.requests and not (folder / "out").exists()
        # A budget below it is spent without asking, and --yes asks nothing at all.
        assert score(server, *dear, "--budget", "0.009") == 4
        assert "does not cover one request" in capsys.readouterr().err and not server.requests
        assert score(server, *dear, "--yes") == 0


def test_a_plan_of_several_models_and_of_adaptive_numbers(folder, capsys, elsewhere):
    draw_video(folder / "videos/w.mp4", grey=60)
    samples = [make_sample(f"s{i}", video_id="vw"[i % 2], query=f"moment {i}", duration=4.0) for i in range(SAMPLES)]
    write_samples(folder / "samples.parquet", samples)
    with Server(billed, models=("tiny", "other")) as server:
        assert score(server, "--adaptive", "mean_iou:0.2:0.8:0.05", "--max-n", "20", "--dry-run", "--json") == 0
        planned = json.loads(capsys.readouterr().out)
        assert planned["to_do"] == {"low": 72, "high": 480} and planned["plan"][0]["seeing"] == "sighted"
        settings = evaluate.Settings(
            samples="samples.parquet", videos="videos", endpoint=[server.url], num_frames=4, out="e",
            model=["openai_api:tiny", "openai_api:other", "scripted:samples.parquet"], other_query=True, dry_run=True,
            prices="prices.yaml",
        )  # fmt: skip
        planned = evaluate.run(settings)
        assert not server.requests
    assert [(part.model, part.condition) for part in planned.plan] == [
        (model, condition) for model in settings.model for condition in ("sighted", "other_query")
    ]
    assert planned.cost == "unknown" and planned.plan[0].cost != "unknown"
    assert planned.plan[4].cost == Bounds(low=0.0, high=0.0)
    with pytest.raises(VtgError, match="openai_api:other costs is unknown"):
        evaluate.run(msgspec.structs.replace(settings, dry_run=False, budget=1.0))
    # What one of them costs is known, and is not spent unasked because of the other.
    with pytest.raises(Unconfirmed):
        evaluate.run(msgspec.structs.replace(settings, dry_run=False, confirm_over=0.0))


@pytest.mark.parametrize(("control", "why"), [("blind", "of at least two sources"), ("other_query", "differ between")])
def test_a_control_that_the_samples_do_not_allow_is_refused_before_anything_is_paid(folder, control, why):
    with Server(billed) as server:
        settings = evaluate.Settings(
            samples="samples.parquet", videos="videos", model=["openai_api:tiny"], endpoint=[server.url], out="out",
            num_frames=4, prices="prices.yaml", **{control: True},
        )  # fmt: skip
        with pytest.raises(VtgError, match=why):
            evaluate.run(settings)
        assert not server.requests


def test_adaptive_rounds_keep_to_one_budget(folder, capsys):
    adaptive = ["--adaptive", "mean_iou:0.2:0.8:0.02", "--max-n", "12", "--prices", "prices.yaml"]
    with Server(billed) as server:
        assert score(server, *adaptive, "--budget", "0.1") == 4
        assert len(server.requests) > SAMPLES * N
        assert bill(server) == spent(folder / "out/journal.sqlite") <= 0.1 * PICO
        assert score(server, *adaptive, "--budget", "9", "--yes") == 0
        assert len({request.seed for request in server.requests}) == len(server.requests)


def test_a_dry_run_of_a_step_that_is_done_has_nothing_to_do(folder, capsys):
    settings = difficulty.Settings(samples="samples.parquet", model="scripted:samples.parquet", n=2, out="o")
    difficulty.run(settings)
    planned = difficulty.run(msgspec.structs.replace(settings, dry_run=True))
    assert planned.to_do == Bounds(low=0, high=0) and planned.cached == 48
    assert difficulty.run(settings).up_to_date


@pytest.mark.parametrize(("answer", "code", "asked"), [("n", 130, 0), ("y", 0, 3 * N)])
def test_a_terminal_is_asked_once_before_a_dear_step(folder, answer, code, asked):
    with Server(billed) as server:
        command = [
            "-m", "vtgdata", "score-difficulty", "--samples", "samples.parquet", "--videos", "videos",
            "--model", "openai_api:tiny", "--endpoint", server.url, "--n", str(N), "--num-frames", "4", "--frames",
            "frames", "--out", "out", "--limit", "3", "--prices", "prices.yaml", "--confirm-over", "0",
        ]  # fmt: skip
        ended, said = on_terminal(command, f"{answer}\n", term="dumb")
        assert (ended, len(server.requests)) == (code, asked), said
    assert said.count("Spend it? [y/N]") == 1 and "more than --confirm-over 0" in said


@pytest.mark.parametrize(
    ("seed", "kills"), [(0, 1), *(pytest.param(seed, 4, marks=pytest.mark.slow) for seed in range(1, 6))]
)
def test_whatever_is_charged_and_however_it_is_killed_the_budget_holds_but_for_what_is_in_flight(folder, seed, kills):
    draw = random.Random(seed)
    concurrency = draw.randint(1, 8)
    tokens = {}

    def charged(body: dict[str, Any], number: int) -> dict[str, Any]:
        # From almost nothing to three times what the prompt was guessed to have.
        own = random.Random(f"{seed} {body['seed']}")
        used = tokens[number] = own.randint(10, 15_000), own.randint(1, 64)
        return completion(seeded(body, number)) | {
            "usage": {"prompt_tokens": used[0], "completion_tokens": used[1], "total_tokens": sum(used)}
        }

    more = ["--prices", "prices.yaml", "--concurrency", str(concurrency), "--yes", "-q"]
    with Server(charged) as server:
        budgets = [draw.uniform(0.05, 0.15), draw.uniform(0.2, 0.4)]
        for budget in budgets:
            for _ in range(kills):
                process = start(server, *more, "--budget", str(budget))
                wanted = len(server.requests) + draw.randint(1, 6)
                while process.poll() is None and len(server.requests) < wanted:
                    time.sleep(0.005)
                process.kill()
                process.wait()
            assert score(server, *more, "--budget", str(budget)) == 4
            bills = [PRICE.cost(*used) for used in tokens.values()]
            limit = round(budget * PICO)
            assert spent(folder / "out/journal.sqlite") <= limit + concurrency * max(bills)
            # What was on its way at a kill is paid for twice, and nobody but the server knows.
            assert sum(bills) <= limit + (1 + kills * (1 + budgets.index(budget))) * concurrency * max(bills)
        assert score(server, *more, "--budget", "100") == 0
    rows = read_parquet(folder / "out/rollouts.parquet")
    assert len(rows) == len({row["key"] for row in rows}) == SAMPLES * N


def start(server: Server, *more: str) -> forked.Forked:
    """`vtgdata score-difficulty` in a process of its own."""
    command = ["-m", "vtgdata", *arguments(server, *more)]
    return forked.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
