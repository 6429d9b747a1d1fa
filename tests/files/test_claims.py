"""No command deletes, empties or overwrites a file that it did not write: tried on every command of the table."""

import contextlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from support import forked
from support.attacks import attacked
from support.every_stage import ADDS_TO, NOT_TRIED_WHOLE, OUT, RUNS, SAMPLES, bytes_of, make_world, read, run
from support.hub_clients import stage
from support.hub_server import Hub
from vtgdata.cli import commands
from vtgdata.errors import Conflict, VtgError
from vtgdata.files import claims, fingerprint, recipe
from vtgdata.files.draft import DRAFT
from vtgdata.files.meta import read_meta
from vtgdata.files.step import Step, StepSummary
from vtgdata.files.whole import write_text


@pytest.fixture(autouse=True)
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with inputs for every command, and the current one."""
    make_world(tmp_path / "world")
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path / "world")
    return tmp_path / "world"


def slowly(names: list[str]) -> list[Any]:
    """All commands, of which the default suite tries one."""
    return [name if name == "select" else pytest.param(name, marks=pytest.mark.slow) for name in names]


def refused(command: str, out: str, world: Path, kind: type[VtgError] = VtgError, **changes: Any) -> str:
    before = bytes_of(world)
    with pytest.raises(kind) as error:
        run(command, out, **changes)
    assert bytes_of(world) == before
    return str(error.value)


def test_every_command_is_tried():
    assert set(RUNS) == set(commands.COMMANDS)


@pytest.mark.parametrize("command", attacked("A1"))
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


@pytest.fixture
def mounted(world):
    """The inputs' folder, mounted at a second place too."""
    place = world.parent / "mounted"
    place.mkdir()
    if (
        os.name == "nt"
        or subprocess.run(["mount", "--bind", world, place], capture_output=True, check=False).returncode
    ):
        pytest.skip("needs root, to mount a folder at a second place")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("command", slowly(attacked("A1")))
def test_a_folder_that_is_mounted_at_two_places_is_one(command, world, mounted):
    """As containers have it, with one folder of the machine under two names."""
    for path in read(RUNS[command]):
        if command == "demo-report" and path in ("release/1.0.0", "model"):
            continue  # as above
        for out in (mounted / Path(path).parent, mounted / path / "new"):
            if (world / path).is_dir() or out.is_dir():
                said = refused(command, str(out), world)
                assert "which is read" in said or "is a file" in said, said


def test_through_a_link_it_is_the_same_folder(world):
    (world / "link").symlink_to("samples")
    assert "which is read" in refused("curate", "link", world)


def test_a_home_that_no_shell_has_replaced_makes_no_folder_of_that_name(world, monkeypatch):
    """`--out=~/own`, and a recipe's `out: ~/runs`: whoever deletes a folder named `~` deletes the home."""
    monkeypatch.setenv("HOME", str(world))
    assert "which is read" in refused("curate", "~/samples", world)
    run("select", "~/own", samples="~/samples/samples.parquet")
    step = {"id": "a", "command": "select", "pass_rates": "~/rates/pass_rates.parquet", "samples": SAMPLES}
    steps = [step | {"size": 1}, {"command": "curate", "id": "b", "file": SAMPLES, "against": ["@a/rows.parquet"]}]
    (world / "r.yaml").write_text(json.dumps({"out": "~/runs", "steps": steps}))
    plan = recipe.load(world / "r.yaml", commands.fields)
    assert plan.steps[1].settings["against"] == [f"{world}/runs/a/rows.parquet"]
    commands.execute("select", commands.build("select", plan.steps[0].settings, "a"))
    assert read_meta(world / "own") and read_meta(world / "runs/a") and not (world / "~").exists()


ONE_FILE = ("diff", "report", "exchange")
"""Commands whose output is one file."""


def foreign(folder: Path) -> None:
    """A folder of the user's, with names that commands write."""
    made = (
        "notes.txt", "samples.parquet", "drops.parquet", "rows.parquet", "rollouts.parquet", "videos/a.mp4",
        "videos/v0000.mp4", "model.safetensors", "README.md", "evaluation.json", "check.json", "report.json",
    )  # fmt: skip
    for name in made:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"my own {name}")


