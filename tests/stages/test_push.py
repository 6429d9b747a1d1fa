"""The Hub's clients read their settings when they are imported: whatever speaks to the loopback Hub is a process."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import forked
from support.hub_server import Hub, Repository
from support.release_builders import make_release, make_sample, write_inputs
from vtgdata import releases
from vtgdata.errors import Conflict, VtgError
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import write_samples
from vtgdata.files.schemas import DROPS
from vtgdata.releases import permission
from vtgdata.stages import push

PUSH = """
import json, sys
from vtgdata.errors import VtgError
from vtgdata.files.step import json_values
from vtgdata.stages import push
try:
    print(json.dumps(json_values(push.run(push.Settings(**json.loads(sys.argv[1]))))))
except VtgError as error:
    print(json.dumps({"error": type(error).__name__, "exit_code": error.exit_code, "said": str(error)}))
"""
LOAD = """
import json, sys
from datasets import load_dataset
path, wanted = json.loads(sys.argv[1])
found = {}
for config, revision in wanted:
    for split, data in load_dataset(path, config, revision=revision).items():
        features = {name: str(kind) for name, kind in data.features.items()}
        found[f"{config}/{split}" + (f"@{revision}" if revision else "")] = {"rows": len(data), "features": features}
        if config == "rl":
            found["row"] = data[0]
print(json.dumps(found))
"""
TYPES = {
    "text": "Value('string')", "number": "Value('float64')", "count": "Value('int64')", "flag": "Value('bool')",
    "texts": "List(Value('string'))", "numbers": "List(Value('float64'))", "windows": "List(List(Value('float64')))",
    "repairs": "List({'code': Value('string'), 'old': Value('string'), 'new': Value('string')})",
}  # fmt: skip
"""Columns as `datasets` has to read them."""
DOWNLOAD = """
import json, sys
from huggingface_hub import snapshot_download
name, revision, folder = json.loads(sys.argv[1])
print(json.dumps(snapshot_download(name, repo_type="dataset", revision=revision, local_dir=folder)))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Path]:
    """Folders of the releases 1.0.0 and 1.1.0."""
    folder = tmp_path_factory.mktemp("made")
    first = make_release(folder / "v1", write_inputs(folder / "a"), name="Doors")
    grown = write_inputs(folder / "b", train=6)
    del grown["drops"]
    return first, make_release(folder / "v2", grown, "1.1.0", previous=str(first))


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as running:
        yield running


