"""Pull, the trainers' `org/name@tag`, and a push that is broken off at every request."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.hub_clients import breaker, program, stage
from support.hub_server import Hub, Repository
from support.release_builders import make_release, make_sample, write_inputs
from vtgdata import releases
from vtgdata.errors import VtgError
from vtgdata.files.samples import write_samples
from vtgdata.releases import hub as hubs
from vtgdata.stages import pull

TRAINED_ON = """
import json, sys
from vtgdata.train.data import inputs, open_rows
rows, prompts = open_rows(sys.argv[1].strip('"'), ["coldstart"])
print(json.dumps([len(rows), sorted(prompts), len(inputs(sys.argv[1].strip(chr(34)), ["coldstart"], "none"))]))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("made")
    first = make_release(folder / "v1", write_inputs(folder / "a"), name="Doors")
    return first, make_release(folder / "v2", write_inputs(folder / "b", train=6), "1.1.0", previous=str(first))


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> tuple[Path, Path]:
    """Two versions with few files: a sweep over requests asks for each of them."""
    folder = tmp_path_factory.mktemp("small")
    made: list[Path] = []
    for version, count in (("1.0.0", 2), ("1.1.0", 3)):
        write_samples(folder / f"{version}.parquet", [make_sample(number) for number in range(count)])
        previous = {"previous": str(made[-1])} if made else {}
        inputs = {"samples": str(folder / f"{version}.parquet")}
        made.append(make_release(folder / version, inputs, version, **previous))
    return made[0], made[1]


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as running:
        yield running


def released(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in releases.open_release(str(folder)).files}


def test_what_was_pushed_is_pulled_byte_for_byte_at_its_tag(made, hub, tmp_path):
    for release in made:
        stage("push", hub, tmp_path, release=str(release), target="org/doors")
    summary = stage("pull", hub, tmp_path, source="org/doors@v1.0.0", out=str(tmp_path / "got"))
    assert summary["version"] == "1.0.0" and summary["configs"]["samples"] == {"test": 2, "train": 7}
    files = {path.relative_to(tmp_path / "got").as_posix() for path in (tmp_path / "got").rglob("*") if path.is_file()}
    assert released(tmp_path / "got") == released(made[0]) and files == set(released(made[0]))
    assert summary["commit"] == hub.repositories["org/doors"].tags["v1.0.0"]
    again = stage("pull", hub, tmp_path, source="org/doors@v1.0.0", out=str(tmp_path / "got"))
    assert again["nothing_to_do"]


def test_a_file_that_is_not_what_release_json_says_is_not_pulled(made, hub, tmp_path):
    stage("push", hub, tmp_path, release=str(made[0]), target="org/doors")
    files = hub.repositories["org/doors"].files
    files["data/rl/train-00000-of-00001.parquet"] += b"more"
    refused = stage("pull", hub, tmp_path, source="org/doors@v1.0.0", out=str(tmp_path / "got"))
    assert "is not the file that was released" in refused["said"] and not (tmp_path / "got").exists()
    del files["data/rl/train-00000-of-00001.parquet"]
    refused = stage("pull", hub, tmp_path, source="org/doors@v1.0.0", out=str(tmp_path / "got"))
    assert "a file of a release is missing there" in refused["said"] and not (tmp_path / "got").exists()


def test_a_tag_that_is_not_there_is_refused_with_what_to_do(made, hub, tmp_path):
    stage("push", hub, tmp_path, release=str(made[0]), target="org/doors")
    refused = stage("pull", hub, tmp_path, source="org/doors@v9.0.0", out=str(tmp_path / "got"))
    assert (refused["error"], refused["exit_code"]) == ("EndpointRefused", 7) and "spelling" in refused["said"]


