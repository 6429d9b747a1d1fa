"""Two pushes at once to one repository of the Hub: they meet at each request that changes it."""

import contextlib
import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support import forked
from support.hub_clients import STAGE, environment, stage
from support.hub_server import Hub
from support.release_builders import make_release, write_inputs
from vtgdata import releases

VERBS = ("create", "preupload", "batch", "lfs", "commit", "tag")
PAIRS = {"the same release": ("v1", "v1"), "two versions": ("v1", "v2"), "one version, two contents": ("v1", "other")}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("made")
    first = make_release(folder / "v1", write_inputs(folder / "a"), name="Doors")
    second = make_release(folder / "v2", write_inputs(folder / "b", train=6), "1.1.0", previous=str(first))
    return {"v1": first, "v2": second, "other": make_release(folder / "c", write_inputs(folder / "d", train=5))}


def meeting(hub: Hub, verb: str) -> threading.Barrier:
    """The first two requests with this verb are answered when both have come; nobody waits once it is aborted."""
    both = threading.Barrier(2)

    def wait() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(60)

    def first() -> None:
        hub.before[verb] = wait
        wait()

    hub.before[verb] = first
    return both


def at_once(hub: Hub, folder: Path, pair: tuple[Path, Path], both: threading.Barrier) -> list[dict[str, Any]]:
    """What the two pushes say; the meeting is off when one of them has ended."""
    running = [
        forked.start(
            ["-c", STAGE, json.dumps(["push", {"release": str(release), "target": "org/doors"}])],
            env=environment(hub, folder / f"home{number}"), stdout=subprocess.PIPE, text=True,
        )
        for number, release in enumerate(pair)
    ]  # fmt: skip
    said = list[dict[str, Any]]()

    def watch(process: forked.Forked, then: Callable[[], None]) -> None:
        said.append(json.loads(process.communicate()[0].splitlines()[-1]))
        then()

    threads = [threading.Thread(target=watch, args=(each, both.abort)) for each in running]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def whole(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in releases.open_release(str(folder)).files}


def meetings() -> list[Any]:
    """Each pair meets at each request; the default suite has the one that matters most."""
    few = ("one version, two contents", "commit")
    every = [(pair, verb) for pair in PAIRS for verb in VERBS]
    return [pytest.param(*each, marks=[] if each == few else pytest.mark.slow) for each in every]


@pytest.mark.parametrize(("pair", "verb"), meetings())
def test_two_pushes_at_once_leave_whole_versions_and_say_a_conflict(made, tmp_path, pair, verb):
    one, two = (made[name] for name in PAIRS[pair])
    with Hub() as hub:
        said = at_once(hub, tmp_path, (one, two), meeting(hub, verb))
        repository = hub.repositories["org/doors"]
        failed = [each for each in said if "error" in each]
        assert len(failed) < 2, said
        assert all((each["error"], each["exit_code"]) == ("Conflict", 8) for each in failed), said
        # What a tag names is a whole release, and so is what main holds.
        wholes = {folder: whole(folder) for folder in {one, two}}
        held = {tag: _release(repository.commits[commit]) for tag, commit in repository.tags.items()}
        assert held and all(files in wholes.values() for files in held.values())
        assert _release(repository.files) in wholes.values()
        if pair == "one version, two contents":
            assert len(failed) == 1 and set(held) == {"v1.0.0"}
        if pair == "the same release":
            assert len(repository.commits) == 2 and set(held) == {"v1.0.0"}
        # Each that met a conflict goes on, or is told again why it cannot.
        again = [stage("push", hub, tmp_path / "again", release=str(each), target="org/doors") for each in (one, two)]
        if pair == "two versions":
            assert {each.get("exit_code", 0) for each in again} <= {0, 8}
            assert _release(repository.files) == wholes[two] and "v1.1.0" in repository.tags
        elif pair == "the same release":
            assert all(each["nothing_to_do"] for each in again)
        assert len(repository.commits) <= 3


def _release(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: raw for name, raw in files.items() if name != ".gitattributes"}
