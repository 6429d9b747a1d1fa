"""Recipes of grounding and grounded questions, made small: the shipped steps, with models and raw files of a test."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from support.builders import draw_video

NEXTGQA = "video_id,frame_count,width,height,question,answer,qid,type,a0,a1,a2,a3,a4"
SMALL = {"num_frames": 2, "short_side": 28}
"""Frames for a tiny model, in the place of a preset."""
_STEPS: Mapping[str, Mapping[str, Any]] = {
    "train sft": {"steps": 2, "batch_size": 4},
    "train rl": {
        "steps": 2,
        "prompts_per_step": 4,
        "rollouts": 2,
        "max_new_tokens": 6,
        "stall": 0,
        "completions_every": 1,
        "letter_questions": 0,
    },
    "select": {"size": 4},
    "evaluate": {"blind": False},
}


def small(path: Path, base: str = "") -> dict[str, Any]:
    """A recipe whose teacher and student are the scripted model, and whose trainings begin with a tiny model.

    Args:
        path: of the recipe.
        base: folder of the tiny model; without it nothing is trained.
    """
    recipe = yaml.safe_load(path.read_text())
    if not base:
        recipe["steps"] = [step for step in recipe["steps"] if not step["command"].startswith("train")]
    for step in recipe["steps"]:
        command = step["command"]
        asks = command in ("build-coldstart", "score-difficulty", "evaluate")
        if asks:
            step.pop("endpoint", None)
            step.pop("preset", None)
            step |= SMALL
        if command == "build-coldstart":
            step["model"] = f"scripted:{step['samples']}"
        elif command == "score-difficulty":
            step["model"] = f"scripted:samples={step['samples']},errors=0.5"
        elif command == "evaluate":
            step["model"] = [f"scripted:{step['samples']}", *step["model"][-1:] * bool(base)]
            step["max_tokens"] = 6
        elif command == "train sft":
            step["model"] = base
        step |= _STEPS.get(command, {})
        if "frames" not in step and (asks or command.startswith("train")):
            step["frames"] = "frames"
    return recipe


def moment(number: int, split: str) -> dict[str, Any]:
    """A raw row of TVG-R1 about when something happens."""
    return {
        "dataset": "didemo", "video": f"didemo/m{split}{number}.mp4", "choices": "", "video_length": 4.0,
        "problem": f"the light number {number} grows", "gt_frame": [0.1 * number, 2.0 + 0.2 * number],
        "ground_truth": "",
    }  # fmt: skip


def question(number: int, split: str) -> dict[str, Any]:
    """A raw row of TVG-R1 with options."""
    return {
        "dataset": "activitynet", "video": f"activitynet/q{split}{number}.mp4", "video_length": 4.0,
        "problem": f"What does light number {number} do?", "choices": ["(A) it grows", "(B) it fades", "(C) it moves"],
        "gt_frame": [0.2 * number, 3.0], "ground_truth": "ABC"[number % 3],
    }  # fmt: skip


def write_tvg_r1(folder: Path, number: int) -> None:
    """Raw files for recipe tvg-r1-qa, and their videos: so many moments and questions of both splits."""
    raw = folder / "raw"
    raw.mkdir()
    for split, name in (("c", "TVG_Coldstart"), ("r", "TVG_RL")):
        rows = [make(each, split) for each in range(number) for make in (moment, question)]
        (raw / f"{name}.json").write_text(json.dumps(rows))
        for row in rows:
            draw_video(folder / "videos" / Path(row["video"]).name)
    (raw / "charades_sta_test.txt").write_text(
        "K7QZ2 0.5 2.5##a person opens a door.\nK7QZ3 1.0 3.0##a person sits down.\n"
    )
    asked = [f"555000000{each},20,32,32,why did it rain,clouds,{each},CW,sun,clouds,wind,dust,snow" for each in (1, 2)]
    (raw / "test.csv").write_text("\n".join([NEXTGQA, *asked]))
    spans = {f"555000000{each}": {"duration": 4, "location": {str(each): [[1.0, 3.0]]}, "fps": 5} for each in (1, 2)}
    (raw / "gsub_test.json").write_text(json.dumps(spans))
    for name in ("K7QZ2", "K7QZ3", "5550000001", "5550000002"):
        draw_video(folder / "videos" / f"{name}.mp4")