def client(script: str, argument: Any, home: Path, hub: Hub | None, token: str | None = None) -> Any:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    chosen = {"HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    chosen |= {"VTGDATA_CACHE": str(home / "cache")}
    chosen["PYTHONPATH"] = str(Path(push.__file__).parents[2])
    if hub is not None:
        chosen |= {"HF_ENDPOINT": hub.url, "HF_TOKEN": hub.token if token is None else token}
    else:
        chosen["HF_HUB_OFFLINE"] = "1"
    done = forked.run(["-c", script, json.dumps(argument)], env={**kept, **chosen})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def push_to(hub: Hub, home: Path, release: Path, target: str = "org/doors", **more: Any) -> Any:
    token = more.pop("token", None)
    return client(PUSH, {"release": str(release), "target": target, **more}, home, hub, token)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def released(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in releases.open_release(str(folder)).files}


def to_folder(release: Path, target: Path, **more: Any) -> dict[str, Any]:
    return push.run(push.Settings(release=str(release), target=str(target), **more))


# To a folder


def test_a_folder_gets_what_release_json_names_and_nothing_else(made, tmp_path):
    summary = to_folder(made[0], tmp_path / "copy")
    assert files_of(tmp_path / "copy") == released(made[0])
    assert "meta.json" not in files_of(tmp_path / "copy")
    assert (summary.kind, summary.files, summary.nothing_to_do) == ("folder", 22, False)
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_the_same_again_is_nothing_to_do_and_a_later_version_replaces_it(made, tmp_path):
    to_folder(made[0], tmp_path / "copy")
    assert to_folder(made[0], tmp_path / "copy").nothing_to_do
    assert not to_folder(made[1], tmp_path / "copy").nothing_to_do
    assert files_of(tmp_path / "copy") == released(made[1])
    with pytest.raises(Conflict, match=r"already holds version 1\.1\.0, later than 1\.0\.0"):
        to_folder(made[0], tmp_path / "copy")


def test_a_damaged_copy_is_copied_again(made, tmp_path):
    to_folder(made[0], tmp_path / "copy")
    (tmp_path / "copy/data/rl/train-00000-of-00001.parquet").write_bytes(b"torn")
    assert not to_folder(made[0], tmp_path / "copy").nothing_to_do
    assert files_of(tmp_path / "copy") == released(made[0])


def test_a_folder_with_files_of_no_release_is_refused_and_left_alone(made, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.tex").write_text("words")
    with pytest.raises(Conflict, match="is no release"):
        to_folder(made[0], tmp_path / "thesis")
    to_folder(made[0], tmp_path / "copy")
    (tmp_path / "copy/notes.txt").write_text("words")
    with pytest.raises(Conflict, match=r"1 file\(s\) of no release, first notes.txt"):
        to_folder(made[1], tmp_path / "copy")
    assert (tmp_path / "copy/notes.txt").read_text() == "words"


def test_another_release_under_the_same_version_is_a_conflict(made, tmp_path):
    to_folder(made[0], tmp_path / "copy")
    other = make_release(tmp_path / "other", write_inputs(tmp_path / "in", train=2), name="Doors")
    with pytest.raises(Conflict, match="A version never changes"):
        to_folder(other, tmp_path / "copy")


def test_a_dry_run_makes_nothing(made, tmp_path):
    summary = to_folder(made[0], tmp_path / "copy", dry_run=True)
    assert summary.files == 22 and not (tmp_path / "copy").exists()


@pytest.mark.parametrize("name", ["v1", "copy"])
def test_ctrl_c_while_a_folder_is_replaced_leaves_the_old_release_or_the_new_one(made, tmp_path, monkeypatch, name):
    """Interrupted before the old release is moved away (`copy`), or before the new one takes its place."""
    to_folder(made[0], tmp_path / "copy")
    rename = Path.rename

    def interrupted(path: Path, target: Path) -> Path:
        lease = ".owner.json" in path.name
        if (path.name == "copy") == (name == "copy") and not path.name.endswith(".old") and not lease:
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "rename", interrupted)
        to_folder(made[1], tmp_path / "copy")
    assert files_of(tmp_path / "copy") == released(made[0])
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]
    to_folder(made[1], tmp_path / "copy")
    assert files_of(tmp_path / "copy") == released(made[1])


def test_an_old_release_that_cannot_be_put_back_is_kept_and_named(made, tmp_path, monkeypatch):
    to_folder(made[0], tmp_path / "copy")
    rename = Path.rename

    def refused(path: Path, target: Path) -> Path:
        if path.name != "copy" and ".owner.json" not in path.name:
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    with monkeypatch.context() as patched, pytest.raises(VtgError, match="The old one lies in") as caught:
        patched.setattr(Path, "rename", refused)
        to_folder(made[1], tmp_path / "copy")
    (aside,) = (path for path in tmp_path.iterdir() if path.name.endswith(".old"))
    assert str(aside) in str(caught.value) and files_of(aside) == released(made[0])


def test_a_release_that_is_not_whole_is_not_pushed(tmp_path):
    broken = make_release(tmp_path / "v1", write_inputs(tmp_path))
    (broken / "README.md").write_text("my words")
    with pytest.raises(VtgError, match=r"README\.md: is not the file that was released"):
        to_folder(broken, tmp_path / "copy")


def test_a_copied_release_loads_with_typed_columns(made, tmp_path):
    to_folder(made[0], tmp_path / "copy")
    found = client(LOAD, [str(tmp_path / "copy"), [["coldstart", None], ["drops", None]]], tmp_path / "home", None)
    assert found["coldstart/train"]["rows"] == 7
    assert found["coldstart/train"]["features"]["windows"] == "List(List(Value('float64')))"
    assert found["coldstart/train"]["features"]["answer"] == "Value('string')"


@pytest.mark.parametrize(("target", "hub"), [("org/name", True), ("./org/name", False), ("/org/name", False)])
def test_only_org_slash_name_is_a_repository(target, hub):
    assert push.is_hub(target) is hub


