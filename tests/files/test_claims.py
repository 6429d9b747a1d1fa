"""No command deletes, empties or overwrites a file that it did not write: tried on every command of the table."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.builders import make_sample
from support.drawn_videos import draw
from support.hub_clients import stage
from support.hub_server import Hub
from support.release_builders import make_pass_rate, make_release, write_chosen, write_inputs
from vtgdata.cli import commands
from vtgdata.errors import Conflict, VtgError
from vtgdata.files import claims
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import write_samples
from vtgdata.files.schemas import PASS_RATES
from vtgdata.files.step import Step, StepSummary, read_meta
from vtgdata.files.whole import write_json, write_jsonl, write_text
from vtgdata.releases import tombstones

Settings = dict[str, Any]


@pytest.fixture(autouse=True)
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with inputs for every command, and the current one."""
    world = tmp_path / "world"
    for name in ("a", "b"):
        draw(world / f"videos/deep/{name}.mp4", 20)
    (world / "raw").mkdir()
    rows = [{"video": f"{name}.mp4", "duration": 4.0, "query": f"a dog {name}", "windows": [[1, 2]]} for name in "ab"]
    (world / "raw/mine_train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    samples = [make_sample(f"s{name}", video_id=name, duration=4.0, windows=[(1.0, 2.0)], split="rl") for name in "ab"]
    write_samples(world / "samples/samples.parquet", samples)
    others = [make_sample(s.sample_id, video_id=f"x{s.sample_id}", corpus="tvgbench", split="test") for s in samples]
    write_samples(world / "others/samples.parquet", others)
    rates = [make_pass_rate(sample) for sample in samples]
    write_parquet(world / "rates/pass_rates.parquet", rates, PASS_RATES)
    write_chosen(world / "rates/rows.parquet", rates)
    lines = [{"sample_id": sample.sample_id, "windows": [[1.0, 2.0]]} for sample in samples]
    write_jsonl(world / "predictions/mine.jsonl", lines)
    (world / "inputs").mkdir()
    make_release(world / "release/1.0.0", write_inputs(world / "inputs"))
    (world / "model").mkdir()
    (world / "model/config.json").write_text("{}")
    tombstones.write(world / "lists/removed.json", tombstones.Tombstones())
    write_json(world / "score/evaluation.json", {"models": []})
    write_text(world / "shapes/wrong_labels.jsonl", "")
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(world)
    return world


SAMPLES = "samples/samples.parquet"
ASK = {"samples": SAMPLES, "videos": "videos", "model": "scripted:others/samples.parquet", "num_frames": 2}
RUNS: dict[str, Settings] = {
    "ingest": {
        "corpus": "moment_jsonl", "paths": ["raw"], "split": "train", "name": "mine", "license": "MIT",
        "videos": "videos", "tombstones": "lists/removed.json",
    },
    "curate": {
        "file": SAMPLES, "filters": ["near_duplicate_video", "contamination"], "videos": "videos",
        "against": ["others/samples.parquet"],
    },
    "check": {"files": [SAMPLES], "videos": "videos"},
    "videos verify": {"samples": SAMPLES, "videos": "videos"},
    "videos bind": {"samples": SAMPLES, "videos": "videos"},
    "videos proxy": {"samples": SAMPLES, "videos": "videos"},
    "videos warm": {"samples": SAMPLES, "videos": "videos", "num_frames": 2},
    "build-coldstart": ASK,
    "score-difficulty": ASK,
    "select": {"pass_rates": "rates/pass_rates.parquet", "samples": SAMPLES, "selector": "uniform", "size": 1},
    "remove": {"video_id": ["a"], "source": SAMPLES},
    "release": {
        "version": "1.1.0", "samples": "inputs/samples.parquet", "coldstart": "inputs/traces.parquet",
        "pass_rates": "inputs/pass_rates.parquet", "splits": {"rl": "inputs/rows.parquet"},
        "drops": ["inputs/drops.parquet"], "previous": "release/1.0.0", "tombstones": "lists/removed.json",
    },
    "push": {"release": "release/1.0.0"},
    "pull": {"source": "org/doors@v1.0.0"},
    "diff": {"a": "release/1.0.0", "b": "release/1.0.0"},
    "train sft": {"release": "release/1.0.0", "model": "model", "videos": "videos"},
    "train rl": {"release": "release/1.0.0", "model": "model", "videos": "videos"},
    "evaluate": {"samples": SAMPLES, "predictions": "predictions/mine.jsonl", "baseline": "others/samples.parquet"},
    "demo-draw": {"videos": 5},
    "demo-base": {"steps": 60},
    "demo-report": {
        "evaluation": "score/evaluation.json", "pass_rates": "rates/pass_rates.parquet", "samples": SAMPLES,
        "key": "shapes/wrong_labels.jsonl", "release": "release/1.0.0", "model": "model",
    },
}  # fmt: skip
"""Settings with which each command reads something of every kind that it can read."""
OUT = {"remove": "file", "push": "target"}
"""The setting that says where a command writes, where that is not `out`."""
ADDS_TO = {"videos bind": ["videos/vtgdata-bindings.json"], "remove": ["lists/removed.json"]}
"""Files that a command exists to add to."""
NOT_TRIED_WHOLE = ("pull", "train sft", "train rl", "demo-base", "demo-report", "videos proxy")
"""Minutes, a trained model, the Hub or the program ffmpeg: tried only with outputs that are refused."""


def read(values: Any) -> Iterator[str]:
    """The settings that name something that is there."""
    if isinstance(values, str):
        if Path(path := values.removeprefix("scripted:")).exists():
            yield path
    elif isinstance(values, dict | list):
        for value in values.values() if isinstance(values, dict) else values:
            yield from read(value)


def bytes_of(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder: {path: bytes}, None for a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


def run(command: str, out: str, **changes: Any) -> None:
    values = RUNS[command] | {OUT.get(command, "out"): out} | changes
    commands.execute(command, commands.build(command, values, command))


def refused(command: str, out: str, world: Path, kind: type[VtgError] = VtgError, **changes: Any) -> str:
    before = bytes_of(world)
    with pytest.raises(kind) as error:
        run(command, out, **changes)
    assert bytes_of(world) == before
    return str(error.value)


def test_every_command_is_tried():
    assert set(RUNS) == set(commands.COMMANDS)


@pytest.mark.parametrize("command", [name for name in RUNS if name not in (*OUT, "pull", "demo-draw", "demo-base")])
def test_an_output_that_is_holds_or_lies_in_an_input_is_refused(command, world):
    given = list(read(RUNS[command]))
    assert given
    for path in given:
        if command == "demo-report" and path in ("release/1.0.0", "model"):
            continue  # named in the report, and not read
        outs = {path: "is", str(Path(path).parent): "holds"}
        if Path(path).is_dir():
            outs |= {f"{path}/new": "lies in", f"{path}/../{Path(path).name}/a/b": "lies in"}
        for out, how in outs.items():
            said = refused(command, out, world)
            assert f"--out {out}: " in said and (how in said or "is a file" in said), said


def test_through_a_link_it_is_the_same_folder(world):
    (world / "link").symlink_to("samples")
    assert "which is read" in refused("curate", "link", world)


def foreign(folder: Path) -> None:
    """A folder of the user's, with names that commands write."""
    made = (
        "notes.txt", "samples.parquet", "drops.parquet", "rows.parquet", "rollouts.parquet", "videos/a.mp4",
        "videos/v0000.mp4", "model.safetensors", "README.md", "evaluation.json", "check.json", "report.json",
    )  # fmt: skip
    for name in made:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"my own {name}")


@pytest.mark.parametrize("command", [name for name in RUNS if name not in ("remove", "pull", "diff")])
def test_a_folder_that_holds_something_else_is_refused(command, world):
    foreign(world / "mine")
    said = refused(command, "./mine", world, Conflict)
    assert "mine" in said
    for path in (world / "mine").glob("*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (world / "mine/notes.txt").write_text("my own")
    assert "notes.txt" in refused(command, "./mine", world, Conflict) or command == "push"


def test_a_pull_leaves_a_folder_that_holds_something_else(world, tmp_path):
    foreign(world / "mine")
    with Hub() as hub:
        stage("push", hub, tmp_path, release=str(world / "release/1.0.0"), target="org/doors")
        before = bytes_of(world)
        said = stage("pull", hub, tmp_path, source="org/doors@v1.0.0", out=str(world / "mine"))
        assert said["error"] == "Conflict" and bytes_of(world) == before


@pytest.mark.parametrize("name", ["notes.md", "samples/samples.parquet", "release/1.0.0/README.md"])
def test_a_file_that_is_something_else_is_not_written_over(name, world):
    (world / "notes.md").write_text("my own")
    refused("diff", name, world)
    refused("remove", name, world)


def test_a_comparison_is_written_again(world):
    run("diff", "changes.txt")
    run("diff", "changes.txt", markdown=True)
    assert (world / "changes.txt").read_text().startswith("### 1.0.0 against 1.0.0\n")


@pytest.mark.parametrize("command", [name for name in RUNS if name not in (*OUT, *NOT_TRIED_WHOLE, "diff")])
def test_it_replaces_its_own_result_and_nothing_else(command, world):
    shutil.copytree(world, world.parent / "kept")
    first = bytes_of(world)
    run(command, "own")
    after = {name: raw for name, raw in bytes_of(world).items() if name.split("/")[0] != "own"}
    added = ADDS_TO.get(command, [])
    assert {name: raw for name, raw in after.items() if name not in added} == first
    change = {"limit": 1} if "limit" in (commands.fields(command) or ()) else {}
    change = {"seed": 8} if command == "demo-draw" else {"near": 0.5} if command == "check" else change
    change = {"size": 2} if command == "select" else {"name": "Another"} if command == "release" else change
    run(command, "own", **change)
    made = read_meta(world / "own")
    assert made is not None and made.command == command and not (world / "own" / claims.MARK).exists()
    (world / "own/notes.txt").write_text("my own")
    assert "notes.txt" in refused(command, "own", world, Conflict)
    run(command, "own", **change)  # nothing to do, so nothing to refuse
    other = "select" if command != "select" else "curate"
    assert f"made by `vtgdata {command}`" in refused(other, "own", world, Conflict)


def test_what_an_earlier_run_made_and_this_one_did_not_goes(world):
    class Settings(msgspec.Struct):
        out: str = "own"
        number: int = 0

    for number, names in enumerate((["a", "b", "c"], ["a"])):
        step = Step("select", Settings(number=number), StepSummary, code=[])
        for name in names:
            write_text(step.start() / name, f"{number}")
        if number == 0:
            step.finish(StepSummary(), names)
            (world / "own/c").write_text("changed by its user")
        else:
            step.finish(StepSummary(), names)
    assert sorted(path.name for path in (world / "own").iterdir()) == ["a", "c", "meta.json"]


def test_a_run_that_was_killed_is_gone_on_with(world):
    class Settings(msgspec.Struct):
        out: str = "own"

    step = Step("select", Settings(), StepSummary, code=[])
    write_text(step.start() / "rows.parquet", "half")
    step = Step("select", Settings(), StepSummary, code=[])
    write_text(step.start() / "rows.parquet", "whole")
    step.finish(StepSummary(), ["rows.parquet"])
    assert read_meta(world / "own") and not (world / "own" / claims.MARK).exists()
    write_text(Step("curate", Settings(out="other"), StepSummary, code=[]).start() / "x", "half")
    with pytest.raises(Conflict, match="made by `vtgdata curate`"):
        Step("select", Settings(out="other"), StepSummary, code=[])


def test_a_push_into_the_release_is_refused(world):
    assert "lies in" in refused("push", "./release/1.0.0/copy", world)
    assert "holds" in refused("push", "./release", world)


def test_frames_are_taken_away_only_where_the_store_made_them(world):
    from vtgdata.video.store_limit import Room

    store = world / "frames"
    ours = [store / "ab/cd" / name for name in ("abcd000000000000.parquet", "abcd000000000001.parquet")]
    torn = store / "ab/cd/.abcd000000000002.parquet.7.tmp"
    theirs = [store / "a/b/thesis.tex", store / "ab/cd/table.parquet", store / "2026/11/abcd000000000000.parquet"]
    for number, path in enumerate((*ours, torn, *theirs)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1000)
        os.utime(path, (1e9 + number, 1e9 + number))
    Room(store, limit=1000).added(1)
    assert not ours[0].exists() and ours[1].exists() and not torn.exists()
    assert all(path.exists() for path in theirs)
