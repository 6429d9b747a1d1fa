"""How a model of ours was trained, and where it is asked otherwise: another prompt, other frames, shorter answers.

A model that is evaluated with other frames than it was trained on scores lower for that alone, and nothing in the score
says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.files import plugins
from vtgdata.files.meta import read_meta
from vtgdata.records import FrameSampling, Sampling

Row = Mapping[str, Any]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is shown and how long it may answer."""

    prompts: list[str]
    """Ids."""
    frames: list[str]
    """Frame samplings, as JSON with sorted keys."""
    temperature: float | None = None
    max_tokens: int | None = None


def of_rows(rows: Sequence[Row]) -> Asked:
    """What rows of a release were asked with."""
    return Asked(
        prompts=sorted({row["prompt_id"] for row in rows}),
        frames=sorted({_frames(row["frame_sampling"]) for row in rows if row.get("frame_sampling")}),
    )


def of_model(spec: str) -> Asked | None:
    """What a local model was trained with; None when it is not one that `vtgdata train` wrote."""
    parsed = plugins.parse_spec(spec)
    folder = Path(parsed.argument or str(parsed.settings.get("path", "")))
    made = read_meta(folder) if parsed.name == "transformers_local" and folder.is_dir() else None
    asked = made.summary.get("effective", {}).get("asked") if made and made.command.startswith("train ") else None
    return msgspec.convert(asked, Asked) if asked else None


def differences(spec: str, prompt_id: str, frames: FrameSampling, sampling: Sampling) -> list[str]:
    """Sentences that say where a model is asked otherwise than it was trained, each with both values."""
    trained = of_model(spec)
    if trained is None:
        return []
    now = Asked(prompts=[prompt_id], frames=[_frames(msgspec.json.encode(frames))], max_tokens=sampling.max_tokens)
    return words(trained, now, f"{spec} was trained with", "and is asked with")


def words(one: Asked, other: Asked, first: str, second: str) -> list[str]:
    """Sentences on prompts, frames and answer length that two ways of asking do not share."""
    said: list[str] = []
    for name, mine, theirs in (("prompt", one.prompts, other.prompts), ("frames", one.frames, other.frames)):
        if mine and theirs and not set(theirs) <= set(mine):
            said.append(f"{first} {name} {' and '.join(mine)}, {second} {' and '.join(theirs)}")
    for name in ("temperature", "max_tokens"):
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine is not None and theirs is not None and mine != theirs:
            said.append(f"{first} {name} {mine:g}, {second} {theirs:g}")
    return said


def _frames(text: str | bytes) -> str:
    """A frame sampling with its keys sorted, so that equal ones are equal texts."""
    return msgspec.json.encode(msgspec.json.decode(text), order="deterministic").decode()
