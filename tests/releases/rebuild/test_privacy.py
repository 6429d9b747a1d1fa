"""What rebuilds a release says nothing of whoever made it: no path of the machine, no account, no key, no server."""

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from support.builders import draw_video, make_sample
from support.rebuilding import do, make_desk, released
from support.servers import Server
from vtgdata.files.samples import write_samples
from vtgdata.releases.rebuild import paths

ACCOUNT, KEY, SERVER_KEY = "homeaccount", "hf_" + "a1B2" * 8, "word-of-the-server"


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder at home, with raw files; the account's name is in every path."""
    (tmp_path / "home" / ACCOUNT).mkdir(parents=True)
    desk = make_desk(tmp_path / "home" / ACCOUNT, monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path / "home" / ACCOUNT))
    monkeypatch.setenv("USER", ACCOUNT)
    monkeypatch.setenv("VTGDATA_API_KEY", KEY)
    return desk


def all_of(folder: Path) -> str:
    """Everything that a release says, with the cells of its tables."""
    said: list[str] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "meta.json"):
        said.append(path.relative_to(folder).as_posix())
        said.append(str(pl.read_parquet(path).to_dicts()) if path.suffix == ".parquet" else path.read_text())
    return "\n".join(said)


def discreet(folder: str | Path) -> None:
    said = all_of(Path(folder))
    for private in (ACCOUNT, KEY, SERVER_KEY, "/home", "/tmp", "127.0.0.1", str(Path.home())):
        place = said.find(private)
        assert place < 0, f"{private!r}: ...{said[max(0, place - 200) : place + 60]}"


@pytest.mark.parametrize("name", [pytest.param("raw", marks=pytest.mark.slow), ACCOUNT])
def test_files_that_lie_at_home(desk, name):
    if name != "raw":
        shutil.move("raw", name)
    raw = str(desk / name)
    do("ingest", corpus="charades_sta", paths=[raw], split="train", out=str(desk / "made/data"))
    do("curate", file=str(desk / "made/data/samples.parquet"), filters=["query_words:low=3"], out=str(desk / "made/x"))
    (Path.home() / "license.txt").write_text("Terms")
    (Path.home() / "own.md").write_text(
        '---\nreasoning: false\nanswer: "{start} to {end}"\n---\n{frames}\n"{query}"?\n'
    )
    samples = str(desk / "made/x/samples.parquet")
    asked = {"samples": samples, "model": f"scripted:samples={samples}", "prompt": str(Path.home() / "own.md"), "n": 2}
    do("score-difficulty", **asked, out=str(desk / "made/hard"))
    do("remove", file=str(Path.home() / "removed.json"), video_id=["CCCCC"])
    folder = released(
        out=str(desk / "made/v1"),
        samples=samples,
        pass_rates=str(desk / "made/hard/pass_rates.parquet"),
        rollouts=[str(desk / "made/hard/rollouts.parquet")],
        license_texts={"charades_sta": str(Path.home() / "license.txt")},
        tombstones=str(Path.home() / "removed.json"),
    )
    discreet(folder)
    second = released(out=str(desk / "made/v2"), samples=samples, version="2.0.0", previous=folder)
    discreet(second)
    for release, command in ((folder, "score-difficulty"), (second, "release")):
        summary = do("rebuild", release=release, raw=[str(Path.home())])
        assert summary.result.identical and command in {step.command for step in summary.steps}


def test_a_server_and_its_key(desk):
    draw_video(desk / "videos/v0.mp4")
    write_samples(desk / "own.parquet", [make_sample("t:0", video_id="v0", duration=4.0)])
    with Server(lambda body, number: "<think>I see it.</think><answer>1.0 to 3.0</answer>") as server:
        asked: dict[str, Any] = {
            "samples": str(desk / "own.parquet"), "model": "openai_api:tiny", "endpoint": [server.url],
            "videos": str(desk / "videos"), "num_frames": 2, "n": 6, "frames": str(desk / "frames"),
        }  # fmt: skip
        do("build-coldstart", **asked, keep={"tiou": 0.0}, verify=["none"], out="made/traces")
    folder = released(
        samples="own.parquet", coldstart="made/traces/traces.parquet", rollouts=["made/traces/rollouts.parquet"]
    )
    discreet(folder)


@pytest.mark.parametrize(
    ("given", "published"),
    [
        ({"model": "transformers_local:/home/anna/models/qwen"}, {"model": "transformers_local:qwen"}),
        ({"model": "transformers_local:path=../anna/qwen,trust=1"}, {"model": "transformers_local:path=qwen,trust=1"}),
        ({"model": r"transformers_local:C:\Users\anna\qwen"}, {"model": "transformers_local:qwen"}),
        ({"filters": ["clip:model=~/anna/clip.pt"]}, {"filters": ["clip:model=clip.pt"]}),
        ({"where": "corpus == 'a/b' and path != '/home/anna/x'"}, {"where": "corpus == 'a/b' and path != 'x'"}),
        (
            {"sep": "/", "records": "/a/b", "map": {"query": "a:b"}},
            {"sep": "/", "records": "/a/b", "map": {"query": "a:b"}},
        ),
        ({"endpoint": ["http://10.0.0.7/v1"], "timeout": 3.0}, {}),
        (
            {"body": {"top_k": 1, "user": "anna", "extra": {"api_key": "x", "max_tokens": 5}}},
            {"body": {"top_k": 1, "user": "(left out)", "extra": {"api_key": "(left out)", "max_tokens": 5}}},
        ),
        ({"note": "see https://anna:word@host/a/b"}, {"note": "see https://host/a/b"}),
        ({"note": f"with {KEY}"}, {"note": "with (left out)"}),
    ],
)
def test_settings_that_name_what_is_private(given, published):
    assert paths.portable(given, {}) == published
