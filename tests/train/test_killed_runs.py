"""Training killed (SIGKILL) at random moments ends, given the same command again, as if nothing had happened."""

import json
import os
import random
import subprocess
import sys
import time

import pytest

from support import tiny_training

pytest.importorskip("trl", reason="needs vtgdata[train]")
KILLS = int(os.environ.get("VTGDATA_KILLS", "10"))
SEED = int(os.environ.get("VTGDATA_KILL_SEED", "1"))
RECIPE = """out: runs
seed: 7
steps:
  - {id: shapes, command: demo-draw, videos: 24, wrong_labels: 0.0, levels: [0], trivial_sft: 0.0, trivial_rl: 0.0}
  - {id: data, command: ingest, corpus: shapes, paths: ["@shapes/annotations.jsonl"], videos: "@shapes/videos"}
  - {id: traces, command: build-coldstart, samples: "@data/samples.parquet", where: "split == 'sft'",
     model: "scripted:@data/samples.parquet", videos: "@shapes/videos", prompt: shapes, num_frames: 10, short_side: 28,
     n: 1, keep: {tiou: 0.3}}
  - {id: hard, command: score-difficulty, samples: "@data/samples.parquet", where: "split == 'rl'",
     model: "scripted:@data/samples.parquet", videos: "@shapes/videos", prompt: shapes, num_frames: 10, short_side: 28,
     n: 4}
  - {id: pick, command: select, pass_rates: "@hard/pass_rates.parquet", selector: "uniform", size: 10}
  - {id: v2, command: release, version: 1.0.0, name: "Shapes", samples: "@data/samples.parquet",
     drops: ["@data/drops.parquet"], coldstart: "@traces/traces.parquet", pass_rates: "@hard/pass_rates.parquet",
     splits: {rl: "@pick/rows.parquet"}}
"""
RL = ["rl", "--model", "formed", "--prompts-per-step", "3", "--rollouts", "3", "--max-new-tokens", "64",
      "--rewards", "length=0.5,tiou=0.5"]  # fmt: skip
SFT = ["sft", "--model", "base", "--batch-size", "8"]
FORM = [*SFT, "--steps", "100", "--learning-rate", "2e-3"]
"""Teaches the tiny model the form of an answer, so that RL has rewards and with them gradients."""
ANY = "size=6,selector=uniform,allow_degenerate=true"
WAYS = {
    "sft": [*SFT, "--steps", "10"],
    "rl": [*RL, "--steps", "10", "--dynamic-sampling", "1"],
    "rl with a refresh": [
        *RL,
        "--steps",
        "6",
        "--refresh",
        "every=3,n=2,size=6,selector=uniform,allow_degenerate=true",
    ],
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    (folder / "recipe.yaml").write_text(RECIPE)
    subprocess.run([sys.executable, "-m", "vtgdata", "run", "recipe.yaml"], cwd=folder, check=True, capture_output=True)
    tiny_training.build(folder / "base")
    subprocess.run(command(FORM, "formed"), cwd=folder, check=True, capture_output=True)
    return folder


def command(way, out):
    kind, *more = way
    given = ["runs/v2", "--videos", "runs/shapes/videos", "--save-every", "2", "--out", out]
    return [sys.executable, "-m", "vtgdata", "train", kind, *given, *more]


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("way", WAYS)
def test_a_killed_run_has_the_losses_and_the_bytes_of_an_undisturbed_one(world, way):
    whole = f"whole {way}"
    began = time.monotonic()
    subprocess.run(command(WAYS[way], whole), cwd=world, check=True, capture_output=True)
    assert len({json.loads(line)["loss"] for line in (world / whole / "training.jsonl").open()}) > 3
    took, drawn, killed, number = time.monotonic() - began, random.Random(f"{SEED}:{way}"), 0, 0
    while killed < KILLS:
        out = f"torn {way} {number}"
        number += 1
        for again in range(3):
            began = time.monotonic()
            process = subprocess.Popen(
                command(WAYS[way], out), cwd=world, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            try:
                process.wait(drawn.uniform(0.25, 1.0) * took)
                if not again:
                    took = time.monotonic() - began  # other work on the machine has become less
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                if (world / out / "meta.json").exists():
                    continue  # it was done, and had only to end
                killed += 1
                assert not (world / out / "model.safetensors").exists()
        done = subprocess.run(command(WAYS[way], out), cwd=world, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (out, done.stderr[-2000:])
        for name in ("training.jsonl", "rows.jsonl", "model.safetensors"):
            assert (world / out / name).read_bytes() == (world / whole / name).read_bytes(), (out, name)
        assert not [path for path in (world / out).iterdir() if path.name.startswith(".")]


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_finished_model_stays_until_the_next_is_finished(world):
    subprocess.run(command(WAYS["sft"], "model"), cwd=world, check=True, capture_output=True)
    before = {path.name: path.read_bytes() for path in (world / "model").iterdir()}
    again = [*command(WAYS["sft"], "model"), "--seed", "8"]
    process = subprocess.Popen(again, cwd=world, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "step" in line:
            break
    process.kill()
    process.wait()
    after = {path.name: path.read_bytes() for path in (world / "model").iterdir() if path.is_file()}
    assert {name: content for name, content in after.items() if not name.startswith(".")} == before
