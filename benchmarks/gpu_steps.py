"""Training steps of models of 2 and 8 billion weights on one GPU: memory beside the plan's estimate, time beside TRL's.

The models are built from the published sizes of Qwen3-VL with random weights, so nothing is fetched; each row has 64
frames of 224 pixels. Every case is a process of its own: three steps by the command's own code on a small release. What
is compared:

- the most memory that torch held, with the estimate of `--dry-run` for the same settings (at most 15 % apart);
- the time of a step after the first, with TRL's own trainer on the same model, rows and settings;
- a run that is killed after its first checkpoint and started again, with one that was not.

It ends before --minutes are over: a case that would begin later is "not run". Without a GPU --small checks that the
script itself works, with a tiny model, and says nothing of memory. `--inputs FOLDER` takes the release and the videos
from there, or writes them there first: a GPU box without PyAV can be given those that another machine has written.

    python benchmarks/gpu_steps.py [--minutes 8] [--small] [--inputs FOLDER] [--cases 1,2,5]
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import itertools

from support.release_builders import make_pass_rate, make_release, make_sample, make_trace, write_chosen
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import write_samples
from vtgdata.files.schemas import TRACES
from vtgdata.records import Video

ROWS, FRAMES, SIDE = 8, 64, 224
STEPS = 3


class Case(msgspec.Struct, frozen=True):
    """A training and its settings."""

    name: str
    model: str
    """Size: `2B` or `8B`."""
    command: str
    settings: dict[str, Any]
    peer: bool = False
    """Whether TRL's own trainer is run beside it."""


SFT: dict[str, Any] = {"batch_size": 2, "device_batch": 1}
RL: dict[str, Any] = {"prompts_per_step": 1, "rollouts": 8, "max_new_tokens": 256, "device_batch": 8}
CASES = (
    Case("2B, SFT, LoRA", "2B", "train sft", SFT | {"lora": 64, "dtype": "bfloat16"}, peer=True),
    Case("2B, SFT, all weights", "2B", "train sft", SFT | {"dtype": "bfloat16"}),
    Case("2B, GRPO, LoRA", "2B", "train rl", RL | {"lora": 64, "dtype": "bfloat16"}, peer=True),
    Case("8B, SFT, LoRA", "8B", "train sft", SFT | {"lora": 64, "dtype": "bfloat16"}),
    Case("8B, GRPO, LoRA", "8B", "train rl", RL | {"lora": 64, "dtype": "bfloat16"}),
)


def main() -> None:
    """Run the cases and print a line of each; ends with 1 when an estimate is more than 15 % off."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--inputs", type=Path)
    parser.add_argument("--cases", default="", help="numbers of cases, 0 is kill and resume; all if empty")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        print(json.dumps(WAYS[given.way](_case(given.case), Path(given.folder))))
        return
    end = time.monotonic() + given.minutes * 60
    with tempfile.TemporaryDirectory() as folder:
        if given.inputs and not given.inputs.exists():
            _release(given.inputs, small=given.small)
        asked = [int(number) for number in given.cases.split(",") if number] or range(len(CASES) + 1)
        sys.exit(_all(Path(folder), end, given.inputs, asked, small=given.small))


def _all(folder: Path, end: float, inputs: Path | None, asked: Sequence[int], *, small: bool) -> int:
    import torch

    if not torch.cuda.is_available() and not small:
        print("no GPU here: --small checks the script itself")
        return 2
    if inputs:
        shutil.copytree(inputs, folder, dirs_exist_ok=True)
    else:
        _release(folder, small=small)
    cases = [CASES[number - 1] for number in asked if number]
    sizes = {case.model for case in cases} | ({CASES[0].model} if 0 in asked else set())
    for size in sorted(sizes):
        begun = time.monotonic()
        _build(size, folder, small=small)
        print(f"{size}: built and written in {time.monotonic() - begun:.0f} s", flush=True)
    off = 0
    for case in cases:
        if time.monotonic() > end - 40:
            print(f"{case.name}: not run, no time left")
            continue
        try:
            off += not _one(case, folder)
        except ChildProcessError as error:
            print(error, flush=True)
            off += 1
    if 0 not in asked:
        return int(off > 0)
    if time.monotonic() < end - 60:
        _killed(folder)
    else:
        print("kill and resume: not run, no time left")
    return int(off > 0)


def _one(case: Case, folder: Path) -> bool:
    """Run a case, print its line; whether its memory is as estimated, or was not measured."""
    planned = _child(case, folder, "plan")
    ours = _child(case, folder, "ours")
    words = f"{case.name}: {ours['step']:.2f} s a step"
    if case.peer:
        peer = _child(case, folder, "peer")
        words += f", {ours['step'] / peer['step']:.2f} times TRL's"
    if not ours["peak"]:
        print(f"{words}; memory: estimate {planned['total'] / 1e9:.2f} GB, no GPU to measure it", flush=True)
        return True
    ratio = planned["total"] / ours["peak"]
    print(
        f"{words}; memory: estimate {planned['total'] / 1e9:.1f} GB, held at most {ours['peak'] / 1e9:.1f} GB, ratio "
        f"{ratio:.2f}{'' if abs(ratio - 1) <= 0.15 else ' (MORE THAN 15 % OFF)'}; by part "
        + ", ".join(f"{name} {value / 1e9:.1f}" for name, value in planned.items() if value > 1e8),
        flush=True,
    )
    return abs(ratio - 1) <= 0.15


def _child(case: Case, folder: Path, way: str) -> dict[str, Any]:
    words = [sys.executable, __file__, "--case", case.name, "--folder", str(folder), "--way", way]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ChildProcessError(f"{case.name}, {way}: {done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _case(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


def _settings(case: Case, folder: Path, out: str, **more: Any) -> Any:
    from vtgdata.train import rl, sft

    kind = (sft if case.command == "train sft" else rl).Settings
    common = {
        "release": str(folder / "release"), "model": str(folder / case.model), "videos": str(folder / "videos"),
        "frames": str(folder / "frames"), "out": out, "steps": STEPS, "save_every": 1000, "stall": 0,
    }  # fmt: skip
    return kind(**common | case.settings | more)


def _plan(case: Case, folder: Path) -> dict[str, Any]:
    """The estimated memory, by part."""
    from vtgdata.train import plan

    return msgspec.to_builtins(plan.make(case.command, _settings(case, folder, "")).memory)


def _ours(case: Case, folder: Path) -> dict[str, Any]:
    """Run the command's own code: seconds of a step and the most bytes held."""
    from vtgdata.train import making, rl, sft

    ends, plain = [], making.built

    def built(*given: Any, **named: Any) -> Any:
        made = plain(*given, **named)
        made.add_callback(_clock(ends))
        return made

    making.built = built
    out = tempfile.mkdtemp(dir=folder)
    (sft if case.command == "train sft" else rl).run(_settings(case, folder, f"{out}/o"))
    return {"step": statistics.median(b - a for a, b in itertools.pairwise(ends)), "peak": _peak()}