@pytest.mark.parametrize("command", attacked("A2"))
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
        said = stage("pull", hub, tmp_path, source="org/doors@v1.0.0", out=str(world / "mine"), replace=True)
        assert "error" not in said and (world / "mine/release.json").is_file()
        assert (world / "mine.replaced-1/notes.txt").read_text() == "my own notes.txt"


@pytest.mark.parametrize("name", ["notes.md", "samples/samples.parquet", "release/1.0.0/README.md"])
def test_a_file_that_is_something_else_is_not_written_over(name, world):
    (world / "notes.md").write_text("my own")
    refused("diff", name, world)
    refused("remove", name, world)
    refused("report", name, world)
    refused("exchange", name, world)


def test_a_page_is_written_again(world):
    run("report", "page.html")
    run("report", "page.html", seed=8)
    assert "vtgdata report" in (world / "page.html").read_text()


def test_a_comparison_is_written_again(world):
    run("diff", "changes.txt")
    run("diff", "changes.txt", markdown=True)
    assert (world / "changes.txt").read_text().startswith("### 1.0.0 against 1.0.0\n")


@pytest.mark.parametrize(
    "command", [name for name in RUNS if name not in (*OUT, *NOT_TRIED_WHOLE, "diff", "report", "exchange")]
)
def test_it_replaces_its_own_result_and_nothing_else(command, world):
    shutil.copytree(world, world.parent / "kept")
    first = bytes_of(world)
    run(command, "own")
    after = {name: raw for name, raw in bytes_of(world).items() if name.split("/")[0] != "own"}
    added = ADDS_TO.get(command, [])
    assert {name: raw for name, raw in after.items() if name not in added} == first
    change = {"limit": 1} if "limit" in (commands.fields(command) or ()) else {}
    change = {"seed": 8} if command in ("demo-draw", "export") else {"near": 0.5} if command == "check" else change
    change = {"allow_changed": True} if command == "rebuild" else change
    more = {"negatives": {"seed": 8}, "audit": {"seed": 8}, "compare-rates": {"measure": "mean_iou"}}
    change = more.get(command, change)
    if command == "review":  # all of its settings are files
        shutil.copy(world / "labels/decisions.jsonl", world / "labels/copy.jsonl")
        change = {"apply": "labels/copy.jsonl"}
    change = {"size": 2} if command == "select" else {"name": "Another"} if command == "release" else change
    run(command, "own", **change)
    made = read_meta(world / "own")
    assert made is not None and made.command == command and not (world / "own" / claims.MARK).exists()
    (world / "own/notes.txt").write_text("my own")
    assert "notes.txt" in refused(command, "own", world, Conflict)
    run(command, "own", **change)  # nothing to do, so nothing to refuse
    other = "select" if command != "select" else "curate"
    assert f"made by `vtgdata {command}`" in refused(other, "own", world, Conflict)


