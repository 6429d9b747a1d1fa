"""LLaMA-Factory: SFT on JSON lines named in dataset_info.json; marks in the text stand for the row's pictures.

    {"messages": [{"role": "user", "content": "0.0 s<image>When ..."}, {"role": "assistant", "content": "..."}],
     "images": ["frames/ab/abcd/0000.jpg"]}

A list of frames as a video gets the rate of the whole run. Its settings of sizes are those of the pictures, so that
none is made smaller or larger but by the model's own processor.
"""

import re
from typing import Any

from vtgdata.files.whole import json_text
from vtgdata.records.export import Exported, Job, Stage, VideoRule
from vtgdata.releases.exporting import scripts

TITLE, VERSION = "LLaMA-Factory", "0.9.5"
FILES: dict[Stage, str] = {"sft": "sft.jsonl"}
MARKS = ("<image>", "<video>", "<audio>")
SYSTEM = True
VIDEO: dict[Stage, VideoRule | str] = {"sft": VideoRule(scope="run", why="takes one rate a run (video_fps)")}
_TAGS = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "system_tag": "system",
}
_NEWER = re.compile(r"qwen[-_ ]?3[._-]5", re.IGNORECASE)


def template(model: str, family: str | None) -> str:
    """The template of a model: one that leaves answers as they are.

    The templates for reasoning put an empty thought before an answer that has none, and take the thoughts of a
    conversation's earlier answers out.
    """
    if family is None or not family.startswith("qwen3"):
        return "qwen2_vl"
    return "qwen3_5_nothink" if family.startswith("qwen3_5") or _NEWER.search(model) else "qwen3_vl_nothink"


def row(row: Exported, stage: Stage) -> dict[str, Any]:
    """A line of a JSON lines file."""
    del stage
    messages = [{"role": turn.role, "content": turn.marked()} for turn in row.turns]
    if row.clips:
        return {"messages": messages, "videos": [list(clip.paths) for clip in row.clips]}
    return {"messages": messages, "images": row.pictures}


def files(job: Job) -> dict[str, str]:
    """The description of the data, the configuration and the launch script."""
    medium = "videos" if job.form == "video" else "images"
    info = {
        "vtgdata": {
            "file_name": FILES["sft"],
            "formatting": "sharegpt",
            "columns": {"messages": "messages", medium: medium},
            "tags": _TAGS,
        }
    }
    return {
        "dataset_info.json": json_text(info) + "\n",
        "config.yaml": "".join(f"{name}: {json_text(value)}\n" for name, value in _config(job).items()),
        "launch.sh": scripts.launch("llamafactory-cli train config.yaml"),
    }


def _config(job: Job) -> dict[str, object]:
    training, medium = job.training, "video" if job.form == "video" else "image"
    return {
        "stage": "sft",
        "do_train": True,
        "model_name_or_path": training.model,
        "template": template(training.model, job.family),
        "finetuning_type": "full",
        "dataset": "vtgdata",
        "dataset_dir": ".",
        "media_dir": ".",
        f"{medium}_max_pixels": job.most_pixels,
        f"{medium}_min_pixels": 16,
        **({"video_fps": job.rate, "video_maxlen": job.most_frames} if job.rate else {}),
        "cutoff_len": job.prompt_tokens + job.sampling.max_tokens,
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": training.batch_size,
        "learning_rate": training.sft_learning_rate,
        "lr_scheduler_type": "cosine",
        "num_train_epochs": training.epochs,
        "seed": training.seed,
        "bf16": True,
        "output_dir": "checkpoints/sft",
    }
