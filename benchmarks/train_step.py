"""Time of a training step, against TRL's own trainers with the same model, rows, pictures and settings.

The model is the demo's tiny one (1.6 M parameters, untrained), each row has ten frames of 28 x 28 pixels. The peer is a
script as a user of TRL writes it, whose rows lie built in memory, pictures decoded: the least that a step can take.
Ours reads the frames from the store, and builds each prompt when it is shown. Neither saves a checkpoint.

The two take turns, so that what else runs on the machine slows both alike; a run's time is that of its steps after the
first. Prints the median ratio over the rounds with its interval (from the least to the largest ratio: for seven rounds
98 %), at most 1.05, and how often ours decoded the pictures of a prompt while it trained: once, not once a rollout.
What a run reads before the first step (the lengths of all rows) is not counted, and no letter questions are asked.

    python benchmarks/train_step.py [--steps 30] [--rounds 7] [--ways sft,rl]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.builders import draw_video
from vtgdata.conversation.prompt import load_prompt
from vtgdata.demo import tiny
from vtgdata.records import FrameSampling
from vtgdata.train import data, making, rl, sft
from vtgdata.train import model as models
from vtgdata.train.rewards import reward
from vtgdata.video.frame_source import FrameSource

PROMPT = load_prompt("shapes")
TARGET = "<think>00.0 blue cross yes; 05.0 red ring no; 10.0</think><answer>00.0 to 05.0</answer>"
ROWS, BATCH, PROMPTS, ROLLOUTS, TOKENS = 40, 8, 4, 4, 24


def main() -> None:
    """Measure and print; see the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--ways", default="sft,rl")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), given.steps)
        for way in given.ways.split(","):
            ours, peer = getattr(bench, f"ours_{way}"), getattr(bench, f"peer_{way}")
            ours(), peer()  # frames are stored, and the libraries are warm
            bench.trained = 0
            times: list[tuple[Spent, Spent]] = []
            for number in range(given.rounds):
                times.append((ours(), peer()) if number % 2 == 0 else tuple(reversed((peer(), ours()))))
            for clock in Spent._fields:
                pairs = [(getattr(mine, clock), getattr(other, clock)) for mine, other in times]
                ratios = sorted(mine / other for mine, other in pairs)
                mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
                print(
                    f"{way}, {clock} time: ours {mine * 1000:.1f} ms a step, TRL {other * 1000:.1f} ms; ratio "
                    f"{statistics.median(ratios):.3f} [{ratios[0]:.3f}, {ratios[-1]:.3f}] over {given.rounds} rounds "
                    f"of {given.steps} steps"
                )
            if way == "rl":
                shown = given.rounds * given.steps * PROMPTS
                print(f"rl: pictures decoded {bench.trained / shown:.2f} times for a prompt that is shown")


