"""How long the rows of a training are in tokens, before a model or a video is opened.

Text is counted in words, digits and marks, which comes near to the tokens of Qwen's tokenizers; pictures in the patches
of the model, for videos from 320 x 240 to 1920 x 1080 pixels.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.conversation.prompt import Prompt
from vtgdata.engine.money import patches, tokens
from vtgdata.engine.money.tokens import Range
from vtgdata.engine.rollouts import read_sampling
from vtgdata.files import outside
from vtgdata.files.samples import row_sample
from vtgdata.records import FrameSampling, TokenBudget
from vtgdata.train.data import Row, conversation
from vtgdata.train.sizes import Sizes
from vtgdata.video import qwen_frames, sampling

WORDS = re.compile(r"\d|[^\W\d_]+|[^\w\s]|_")
FRAME_WORDS, PROMPT_WORDS = 6, 150
"""Tokens of the time before a frame, and of a prompt's words: where no row is there to be counted."""


class Lengths(msgspec.Struct, frozen=True, kw_only=True):
    """Lengths of the rows of a training."""

    rows: int | None = None
    """None where no release is there yet."""
    prompt: Range
    """Mean tokens of a prompt, pictures included, for small videos and for large ones."""
    answer: Range
    """Mean tokens of an answer: as annotated, or up to the longest that may be generated."""
    longest: int
    """Tokens of the longest row, prompt and answer."""
    seen: int
    """Visual tokens of the row with most."""
    scored: int
    """Tokens of the longest answer."""
    frames: int
    """Of the row with most."""


def of_pictures(frames: int, taken: FrameSampling, sizes: Sizes, least: int) -> Range:
    """Visual tokens of a row's frames, with those that begin and end each, for a small video and for a large one.

    Args:
        frames: their number.
        taken: how they are taken.
        sizes: of the model.
        least: tokens of the smallest picture that the model's processor makes.
    """
    ends = [_pictures(size, frames, taken, sizes, least) for size in (patches.SMALL, patches.LARGE)]
    return Range(ends[0], ends[1])


def _pictures(video: tuple[int, int], frames: int, taken: FrameSampling, sizes: Sizes, least: int) -> int:
    size = sampling.frame_size(*video, frames, taken)
    if not sizes.patch:
        return round(frames * tokens.of_image(*size).low)
    side = sizes.patch * sizes.merge
    alone = TokenBudget(total=16_384, least=least, most=16_384, patch=side)
    shown = qwen_frames.frame_size(*size, 1, alone)
    return qwen_frames.tokens(shown, frames, alone).as_images + patches.MARKS * frames


def least_of_picture(model: str, sizes: Sizes) -> int:
    """Tokens of the smallest picture that a model's processor makes: as its folder says, else as its family's does."""
    side = sizes.patch * sizes.merge
    for name in ("processor_config.json", "preprocessor_config.json"):
        try:
            stated = json.loads(outside.read_text(Path(model) / name))
            stated = stated.get("image_processor", stated)
            pixels = (stated.get("size") or {}).get("shortest_edge") or stated.get("min_pixels")
        except (OSError, ValueError, AttributeError):
            continue
        if isinstance(pixels, int) and side:
            return max(1, math.ceil(pixels / side**2))
    return patches.LEAST_OF_IMAGE.get(side, 1)


def of_rows(
    rows: Sequence[Row], prompts: Mapping[str, Prompt], sizes: Sizes, least: int, answer: int | None
) -> Lengths:
    """Lengths of the rows of a release, at least one.

    Args:
        rows: of the release.
        prompts: by id.
        sizes: of the model.
        least: see `of_pictures`.
        answer: longest answer that is generated; None where the answer is the row's `target`.
    """
    total, said, longest, seen, scored, most = Range(0, 0), 0, 0, 0, 0, 0
    pictures: dict[tuple[str, int], Range] = {}
    for row in rows:
        taken = msgspec.json.decode(row["frame_sampling"], type=FrameSampling)
        duration = row.get("duration")
        times = sampling.times(duration, taken) if duration else tuple(map(float, range(taken.frames or 1)))
        key = (row["frame_sampling"], len(times))
        if key not in pictures:
            pictures[key] = of_pictures(len(times), taken, sizes, least)
        chat = conversation(prompts[row["prompt_id"]], row_sample(row), times)
        words = sum(_words(part.get("text", "")) for message in chat for part in message["content"])
        reply = answer if answer is not None else _words(row["target"])
        total, said = total.plus(pictures[key]).plus(Range(words, words)), said + reply
        longest = max(longest, round(max(pictures[key])) + words + reply)
        seen, scored, most = max(seen, round(max(pictures[key]))), max(scored, reply), max(most, len(times))
    mean = said / len(rows)
    return Lengths(
        rows=len(rows), prompt=total.times(1 / len(rows)), answer=Range(0.0 if answer else mean, mean), longest=longest,
        seen=seen, scored=scored, frames=most,
    )  # fmt: skip


def of_sampling(taken: FrameSampling, answer: int, sizes: Sizes, least: int, rows: int | None) -> Lengths:
    """Lengths of rows that are not there yet, with as many frames as may be."""
    frames = len(sampling.times(1e6, taken)) if taken.frames else 1
    pictures = of_pictures(frames, taken, sizes, least)
    words = FRAME_WORDS * frames + PROMPT_WORDS
    prompt = pictures.plus(Range(words, words))
    return Lengths(
        rows=rows, prompt=prompt, answer=Range(0.0, answer), longest=round(max(prompt)) + answer,
        seen=round(max(pictures)), scored=answer, frames=frames,
    )  # fmt: skip


def longest_answer(rows: Iterable[Row], given: int | None) -> int:
    """Tokens of the longest answer that RL generates: as set, else as the rows' pass rates were measured."""
    stated = next((read_sampling(row["sampling"]).max_tokens for row in rows if row.get("sampling")), 512)
    return given or stated


def _words(text: Any) -> int:
    return len(WORDS.findall(str(text)))
