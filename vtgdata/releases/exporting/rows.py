"""Reads the rows of a release's config piece by piece, each with its prompt, and makes conversations of them."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vtgdata.conversation.prompt import Prompt, read_prompt, render
from vtgdata.errors import VtgError
from vtgdata.files.pieces import ANY, read_frames
from vtgdata.files.samples import row_sample
from vtgdata.metrics import reward
from vtgdata.records import Image, Part, Sample, Text
from vtgdata.records.export import CONFIGS, Clip, Exported, Picture, Stage, Turn
from vtgdata.records.times import format_time
from vtgdata.releases.columns import CHOSEN, COLDSTART
from vtgdata.releases.document import Release

Row = dict[str, Any]
_COLUMNS: dict[Stage, list[str]] = {
    "sft": [name for name in COLDSTART if name not in ("frame_times", "teacher_windows", "annotation_windows")],
    "rl": list(CHOSEN),
}


def prompts_of(release: Release) -> dict[str, Prompt]:
    """The prompts of a release, by id."""
    return {
        prompt.id: read_prompt(prompt.id, release.prompt(prompt.id), release.path)
        for prompt in release.document.prompts
    }


def rows_of(release: Release, stage: Stage, prompts: Mapping[str, Prompt]) -> Iterator[Row]:
    """The rows of a stage's config, in order; a few thousand are in memory at a time.

    Raises VtgError when the release has no such config, or a row was selected without asking a model: then nothing says
    which prompt and which frames to train on.
    """
    config = CONFIGS[stage]
    for data in release.document.configs.get(config, {}).values():
        path = release.path / data.file
        for frame in read_frames(path, dict.fromkeys(_COLUMNS[stage], ANY), needs=("sample_id", "prompt_id")):
            for row in frame.iter_rows(named=True):
                if row["prompt_id"] not in prompts or not row["frame_sampling"]:
                    raise VtgError(
                        f"{path}: row {row['sample_id']!r} of {config} names no prompt and frames. Select from pass "
                        "rates of a model that looked."
                    )
                yield row


def packed(rows: Iterator[Row], most: int) -> Iterator[list[Row]]:
    """Rows that are one conversation: neighbours about the same frames, by the same prompt, `most` at a time."""
    keys = ("video_id", "video_file", "corpus", "prompt_id", "frame_sampling")
    for _, group in itertools.groupby(rows, key=lambda row: tuple(row[name] for name in keys)):
        while some := list(itertools.islice(group, most)):
            yield some


def conversation(
    rows: Sequence[Row],
    prompt: Prompt,
    frames: Sequence[Picture] | Clip,
    stage: Stage,
    number: int,
    size: tuple[int, int],
) -> Exported:
    """The conversation of some rows about one video; its frames are in the first question.

    Args:
        rows: of a release.
        prompt: of all of them.
        frames: the pictures, each of which comes after its time as text, or all of them as one video.
        stage: for `sft`, each question has its answer after it.
        number: place of the conversation in its file.
        size: width and height of the pictures.
    """
    turns: list[Turn] = []
    samples = [row_sample(row) for row in rows]
    for place, (row, sample) in enumerate(zip(rows, samples, strict=True)):
        asked = _question(prompt, sample, frames if place == 0 else ())
        turns += asked if place == 0 else [turn for turn in asked if turn.role != "system"]
        if stage == "sft":
            turns.append(Turn("assistant", (row["target"],)))
    return Exported(
        number=number,
        sample_id=samples[0].sample_id,
        turns=tuple(turns),
        truth=reward.truth(samples[0], prompt),
        size=size,
    )


def _question(prompt: Prompt, sample: Sample, frames: Sequence[Picture] | Clip) -> list[Turn]:
    shown = (Picture("", 0.0),) if isinstance(frames, Clip) else frames
    messages = render(prompt, sample, tuple(each.time for each in shown), tuple(b"" for _ in shown))
    if isinstance(frames, Clip):
        time = format_time(0.0, prompt.time, prompt.unit)
        return [Turn(message.role, tuple(_as_clip(message.parts, frames, time))) for message in messages]
    pictures = iter(frames)
    return [
        Turn(message.role, tuple(part.text if isinstance(part, Text) else next(pictures) for part in message.parts))
        for message in messages
    ]


def _as_clip(parts: Sequence[Part], clip: Clip, time: str) -> Iterator[str | Clip]:
    """The parts of a message that shows one picture, a clip in its place; the model is told the clip's times itself."""
    for part, after in itertools.zip_longest(parts, parts[1:]):
        if not isinstance(part, Text):
            yield clip
        elif words := part.text.removesuffix(time) if isinstance(after, Image) else part.text:
            yield words
