"""What the rows of a training run show a model: frames and visual tokens, told before a video is decoded."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from vtgdata.engine.money.patches import Patches
from vtgdata.engine.money.tokens import Range
from vtgdata.records import FrameSampling
from vtgdata.video import sampling
from vtgdata.video.model_families import mismatch

log = logging.getLogger("vtgdata")


def tell_frames(rows: Iterable[Mapping[str, Any]], model: str) -> None:
    """Log what `words` says of the rows."""
    for line in words(rows, model):
        log.info("%s", line)


def words(rows: Iterable[Mapping[str, Any]], model: str) -> list[str]:
    """Lines for people: the visual tokens of a row, and what does not fit the model.

    Only frames that are counted in a model's patches are told of.

    Args:
        rows: with the columns `frame_sampling` (JSON) and `duration` (seconds, or None).
        model: folder or Hub id of the model to train.
    """
    counts: dict[str, dict[int, int]] = {}
    for row in rows:
        found = counts.setdefault(row["frame_sampling"], {})
        frames = _frames(msgspec.json.decode(row["frame_sampling"], type=FrameSampling), row.get("duration"))
        found[frames] = found.get(frames, 0) + 1
    lines: list[str] = []
    for text, frames in counts.items():
        taken = msgspec.json.decode(text, type=FrameSampling)
        if (patches := Patches.of(taken)) is not None:
            total, n = Range(0.0, 0.0), sum(frames.values())
            for count, times in frames.items():
                total = total.plus(patches.of_images(count).times(times / n))
            lines.append(patches.of_rows(frames, total).words())
        if (wrong := mismatch(taken, [f"transformers_local:{model}"])) is not None:
            lines.append(wrong)
    return lines


def _frames(taken: FrameSampling, duration: float | None) -> int:
    return len(sampling.times(duration, taken)) if duration else taken.frames or 1