def test_a_folder_with_other_files_is_left_alone_by_a_pull(made, hub, tmp_path):
    stage("push", hub, tmp_path, release=str(made[0]), target="org/doors")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.tex").write_text("words")
    refused = stage("pull", hub, tmp_path, source="org/doors@v1.0.0", out=str(tmp_path / "thesis"))
    assert refused["exit_code"] == 8 and [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.tex"]


@pytest.mark.parametrize("source", ["org/name", "name@v1.0.0", "./org/name@v1.0.0", "../a/b@v1"])
def test_only_org_slash_name_at_tag_is_pulled(source, tmp_path):
    with pytest.raises(VtgError, match="is not org/name@tag"):
        pull.run(pull.Settings(source=source, out=str(tmp_path / "got")))


def test_the_trainers_read_a_release_of_the_hub_and_fetch_it_once(made, hub, tmp_path):
    stage("push", hub, tmp_path, release=str(made[0]), target="org/doors")
    rows, prompts, files = program(TRAINED_ON, "org/doors@v1.0.0", hub, tmp_path)
    assert (rows, files) == (7, 2) and prompts[0].startswith("ground-")
    before = len(hub.log)
    assert program(TRAINED_ON, "org/doors@v1.0.0", hub, tmp_path)[0] == 7
    assert len(hub.log) == before


def test_a_version_after_one_of_the_hub_names_it_whole(made, hub, tmp_path):
    stage("push", hub, tmp_path, release=str(made[0]), target="org/doors")
    inputs = write_inputs(tmp_path / "in", train=6)
    stage("release", hub, tmp_path, out=str(tmp_path / "v2"), version="1.1.0", previous="org/doors@v1.0.0", **inputs)
    document = releases.open_release(str(tmp_path / "v2")).document
    assert document.settings["previous"] == "org/doors@v1.0.0" and document.history[1]["version"] == "1.0.0"
    assert "--previous org/doors@v1.0.0" in (tmp_path / "v2/README.md").read_text()


def test_a_folder_named_like_a_tag_is_a_folder(tmp_path, monkeypatch):
    (tmp_path / "org/name@v1.0.0").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert hubs.local("org/name@v1.0.0") == "org/name@v1.0.0"


def held(repository: Repository) -> dict[str, bytes]:
    return {name: data for name, data in repository.files.items() if name != ".gitattributes"}


def states(repository: Repository, old: dict[str, bytes], new: dict[str, bytes]) -> None:
    """Main is the old version or the new one, and so is what each tag says it is."""
    assert held(repository) in (old, new)
    for tag, commit in repository.tags.items():
        files = {name: data for name, data in repository.commits[commit].items() if name != ".gitattributes"}
        assert files == {"v1.0.0": old, "v1.1.0": new}[tag]


CLIENT, SERVER = ["kill", "line"], ["lost", "500", "503", "reset"]
"""Ways in which a request goes wrong: here, and at the Hub."""


@pytest.mark.parametrize(
    "ways",
    [
        pytest.param(["kill", "lost", "500", "line", "reset", "503"], id="in turn"),
        *(pytest.param([way], id=way, marks=pytest.mark.slow) for way in (*CLIENT, *SERVER)),
    ],
)
def test_a_push_that_fails_at_any_request_leaves_the_old_version_or_the_new_one(small, hub, tmp_path, ways):
    old, new = released(small[0]), released(small[1])
    with breaker(hub, tmp_path) as push:
        codes: list[int] = []
        while True:
            after, way = len(codes), ways[len(codes) % len(ways)]
            assert after < 60, "the push never ends"
            name = f"org/doors{after}"
            repository = hub.repositories[name] = Repository(private=True)
            repository.tags["v1.0.0"] = repository.commit({**repository.files, **old}, "Release 1.0.0")
            hub.objects.clear()
            hub.fault = (after, way) if way in SERVER else None
            code = push(way, after, release=str(small[1]), target=name)
            if hub.fault or (way in CLIENT and code == 0):
                break
            # What breaks is no conflict and no refusal: it is worth another try, the client's own or the user's.
            assert code in ((-9,) if way == "kill" else (0, 1)), way
            codes.append(code)
            states(repository, old, new)
            assert push("well", 0, release=str(small[1]), target=name) == 0
            assert held(repository) == new and set(repository.tags) == {"v1.0.0", "v1.1.0"}
            states(repository, old, new)
            assert repository.messages == ["initial commit", "Release 1.0.0", "Release 1.1.0"]
        assert len(codes) > 8 and any(codes)


@pytest.mark.slow
def test_a_first_push_killed_at_any_request_leaves_nothing_or_the_release(small, hub, tmp_path):
    whole = released(small[0])
    with breaker(hub, tmp_path) as push:
        after, code = 0, -1
        while code != 0:
            name = f"org/first{after}"
            code = push("kill", after, release=str(small[0]), target=name)
            if name in hub.repositories:
                assert held(hub.repositories[name]) in ({}, whole)
            assert push("well", 0, release=str(small[0]), target=name) == 0
            assert held(hub.repositories[name]) == whole and set(hub.repositories[name].tags) == {"v1.0.0"}
            after += 1


def test_a_file_that_the_hub_fails_to_give_is_not_said_to_be_missing(made, hub, tmp_path):
    stage("push", hub, tmp_path, release=str(made[0]), target="org/doors")
    hub.fault = (3, "reset")
    refused = stage("pull", hub, tmp_path, source="org/doors@v1.0.0", out=str(tmp_path / "got"))
    assert refused["exit_code"] == 1 and "Pull again" in refused["said"], refused
    assert not (tmp_path / "got").exists()


def test_a_file_that_the_hub_fails_to_give_once_is_asked_for_again(made, hub, tmp_path):
    stage("push", hub, tmp_path, release=str(made[0]), target="org/doors")
    hub.fault = (3, "500")
    stage("pull", hub, tmp_path, source="org/doors@v1.0.0", out=str(tmp_path / "got"))
    assert released(tmp_path / "got") == released(made[0])


def test_a_gated_repository_and_the_confirmed_licences_are_on_record(hub, tmp_path):
    samples = [make_sample(1, "activitynet_captions", license="LicenseRef-unstated")]
    write_samples(tmp_path / "samples.parquet", samples)
    release = make_release(tmp_path / "v1", {"samples": str(tmp_path / "samples.parquet")})
    stage(
        "push", hub, tmp_path, release=str(release), target="org/doors", gated="manual",
        confirm_license=["LicenseRef-unstated"],
    )  # fmt: skip
    assert hub.repositories["org/doors"].gated == "manual"
    assert "Confirmed licences: LicenseRef-unstated" in hub.repositories["org/doors"].descriptions[-1]
