"""Turns a release into rows for TRL's trainers: a chat prompt with places for images, the images, the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.conversation.answer_text import reopened
from vtgdata.conversation.prompt import Prompt, read_prompt, render
from vtgdata.errors import VtgError
from vtgdata.files import json_document
from vtgdata.files.samples import row_sample
from vtgdata.records import FrameSampling, Message, Sample, Text
from vtgdata.releases import hub, open_release

if TYPE_CHECKING:
    import PIL.Image

Row = dict[str, Any]
Frames = Callable[[Row], tuple[Sequence[float], "Sequence[PIL.Image.Image]"]]
"""Gives, for a row, the times (seconds) and the pictures to show a model; a `video.frame_source.FrameSource`."""


class PlainWords(Protocol):
    """Makes plain text of a model's control tokens, as `PlainText` of the local model does."""

    def of(self, part: Text) -> str:
        """The text of a part, its control tokens marked as plain text."""
        ...

    def words(self, text: str) -> str:
        """A text that a model said, its control tokens marked as plain text."""
        ...


def open_rows(path: str, configs: Sequence[str]) -> tuple[list[Row], dict[str, Prompt]]:
    """The training rows of some configs (`coldstart`, `rl`) of a release, one after the other, and its prompts by id.

    Each row has the name of its config in the column `config`. A sample that an earlier config has too is told apart by
    its config, as in `id#qa`: its prompt is another one.

    Raises VtgError when the release has no such rows, or a row was selected without asking a model: then nothing says
    which prompt and which frames to train on.
    """
    release = open_release(hub.local(path))
    rows: list[Row] = []
    known: set[str] = set()
    for config in configs:
        for row in release.rows(config):
            name = row["sample_id"]
            rows.append(row | {"config": config, "sample_id": f"{name}#{config}" if name in known else name})
        known |= {row["sample_id"] for row in rows}
    unasked = [row for row in rows if not row["prompt_id"] or not row["frame_sampling"]]
    if unasked:
        raise VtgError(
            f"{path}: row {unasked[0]['sample_id']!r} of {unasked[0]['config']} names no prompt and frames "
            f"({len(unasked)} rows do not). Select from pass rates of a model that looked."
        )
    _refuse_footage(rows, path)
    prompts = {name: read_prompt(name, release.prompt(name), path) for name in {row["prompt_id"] for row in rows}}
    return rows, prompts


def rated(path: str) -> list[Path]:
    """The files of a release's pass rates, those of each prompt in a config of its own."""
    release = open_release(hub.local(path))
    pools = (splits for name, splits in release.document.configs.items() if name.startswith("difficulty"))
    return [release.path / data.file for splits in pools for data in splits.values()]


def _refuse_footage(rows: Sequence[Row], path: str) -> None:
    """Raise VtgError when rows were asked about frames as one video, which TRL's trainers do not take."""
    texts = {row["frame_sampling"] for row in rows}
    footage = {text for text in texts if json_document.cell(text, "frame_sampling", FrameSampling).as_video}
    asked = [row for row in rows if row["frame_sampling"] in footage]
    if asked:
        raise VtgError(
            f"{path}: row {asked[0]['sample_id']!r} of {asked[0]['config']} was asked with --as video ({len(asked)} of "
            f"{len(rows)} rows), and TRL trains on pictures only. Train on it elsewhere (`vtgdata export ms_swift "
            f"{path} --as video`; verl for RL, llama_factory for SFT), or ask with --as frames."
        )


def inputs(path: str, configs: Sequence[str], model: str, *more: str) -> list[str]:
    """The files that a training run depends on: the configs' rows, the prompts, and the models' local folders.

    Not the whole release: its card and its date change while the rows stay the same.
    """
    release = open_release(hub.local(path))
    names = [data.file for config in configs for data in release.document.configs.get(config, {}).values()]
    names += [prompt.file for prompt in release.document.prompts]
    return [*(str(release.path / name) for name in names), *(each for each in (model, *more) if Path(each).exists())]


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """What a trained model says of its data: the rows of one config of a release."""

    name: str
    """Of the release."""
    version: str
    content: str
    """SHA-256."""
    repository: str | UnsetType = UNSET
    """From the Hub, as the two below."""
    tag: str | UnsetType = UNSET
    commit: str | UnsetType = UNSET
    """That the tag names."""
    config: str
    """Several are joined by a plus."""
    rows: int


