"""One recipe on the same published files, twice: another folder, clock, time zone and hash seed, other shards and
workers. Every Parquet file on the way and every file of the release is the same, release.json but for its date."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.published import published
from vtgdata import releases
from vtgdata.files.parquet import read_parquet

RECIPE = """
out: made
seed: 11
steps:
  - {id: data, command: ingest, corpus: charades_sta, paths: [raw], split: train}
  - {id: traces, command: build-coldstart, samples: "@data/samples.parquet", model: "scripted:@data/samples.parquet",
     n: 3, limit: 90, keep: {tiou: 0.5}, temperature: 0.7, num_frames: 8}
  - {id: hard, command: score-difficulty, samples: "@data/samples.parquet", where: "video_id >= 'M'", limit: 80,
     model: "scripted:samples=@data/samples.parquet,errors=0.5", n: 5, top_p: 0.9, fps: 2, num_frames: 16}
  - {id: pick, command: select, pass_rates: "@hard/pass_rates.parquet", size: 30,
     selector: "band:measure=mean_iou,low=0.2,high=0.8"}
  - {id: release, command: release, version: 1.0.0, samples: "@data/samples.parquet", drops: ["@data/drops.parquet"],
     coldstart: "@traces/traces.parquet", pass_rates: "@hard/pass_rates.parquet", splits: {rl: "@pick/rows.parquet"},
     rollouts: ["@traces/rollouts.parquet", "@hard/rollouts.parquet"]}
"""
LATER = """
import datetime, importlib, runpy, sys, time, types
AHEAD = 400 * 86400
class Later(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(seconds=AHEAD)
for name in ("files.step", "releases.write"):
    # Not for all: libraries in C were built against the real class.
    importlib.import_module(f"vtgdata.{name}").datetime = types.SimpleNamespace(datetime=Later, UTC=datetime.UTC)
now = time.time
time.time = lambda: now() + AHEAD
sys.argv[0] = "vtgdata"
runpy.run_module("vtgdata", run_name="__main__")
"""
"""The command line, 400 days later."""
ASKED = {
    "build-coldstart": [
        "--model", "scripted:made/data/samples.parquet", "--n", 3, "--limit", 90, "--temperature", 0.7,
        "--num-frames", 8, "--out", "made/traces",
    ],
    "score-difficulty": [
        "--model", "scripted:samples=made/data/samples.parquet,errors=0.5", "--n", 5, "--limit", 80, "--top-p", 0.9,
        "--where", "video_id >= 'M'", "--fps", 2, "--num-frames", 16, "--out", "made/hard",
    ],
}  # fmt: skip


def folder(at: Path) -> Path:
    """A folder with the raw files, published ones where this machine has them, and the recipe."""
    at.mkdir(parents=True)
    if os.environ.get("VTGDATA_TEST_DATA"):
        shutil.copytree(published("corpora/charades_sta"), at / "raw")
    else:
        (at / "raw").mkdir()
        lines = [f"V{n // 3:04} {n % 7}.0 {n % 7 + 3 + n % 5}.4##a person opens door {n}.\n" for n in range(300)]
        (at / "raw/charades_sta_train.txt").write_text("".join([*lines, "V0009 9.0 2.0##it ends before it starts.\n"]))
        lengths = [f"V{n:04},{20 + n / 7:.2f}\n" for n in range(100)]
        (at / "raw/Charades_v1_train.csv").write_text("".join(["id,length\n", *lengths]))
    (at / "mine.yaml").write_text(RECIPE)
    return at


def vtgdata(at: Path, *words: object, later: bool = False) -> None:
    start = ["-c", LATER] if later else ["-m", "vtgdata"]
    chance = {"TZ": "Pacific/Auckland", "PYTHONHASHSEED": "2"} if later else {"TZ": "UTC", "PYTHONHASHSEED": "1"}
    done = subprocess.run(
        [sys.executable, *start, *map(str, words), "-q"],
        cwd=at, env=os.environ | chance | {"VTGDATA_CACHE": str(at / "cache")}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def parquet(at: Path) -> dict[str, bytes]:
    return {path.relative_to(at).as_posix(): path.read_bytes() for path in at.rglob("*.parquet")}


@pytest.fixture(scope="module")
def one(tmp_path_factory) -> Path:
    at = folder(tmp_path_factory.mktemp("same") / "one")
    vtgdata(at, "run", "mine.yaml")
    return at


def test_another_folder_day_and_number_of_shards_give_the_same_parquet_and_release(one, tmp_path):
    other = folder(tmp_path / "an other" / "place")
    vtgdata(other, "ingest", "charades_sta", "raw", "--split", "train", "--out", "made/data", later=True)
    for command, shards in (("build-coldstart", 2), ("score-difficulty", 2)):
        for index in reversed(range(shards)):
            part = ["--seed", 11, "--shard", f"{index}/{shards}", "--concurrency", 1 + 2 * index]
            vtgdata(other, command, "--samples", "made/data/samples.parquet", *ASKED[command], *part, later=True)
    parts = sorted(other.glob("made/*/shard-*/rollouts.parquet"))
    asked = [len(read_parquet(path)) for path in parts]
    assert len(asked) == 4 and min(asked) > 0 and sum(asked) == 90 * 3 + 80 * 5
    vtgdata(other, "run", "mine.yaml", later=True)

    first, second = parquet(one / "made"), parquet(other / "made")
    assert first == {name: raw for name, raw in second.items() if "/shard-" not in name}
    assert len(first) > 10 and {name.split("/")[0] for name in first} >= {"data", "traces", "hard", "pick", "release"}
    made = [releases.open_release(str(at / "made/release")) for at in (one, other)]
    assert set(made[0].files) == set(made[1].files)
    for name in set(made[0].files) - {releases.NAME}:
        assert (made[0].path / name).read_bytes() == (made[1].path / name).read_bytes(), name
    said = [json.loads((each.path / releases.NAME).read_bytes()) for each in made]
    days = [each.pop("created") for each in said]
    assert said[0] == said[1] and days[0] != days[1]
    assert made[0].document.recipe["name"] == "mine" and not any(b"/one/" in raw for raw in first.values())


def test_release_json_and_the_card_say_how_models_were_asked(one):
    teacher, student = releases.open_release(str(one / "made/release")).document.models
    (way,) = teacher["asked"]
    assert (way["temperature"], way["top_p"], way["max_tokens"], way["seed"]) == (0.7, 1.0, 512, 11)
    assert (way["samples"], way["least"], way["most"], way["frames"]["frames"]) == (90, 3, 3, 8)
    assert way["prompt"].startswith("ground-")
    (way,) = student["asked"]
    assert (way["temperature"], way["top_p"], way["seed"], way["least"], way["samples"]) == (1.0, 0.9, 11, 5, 80)
    assert (way["frames"]["fps"], way["frames"]["frames"]) == (2.0, 16)
    card = " ".join((one / "made/release/README.md").read_text().split())
    assert "temperature 0.7, top_p 1, at most 512 tokens, seed 11; 3 answers to each of 90 samples; 8 frames" in card
    assert "temperature 1, top_p 0.9, at most 512 tokens, seed 11; 5 answers to each of 80 samples; 2 frames a" in card
    rows = read_parquet(one / "made/release/data/rl/train-00000-of-00001.parquet")
    assert {row["sampling"] for row in rows} == {'{"max_tokens": 512, "seed": 11, "temperature": 1.0, "top_p": 0.9}'}
