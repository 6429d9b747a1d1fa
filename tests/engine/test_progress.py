"""How far a loop is: said at once, then at most every ten seconds, and at the end."""

import logging

import pytest

from vtgdata.engine.progress import CLEAR, with_progress


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only when a test lets them."""
    now = [1000.0]
    monkeypatch.setattr("vtgdata.engine.progress.time.monotonic", lambda: now[0])
    return now


@pytest.fixture
def log(monkeypatch):
    logger = logging.Logger("told", logging.INFO)
    monkeypatch.setattr("vtgdata.engine.progress.log", logger)
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
    for turn in with_progress(range(total), total, "demo-base", "steps"):
        clock[0] += seconds
        done.append(turn)
    return done


def test_a_log_has_a_line_at_first_every_ten_seconds_and_at_the_end(clock, said, monkeypatch):
    monkeypatch.setattr("vtgdata.engine.progress.on_terminal", lambda: False)
    assert loop(clock, 400, 0.75) == list(range(400))
    assert said[:2] == ["demo-base: 0 of 400 steps", "demo-base: 14 of 400 steps, 5 min to go"]
    assert [int(line.split()[1]) for line in said] == [*range(0, 400, 14), 400]
    assert said[-2:] == ["demo-base: 392 of 400 steps, 6 s to go", "demo-base: 400 of 400 steps"]


def test_the_time_to_go_follows_from_the_pace_so_far(clock, said, monkeypatch):
    monkeypatch.setattr("vtgdata.engine.progress.on_terminal", lambda: False)
    loop(clock, 4, 20.0)
    assert said == [
        "demo-base: 0 of 4 steps",
        "demo-base: 1 of 4 steps, 60 s to go",
        "demo-base: 2 of 4 steps, 40 s to go",
        "demo-base: 3 of 4 steps, 20 s to go",
        "demo-base: 4 of 4 steps",
    ]


def test_a_terminal_has_one_line_that_is_written_anew_once_a_second(clock, log, monkeypatch, capsys):
    monkeypatch.setattr("vtgdata.engine.progress.on_terminal", lambda: True)
    loop(clock, 8, 0.5)
    written = capsys.readouterr().err.split(CLEAR)[1:]
    assert written == [
        "demo-base: 0 of 8 steps",
        "demo-base: 2 of 8 steps, 3 s to go",
        "demo-base: 4 of 8 steps, 2 s to go",
        "demo-base: 6 of 8 steps, 1 s to go",
        "demo-base: 8 of 8 steps\n",
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_quiet_run_says_nothing(clock, log, said, terminal, monkeypatch, capsys):
    monkeypatch.setattr("vtgdata.engine.progress.on_terminal", lambda: terminal)
    log.setLevel(logging.WARNING)
    loop(clock, 3, 20.0)
    assert (said, capsys.readouterr().err) == ([], "")