FOLDERS = [name for name in attacked("A4") if name not in NOT_TRIED_WHOLE]
"""Commands that fill an output folder and are tried whole."""
DOCUMENTS = ("meta.json", claims.MARK, f"{DRAFT}/meta.json")
"""What tells a command which files of its folder are its own."""


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("command", slowly(FOLDERS))
def test_a_folder_that_came_from_elsewhere_moves_and_deletes_nothing_outside_of_it(command, document, world):
    """Its documents may name as outputs what lies beside it, or behind a link in it."""
    mine, out = world / "mine", world / "given/out"
    for path in (mine / "thesis.tex", world / "given/planted", out / DRAFT / "planted"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{path.name}, as it was")
    (out / "link").symlink_to(mine)
    (out / DRAFT / "link").symlink_to(mine)
    added = ADDS_TO.get(command, [])
    names = ("../../mine/thesis.tex", str(mine / "thesis.tex"), "link/thesis.tex", "../planted", "link/planted")
    for name in names:
        known = fingerprint.of_path(mine / "thesis.tex")
        found = {"command": command, "version": "0", "complete": True, "settings": {}, "code": "", "inputs": {}}
        found |= {"outputs": {name: known}, "summary": {}, "finished": ""}
        (out / DRAFT).mkdir(exist_ok=True)
        (out / claims.MARK).write_text(json.dumps({"command": command}))  # as if a run of it had begun to fill it
        (out / document).write_text(json.dumps(found))
        before = apart(world, ["given/out", *added])
        with contextlib.suppress(VtgError):
            run(command, str(out))
        assert apart(world, ["given/out", *added]) == before, name
        for path in (out / each for each in DOCUMENTS):
            path.unlink(missing_ok=True)


@pytest.mark.parametrize("command", slowly(FOLDERS))
def test_a_link_in_a_result_that_leads_to_an_input_changes_no_input(command, world):
    """Whoever has moved results away, or put originals in their place, may have left a link."""
    run(command, "own")
    named = [world / path for path in read(RUNS[command]) if (world / path).is_file()]
    for path in [path for path in (world / "own").iterdir() if path.name[0] != "." and path.name != "meta.json"]:
        target = world / "videos/deep" if path.is_dir() else next(iter(named), world / "samples/samples.parquet")
        path.rename(world.parent / path.name)
        path.symlink_to(target)
    added = ADDS_TO.get(command, [])
    before = apart(world, ["own", *added])
    for change in ({}, {"replace": True}, {"quality": 30} if command == "videos proxy" else {"replace": True}):
        with contextlib.suppress(VtgError):
            run(command, "own", **change)
        assert apart(world, ["own", *added]) == before


@pytest.mark.parametrize("command", slowly(FOLDERS))
def test_a_result_of_an_input_that_changed_while_it_was_read_never_counts_as_up_to_date(command, world, monkeypatch):
    """The input has other bytes between hashing and reading, and its old ones again later."""
    file = next((path for name in read(RUNS[command]) for path in files_of(world / name)), None)
    if file is None:
        return  # it reads nothing that a setting names
    begun, kept = Step.up_to_date, file.read_bytes()

    def changing(step: Step[Any]) -> Any:
        if file.suffix == ".parquet":
            pq.write_table(pq.read_table(file).replace_schema_metadata({"other": "bytes"}), file)
        else:
            file.write_bytes(kept + b"\n")
        return begun(step)

    with monkeypatch.context() as patch, contextlib.suppress(VtgError):
        patch.setattr(Step, "up_to_date", changing)
        run(command, "own")
    file.write_bytes(kept)
    before = read_meta(world / "own")
    values = RUNS[command] | {"out": "own"}
    with contextlib.suppress(VtgError):
        done = commands.execute(command, commands.build(command, values, command))
        assert getattr(done, "up_to_date", False) is not True, before


def files_of(path: Path) -> list[Path]:
    """A file, or those of a folder whose bytes matter."""
    return [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.suffix in (".json", ".jsonl"))


def apart(world: Path, places: list[str]) -> dict[str, bytes | None]:
    """Everything in a folder but what lies in these places."""
    return {name: raw for name, raw in bytes_of(world).items() if not name.startswith(tuple(places))}


class Own(msgspec.Struct):
    """Settings of a command that has none."""

    out: str = "own"
    number: int = 0


def test_what_an_earlier_run_made_and_this_one_did_not_goes(world):
    for number, names in enumerate((["a", "b", "c"], ["a"])):
        with Step("select", Own(number=number), StepSummary, code=[]) as step:
            for name in names:
                write_text(step.start() / name, f"{number}")
            step.finish(StepSummary(), names)
        if number == 0:
            (world / "own/c").write_text("changed by its user")
    assert sorted(path.name for path in (world / "own").iterdir()) == ["a", "c", "meta.json"]


KILLED = """
import os, sys
from vtgdata.files.step import Step, StepSummary
from vtgdata.files.whole import write_text
import msgspec
class Own(msgspec.Struct):
    out: str = "own"
write_text(Step("videos proxy", Own(), StepSummary, code=[]).begin() / "videos/a.mp4", "whole")
os._exit(9)
"""


def test_a_run_that_was_killed_is_gone_on_with(world):
    assert forked.run(["-c", KILLED], cwd=world).returncode == 9
    with pytest.raises(Conflict, match="made by `vtgdata videos proxy`"):
        Step("select", Own(), StepSummary, code=[])
    with Step("videos proxy", Own(), StepSummary, code=[]) as step:
        assert (step.begin() / "videos/a.mp4").read_text() == "whole"
        step.finish(StepSummary(), ["videos"])
    assert sorted(bytes_of(world / "own")) == ["meta.json", "videos", "videos/a.mp4"]


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
