"""A tiny model and rows of drawn frames, for tests that train."""

from pathlib import Path

import msgspec
import numpy as np

from vtgdata.conversation.prompt import load_prompt
from vtgdata.train import rl, sft

PROMPT, PLAIN = load_prompt("shapes"), load_prompt("ground_nothink")
PROMPTS = {prompt.id: prompt for prompt in (PROMPT, PLAIN)}
TARGET = "<think>00.0 blue cross yes; 05.0 red ring no; 10.0</think><answer>00.0 to 05.0</answer>"


def rows(number=4, prompt=PROMPT, **columns):
    """Rows as a release has them; columns may be functions of the row's place."""
    return [
        {
            "sample_id": f"s{place}", "corpus": "shapes", "split": "sft", "video_id": "v", "duration": 10.0,
            "query": "a blue cross", "windows": [[0.0, 5.0]], "prompt_id": prompt.id, "target": TARGET,
            **{name: value(place) if callable(value) else value for name, value in columns.items()},
        }
        for place in range(number)
    ]  # fmt: skip


def frames(row):
    """Two frames of noise, which depend on the row's id."""
    from PIL import Image

    values = np.random.default_rng(len(row["sample_id"])).integers(0, 255, (2, 28, 28, 3), dtype=np.uint8)
    return (0.0, 5.0), [Image.fromarray(value) for value in values]


def build(out):
    """Write the tiny model to a folder."""
    from vtgdata.demo import tiny

    tokenizer = tiny.build_tokenizer()
    tiny.build_model(tokenizer, seed=1).save_pretrained(out)
    tiny.build_processor(tokenizer).save_pretrained(out)
    return str(out)


def log(folder, name="training.jsonl"):
    return [msgspec.json.decode(line) for line in (Path(folder) / name).read_bytes().splitlines()]


def fit_sft(base, out, rows, place=None, **changes):
    settings = {
        "release": "", "model": base, "videos": "", "out": str(out), "steps": 4, "batch_size": 4, "warmup": 1,
        "beta2": 0.95, "stall": 0,
    }  # fmt: skip
    return sft.fit(sft.Settings(**settings | changes), rows, PROMPTS, frames, place)


def fit_rl(base, out, rows, place=None, **changes):
    settings = {
        "release": "", "model": base, "videos": "", "out": str(out), "steps": 2, "prompts_per_step": 2, "rollouts": 2,
        "max_new_tokens": 8, "warmup": 5, "beta2": 0.98, "stall": 0,
    }  # fmt: skip
    return rl.fit(rl.Settings(**settings | changes), rows, PROMPTS, frames, place)
