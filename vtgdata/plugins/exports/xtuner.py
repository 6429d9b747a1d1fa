"""XTuner-style messages: SFT on JSON lines, in which each picture is a part of its own before the text that marks it.

    {"id": 0, "messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "frames/ab/abcd/0000.jpg", "image_wh": [640, 480]}},
        {"type": "text", "text": "0.0 s<IMG_CONTEXT>When ..."}]}, {"role": "assistant", "content": "..."}]}

As TimeLens2's SFT files are, whose videos are folders of frames with a number and a rate.
"""

from typing import Any

from vtgdata.files.whole import json_text
from vtgdata.records.export import Exported, Job, Picture, Stage, Turn, VideoRule

TITLE, VERSION = "XTuner", "messages"
FILES: dict[Stage, str] = {"sft": "sft.jsonl"}
MARKS = ("<IMG_CONTEXT>", "<VIDEO_CONTEXT>")
SYSTEM = True
VIDEO: dict[Stage, VideoRule | str] = {
    "sft": "its readers take frames out of a folder again by a rate of their own, and the times told could not be tried"
}


def row(row: Exported, stage: Stage) -> dict[str, Any]:
    """A line of a JSON lines file."""
    del stage
    return {
        "id": row.number,
        "messages": [{"role": turn.role, "content": _content(turn, row.size)} for turn in row.turns],
    }


def _content(turn: Turn, size: tuple[int, int]) -> str | list[dict[str, Any]]:
    media = [
        {"type": "image_url", "image_url": {"url": part.path, "image_wh": list(size)}}
        for part in turn.parts
        if isinstance(part, Picture)
    ]
    return [*media, {"type": "text", "text": turn.marked("<IMG_CONTEXT>")}] if media else turn.marked()


def files(job: Job) -> dict[str, str]:
    """The description of the data that XTuner's launch scripts take."""
    described = {"vtgdata": {"annotation": FILES["sft"], "media_root": ".", "sample_ratio": job.training.epochs}}
    return {"dataset.json": json_text(described) + "\n"}
