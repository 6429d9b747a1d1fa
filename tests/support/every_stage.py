"""A folder with inputs for every command of the table, and settings with which each reads some of every kind."""

import atexit
import functools
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support import labelled
from support.builders import make_sample
from support.drawn_videos import draw
from support.published_forms import write_published
from support.release_builders import make_pass_rate, make_release, write_chosen, write_inputs
from vtgdata.cli import commands
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import write_samples
from vtgdata.files.schemas import PASS_RATES
from vtgdata.files.whole import write_json, write_jsonl, write_text
from vtgdata.releases import tombstones

Settings = dict[str, Any]


def make_world(world: Path) -> None:
    """Write the inputs; they are made once in a process, and copied."""
    shutil.copytree(_made(), world, dirs_exist_ok=True)


@functools.cache
def _made() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _write_world(folder / "world")
    return folder / "world"


def _write_world(world: Path) -> None:
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
    write_parquet(world / "other/pass_rates.parquet", rates, PASS_RATES)
    lines = [{"sample_id": sample.sample_id, "windows": [[1.0, 2.0]]} for sample in samples]
    write_jsonl(world / "predictions/mine.jsonl", lines)
    (world / "inputs").mkdir()
    make_release(world / "release/1.0.0", write_inputs(world / "inputs"))
    (world / "published").mkdir()
    write_published(world / "published/train.jsonl")
    labelled.write(world / "labels")
    (world / "seen").mkdir()
    for name in (*(f"alpha_train_{n}" for n in range(4)), *(f"beta_train_{n}" for n in range(3))):
        shutil.copy(world / "videos/deep/a.mp4", world / f"seen/{name}.mp4")
    (world / "model").mkdir()
    (world / "model/config.json").write_text("{}")
    tombstones.write(world / "lists/removed.json", tombstones.Tombstones())
    write_json(world / "score/evaluation.json", {"models": []})
    write_text(world / "shapes/wrong_labels.jsonl", "")


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
    "negatives": {"samples": SAMPLES, "share": 0.5},
    "check": {"files": [SAMPLES], "videos": "videos"},
    "videos verify": {"samples": SAMPLES, "videos": "videos"},
    "videos bind": {"samples": SAMPLES, "videos": "videos"},
    "videos proxy": {"samples": SAMPLES, "videos": "videos"},
    "videos warm": {"samples": SAMPLES, "videos": "videos", "num_frames": 2},
    "build-coldstart": ASK,
    "score-difficulty": ASK,
    "compare-rates": {"files": ["rates/pass_rates.parquet", "other/pass_rates.parquet"]},
    "import rollouts": {"file": "published/train.jsonl", "form": "tempsamp"},
    "select": {"pass_rates": "rates/pass_rates.parquet", "samples": SAMPLES, "selector": "uniform", "size": 1},
    "audit": {"samples": "labels/samples.parquet", "rollouts": ["labels/rollouts.parquet"], "size": 10},
    "review": {
        "queue": "labels/review.parquet", "samples": "labels/samples.parquet", "apply": "labels/decisions.jsonl",
    },
    "exchange": {
        "queue": "labels/review.parquet", "tool": "label_studio", "decisions": "labels/decisions.jsonl",
        "videos": "videos",
    },
    "report": {"path": "samples", "against": "labels", "videos": "videos", "num_frames": 2},
    "remove": {"video_id": ["a"], "source": SAMPLES},
    "release": {
        "version": "1.1.0", "samples": "inputs/samples.parquet", "coldstart": "inputs/traces.parquet",
        "pass_rates": "inputs/pass_rates.parquet", "splits": {"rl": "inputs/rows.parquet"},
        "drops": ["inputs/drops.parquet"], "previous": "release/1.0.0", "tombstones": "lists/removed.json",
    },
    "rebuild": {"release": "release/1.0.0", "raw": ["inputs"]},
    "push": {"release": "release/1.0.0"},
    "pull": {"source": "org/doors@v1.0.0"},
    "diff": {"a": "release/1.0.0", "b": "release/1.0.0"},
    "export": {"format": "verl", "release": "release/1.0.0", "videos": "seen"},
    "train sft": {"release": "release/1.0.0", "model": "model", "videos": "videos"},
    "train rl": {"release": "release/1.0.0", "model": "model", "videos": "videos"},
    "train distill": {"release": "release/1.0.0", "model": "model", "teacher": "model", "videos": "videos"},
    "propose": ASK | {"stretch": 2, "overlap": 0.5, "ground_num_frames": 3},
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
NOT_TRIED_WHOLE = {
    "pull": "its input is on the Hub",
    **dict.fromkeys(("train sft", "train rl", "train distill", "demo-base"), "it trains for minutes"),
    "demo-report": "it needs a trained model",
}
"""Commands that are tried only with outputs that are refused, and why."""


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
