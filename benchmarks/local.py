"""Throughput of `score-difficulty` with a local model, against loops written by hand on the same model and frames.

The model is the demo's tiny one (1.6 M parameters, untrained), and each video has frames of its own. Per sample eight
answers are drawn. Four ways, in turns, so that what else runs on the machine slows all of them alike:

- `single`: a loop of calls of the library's `generate` with one row each, eight a sample (of --single samples);
- `batched`: the same with 64 rows a call, prompts encoded as they come, drawn by the library;
- `default` and `reproducible`: the command in this process, journal, parsing, scores and tables included.

Prints answers per second of wall time and of CPU time of this process, and the two ratios of each: against `single` (at
least 5) and against `batched` (at least 0.9).

    python benchmarks/local.py [--samples 500] [--rounds 3] [--single 10]
"""

import argparse
import io
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.builders import draw_video, make_sample
from vtgdata.conversation.prompt import load_prompt, render
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.plugins.models._transformers.inputs import chat
from vtgdata.records import FrameSampling, Sample
from vtgdata.stages import difficulty
from vtgdata.video.store import FrameStore

N, ROWS, FRAMES, TOKENS, VIDEOS = 8, 64, 10, 40, 50


def main() -> None:
    """Measure and print; see the module."""
    parser = argparse.ArgumentParser()
    for name, value in (("samples", 500), ("rounds", 3), ("single", 10)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pool = Pool(Path(folder), given.samples)
        ways: dict[str, Callable[[], int]] = {
            "single": lambda: pool.by_hand(pool.samples[: given.single], 1),
            "batched": lambda: pool.by_hand(pool.samples, ROWS),
            "default": lambda: pool.command(reproducible=False),
            "reproducible": lambda: pool.command(reproducible=True),
        }
        pool.command(reproducible=False)  # frames are stored, and the library is warm
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for turn in range(given.rounds):
            for name, way in ways.items():
                found[name].append(timed(way))
                wall, cpu = found[name][-1]
                print(f"round {turn + 1} {name:<12} wall {wall:8.1f}  CPU {cpu:8.1f}", flush=True)
    print(f"\n{given.samples} samples, {N} answers each; median of {given.rounds} rounds; answers a second")
    middle = {name: [statistics.median(each) for each in zip(*rates, strict=True)] for name, rates in found.items()}
    for name, (wall, cpu) in middle.items():
        print(f"{name:<12} wall {wall:8.1f}  CPU {cpu:8.1f}")
    for name in ("default", "reproducible"):
        for against, least in (("single", 5.0), ("batched", 0.9)):
            wall, cpu = (ours / theirs for ours, theirs in zip(middle[name], middle[against], strict=True))
            print(f"{name:<12} / {against:<8} wall {wall:5.2f}  CPU {cpu:5.2f}  (at least {least:g})")


def timed(way: Callable[[], int]) -> tuple[float, float]:
    """Answers per second of wall time and of CPU time."""
    wall, cpu = time.perf_counter(), time.process_time()
    answers = way()
    return answers / (time.perf_counter() - wall), answers / (time.process_time() - cpu)


class Pool:
    """Samples on drawn videos, and a tiny model."""

    def __init__(self, folder: Path, count: int) -> None:
        import torch

        from vtgdata.demo import tiny

        torch.set_num_threads(1)
        self.folder = folder
        for i in range(VIDEOS):
            draw_video(folder / f"videos/v{i}.mp4", seconds=10.0, size=56, grey=5 * i)
        self.samples = [make_sample(f"s{i}", video_id=f"v{i % VIDEOS}", duration=10.0) for i in range(count)]
        write_samples(folder / "samples.parquet", self.samples)
        tokenizer = tiny.build_tokenizer()
        tiny.build_model(tokenizer, seed=1).save_pretrained(folder / "model")
        tiny.build_processor(tokenizer).save_pretrained(folder / "model")
        self.prompt = load_prompt("shapes")
        self.store = FrameStore(folder / "videos", FrameSampling(frames=FRAMES, short_side=28), folder / "frames")

    def command(self, *, reproducible: bool) -> int:
        """`score-difficulty` of all samples, from nothing but stored frames; the number of answers."""
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        difficulty.run(
            difficulty.Settings(
                samples=str(self.folder / "samples.parquet"), videos=str(self.folder / "videos"), out=str(out), n=N,
                model=f"transformers_local:{self.folder / 'model'}", num_frames=FRAMES, short_side=28,
                prompt="shapes", frames=str(self.folder / "frames"), max_tokens=TOKENS, reproducible=reproducible,
            )
        )  # fmt: skip
        return sum(row["error"] is None for row in read_parquet(out / "rollouts.parquet"))

    def by_hand(self, samples: Sequence[Sample], rows: int) -> int:
        """A loop as one writes it: encode, `generate` with sampling, decode; the number of answers."""
        import torch
        from transformers import AutoModelForImageTextToText, AutoProcessor

        model = AutoModelForImageTextToText.from_pretrained(self.folder / "model", dtype="auto").eval()
        processor = AutoProcessor.from_pretrained(self.folder / "model")
        processor.tokenizer.padding_side = "left"
        torch.manual_seed(0)
        said: list[str] = []
        wanted = [sample for sample in samples for _ in range(N)]
        for start in range(0, len(wanted), rows):
            texts, pictures = zip(*map(self.encoded(processor), wanted[start : start + rows]), strict=True)
            inputs = processor(text=list(texts), images=list(pictures), return_tensors="pt", padding=True)
            with torch.inference_mode():
                tokens = model.generate(**inputs, do_sample=True, top_k=0, max_new_tokens=TOKENS)
            said += processor.batch_decode(tokens[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        return len(said)

    def encoded(self, processor: Any) -> Callable[[Sample], tuple[str, list[Any]]]:
        """What gives text and pictures of a sample's prompt; those of the sample before are kept."""
        from PIL import Image

        last: dict[str, tuple[str, list[Any]]] = {}

        def encode(sample: Sample) -> tuple[str, list[Any]]:
            if sample.sample_id not in last:
                frames = self.store.frames(sample.video)
                messages = render(self.prompt, sample, frames.times, frames.images)
                text = processor.apply_chat_template(chat(messages), add_generation_prompt=True, tokenize=False)
                last.clear()
                pictures = [Image.fromarray(np.asarray(Image.open(io.BytesIO(jpeg)))) for jpeg in frames.images]
                last[sample.sample_id] = text, pictures
            return last[sample.sample_id]

        return encode


if __name__ == "__main__":
    main()