def provenance(path: str, configs: Sequence[str]) -> Provenance:
    """What a trained model says of its data, of the release at a path or on the Hub."""
    release = open_release(hub.local(path))
    document, found = release.document, hub.pinned(path)
    rows = sum(data.rows for config in configs for data in document.configs[config].values())
    return Provenance(
        name=document.name,
        version=document.version,
        content=release.content,
        repository=found[0] if found else UNSET,
        tag=found[1] if found else UNSET,
        commit=hub.commit(path) if found else UNSET,
        config="+".join(configs),
        rows=rows,
    )


def conversation(
    prompt: Prompt, sample: Sample, times: Sequence[float], plain: PlainWords | None = None
) -> list[dict[str, Any]]:
    """The chat that asks about one sample, with a placeholder for each image: `{"type": "image"}`."""
    messages = render(prompt, sample, tuple(times), tuple(b"" for _ in times))
    return [{"role": message.role, "content": _parts(message, plain)} for message in messages]


def _parts(message: Message, plain: PlainWords | None) -> list[dict[str, Any]]:
    return [
        {"type": "text", "text": plain.of(part) if plain else part.text}
        if isinstance(part, Text)
        else {"type": "image"}
        for part in message.parts
    ]


def target_turn(text: str, opening: str, plain: PlainWords | None) -> list[dict[str, Any]]:
    """The answer to learn, as the model's turn: where the chat template opens the reasoning, it begins as that does."""
    text = reopened(plain.words(text) if plain else text, opening)
    return [{"role": "assistant", "content": [{"type": "text", "text": text}]}]


def refuse_video(messages: Sequence[Mapping[str, Any]], where: str) -> None:
    """Raise VtgError when a prompt holds a video part.

    TRL 1.16 runs it without an error and is wrong: generation sees the video, the log-probabilities do not.
    """
    for message in messages:
        content = message["content"]
        if not isinstance(content, str) and any(str(part.get("type", "")).startswith("video") for part in content):
            raise VtgError(f"{where}: the prompt holds a video part, which GRPO would train on wrongly; use frames.")


def dataset(
    rows: Sequence[Row],
    prompts: Mapping[str, Prompt],
    frames: Frames,
    *,
    places: Sequence[int],
    targets: bool,
    plain: PlainWords | None = None,
    opening: str = "",
) -> Any:
    """A `datasets.Dataset` that builds each row, images included, only when it is read.

    Images never enter Arrow: it would encode and decode each as PNG at every step. A row that a batch has several times
    (GRPO's answers to one prompt) is built once.

    Args:
        rows: rows of a release.
        prompts: prompts by id.
        frames: gives times and pictures of a row.
        places: the rows in the order in which they are shown, by their places in `rows`.
        targets: True adds the completion to learn (SFT); False adds the sample id, which rewards need (GRPO).
        plain: makes plain text of the model's control tokens in the words of a sample.
        opening: what the model's chat template writes of the reasoning.
    """
    from datasets import Dataset

    build = builder(rows, prompts, frames, targets=targets, plain=plain, opening=opening)

    def batch(asked: Mapping[str, list[int]]) -> dict[str, list[Any]]:
        made = {place: build(place) for place in dict.fromkeys(asked["place"])}
        every = [made[place] for place in asked["place"]]
        return {name: [row[name] for row in every] for name in every[0]}

    return Dataset.from_dict({"place": list(places)}).with_transform(batch)


def builder(
    rows: Sequence[Row],
    prompts: Mapping[str, Prompt],
    frames: Frames,
    *,
    targets: bool,
    plain: PlainWords | None = None,
    opening: str = "",
) -> Callable[[int], dict[str, Any]]:
    """A function that makes of the place of a row what TRL's trainers take; see `dataset` for the arguments."""

    def build(place: int) -> dict[str, Any]:
        row = rows[place]
        times, images = frames(row)
        chat = conversation(prompts[row["prompt_id"]], row_sample(row), times, plain)
        built: dict[str, Any] = {"prompt": chat, "images": list(images)}
        built |= {"place": place, "sample_id": row["sample_id"]}
        if targets:
            return built | {"completion": target_turn(row["target"], opening, plain)}
        refuse_video(chat, row["sample_id"])
        return built

    return build
