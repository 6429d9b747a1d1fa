"""`vtgdata status` and the lines that tell how far a run is."""

import json
import logging
import re
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from support import forked
from support.builders import draw_video, make_sample
from support.servers import Server, completion, seeded
from support.terminals import on_terminal
from vtgdata.cli.app import run
from vtgdata.engine.money import prices
from vtgdata.engine.progress import Counts, Progress
from vtgdata.files.live import CLEAR, teller
from vtgdata.files.samples import write_samples
from vtgdata.records import Reply


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    draw_video(tmp_path / "videos/v.mp4", grey=60)
    write_samples(tmp_path / "samples.parquet", [make_sample(f"s{i}", video_id="v", duration=4.0) for i in range(12)])
    (tmp_path / "prices.yaml").write_text("- {model: tiny, input: 100.0, output: 100.0}\n")
    return tmp_path


def command(server: Server, *more: str) -> list[str]:
    return [
        "score-difficulty", "--samples", "samples.parquet", "--videos", "videos", "--model", "openai_api:tiny",
        "--endpoint", server.url, "--n", "2", "--num-frames", "4", "--frames", "frames", "--concurrency", "4",
        "--out", "runs/out", "--prices", "prices.yaml", "--yes", *more,
    ]  # fmt: skip


def start(server: Server) -> forked.Forked:
    arguments = ["-m", "vtgdata", *command(server)]
    return forked.start(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def told(capsys: pytest.CaptureFixture[str], where: str = "runs") -> dict[str, Any]:
    """What status says of the one step under a folder."""
    assert run(["status", where, "--json"]) == 0
    (step,) = json.loads(capsys.readouterr().out)["steps"]
    return step


def test_running_killed_and_done_are_told_apart_and_the_plain_lines_say_the_pace(folder, capsys):
    halfway, go_on = threading.Event(), threading.Event()

    def answer(body: dict[str, Any], number: int) -> dict[str, Any]:
        if number >= 12:
            halfway.set()
            go_on.wait(30)
        return completion(seeded(body, number))

    with Server(answer) as server:
        process = start(server)
        assert halfway.wait(60)
        running = told(capsys)
        assert running["state"].startswith(f"running: process {process.pid} on ") and running["command"] == ""
        assert running["process"] and running["cost"] is not None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed = told(capsys)
        assert killed["state"] == "killed: the same command goes on" and killed["seconds_left"] is None
        # 10 tokens an answer at 100 dollars a million.
        answered = round(killed["cost"] / 0.001)
        assert 8 <= answered <= 12 and killed["cost"] == pytest.approx(0.001 * answered)
        go_on.set()
        process = start(server)
        lines = process.communicate()[1].splitlines()
        assert process.returncode == 0
    progress = [line for line in lines if " answers (" in line]
    assert progress and "\x1b" not in "".join(lines)
    assert re.search(
        rf"24 of 24 answers \({answered} from before\), [\d.e+]+/s, [\d,]+ tokens/s, \$0\.0\d+$", progress[-1]
    )
    done = told(capsys)
    assert (done["state"], done["command"], done["cost"]) == ("done", "score-difficulty", pytest.approx(0.024))
    assert run(["status", "runs"]) == 0
    assert re.search(r"out +score-difficulty +done .*\$0\.02", capsys.readouterr().out)


def test_shards_and_unknown_costs_have_their_state_too(folder, capsys, monkeypatch):
    # A server on this machine is free; of one elsewhere that nobody prices the cost is unknown.
    monkeypatch.setattr(prices, "is_loopback", lambda url: False)
    (folder / "prices.yaml").write_text("[]")
    with Server(seeded) as server:
        for index in range(2):
            assert run(command(server, "--shard", f"{index}/2", "-q")) == 0
    capsys.readouterr()
    assert run(["status", "runs", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["steps"]
    assert [(step["folder"], step["state"], step["cost"]) for step in found] == [
        (f"out/shard-{index}-of-2", "done", "unknown") for index in range(2)
    ]


def test_a_terminal_has_one_line_that_is_written_anew(folder):
    with Server(seeded) as server:
        code, said = on_terminal(["-m", "vtgdata", *command(server)])
    assert code == 0, said
    pace = r".*/s, .* tokens/s, \$0\.024\n"
    line = said.split("\r\x1b[K")[-1]
    assert re.search(rf"openai_api:tiny, sighted: 24 of 24 answers, {pace}", line)
    others = said.count("plan:") + said.count("a push to the Hub will wait")
    assert said.count(" answers") >= 2 and said.count("\n") == others + 1


def test_the_line_on_a_narrow_terminal_ends_with_the_time_to_go_and_names_the_models_end(monkeypatch, capsys):
    monkeypatch.setattr("vtgdata.files.live.on_terminal", lambda: True)
    monkeypatch.setattr("vtgdata.files.live.log", logging.Logger("told", logging.INFO))
    monkeypatch.setenv("COLUMNS", "80")
    teller("openai_api:Qwen/Qwen3-VL-235B-A22B-Instruct, sighted")(Progress(
        model_id="m", counts=Counts(to_do=900, cached=100, answered=200, cost=1.5), owner=None, updated="",
        ended=False, total=1000, answers_per_second=0.5, tokens_per_second=1234.0,
    ))  # fmt: skip
    (line,) = capsys.readouterr().err.split(CLEAR)[1:]
    assert line == "...-A22B-Instruct, sighted: 300 of 1,000 answers, 0.5/s, $1.5, 23 min to go"


def test_a_log_has_a_line_at_first_at_most_every_half_minute_and_at_the_end(monkeypatch):
    now, said = 1000.0, []
    kept = logging.Handler()
    kept.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    monkeypatch.setattr("vtgdata.files.live.time.monotonic", lambda: now)
    monkeypatch.setattr("vtgdata.files.live.on_terminal", lambda: False)
    log = logging.Logger("told", logging.INFO)
    monkeypatch.setattr("vtgdata.files.live.log", log)
    log.addHandler(kept)
    tell = teller("m")
    for second in range(100):
        now = 1000.0 + second
        tell(Progress(model_id="m", counts=Counts(to_do=second), owner=None, updated="", ended=second == 99))
    assert said == [f"m: 0 of {second} answers" for second in (0, 30, 60, 90, 99)]


def test_the_time_to_go_follows_from_the_pace() -> None:
    progress = Progress(
        model_id="m", counts=Counts(to_do=50, cached=10, answered=20, failed=5, problems=5), owner=None, updated="",
        ended=False, total=100, answers_per_second=0.5, tokens_per_second=1234.0,
    )  # fmt: skip
    assert progress.seconds_left == 120
    assert str(progress) == (
        "30 of 95 answers (10 from before, 5 failed, 5 cannot be asked), 0.5/s, 1,234 tokens/s, 2 min to go"
    )


def test_a_short_line_keeps_what_matters_and_the_time_to_go() -> None:
    progress = Progress(
        model_id="m", counts=Counts(to_do=50, cached=10, answered=20, failed=5, problems=5, cost=1.5), owner=None,
        updated="", ended=False, total=100, answers_per_second=0.5, tokens_per_second=1234.0,
    )  # fmt: skip
    assert progress.within(200) == str(progress)
    assert progress.within(80) == "30 of 95 answers (5 failed, 5 cannot be asked), 0.5/s, $1.5, 2 min to go"
    assert progress.within(61) == "30 of 95 answers (5 failed), 0.5/s, $1.5, 2 min to go"
    assert progress.within(40) == "30 of 95 answers (5 failed), 2 min to go"
    assert progress.within(30) == "30 of 95 answers, 2 min to go"
    assert progress.within(10) == "30 of 95 a"
    assert all(len(progress.within(width)) <= width for width in range(120))


def test_costs_are_counted_and_an_unknown_one_is_not_nothing() -> None:
    counts = Counts()
    for reply in (
        Reply(text="a", tokens_in=10, tokens_out=5, cost=0.25), Reply(text=None, error="e", tokens_in=1, cost=0.5),
        Reply(text="b"),
    ):  # fmt: skip
        counts.add(reply)
    assert (counts.answered, counts.failed, counts.tokens_in, counts.tokens_out) == (2, 1, 11, 5)
    assert (counts.cost, counts.uncosted) == (0.75, 1)
