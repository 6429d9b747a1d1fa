"""Rows that are longer than a model takes, or than asked: found before the first step, left out and counted.

One long row would end a step for want of memory, and a library that cuts it would cut the answer that is to be learnt.
A row is as long as the model's own processor makes it, its frames included. How many tokens the frames add depends on
their number and sizes alone, so that one blank stand-in for all frames of such sizes is enough.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from vtgdata.conversation.prompt import Prompt
from vtgdata.errors import VtgError
from vtgdata.files.samples import row_sample
from vtgdata.train import model as models
from vtgdata.train.data import Frames, Row, conversation, target_turn
from vtgdata.train.model import Opened
from vtgdata.train.session import Place
from vtgdata.train.settings import TrainSettings

log = logging.getLogger("vtgdata")
TOO_LONG = "too long"
"""Reason of a row that was left out."""
Size = tuple[int, int]


def within(
    rows: Sequence[Row],
    prompts: Mapping[str, Prompt],
    frames: Frames,
    opened: Opened,
    settings: TrainSettings,
    place: Place,
    answer: int | None = None,
) -> Sequence[Row]:
    """The rows that are not too long; `place` counts the others. All processes call it.

    Args:
        rows: of the run.
        prompts: by id.
        frames: gives times and pictures of a row.
        opened: the model.
        settings: of the run.
        place: of the run.
        answer: most tokens of an answer that is drawn (RL); None where the row has the answer to learn.

    Raises VtgError when more rows than `max_failed` are left out, or none is left.
    """
    most = settings.max_length or models.context(opened)
    if most is None:
        return rows
    found = measure(rows, prompts, frames, opened, answer) if place.crew.writes else None
    lengths: list[int] = place.crew.told(found)
    longest = max(range(len(rows)), key=lambda number: lengths[number])
    words = (
        f"are longer than {most} tokens (prompt, frames and answer; the longest, {rows[longest]['sample_id']!r}, has "
        f"{lengths[longest]}). Show fewer or smaller frames, or raise --max-length if the model takes more"
    )
    return leave_out(rows, [length > most for length in lengths], TOO_LONG, words, settings, place)


def leave_out(
    rows: Sequence[Row], wrong: Sequence[bool], reason: str, words: str, settings: TrainSettings, place: Place
) -> Sequence[Row]:
    """The rows that are not wrong; `place` counts the others, to those that were left out before.

    Raises VtgError when more rows than `max_failed` are left out, or none is left.
    """
    number, before = sum(wrong), sum(place.left_out.values())
    if not number:
        return rows
    said = f"{number} of {len(rows)} rows {words}"
    if number == len(rows) or number + before > settings.max_failed * (len(rows) + before):
        also = f" ({before} more were left out before)" if before else ""
        raise VtgError(f"{said}; or leave such rows out with --max-failed SHARE{also}.")
    log.warning("%s. They are left out.", said)
    place.left_out[reason] = number
    return [row for row, each in zip(rows, wrong, strict=True) if not each]


def measure(
    rows: Sequence[Row],
    prompts: Mapping[str, Prompt],
    frames: Frames,
    opened: Opened,
    answer: int | None,
) -> list[int]:
    """Tokens of each row, with its frames and its answer; see `within`."""
    shown = _shown(rows, frames)
    added: dict[tuple[Size, ...], int] = {}
    tokenizer, lengths = opened.processor.tokenizer, list[int]()
    for row, (times, sizes) in zip(rows, shown, strict=True):
        chat = conversation(prompts[row["prompt_id"]], row_sample(row), times, opened.plain)
        prompt, said = _texts(opened, chat, row if answer is None else None)
        if sizes not in added:
            added[sizes] = _with_frames(opened.processor, prompt, sizes) - _count(tokenizer, prompt)
        lengths.append(
            added[sizes] + _count(tokenizer, prompt) + (_count(tokenizer, said) if answer is None else answer)
        )
    return lengths


def _shown(rows: Sequence[Row], frames: Frames) -> list[tuple[Sequence[float], tuple[Size, ...]]]:
    """Times and sizes of the frames of each row; each video is looked at once."""
    keyed: Callable[[Row], Any] = getattr(frames, "key", lambda row: row["sample_id"])
    sizes: Callable[[Row], Any] = getattr(frames, "sizes", None) or (lambda row: _sizes(*frames(row)))
    first = {keyed(row): row for row in reversed(rows)}
    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(first, pool.map(sizes, first.values()), strict=True))
    return [found[keyed(row)] for row in rows]


def _sizes(times: Sequence[float], images: Sequence[Any]) -> tuple[Sequence[float], tuple[Size, ...]]:
    return times, tuple(image.size for image in images)


def _texts(opened: Opened, chat: list[dict[str, Any]], row: Row | None) -> tuple[str, str]:
    """Prompt and, for a row with the answer to learn, answer as the trainer writes them."""
    if row is None:
        return opened.processor.apply_chat_template(chat, add_generation_prompt=True, tokenize=False), ""
    from trl.data_utils import apply_chat_template

    turn = target_turn(row["target"], opened.opening, opened.plain)
    made = apply_chat_template({"prompt": chat, "completion": turn}, opened.processor)
    return made["prompt"], made["completion"]


def _count(tokenizer: Any, text: str) -> int:
    return len(tokenizer(text, add_special_tokens=False)["input_ids"])


def _with_frames(processor: Any, text: str, sizes: Sequence[Size]) -> int:
    from PIL import Image

    blank = [Image.new("RGB", size) for size in sizes]
    made = processor(text=[text], images=[blank] if blank else None, add_special_tokens=False, return_tensors="pt")
    return int(made["input_ids"].shape[1])
