"""What verification is worth to a model: SFT of one checkpoint on unverified, IoU-only and verified traces.

    python benchmarks/ablation.py DEMO OUT [STEPS]        # DEMO: a finished `vtgdata run demo-small` (or demo)

The demo's base model, clips and test queries; a teacher with 20 % wrong windows and, of its right windows, 20 % with a
bad reasoning (about another object, other times, leaked wording, empty). Its answers are asked for once and verified in
three ways; each way gives as many traces, drawn by one seed, and as many steps. `vtgdata evaluate` says mIoU, how much
of it was seen, and the blind score, with intervals by source; each model is compared with the one before it. One tiny
checkpoint and one seed of training: no claim about others.
"""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from vtgdata.demo import scenes
from vtgdata.files.samples import read_samples
from vtgdata.records import Endpoint, Image, Reply, Request, Sample

LOCAL = True
ARMS = {
    "unverified": ["--keep", "tiou=0", "--verify", "none"],
    "iou_only": ["--keep", "tiou=0.5", "--verify", "none"],
    "whole_chain": ["--keep", "tiou=0.5"],
}
FRAMES = ["--prompt", "shapes", "--num-frames", "10", "--short-side", "28"]
WRONG_WINDOWS = BAD_REASONING = 0.2


class Teacher:
    """The demo's teacher with more faults; see the module."""

    looks, concurrency, id = False, 64, "scripted-ablation-1"

    def __init__(self, path: str) -> None:
        self.samples = {sample.sample_id: sample for sample in read_samples(path)}

    async def generate(self, request: Request) -> list[Reply]:
        """One answer per seed."""
        times = [p.time for message in request.messages for p in message.parts if isinstance(p, Image)]
        return [Reply(text=_said(self.samples[request.sample_id], times, random.Random(s))) for s in request.seeds]

    async def close(self) -> None:
        """Nothing is held."""


def connect(argument: str, endpoint: Endpoint) -> Teacher:
    """The argument is a samples.parquet of the shapes corpus."""
    del endpoint
    return Teacher(argument)


def _said(sample: Sample, times: list[float], rng: random.Random) -> str:
    scene = [scenes.Segment(**segment) for segment in sample.extra["scene"]]
    duration = sample.video.duration or max(segment.end for segment in scene)
    right = scenes.trace(scene, sample.query, times, duration)
    other = scenes.trace(scene, sample.query, times, duration, "wrong_object")
    if rng.random() < WRONG_WINDOWS:
        return other
    if rng.random() >= BAD_REASONING:
        return right
    (thought, answer), marked = right.split("</think>"), other.split("</think>")[0]
    shown = [line.rpartition(" ") for line in thought.split("; ")]
    elsewhere = [line.rpartition(" ")[2] for line in marked.split("; ")]
    # About another object: it names this one's colour and shape where the answer is.
    named = next((" ".join(line.split()[-3:-1]) for line in marked.split("; ") if line.endswith(" yes")), "")
    about = "; ".join(
        f"{head.split()[0]} {named}{gap}{mark}" if mark == "yes" and named else f"{head}{gap}{mark}"
        for head, gap, mark in shown
    )
    times_of_others = "; ".join(
        f"{head}{gap}{elsewhere[k] if mark in ('yes', 'no') else mark}" for k, (head, gap, mark) in enumerate(shown)
    )
    leaked = f"<think>The annotation says so; {thought.removeprefix('<think>')}"
    return f"{rng.choice((about, times_of_others, leaked, '<think>'))}</think>{answer}"


def vtgdata(*command: str) -> dict[str, Any]:
    """Run a command; its summary."""
    done = subprocess.run(
        [sys.executable, "-m", "vtgdata", *command, "--json"], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Make the three models, and print what they score."""
    demo, out = Path(sys.argv[1]), Path(sys.argv[2])
    steps = sys.argv[3] if len(sys.argv) > 3 else "50"
    samples, videos = str(demo / "data/samples.parquet"), str(demo / "shapes/videos")
    asked = [
        "build-coldstart", "--samples", samples, "--where", "split == 'sft'", "--videos", videos, *FRAMES, "--n", "1",
        "--model", f"benchmarks.ablation:{samples}",
    ]  # fmt: skip
    vtgdata(*asked, "--out", str(out / "answers"), *ARMS["unverified"])
    given = ["--rollouts", str(out / "answers/rollouts.parquet")]
    counts = {
        arm: vtgdata(*asked, *given, *how, "--out", str(out / f"{arm}/all"))["traces"] for arm, how in ARMS.items()
    }
    size = min(counts.values())
    print(f"traces kept: {counts}; {size} of each, {steps} steps")
    models: list[str] = []
    for arm, how in ARMS.items():
        folder = out / arm
        vtgdata(*asked, *given, *how, "--size", str(size), "--out", str(folder / "traces"))
        vtgdata(
            "release", "--samples", samples, "--coldstart", str(folder / "traces/traces.parquet"), "--version", "1.0.0",
            "--out", str(folder / "release"),
        )  # fmt: skip
        vtgdata(
            "train", "sft", str(folder / "release"), "--model", str(demo / "base"), "--videos", videos,
            "--steps", steps, "--warmup", "20", "--beta2", "0.95", "--out", str(folder / "sft"),
        )  # fmt: skip
        models += ["--model", f"transformers_local:{folder / 'sft'}"]
    found = vtgdata(
        "evaluate", "--samples", samples, "--where", "split == 'test'", "--videos", videos, *FRAMES,
        "--max-tokens", "96", "--reproducible", "--blind", *models, "--out", str(out / "score"),
    )  # fmt: skip
    tell(found["models"])


def tell(models: list[dict[str, Any]]) -> None:
    """Print the table. Args: models: reports of an evaluation."""
    for arm, report in zip(ARMS, models, strict=True):
        sighted, blind = report["sighted"], report["blind"]
        seen, (low, high) = sighted["seen"]["mIoU"], sighted["intervals"]["mIoU"]
        print(
            f"{arm:12} mIoU {sighted['metrics']['mIoU']:.3f} [{low:.3f}, {high:.3f}]  seen {seen['seen']:.3f} "
            f"[{seen['low']:.3f}, {seen['high']:.3f}]  blind {blind['metrics']['mIoU']:.3f}  "
            f"unparsed {sighted['n_unparsed']} of {sighted['n']}"
        )
        if gain := report.get("gain"):
            low, high = gain["low"], gain["high"]
            least = (1.96 + 0.84) * (high - low) / (2 * 1.96)
            print(f"  above the one before: {gain['mIoU']:+.3f} [{low:+.3f}, {high:+.3f}], least that could be shown "
                  f"{least:.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
