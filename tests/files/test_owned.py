"""An output folder has one owner: locked while a command works, replaced only when told to, whole after any kill."""

import json
import os
import time
from pathlib import Path

import pytest

from support import forked
from support.attacks import attacked
from support.every_stage import NOT_TRIED_WHOLE, bytes_of, make_world, run
from vtgdata.errors import Conflict, Locked
from vtgdata.files import crash_points
from vtgdata.files.lease import Lease
from vtgdata.files.meta import read_meta
from vtgdata.files.step import LEASE
from vtgdata.releases import tombstones
from vtgdata.video import bindings

FOLDERS = attacked("A4")
"""Commands that write an output folder."""
WHOLE = [name for name in FOLDERS if name not in NOT_TRIED_WHOLE]
PLACES = ("file-written:1", "file-replaced:1", "step-staged:1", "output-moved:1", "meta-moved:1", "step-done:1")
RUN = """
import json, sys
from support.every_stage import run
run(sys.argv[1], sys.argv[2], **json.loads(sys.argv[3]))
"""


@pytest.fixture(autouse=True)
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_world(tmp_path / "world")
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path / "world")
    return tmp_path / "world"


def started(command: str, out: str, kill_at: str = "", **changes: object) -> forked.Forked:
    tests = str(Path(__file__).parent.parent)
    env = os.environ | {"PYTHONPATH": tests, crash_points.VARIABLE: kill_at}
    return forked.start(["-c", RUN, command, out, json.dumps(changes)], env=env)


@pytest.mark.parametrize("command", FOLDERS)
def test_a_second_run_says_within_two_seconds_who_holds_the_folder(command, world):
    (world / "own").mkdir()
    lease = Lease(world / "own" / LEASE)
    before, since = bytes_of(world), time.monotonic()
    with pytest.raises(Locked, match=rf"own: held by process {os.getpid()} on .* since "):
        run(command, "own")
    assert time.monotonic() - since < 2
    assert bytes_of(world) == before
    lease.release()


def test_a_push_and_a_comparison_are_replaced_too(world):
    for command, out in (("push", "./mine"), ("diff", "mine.md")):
        if command == "push":
            (world / "mine").mkdir()
            (world / "mine/README.md").write_text("my own")
        else:
            (world / "mine.md").write_text("my own")
        before = bytes_of(world)
        with pytest.raises(Conflict, match="--replace"):
            run(command, out)
        assert bytes_of(world) == before
        run(command, out, replace=True)
        run(command, out)
    assert (world / "mine.replaced-1/README.md").read_text() == (world / "mine.md.replaced-1").read_text() == "my own"
    assert (world / "mine/release.json").is_file()


def test_two_pushes_into_one_folder_do_not_meet(world):
    lease = Lease(world / ".pushed", world / "pushed")
    with pytest.raises(Locked, match=f"held by process {os.getpid()}"):
        run("push", "./pushed")
    lease.release()
    run("push", "./pushed")
    assert not list(world.glob(".pushed*"))


def test_a_takedown_through_a_link_comes_into_the_list_that_it_leads_to(world):
    """A list that several people share; each has a link to it in a folder of their own."""
    for name in ("mine", "theirs"):
        (world / name).mkdir()
        (world / name / "removed.json").symlink_to(world / "lists/removed.json")
    names = [f"v{n}" for n in range(6)]
    places = [f"{name}/removed.json" for name in ("mine", "theirs", "lists")] * 2
    runs = [started("remove", place, video_id=[name], source="") for place, name in zip(places, names, strict=True)]
    assert [each.wait() for each in runs] == [0] * len(runs)
    assert {each.video_id for each in tombstones.read("lists/removed.json").removed} == set(names)
    assert (world / "mine/removed.json").is_symlink() and not list(world.rglob("*.owner.json"))


@pytest.mark.parametrize("command", attacked("A6"))
def test_of_many_that_add_to_one_file_each_adds_its_own(command, world):
    """`remove`, and the bindings of a folder of videos."""
    if command == "remove":
        runs = [started(command, "list.json", video_id=[f"v{n}"], source="") for n in range(6)]
    else:
        runs = [started(command, f"o{name}", where=f"video_id == '{name}'") for name in "ab"]
    assert [each.wait() for each in runs] == [0] * len(runs)
    if command == "remove":
        named = {each.video_id for each in tombstones.read("list.json").removed}
        assert named == {f"v{n}" for n in range(6)}
    else:
        assert set(bindings.read(world / "videos")) == {"a.mp4", "b.mp4"}
    assert not list(world.rglob("*.owner.json"))


@pytest.mark.parametrize("command", WHOLE)
def test_what_the_user_says_is_replaced_is_set_aside_whole(command, world):
    (world / "mine/sub").mkdir(parents=True)
    for name in ("notes.txt", "sub/samples.parquet", "samples.parquet", ".hidden"):
        (world / "mine" / name).write_text(f"my own {name}")
    theirs = bytes_of(world / "mine")
    run(command, "mine", replace=True)
    assert bytes_of(world / "mine.replaced-1") == theirs
    made = read_meta(world / "mine")
    assert made is not None and made.command == command
    other = "select" if command != "select" else "curate"
    ours = bytes_of(world / "mine")
    run(other, "mine", replace=True)
    assert bytes_of(world / "mine.replaced-2") == ours
    made = read_meta(world / "mine")
    assert made is not None and made.command == other


@pytest.mark.parametrize(
    "command",
    [name if name in ("ingest", "curate", "release") else pytest.param(name, marks=pytest.mark.slow) for name in WHOLE],
)
def test_killed_anywhere_the_same_command_ends_as_if_nothing_had_happened(command, world):
    assert started(command, "own").wait() == 0
    whole = result(world / "own")
    (world / "own").rename(world.parent / "whole")
    for place in PLACES:
        assert started(command, "own", place).wait() == -9, place
        assert started(command, "own").wait() == 0
        assert result(world / "own") == whole, place
        (world / "own").rename(world.parent / place)


def result(folder: Path) -> dict[str, bytes | None]:
    """What lies in an output folder but the journal; meta.json without its time and what was done before the kill."""
    found = {name: raw for name, raw in bytes_of(folder).items() if not name.startswith("journal.sqlite")}
    meta = json.loads(found.pop("meta.json") or b"")
    meta.pop("finished"), meta["summary"].pop("decoded", None)
    return {**found, "meta.json": json.dumps(meta).encode()}
