"""How far a command is: a line on a terminal, else a plain one at most every half minute; nothing with -q."""

import logging

import pytest

from vtgdata.files import live
from vtgdata.files.live import CLEAR, each
from vtgdata.files.pace import Count


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only when a test lets them."""
    now = [1000.0]
    monkeypatch.setattr("vtgdata.files.live.time.monotonic", lambda: now[0])
    return now


@pytest.fixture
def log(monkeypatch):
    logger = logging.Logger("told", logging.INFO)
    monkeypatch.setattr("vtgdata.files.live.log", logger)
    return logger


@pytest.fixture
def said(log):
    """What is said, line by line."""
    lines: list[str] = []
    kept = logging.Handler()
    kept.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    log.addHandler(kept)
    return lines


def loop(clock, total, seconds):
    """A loop of so many turns of so many seconds each; the turns."""
    done = []
    for turn in each(range(total), total, "demo-base", "steps"):
        clock[0] += seconds
        done.append(turn)
    return done


def test_a_log_has_a_line_at_first_every_half_minute_and_at_the_end(clock, said, monkeypatch):
    monkeypatch.setattr("vtgdata.files.live.on_terminal", lambda: False)
    assert loop(clock, 400, 0.75) == list(range(400))
    assert said[:2] == ["demo-base: 0 of 400 steps", "demo-base: 40 of 400 steps, 1.3/s, 4 min to go"]
    assert [int(line.split()[1]) for line in said] == [*range(0, 400, 40), 400]
    assert said[-2:] == ["demo-base: 360 of 400 steps, 1.3/s, 30 s to go", "demo-base: 400 of 400 steps, 1.3/s"]


def test_the_time_to_go_follows_from_the_pace_of_the_last_minute(clock, said, monkeypatch):
    monkeypatch.setattr("vtgdata.files.live.on_terminal", lambda: False)
    monkeypatch.setattr("vtgdata.files.live.PLAIN_SECONDS", 10.0)
    turns = each(range(8), 8, "demo-base", "steps")
    for turn in turns:
        clock[0] += 20.0 if turn < 4 else 40.0
    assert said == [
        "demo-base: 0 of 8 steps",
        "demo-base: 1 of 8 steps, 3/min, 2 min to go",
        "demo-base: 2 of 8 steps, 3/min, 2 min to go",
        "demo-base: 3 of 8 steps, 3/min, 2 min to go",
        "demo-base: 4 of 8 steps, 3/min, 80 s to go",
        "demo-base: 5 of 8 steps, 2/min, 90 s to go",
        "demo-base: 6 of 8 steps, 1.5/min, 80 s to go",
        "demo-base: 7 of 8 steps, 1.5/min, 40 s to go",
        "demo-base: 8 of 8 steps, 1.5/min",
    ]


def test_a_terminal_has_one_line_that_is_written_anew_once_a_second(clock, log, monkeypatch, capsys):
    monkeypatch.setattr("vtgdata.files.live.on_terminal", lambda: True)
    loop(clock, 8, 0.5)
    written = capsys.readouterr().err.split(CLEAR)[1:]
    assert written == [
        "demo-base: 0 of 8 steps",
        "demo-base: 2 of 8 steps, 2/s, 3 s to go",
        "demo-base: 4 of 8 steps, 2/s, 2 s to go",
        "demo-base: 6 of 8 steps, 2/s, 1 s to go",
        "demo-base: 8 of 8 steps, 2/s\n",
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_quiet_run_says_nothing(clock, log, said, terminal, monkeypatch, capsys):
    monkeypatch.setattr("vtgdata.files.live.on_terminal", lambda: terminal)
    log.setLevel(logging.WARNING)
    with live.watch("release"):
        loop(clock, 3, 20.0)
        ticks(clock, 3, 20.0)
    assert (said, capsys.readouterr().err) == ([], "")


def ticks(clock, number, seconds):
    """What the thread of `watch` does, so many times."""
    for _ in range(number):
        clock[0] += seconds
        live._line.tick()


def test_a_command_that_counts_nothing_is_timed_and_its_line_is_taken_away_at_the_end(clock, log, monkeypatch, capsys):
    monkeypatch.setattr("vtgdata.files.live.on_terminal", lambda: True)
    with live.watch("push"):
        ticks(clock, 2, 1.0)
        live.phase("sending 3 files, 1.2 MB")
        ticks(clock, 2, 0.5)
    written = capsys.readouterr().err.split(CLEAR)[1:]
    assert written == [
        "push: working, 1 s so far",
        "push: working, 2 s so far",
        "push: sending 3 files, 1.2 MB, 3 s so far",
        "",
    ]


def test_under_nohup_a_command_has_a_plain_line_every_half_minute_whatever_it_does(clock, said, monkeypatch):
    monkeypatch.setattr("vtgdata.files.live.on_terminal", lambda: False)
    with live.watch("diff"):
        ticks(clock, 70, 1.0)
    assert said == ["diff: working, 30 s so far", "diff: working, 60 s so far"]


def test_the_line_shows_what_was_begun_last_and_is_not_over(clock, said, monkeypatch):
    monkeypatch.setattr("vtgdata.files.live.on_terminal", lambda: False)
    with live.watch("release"):
        outer = live.Work("rows written")
        outer.done = 5
        for row in live.counted(range(1000), "rows read", 1000):
            if row == 500:
                ticks(clock, 1, 50.0)
        ticks(clock, 1, 50.0)
        outer.end()
        ticks(clock, 1, 50.0)
    assert said == [
        "release: 500 of 1,000 rows read, 10/s, 50 s to go",
        "release: 5 rows written, 3/min, 2 min so far",
        "release: working, 2 min so far",
    ]


def test_a_command_inside_of_another_has_no_line_of_its_own(clock, said, monkeypatch):
    monkeypatch.setattr("vtgdata.files.live.on_terminal", lambda: False)
    with live.watch("rebuild"):
        with live.watch("ingest"):
            pass
        ticks(clock, 1, 30.0)
    assert said == ["rebuild: working, 30 s so far"]


@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_a_line_fits_the_terminal_and_keeps_the_time_to_go(width, monkeypatch, capsys, clock, log):
    monkeypatch.setattr("vtgdata.files.live.on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    state = Count(1234, 99_999, "rows", 12.0, 9.0, "loss 0.1234, tokens 12,345")
    live.teller("openai_api:Qwen/Qwen3-VL-235B-A22B-Instruct, blind")(state)
    (line,) = capsys.readouterr().err.split(CLEAR)[1:]
    assert len(line) < width and line.endswith("12,345" if width == 120 else "2.3 h to go")


def test_the_line_of_a_loop_is_of_the_moment_though_the_thread_draws_it(clock, log, monkeypatch, capsys):
    monkeypatch.setattr("vtgdata.files.live.on_terminal", lambda: True)
    with live.watch("videos verify"):
        for _ in each(range(4), 4, "videos verify", "videos"):
            ticks(clock, 2, 1.0)
    written = capsys.readouterr().err.split(CLEAR)[1:]
    assert [line.split(" of")[0] for line in written] == [
        f"videos verify: {done}" for done in (0, 0, 0, 1, 1, 2, 2, 3, 3, 4)
    ]