def _peer(case: Case, folder: Path) -> dict[str, Any]:
    """TRL's own trainer, as a user writes it: the same model, rows, pictures and settings."""
    from datasets import Dataset

    from vtgdata.files.samples import row_sample
    from vtgdata.train import data, making
    from vtgdata.train import model as models
    from vtgdata.train.rewards import reward
    from vtgdata.video.frame_source import FrameSource

    settings = _settings(case, folder, tempfile.mkdtemp(dir=folder))
    models.prepare(settings.seed, settings.threads)
    sft = case.command == "train sft"
    rows, prompts = data.open_rows(settings.release, ["coldstart" if sft else "rl"])
    opened = models.load(settings.model, settings)
    source = FrameSource(settings.videos, settings.frames)
    build = data.builder(rows, prompts, source, targets=sft, plain=opened.plain)
    built = [build(place) for place in range(len(rows))]
    many = STEPS * ROWS
    table = Dataset.from_dict({"place": list(range(many))}).with_transform(
        lambda asked: {name: [built[i % len(built)][name] for i in asked["place"]] for name in built[0]}
    )
    common = {
        "output_dir": settings.out, "max_steps": STEPS, "report_to": [], "save_strategy": "no", "disable_tqdm": True,
        "remove_unused_columns": False, "learning_rate": 1e-5, "gradient_checkpointing": True,
        "bf16": _has_gpu(), "use_cpu": not _has_gpu(),
    }  # fmt: skip
    more: dict[str, Any] = {
        "model": opened.model, "train_dataset": table, "processing_class": opened.processor,
        "peft_config": models.adapter(settings, opened.model),
    }  # fmt: skip
    if sft:
        from trl.trainer.sft_config import SFTConfig
        from trl.trainer.sft_trainer import SFTTrainer

        args = SFTConfig(
            **common, per_device_train_batch_size=1, gradient_accumulation_steps=settings.batch_size,
            completion_only_loss=True, max_length=None,
        )  # fmt: skip
        trainer = making.built(SFTTrainer, args=args, **more)
    else:
        from trl.trainer.grpo_config import GRPOConfig
        from trl.trainer.grpo_trainer import GRPOTrainer

        args = GRPOConfig(
            **common, per_device_train_batch_size=settings.rollouts, num_generations=settings.rollouts,
            max_completion_length=settings.max_new_tokens, beta=0.0, top_k=0, temperature=1.0, top_p=1.0,
        )  # fmt: skip
        samples = {place: row_sample(row) for place, row in enumerate(rows)}
        ends_at = models.end_tokens(opened.model, opened.processor)
        asked = {place: prompts[row["prompt_id"]].form for place, row in enumerate(rows)}
        scored = [reward(name, samples, asked, ends_at) for name in ("tiou", "format")]
        trainer = making.built(GRPOTrainer, args=args, reward_funcs=scored, **more)
    ends: list[float] = []
    trainer.add_callback(_clock(ends))
    trainer.train()
    return {"step": statistics.median(b - a for a, b in itertools.pairwise(ends)), "peak": _peak()}