class Bench:
    """The rows, the model, and both ways to train on them."""

    def __init__(self, folder: Path, steps: int) -> None:
        self.folder, self.steps, self.decoded, self.trained = folder, steps, 0, 0
        words = tiny.build_tokenizer()
        self.model = str(folder / "model")
        tiny.build_model(words, seed=1).save_pretrained(self.model)
        tiny.build_processor(words).save_pretrained(self.model)
        taken = '{"frames":10,"short_side":28}'
        assert FrameSampling(frames=10, short_side=28)
        for number in range(4):
            draw_video(folder / f"videos/v{number}.mp4", size=64)
        self.rows: list[dict[str, Any]] = [
            {
                "sample_id": f"s{number}", "corpus": "shapes", "split": "rl", "video_id": f"v{number % 4}",
                "duration": 4.0, "query": f"a blue cross {number}", "windows": [[0.0, 2.0]], "prompt_id": PROMPT.id,
                "target": TARGET, "frame_sampling": taken, "config": "rl",
            }
            for number in range(ROWS)
        ]  # fmt: skip
        self.prompts = {PROMPT.id: PROMPT}
        self.source = FrameSource(str(folder / "videos"), str(folder / "frames"))

    def frames(self, row: dict[str, Any]) -> Any:
        """The frames of a row from the store, counted."""
        self.decoded += 1
        return self.source(row)

    def settings(self) -> dict[str, Any]:
        """What all runs have in common."""
        out = tempfile.mkdtemp(dir=self.folder)
        return {
            "release": "", "model": self.model, "videos": "", "out": out, "steps": self.steps, "save_every": 100_000,
            "learning_rate": 1e-5, "stall": 0,
        }  # fmt: skip

    def ours_sft(self) -> Spent:
        """Seconds of a step of `train sft`."""
        settings = sft.Settings(**self.settings(), batch_size=BATCH)
        return timed(lambda: sft.fit(settings, self.rows, self.prompts, self.frames), note=self.note)

    def ours_rl(self) -> Spent:
        """Seconds of a step of `train rl`."""
        settings = rl.Settings(
            **self.settings(), prompts_per_step=PROMPTS, rollouts=ROLLOUTS, max_new_tokens=TOKENS, letter_questions=0,
        )  # fmt: skip
        return timed(lambda: rl.fit(settings, self.rows, self.prompts, self.frames), note=self.note)

    def note(self, begins: bool) -> None:
        """Count what is decoded between the begin and the end of the steps."""
        self.trained += -self.decoded if begins else self.decoded

    def built(self, opened: models.Opened, *, targets: bool) -> Any:
        """All rows, built, in the order in which ours shows them or any other: each step has as many."""
        from datasets import Dataset

        build = data.builder(self.rows, self.prompts, self.source, targets=targets, plain=opened.plain)
        rows = [build(place) for place in range(ROWS)]

        def batch(asked: dict[str, list[int]]) -> dict[str, list[Any]]:
            every = [rows[place % ROWS] for place in asked["place"]]
            return {name: [row[name] for row in every] for name in every[0]}

        return Dataset.from_dict({"place": list(range(self.steps * BATCH))}).with_transform(batch)

    def common(self) -> dict[str, Any]:
        """Arguments of the peers."""
        return {
            "output_dir": tempfile.mkdtemp(dir=self.folder), "max_steps": self.steps, "use_cpu": True, "bf16": False,
            "report_to": [], "save_strategy": "no", "logging_steps": 1, "disable_tqdm": True, "learning_rate": 1e-5,
            "remove_unused_columns": False, "dataloader_pin_memory": False, "activation_checkpointing": False,
            "shuffle_dataset": False,
        }  # fmt: skip

    def peer_sft(self) -> Spent:
        """Seconds of a step of TRL's SFTTrainer."""
        from trl.trainer.sft_config import SFTConfig
        from trl.trainer.sft_trainer import SFTTrainer

        models.prepare(7, 1)
        opened = models.load(self.model)
        args = SFTConfig(
            **self.common(), per_device_train_batch_size=BATCH, completion_only_loss=True, max_length=None,
        )  # fmt: skip
        trainer = SFTTrainer(
            model=opened.model, args=args, train_dataset=self.built(opened, targets=True),
            processing_class=opened.processor,
        )  # fmt: skip
        return timed(trainer.train, trainer)

    def peer_rl(self) -> Spent:
        """Seconds of a step of TRL's GRPOTrainer."""
        from trl.trainer.grpo_config import GRPOConfig
        from trl.trainer.grpo_trainer import GRPOTrainer

        from vtgdata.files.samples import row_sample

        models.prepare(7, 1)
        opened = models.load(self.model)
        samples = {place: row_sample(row) for place, row in enumerate(self.rows)}
        asked = {place: self.prompts[row["prompt_id"]].form for place, row in enumerate(self.rows)}
        ends = models.end_tokens(opened.model, opened.processor)
        args = GRPOConfig(
            **self.common(), per_device_train_batch_size=PROMPTS * ROLLOUTS, num_generations=ROLLOUTS,
            max_completion_length=TOKENS, temperature=1.0, top_p=1.0, top_k=0, reward_weights=[0.9, 0.1], beta=0.0,
        )  # fmt: skip
        trainer = GRPOTrainer(
            model=opened.model, args=args, train_dataset=self.built(opened, targets=False),
            processing_class=opened.processor,
            reward_funcs=[reward(name, samples, asked, ends) for name in ("tiou", "format")],
        )  # fmt: skip
        return timed(trainer.train, trainer)


class Spent(NamedTuple):
    """Seconds of a step."""

    wall: float
    cpu: float
    """Of this process: what else runs on the machine counts less."""


def timed(run: Callable[[], Any], trainer: Any = None, note: Callable[[bool], None] | None = None) -> Spent:
    """Seconds of a step, the first left out, of a run of a trainer, or of the one that our own way builds.

    Args: note: called with True where the steps begin, with False where they end.
    """
    from transformers import TrainerCallback
    from transformers.trainer_callback import PrinterCallback

    ends: list[Spent] = []

    class Clock(TrainerCallback):
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            if note:
                note(True)

        def on_train_end(self, *_: Any, **__: Any) -> None:
            if note:
                note(False)

        def on_step_end(self, *_: Any, **__: Any) -> None:
            ends.append(Spent(time.perf_counter(), time.process_time()))

    if trainer is not None:
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(Clock())
        run()
    else:
        plain = making.built

        def built(*given: Any, **named: Any) -> Any:
            made = plain(*given, **named)
            made.add_callback(Clock())
            return made

        making.built = built
        try:
            run()
        finally:
            making.built = plain
    return Spent(*np.mean(np.diff(np.array(ends), axis=0), axis=0).tolist())


if __name__ == "__main__":
    main()