def test_a_folder_that_exists_is_never_taken_for_a_repository(tmp_path, monkeypatch):
    (tmp_path / "org/name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert not push.is_hub("org/name")


# To the Hub


def test_a_pushed_release_loads_from_the_hub_at_its_tag(made, hub, tmp_path):
    summary = push_to(hub, tmp_path, made[0])
    repository = hub.repositories["org/doors"]
    assert repository.private and repository.tags == {"v1.0.0": repository.head}
    assert repository.messages == ["initial commit", "Release 1.0.0"]
    assert {name: data for name, data in repository.files.items() if name != ".gitattributes"} == released(made[0])
    assert summary["commit"] == repository.head and summary["tag"] == "v1.0.0" and summary["files"] == 22
    assert summary["url"] == f"{hub.url}/datasets/org/doors/tree/v1.0.0"
    assert str(made[0].parent) not in b"".join(repository.files.values()).decode("latin-1")
    configs = ["samples", "coldstart", "rl", "difficulty", "drops"]
    found = client(LOAD, ["org/doors", [[config, "v1.0.0"] for config in configs]], tmp_path, hub)
    found = {name.removesuffix("@v1.0.0"): split for name, split in found.items()}
    assert {name: split["rows"] for name, split in found.items() if name != "row"} == {
        "samples/test": 2, "samples/train": 7, "coldstart/train": 7, "rl/train": 4, "difficulty/train": 7,
        "drops/train": 1,
    }  # fmt: skip
    for config in configs:
        columns = releases.COLUMNS.get(config, releases.CHOSEN)
        for split in (split for name, split in found.items() if name.startswith(f"{config}/")):
            assert list(split["features"]) == list(columns)
            assert all(TYPES[kind] in split["features"][name] for name, kind in columns.items())
    rl = found["rl/train"]["features"]
    assert (rl["windows"], rl["value"], rl["rank"]) == (
        "List(List(Value('float64')))",
        "Value('float64')",
        "Value('int64')",
    )
    assert found["row"]["query"] == "a person opens door 0" and found["row"]["windows"] == [[3.0, 7.5]]


def test_a_release_downloaded_at_its_tag_opens_as_a_release(made, hub, tmp_path):
    push_to(hub, tmp_path, made[0])
    folder = client(DOWNLOAD, ["org/doors", "v1.0.0", str(tmp_path / "got")], tmp_path, hub)
    opened = releases.open_release(folder)
    opened.check_all()
    assert opened.content == releases.open_release(str(made[0])).content and len(opened.rows("rl")) == 4


def test_a_second_push_does_nothing_and_a_second_version_is_one_commit_more(made, hub, tmp_path):
    push_to(hub, tmp_path, made[0])
    repository, before = hub.repositories["org/doors"], hub.count("commit")
    again = push_to(hub, tmp_path, made[0])
    assert again["nothing_to_do"] and again["commit"] == repository.head and hub.count("commit") == before
    later = push_to(hub, tmp_path, made[1])
    assert repository.messages == ["initial commit", "Release 1.0.0", "Release 1.1.0"]
    assert set(repository.tags) == {"v1.0.0", "v1.1.0"}
    assert (
        later["deleted"] == 2
        and "plots/rows.svg" not in repository.files
        and "data/drops/train-00000-of-00001.parquet" not in repository.files
    )
    found = client(LOAD, ["org/doors", [["samples", "v1.0.0"], ["samples", None]]], tmp_path, hub)
    assert (found["samples/train@v1.0.0"]["rows"], found["samples/train"]["rows"]) == (7, 9)
    assert push_to(hub, tmp_path, made[0])["nothing_to_do"]


def test_a_dry_run_says_what_would_go_up_and_sends_nothing(made, hub, tmp_path):
    summary = push_to(hub, tmp_path, made[0], dry_run=True)
    assert (summary["files"], summary["dry_run"], summary["nothing_to_do"]) == (22, True, False)
    assert not hub.repositories and not [line for line in hub.log if not line.startswith("GET")]
    assert (
        summary["creates"] and summary["bytes_new"] == summary["bytes"] and "no version before" in summary["estimate"]
    )


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> tuple[Path, Path]:
    """Some MB of rows, then 1 % more of them on new videos."""
    folder, made = tmp_path_factory.mktemp("large"), []
    for version, count in (("1.0.0", 30_000), ("1.1.0", 30_300)):
        rows = [make_sample(number, query=hashlib.sha256(b"%d" % number).hexdigest()) for number in range(count)]
        write_samples(folder / f"{version}.parquet", rows)
        more = {"previous": str(made[0])} if made else {}
        made.append(make_release(folder / version, {"samples": str(folder / f"{version}.parquet")}, version, **more))
    return made[0], made[1]


def test_a_dry_run_says_how_few_bytes_of_a_version_that_adds_some_rows_would_be_sent(large, hub, tmp_path):
    push_to(hub, tmp_path, large[0])
    same = push_to(hub, tmp_path, large[0], dry_run=True)
    assert same["nothing_to_do"] and (same["bytes"], same["bytes_new"]) == (0, 0)
    before = len(hub.repositories["org/doors"].commits)
    summary = push_to(hub, tmp_path, large[1], dry_run=True)
    assert (summary["before"], summary["creates"], summary["deleted"]) == ("1.0.0", False, 0)
    assert summary["bytes"] > 1_000_000
    # 300 new rows, the chunk around the end of each column, and the pages: of so small a file that is much.
    assert 300 * 64 / 2 < summary["bytes_new"] < 0.5 * summary["bytes"]
    assert "compared with those of version 1.0.0" in summary["estimate"]
    assert len(hub.repositories["org/doors"].commits) == before
    told = push_to(hub, tmp_path, large[1], dry_run=True, previous=str(large[0]))
    assert told["bytes_new"] == summary["bytes_new"]


def test_a_dry_run_compares_only_with_what_the_hub_holds(large, made, hub, tmp_path):
    push_to(hub, tmp_path, large[0])
    refused = push_to(hub, tmp_path, large[1], dry_run=True, previous=str(made[0]))
    assert refused["exit_code"] == 1 and "is not what org/doors holds as version 1.0.0" in refused["said"]
    refused = push_to(hub, tmp_path, large[1], previous=str(large[0]))
    assert refused["exit_code"] == 1 and "is for --dry-run" in refused["said"]
    # A version before that cannot be read (its tag is not there yet) costs the estimate, not the plan.
    repository = hub.repositories["org/doors"]
    repository.tags.clear()
    summary = push_to(hub, tmp_path / "elsewhere", large[1], dry_run=True)
    assert summary["files"] > 1 and summary["bytes_new"] is None
    assert "version 1.0.0 could not be read" in summary["estimate"]


def test_a_commit_of_somebody_else_meanwhile_is_a_conflict_and_changes_nothing(made, hub, tmp_path):
    push_to(hub, tmp_path, made[0])
    repository = hub.repositories["org/doors"]
    hub.before["commit"] = lambda: repository.commit({**repository.files, "NOTES.md": b"theirs"}, "theirs")
    refused = push_to(hub, tmp_path, made[1])
    assert (refused["error"], refused["exit_code"]) == ("Conflict", 8)
    assert "somebody else changed it" in refused["said"]
    assert repository.messages[-1] == "theirs" and set(repository.tags) == {"v1.0.0"}
    assert not push_to(hub, tmp_path, made[1])["nothing_to_do"]
    assert repository.files["NOTES.md"] == b"theirs" and "v1.1.0" in repository.tags


def test_a_tag_that_names_another_release_never_moves(made, hub, tmp_path):
    push_to(hub, tmp_path, made[0])
    repository = hub.repositories["org/doors"]
    other = make_release(tmp_path / "other", write_inputs(tmp_path / "in", train=2), name="Doors")
    commits = len(repository.commits)
    refused = push_to(hub, tmp_path, other)
    assert (refused["error"], refused["exit_code"]) == ("Conflict", 8) and "never moves" in refused["said"]
    assert len(repository.commits) == commits


def test_a_tag_set_by_somebody_else_meanwhile_is_a_conflict(made, hub, tmp_path):
    hub.before["tag"] = lambda: hub.repositories["org/doors"].tags.update(
        {"v1.0.0": hub.repositories["org/doors"].head}
    )
    refused = push_to(hub, tmp_path, made[0])
    assert refused["exit_code"] == 8 and "Tag reference exists already" in refused["said"]


def test_a_push_broken_off_before_its_tag_is_finished_by_pushing_again(made, hub, tmp_path):
    push_to(hub, tmp_path, made[0])
    repository = hub.repositories["org/doors"]
    head = repository.head
    del repository.tags["v1.0.0"]
    again = push_to(hub, tmp_path, made[0])
    assert repository.tags == {"v1.0.0": head} and again["files"] == 0 and not again["nothing_to_do"]


def test_a_repository_that_holds_something_else_is_refused(made, hub, tmp_path):
    hub.repositories["org/doors"] = repository = Repository(private=False)
    repository.commit({**repository.files, "thesis.tex": b"words"}, "thesis")
    refused = push_to(hub, tmp_path, made[0])
    assert refused["error"] == "Conflict" and "thesis.tex" in refused["said"]
    assert repository.messages[-1] == "thesis"


@pytest.mark.parametrize(("token", "said"), [("hf_wrong", "the Hub answered 401"), ("", "needs a token to write")])
def test_a_missing_or_wrong_token_is_refused_with_what_to_do(made, hub, tmp_path, token, said):
    refused = push_to(hub, tmp_path, made[0], token=token)
    assert (refused["error"], refused["exit_code"]) == ("EndpointRefused", 7)
    assert said in refused["said"] and "hf auth login" in refused["said"]
    assert "hf_wrong" not in refused["said"]


def test_a_place_where_one_may_not_write_is_refused_with_what_to_do(made, hub, tmp_path):
    refused = push_to(hub, tmp_path, made[0], target="others/doors")
    assert (refused["error"], refused["exit_code"]) == ("EndpointRefused", 7)
    assert "403" in refused["said"] and "write access" in refused["said"]


def test_a_hub_that_cannot_be_reached_is_an_error_to_mend(made, tmp_path):
    with Hub() as gone:
        pass
    refused = push_to(gone, tmp_path, made[0])
    assert (refused["error"], refused["exit_code"]) == ("VtgError", 1) and "cannot be reached" in refused["said"]


# Licences


@pytest.fixture(scope="module")
def unread(tmp_path_factory) -> Path:
    """A release with rows of ActivityNet Captions, whose licence is stated nowhere."""
    folder = tmp_path_factory.mktemp("unread")
    samples = [make_sample(1), make_sample(1, "activitynet_captions", license="LicenseRef-unstated")]
    write_samples(folder / "samples.parquet", samples)
    return make_release(folder / "v1", {"samples": str(folder / "samples.parquet")})


def test_rows_under_a_licence_that_nobody_read_do_not_go_to_the_hub_unconfirmed(unread, hub, tmp_path):
    for more in ({}, {"dry_run": True}, {"confirm_license": ["MIT"]}):
        refused = push_to(hub, tmp_path, unread, **more)
        assert (refused["error"], refused["exit_code"]) == ("LicenceRefused", 6)
        assert "LicenseRef-unstated (activitynet_captions)" in refused["said"]
        assert "push with --confirm-license LicenseRef-unstated." in refused["said"]
    assert not hub.log


def test_a_licence_confirmed_by_name_is_pushed_and_is_in_the_summary(unread, hub, tmp_path):
    summary = push_to(hub, tmp_path, unread, confirm_license=["licenseref-unstated", "MIT"])
    assert summary["confirmed_licenses"] == ["LicenseRef-unstated"]
    assert hub.repositories["org/doors"].tags


def test_rows_that_may_not_be_passed_on_stay_here_whatever_is_confirmed(hub, tmp_path):
    licence = "Apache-2.0 AND LicenseRef-Ego4D"
    write_samples(tmp_path / "samples.parquet", [make_sample(1), make_sample(1, "tvgbench", license=licence)])
    release = make_release(tmp_path / "v1", {"samples": str(tmp_path / "samples.parquet")})
    for more in ({}, {"confirm_license": [licence]}):
        refused = push_to(hub, tmp_path, release, **more)
        assert (refused["error"], refused["exit_code"]) == ("LicenceRefused", 6)
        assert f"{licence} (tvgbench)" in refused["said"] and "--filter licence" in refused["said"]
    assert not hub.log
    to_folder(release, tmp_path / "copy")
    assert files_of(tmp_path / "copy") == released(release)


def test_a_push_to_a_folder_needs_no_confirmation(unread, tmp_path):
    assert to_folder(unread, tmp_path / "copy").files == 13


def test_a_known_licence_of_a_corpus_that_is_not_surely_under_it_counts_as_unverified(tmp_path):
    samples = [make_sample(1), make_sample(1, "activitynet_captions", license="MIT"), make_sample(2, license="")]
    write_samples(tmp_path / "samples.parquet", samples)
    drop = {"corpus": "didemo", "origin": "train.json#3", "reason": "reversed", "detail": "", "raw": "a raw row"}
    write_parquet(tmp_path / "drops.parquet", [drop], DROPS)
    inputs = {"samples": str(tmp_path / "samples.parquet"), "drops": [str(tmp_path / "drops.parquet")]}
    document = releases.open_release(str(make_release(tmp_path / "v1", inputs))).document
    assert permission.unverified(document) == {"MIT": ["activitynet_captions"], "unverified": ["alpha", "didemo"]}
