"""Plain TRL: GRPO and SFT on JSON lines of structured messages, whose places for pictures the row's list fills.

    {"prompt": [{"role": "user", "content": [{"type": "text", "text": "0.0 s"}, {"type": "image"}, ...]}],
     "completion": [...], "images": ["frames/ab/abcd/0000.jpg"], "truth": TRUTH}

A text in place of the list of parts would lose which time belongs to which picture: TRL puts all pictures first then.
Packed questions (`--pack`) are `messages` and `assistant_only_loss` instead, since of a prompt nothing is learnt: for
models whose chat template TRL has a training form of (Qwen2.5-VL, Qwen3-VL and others).
"""

from typing import Any

from vtgdata.records.export import Exported, Job, Picture, Stage, Turn, VideoRule
from vtgdata.releases.exporting import scripts

TITLE, VERSION = "TRL", "1.16.0"
FILES: dict[Stage, str] = {"sft": "sft.jsonl", "rl": "rl.jsonl"}
MARKS = ()
SYSTEM = True
_NONE = "its trainers take pictures and no video"
VIDEO: dict[Stage, VideoRule | str] = {"sft": _NONE, "rl": _NONE}
_REWARD = """
def _score(name):
    def function(completions, truth, **_):
        said = ["".join(p["text"] for p in c) if isinstance(c := m[-1]["content"], list) else c for m in completions]
        found = reward.scores(said, truth, [name], opened=OPENED)
        return [None if score[name] != score[name] else score[name] for score in found]

    function.__name__ = name
    return function


FUNCTIONS = [_score(name) for name in REWARDS]
"""
_TRAIN = '''"""Trains with plain TRL on the rows beside this file."""

from datasets import Image, List, load_dataset
{imports}

{body}'''
_SFT = """sft = load_dataset("json", data_files="sft.jsonl", split="train").cast_column("images", List(Image()))
trainer = SFTTrainer(model={model!r}, args=SFTConfig(**{arguments}), train_dataset=sft)
trainer.train()
trainer.save_model("checkpoints/sft/last")
"""
_RL = """import reward

rl = load_dataset("json", data_files="rl.jsonl", split="train").cast_column("images", List(Image()))
GRPOTrainer(
    model={model!r},
    args=GRPOConfig(**{arguments}),
    train_dataset=rl,
    reward_funcs=reward.FUNCTIONS,
).train()
"""


def row(row: Exported, stage: Stage) -> dict[str, Any]:
    """A line of a JSON lines file."""
    turns = [{"role": turn.role, "content": _parts(turn)} for turn in row.turns]
    if stage == "sft" and row.packed:
        return {"messages": turns, "images": row.pictures}
    if stage == "sft":
        return {"prompt": turns[:-1], "completion": turns[-1:], "images": row.pictures}
    return {"prompt": turns, "images": row.pictures, "truth": row.truth}


def _parts(turn: Turn) -> list[dict[str, Any]]:
    return [
        {"type": "image", "text": None} if isinstance(part, Picture) else {"type": "text", "text": part}
        for part in turn.parts
    ]


def files(job: Job) -> dict[str, str]:
    """The reward, a script for each stage, and the launch script."""
    training, drawn = job.training, job.sampling
    common = {
        "num_train_epochs": training.epochs,
        "seed": training.seed,
        "per_device_train_batch_size": 1,
        "bf16": True,
        "report_to": "none",
    }
    made: dict[str, str] = {}
    if "sft" in job.stages:
        arguments = common | {
            "output_dir": "checkpoints/sft",
            "learning_rate": training.sft_learning_rate,
            "gradient_accumulation_steps": training.batch_size,
            "lr_scheduler_type": "cosine",
            "assistant_only_loss" if training.pack > 1 else "completion_only_loss": True,
            "max_length": None,
        }
        body = _SFT.format(model=training.model, arguments=arguments)
        made["train_sft.py"] = _TRAIN.format(imports="from trl import SFTConfig, SFTTrainer", body=body)
    if "rl" in job.stages:
        arguments = common | {
            "output_dir": "checkpoints/rl",
            "learning_rate": training.rl_learning_rate,
            "gradient_accumulation_steps": training.prompts_per_step * training.rollouts,
            "num_generations": training.rollouts,
            "max_completion_length": drawn.max_tokens,
            "temperature": drawn.temperature,
            "top_p": drawn.top_p,
            "top_k": drawn.top_k or 0,
            "beta": training.beta,
            "reward_weights": list(training.rewards.values()),
        }
        body = _RL.format(model=training.model, arguments=arguments)
        made["train_rl.py"] = _TRAIN.format(imports="from trl import GRPOConfig, GRPOTrainer", body=body)
        made["reward.py"] = scripts.reward_file(TITLE, training, _REWARD)
    return made | {
        "launch.sh": scripts.launch(*(f"python3 {name}" for name in sorted(made, reverse=True) if "train" in name))
    }
