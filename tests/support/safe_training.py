"""A tiny model to train, with rows of several videos and frames drawn for them; nothing is decoded."""

from pathlib import Path
from typing import Any

import numpy as np

from vtgdata.conversation.prompt import load_prompt

PROMPT = load_prompt("shapes")
PROMPTS = {PROMPT.id: PROMPT}
THOUGHT = "<think>00.0 blue cross yes; 05.0 red ring no; 10.0</think>"


def rows(count: int = 8, **more: Any) -> list[dict[str, Any]]:
    """Rows of as many videos, each with another moment, and a pass rate."""
    return [
        {
            "sample_id": f"s{number}", "corpus": "shapes", "split": "rl", "video_id": f"v{number}", "duration": 10.0,
            "query": "a blue cross", "windows": [[float(number % 5), number % 5 + 4.0]], "prompt_id": PROMPT.id,
            "target": f"{THOUGHT}<answer>{number % 5:04.1f} to {number % 5 + 4:04.1f}</answer>",
            "value": number / max(1, count - 1), **more,
        }
        for number in range(count)
    ]  # fmt: skip


def frames(row: dict[str, Any]) -> tuple[tuple[float, ...], list[Any]]:
    """Two pictures of noise."""
    from PIL import Image

    values = np.random.default_rng(len(row["sample_id"])).integers(0, 255, (2, 28, 28, 3), dtype=np.uint8)
    return (0.0, 5.0), [Image.fromarray(value) for value in values]


def save_base(folder: Path) -> str:
    """A tiny model with random weights, and its processor."""
    from vtgdata.demo import tiny

    tokenizer = tiny.build_tokenizer()
    tiny.build_model(tokenizer, seed=1).save_pretrained(folder)
    tiny.build_processor(tokenizer).save_pretrained(folder)
    return str(folder)


def settings(base: str, out: Path, **more: Any) -> dict[str, Any]:
    """What both trainers need."""
    return {"release": "", "model": base, "videos": "", "out": str(out)} | more
