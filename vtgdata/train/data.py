"""From a release to rows that TRL's trainers take: a chat prompt with image places, the images, the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vtgdata.answers import Form
from vtgdata.errors import VtgError
from vtgdata.records import Image, Message, Sample, Video
from vtgdata.tables import read_parquet
from vtgdata.video.messages import Prompt, read_prompt, render
from vtgdata.windows import from_pairs

if TYPE_CHECKING:
    import PIL.Image

Row = dict[str, Any]
Frames = Callable[[Row], tuple[Sequence[float], "Sequence[PIL.Image.Image]"]]
"""What the video side offers: for a row, the times (seconds) and the pictures that a model is to see."""

NEEDS = ("sample_id", "video_id", "duration", "query", "windows", "prompt_id", "frame_sampling")


def read_rows(release: Path, config: str, needs: Sequence[str] = ()) -> list[Row]:
    """The training rows of one config (`coldstart` or `rl`) of a release, in its order.

    Raises VtgError when the release has none.
    """
    files = sorted((release / "data" / config).glob("train-*.parquet"))
    rows = [row for path in files for row in read_parquet(path, needs=(*NEEDS, *needs))]
    if not rows:
        raise VtgError(f"{release}: holds no rows in data/{config}. Make the release with them, or name another one.")
    return rows


def read_prompts(release: Path, rows: Sequence[Row]) -> dict[str, Prompt]:
    """The prompts that the rows name, by id, from the release's own texts.

    Raises VtgError when one is missing: the trainer must ask exactly what was asked.
    """
    found = [
        read_prompt(path.stem, path.read_text(encoding="utf-8"), path) for path in (release / "prompts").glob("*.md")
    ]
    prompts = {prompt.id: prompt for prompt in found}
    missing = sorted({row["prompt_id"] for row in rows} - set(prompts))
    if missing:
        raise VtgError(f"{release}/prompts: lacks {', '.join(missing)}; it has {', '.join(sorted(prompts)) or 'none'}.")
    return prompts


def row_sample(row: Row) -> Sample:
    """What scores and prompts need of a row, as a Sample."""
    return Sample(
        sample_id=row["sample_id"],
        corpus=row.get("corpus") or "",
        split="train",
        video=Video(video_id=row["video_id"], file=row.get("video_file") or row["video_id"], duration=row["duration"]),
        query=row["query"],
        windows=from_pairs(row["windows"]),
        task=row.get("task") or "moment_retrieval",
        options=tuple(row.get("options") or ()),
        answer=row.get("answer"),
    )


def conversation(prompt: Prompt, sample: Sample, times: Sequence[float]) -> list[dict[str, Any]]:
    """The chat that asks one sample, with a place for each image: `{"type": "image"}`."""
    messages = render(prompt, sample, tuple(times), tuple(b"" for _ in times))
    return [{"role": message.role, "content": _parts(message)} for message in messages]


def _parts(message: Message) -> list[dict[str, Any]]:
    return [
        {"type": "image"} if isinstance(part, Image) else {"type": "text", "text": part.text} for part in message.parts
    ]


def refuse_video(messages: Sequence[Mapping[str, Any]], where: str) -> None:
    """Raise VtgError when a prompt holds a video part.

    TRL 1.16 runs it without an error and is wrong: generation sees the video, the log-probabilities do not.
    """
    for message in messages:
        content = message["content"]
        if not isinstance(content, str) and any(str(part.get("type", "")).startswith("video") for part in content):
            raise VtgError(f"{where}: the prompt holds a video part, which GRPO would train on wrongly; use frames.")


def dataset(rows: Sequence[Row], prompts: Mapping[str, Prompt], frames: Frames, *, targets: bool) -> Any:
    """A `datasets.Dataset` that builds a row when it is asked for, images included.

    Images never enter Arrow: it would encode and decode each as PNG at every step.

    Args:
        rows: of a release.
        prompts: by id.
        frames: gives times and pictures of a row.
        targets: with the completion to learn (SFT); without, with what rewards need (GRPO).
    """
    from datasets import Dataset

    def build(batch: Mapping[str, list[int]]) -> dict[str, list[Any]]:
        chosen = [rows[place] for place in batch["place"]]
        seen = [frames(row) for row in chosen]
        chats = [
            conversation(prompts[row["prompt_id"]], row_sample(row), times)
            for row, (times, _) in zip(chosen, seen, strict=True)
        ]
        built: dict[str, list[Any]] = {"prompt": chats, "images": [list(images) for _, images in seen]}
        if targets:
            built["completion"] = [
                [{"role": "assistant", "content": [{"type": "text", "text": row["target"]}]}] for row in chosen
            ]
        else:
            for row, chat in zip(chosen, chats, strict=True):
                refuse_video(chat, row["sample_id"])
            built["sample_id"] = [row["sample_id"] for row in chosen]
        return built

    return Dataset.from_dict({"place": list(range(len(rows)))}).with_transform(build)


def forms(rows: Sequence[Row], prompts: Mapping[str, Prompt]) -> dict[str, Form]:
    """The answer form that each sample's prompt asks for, by sample id."""
    return {row["sample_id"]: prompts[row["prompt_id"]].form for row in rows}
