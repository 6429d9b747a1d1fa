"""Attacks by files, each tried on every command; see `support.file_attacks` for what is planted and what is exempt."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support import attacks as owned
from support.attacks import texts, typed
from support.builders import make_sample
from support.every_stage import NOT_TRIED_WHOLE, OUT, RUNS, make_world, read, run
from support.file_attacks import (
    ATTACKS,
    DEEP,
    EXEMPT,
    PARQUET_FREE,
    PLANTED,
    SEES,
    SPECIAL,
    TRAINED,
    attacked,
    deep_cells,
    inputs,
)
from vtgdata.cli import commands
from vtgdata.errors import VtgError
from vtgdata.files import limits
from vtgdata.files.samples import write_samples
from vtgdata.video.workers import shared

DEFAULT = ("check", "diff", "select")
"""Commands that the default suite tries with all that is planted; the others are slow tests."""
FILLED = [name for name in owned.attacked("A4") if name not in NOT_TRIED_WHOLE]
"""Commands that fill an output folder and are tried whole."""
PATIENCE = 150
"""Seconds after which a command hangs: some load torch, on a machine that does other work."""


def slowly(names: list[str], default: tuple[str, ...] = DEFAULT) -> list[Any]:
    return [name if name in default else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    make_world(tmp_path / "world")
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(tmp_path / "world")
    yield tmp_path / "world"
    shared().close()


class Hangs(BaseException):
    """A command waits for what never comes; no `except Exception` may swallow that."""


@contextlib.contextmanager
def patience() -> Iterator[None]:
    def give_up(number: int, frame: object) -> None:
        raise Hangs

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(command: str, place: str, **changes: Any) -> VtgError | None:
    """What a command ends with: nothing, or an error that a user can mend. Anything else is raised."""
    with patience():
        try:
            run(command, place, **changes)
        except VtgError as error:
            assert str(error).strip()
            return error
    return None


def planted(command: str, plants: dict[str, Callable[[Path], None]], suffixes: tuple[str, ...] = ()) -> list[str]:
    """Run a command once for each plant in the place of each input; returns what it said."""
    said: list[str] = []
    for path in inputs(command):
        if suffixes and path.suffix not in suffixes:
            continue
        for name, plant in plants.items():
            aside = path.with_name(f"{path.name}.aside")
            path.rename(aside)
            try:
                if plant is deep_cells:
                    shutil.copy(aside, path)
                plant(path)
                error = outcome(command, f"./own{len(said)}")
            finally:
                path.unlink()
                aside.rename(path)
            said.append(f"{name} {path}: {error}")
    return said


def named(command: str) -> list[Path]:
    """The inputs that a setting names as files; of those in folders a command need not read every one."""
    return [path for path in inputs(command) if str(path) in read(RUNS[command])]


def test_every_exemption_is_of_a_command_and_has_a_reason():
    assert set(EXEMPT) == set(ATTACKS)
    for attack, exempt in EXEMPT.items():
        assert set(exempt) <= set(commands.COMMANDS) and all(exempt.values()), attack


@pytest.mark.parametrize("command", slowly(attacked("A7")))
def test_a7_a_bomb_in_the_place_of_any_input_is_refused(command, world):
    tried = planted(command, PLANTED)
    assert tried
    for path in named(command):
        said = next(each for each in tried if each.startswith(f"bomb {path}:"))
        assert not said.endswith("None"), said


@pytest.mark.parametrize("command", [name for name in attacked("A7") if name not in PARQUET_FREE])
def test_a7_no_command_reads_a_parquet_file_without_weighing_it(command, world, monkeypatch):
    monkeypatch.setenv(limits.ROW_GROUP.variable, "1")
    error = outcome(command, "./own")
    assert error is not None and limits.ROW_GROUP.variable in str(error)


@pytest.mark.parametrize("command", slowly(attacked("A12")))
def test_a12_what_is_no_regular_file_never_hangs_a_command(command, world):
    tried = planted(command, SPECIAL)
    assert tried
    for path in named(command):
        for kind in ("pipe", "device", "socket"):
            said = next(each for each in tried if each.startswith(f"{kind} {path}:"))
            assert "only regular files are read" in said, said


OWN_FILES = (
    *("meta.json", ".vtgdata.json", ".vtgdata.owner.json", ".vtgdata.owner.json/.x.json", ".vtgdata.new/meta.json"),
    *("journal.sqlite", "journal.sqlite.owner.json", "shard-0-of-2/journal.sqlite"),
)
"""Names that a command looks for in its own output folder."""


@pytest.mark.parametrize("command", slowly([name for name in commands.COMMANDS if name not in TRAINED], ("diff",)))
def test_a12_a_pipe_in_the_place_of_whatever_a_setting_may_name_hangs_no_command(command, world):
    """And no setting that is a text ends in an error of ours."""
    from vtgdata.cli import app

    pipes = ("p.parquet", "p.json", "p.yaml", "x:p.json")
    for name in pipes:
        os.mkfifo(world / name)
    for place, name in enumerate(name for name in texts(command) if name != OUT.get(command, "out")):
        kind = str(commands.settings_type(command).__annotations__.get(name, ""))
        for number, pipe in enumerate(pipes):
            value = [pipe] if "list" in kind else {"x": pipe} if "dict" in kind else pipe
            values = {} if name in SEES.get(command, {}) else SEES.get(command, {})
            with patience():
                app.run([*typed(command, **values | owned.out(command, f"./o{place}-{number}") | {name: value}), "-q"])


@pytest.mark.parametrize("command", slowly(FILLED, ("select",)))
def test_a12_a_pipe_among_the_files_of_an_output_folder_hangs_no_command(command, world):
    """The folder may have come from elsewhere, with hidden files in it."""
    for number, name in enumerate(OWN_FILES):
        (world / f"own{number}" / name).parent.mkdir(parents=True)
        os.mkfifo(world / f"own{number}" / name)
        outcome(command, f"./own{number}")


@pytest.mark.parametrize("command", slowly(attacked("A14")))
def test_a14_documents_that_nest_deep_are_errors_that_a_user_can_mend(command, world):
    planted(command, DEEP, (".json", ".jsonl", ".yaml", ".md", ".txt"))
    planted(command, {"deep_cells": deep_cells}, (".parquet",))


@pytest.mark.parametrize("command", slowly([name for name in attacked("A14") if name not in NOT_TRIED_WHOLE]))
def test_a14_an_output_that_is_not_utf_8_ends_no_command(command, world):
    samples = [
        make_sample(f"s{name}", video_id=name, query="die Tür", duration=4.0, windows=[(1.0, 2.0)], split="rl")
        for name in ("é", "b")
    ]
    write_samples(world / "samples/samples.parquet", samples)
    (world / "videos/deep/a.mp4").rename(world / "videos/deep/é.mp4")
    tests = Path(__file__).parent.parent
    places, more = (tests, tests.parent), [] if command in ("check", "diff") else ["--json"]
    done = subprocess.run(
        [sys.executable, "-c", CALL, command, repr({OUT.get(command, "out"): "./é"}), *more],
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": os.pathsep.join(map(str, places))},
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
    assert done.stdout.isascii() and done.stderr.isascii()
    for line in done.stdout.splitlines() if more else ():
        json.loads(line)


CALL = """
import ast, sys
from support.every_stage import RUNS
from vtgdata.__main__ import main
from vtgdata.cli import commands
values = RUNS[sys.argv[1]] | ast.literal_eval(sys.argv[2])
places, words = commands.COMMANDS[sys.argv[1]].arguments, sys.argv[1].split()
given = lambda value: value if isinstance(value, list) else [f"{k}={v}" for k, v in value.items()] if isinstance(
    value, dict) else [value]
for name in places:
    words += [str(each) for each in given(values.get(name, []))]
for name, value in values.items():
    if name not in places:
        words += [word for each in given(value) for word in ("--" + name.replace("_", "-"), str(each))]
sys.argv = ["vtgdata", *words, *sys.argv[3:]]
main()
"""


@pytest.mark.parametrize("command", slowly(attacked("A11")))
def test_a11_no_picture_outside_of_its_folder_is_opened(command, world):
    """The link leads to a pipe: whoever opens it waits for ever."""
    os.mkfifo(world.parent / "secret.jpg")
    folder = world / "videos/deep/c"
    folder.mkdir()
    (folder / "0001.jpg").symlink_to(world.parent / "secret.jpg")
    (folder / "times.json").write_text('{"times": [0.0], "duration": 4.0}')
    sample = make_sample("sc", video_id="c", duration=4.0, windows=[(1.0, 2.0)], split="rl")
    write_samples(world / "samples/samples.parquet", [sample])
    write_samples(world / "others/samples.parquet", [sample])
    outcome(command, "./own", **SEES.get(command, {}))
    assert not list((world.parent / "cache").rglob("*.parquet"))
