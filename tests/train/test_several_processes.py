"""Two processes (gloo, on CPUs) train as one does: the same losses and rewards, and one whole model."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from support.drawn_videos import draw
from vtgdata.conversation.prompt import load_prompt
from vtgdata.train import sft

pytest.importorskip("trl", reason="needs vtgdata[train]")

PROMPT = load_prompt("shapes")
TARGET = "<think>00.0 blue cross yes; 05.0 red ring no; 10.0</think><answer>00.0 to 05.0</answer>"
ROWS = [
    {
        "sample_id": f"s{number}", "corpus": "shapes", "split": "sft", "video_id": "v", "duration": 10.0,
        "query": "a blue cross" + " and a red ring" * number, "windows": [[0.0, 5.0]], "prompt_id": PROMPT.id,
        "target": TARGET + " more" * 3 * number,
    }
    for number in range(4)
]  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    from vtgdata.demo import tiny

    out = tmp_path_factory.mktemp("base")
    tokenizer = tiny.build_tokenizer()
    tiny.build_model(tokenizer, seed=1).save_pretrained(out)
    tiny.build_processor(tokenizer).save_pretrained(out)
    return str(out)


def frames(row):
    from PIL import Image

    values = np.random.default_rng(len(row["sample_id"])).integers(0, 255, (2, 28, 28, 3), dtype=np.uint8)
    return (0.0, 5.0), [Image.fromarray(value) for value in values]


def log(folder):
    return [json.loads(line) for line in (Path(folder) / "training.jsonl").read_text().splitlines()]


def test_any_split_of_a_step_gives_the_same_losses(base, tmp_path):
    """A family of pictures has its loss averaged over each device's batch by default: then the split counted."""
    losses = []
    for piece in (4, 1):
        settings = sft.Settings(
            release="", model=base, videos="", out=str(tmp_path / str(piece)), steps=3, batch_size=4, warmup=0,
            device_batch=piece,
        )  # fmt: skip
        sft.fit(settings, ROWS, {PROMPT.id: PROMPT}, frames)
        losses.append([line["loss"] for line in log(settings.out)])
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


@pytest.fixture(scope="module")
def world(tmp_path_factory, base):
    """A release with SFT and RL rows on drawn videos, in a folder with the model."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "base").symlink_to(base)
    (folder / "scoring").mkdir()
    (folder / "scoring/odd.py").write_text(
        "import numpy as np\n\n\ndef score(answers, samples):\n"
        "    return np.array([sum(map(ord, sample.query)) % 97 / 97 for sample in samples])\n"
    )
    lines = []
    for number in range(12):
        draw(folder / f"videos/v{number}.mp4", 40, size=(64, 64))
        lines.append({"video": f"v{number}", "duration": 8.0, "query": f"a cross falls {number}", "windows": [[1, 4]]})
    (folder / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    ask = ["--videos", "videos", "--num-frames", 4, "--short-side", 28, "--model", "scripted:data/samples.parquet"]
    given = ["--samples", "data/samples.parquet"]
    run(folder, "ingest", "moment_jsonl", "rows.jsonl", "--split", "train", "--name", "mine", "--license", "MIT",
        "--videos", "videos", "--out", "data")  # fmt: skip
    run(folder, "build-coldstart", *given, *ask, "--keep", "tiou=0", "--out", "traces")
    run(folder, "score-difficulty", *given, *ask, "--out", "hard")
    run(
        folder,
        "select",
        "--pass-rates",
        "hard/pass_rates.parquet",
        "--selector",
        "uniform",
        "--size",
        12,
        "--out",
        "pick",
    )
    run(folder, "release", "--version", "1.0.0", *given, "--coldstart", "traces/traces.parquet", "--pass-rates",
        "hard/pass_rates.parquet", "--splits", "rl=pick/rows.parquet", "--out", "v1")  # fmt: skip
    return folder


def run(folder, *arguments, by=()):
    root = Path(__file__).parents[2]
    given = dict(os.environ) | {
        "PYTHONPATH": f"{root}{os.pathsep}{folder}", "VTGDATA_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    command = [sys.executable, *by, "-m", "vtgdata", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
TRAIN = ("v1", "--model", "base", "--videos", "videos")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_sft_in_two_processes_has_the_losses_of_one_over_twenty_steps(world):
    given = ("train", "sft", *TRAIN, "--steps", 20, "--batch-size", 4)
    run(world, *given, "--out", "one")
    said = run(world, *given, "--out", "two", "--launch", 2)
    by_hand = run(world, *given, "--out", "hand", by=TORCHRUN)
    for out in ("two", "hand"):
        assert [line["step"] for line in log(world / out)] == list(range(1, 21))
        assert [line["loss"] for line in log(world / out)] == pytest.approx(
            [line["loss"] for line in log(world / "one")], abs=1e-4
        )
    for done in (said, by_hand):
        assert done.stdout.count("written to") == 1
    assert "4 sequences a step on 2 process(es)" in said.stdout


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_grpo_in_two_processes_has_the_rewards_of_one_to_the_last_bit(world):
    """With one token to draw from, completions are equal; the reward is an odd fraction by the sample."""
    given = ("train", "rl", *TRAIN, "--steps", 4, "--prompts-per-step", 4, "--rollouts", 2, "--top-k", 1,
             "--max-new-tokens", 6, "--rewards", "scoring.odd=1", "--stall", 0)  # fmt: skip
    run(world, *given, "--out", "rl-one")
    run(world, *given, "--out", "rl-two", "--launch", 2)
    one, two = log(world / "rl-one"), log(world / "rl-two")
    assert [line["reward"] for line in one] == [line["reward"] for line in two]
    assert len({line["reward"] for line in one}) > 1 and len(two) == 4
    assert [line["learning_rate"] for line in one] == [line["learning_rate"] for line in two]


@pytest.mark.slow
@pytest.mark.parametrize(("lora", "save_as"), [(0, "merged"), (4, "merged"), (4, "adapter")])
def test_a_model_that_two_processes_share_out_is_saved_whole(base, tmp_path, lora, save_as):
    """accelerate refuses FSDP on a CPU: the model is sharded by hand, and saved as a run saves it."""
    from vtgdata.train import model as models

    script = Path(__file__).parents[1] / "support/sharded_save.py"
    given = dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    for number in (1, 2):
        command = [sys.executable, *TORCHRUN[:-1], str(number), str(script), base, str(tmp_path / str(number))]
        done = subprocess.run(
            [*command, str(lora), save_as], env=given, capture_output=True, text=True, check=False
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    before, one, two = (
        dict(models.load(path).model.named_parameters()) for path in (base, str(tmp_path / "1"), str(tmp_path / "2"))
    )
    assert one.keys() == two.keys() == before.keys()
    assert max(float((one[name] - two[name]).detach().abs().max()) for name in one) < 1e-6
    assert any(not one[name].equal(before[name]) for name in one)