WAYS = {"plan": _plan, "ours": _ours, "peer": _peer}


def _killed(folder: Path) -> None:
    """An SFT of six steps, killed after its first checkpoint and started again, beside one that was not."""
    case = CASES[0]
    losses: list[list[float]] = []
    for name in ("whole", "killed"):
        settings = _settings(case, folder, str(folder / name), steps=6, save_every=2)
        path = folder / f"{name}.json"
        path.write_bytes(msgspec.json.encode(settings))
        begin = (
            "import msgspec, sys; from vtgdata.train import sft; "
            "sft.run(msgspec.json.decode(open(sys.argv[1], 'rb').read(), type=sft.Settings))"
        )
        words = [sys.executable, "-c", begin, str(path)]
        log = folder / name / "training.jsonl"
        if name == "killed":
            running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while running.poll() is None and len(_lines(folder, name)) < 3:
                time.sleep(0.05)
            running.send_signal(signal.SIGKILL)
            running.wait()
        subprocess.run(words, check=True, capture_output=True)
        losses.append([line["loss"] for line in map(json.loads, log.read_text().splitlines())])
    apart = max(abs(a - b) for a, b in zip(*losses, strict=True))
    print(f"killed after a checkpoint and started again: {len(losses[1])} steps, losses at most {apart:.1e} apart")


def _lines(folder: Path, name: str) -> list[str]:
    """The log so far, where the run keeps it until it is done."""
    found = [path for path in folder.glob(f"*{name}*/**/training.jsonl") if path.is_file()]
    return found[0].read_text().splitlines() if found else []


def _clock(ends: list[float]) -> Any:
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            if _has_gpu():
                import torch

                torch.cuda.synchronize()
            ends.append(time.perf_counter())

    return Clock()


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def _peak() -> int:
    """The most bytes that torch's allocator took from the GPU; 0 without one."""
    import torch

    return torch.cuda.max_memory_reserved() if _has_gpu() else 0


def _release(folder: Path, *, small: bool) -> None:
    """A release with rows for SFT and RL, and their videos."""
    from support.drawn_videos import draw

    frames, side = (4, 28) if small else (FRAMES, SIDE)
    taken = json.dumps({"frames": frames, "fps": None, "midpoint": False, "short_side": side})
    for number in range(2):
        draw(folder / f"videos/v{number}.mp4", frames * 2, 2, size=(max(side, 64), max(side, 64)))
    samples = [
        make_sample(n, video=Video(video_id=f"v{n % 2}", file=f"v{n % 2}.mp4", duration=float(frames)))
        for n in range(ROWS)
    ]
    write_samples(folder / "samples.parquet", samples)
    traces = [make_trace(each, frame_sampling=taken) for each in samples]
    write_parquet(folder / "traces.parquet", traces, TRACES)
    chosen = write_chosen(folder / "rows.parquet", [make_pass_rate(each, frame_sampling=taken) for each in samples])
    given = {
        "samples": str(folder / "samples.parquet"), "coldstart": str(folder / "traces.parquet"),
        "splits": {"rl": chosen},
    }  # fmt: skip
    make_release(folder / "release", given)


def _build(size: str, folder: Path, *, small: bool) -> None:
    """A model of this size with random weights, and a processor, as `save_pretrained` writes them."""
    import torch
    from transformers import AutoConfig, Qwen3VLForConditionalGeneration

    from vtgdata.demo import tiny
    from vtgdata.train.published import MODELS

    words = tiny.build_tokenizer()
    model, processor = tiny.build_model(words, 1), tiny.build_processor(words)
    if not small:
        config = model.config.to_dict()
        published = MODELS[f"Qwen3-VL-{size}"]
        rope = {"mrope_section": [24, 20, 20], "rope_theta": 5e6}
        config["text_config"] |= published["text_config"] | {"max_position_embeddings": 262_144}
        config["text_config"]["rope_parameters"] |= rope
        config["text_config"]["tie_word_embeddings"] = published["tie_word_embeddings"]
        config["vision_config"] |= published["vision_config"]
        config["tie_word_embeddings"] = published["tie_word_embeddings"]
        config = AutoConfig.for_model(**config)
        ends = model.generation_config
        with torch.device("cuda"):
            model = Qwen3VLForConditionalGeneration._from_config(config, dtype=torch.bfloat16)
        model.generation_config = ends
        processor.image_processor.patch_size = published["vision_config"]["patch_size"]
    model.to(torch.bfloat16).save_pretrained(folder / size)
    processor.save_pretrained(folder / size)


if __name__ == "__main__":
    main()
