"""What the earlier steps of a recipe say of a training whose release is not made yet: frames, answers, rows, model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import msgspec

from vtgdata.records import FrameSampling
from vtgdata.train.settings import TrainSettings
from vtgdata.video.model_families import preset_of

Settings = Mapping[str, Any]


class Foreseen(msgspec.Struct, frozen=True, kw_only=True):
    """What a training will be given, as far as earlier steps tell."""

    model: str
    """The model that a chain of trainings begins with."""
    sampling: FrameSampling | None = None
    answer: int | None = None
    """Tokens of the longest answer."""
    rows: int | None = None
    """At most."""
    by: str = ""
    """The step that asks about these rows."""


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a recipe."""

    id: str
    command: str
    settings: dict[str, Any]


def foresee(settings: TrainSettings, steps: Sequence[Earlier], default: str, build: Callable[..., Any]) -> Foreseen:
    """What the steps of a recipe say of a training among them.

    Args:
        settings: of the training.
        steps: all steps of the recipe.
        default: config of the release that it is trained on unless its settings name others.
        build: makes the Settings record of a command of its name, its settings and a place for messages.
    """
    by_out = {step.settings.get("out"): step for step in steps}
    model = settings.model
    while (before := by_out.get(model)) is not None and before.command.startswith("train "):
        model = before.settings["model"]
    release = by_out.get(settings.release)
    if release is None or release.command != "release":
        return Foreseen(model=model)
    rows: list[int | None] = []
    asked: Earlier | None = None
    for config in settings.configs or {default: 1.0}:
        asking, most = _asking(release.settings, config, by_out)
        asked, rows = asked or asking, [*rows, most]
    total = sum(found for found in rows if found) if rows and all(rows) else None
    if asked is None:
        return Foreseen(model=model, rows=total)
    record = build(asked.command, asked.settings, asked.id)
    if not hasattr(record, "frame_sampling"):
        return Foreseen(model=model, rows=total)  # answers that others published: nobody was shown frames
    preset = preset_of(record.preset, [f"transformers_local:{model}"]) if record.preset else ""
    record = msgspec.structs.replace(record, preset=preset)
    return Foreseen(
        model=model, sampling=record.frame_sampling(), answer=record.max_tokens, rows=total, by=f"step {asked.id}"
    )


def _asking(release: Settings, config: str, by_out: Mapping[Any, Earlier]) -> tuple[Earlier | None, int | None]:
    """The step that asked a model about the rows of a config, and the most rows that it can have."""

    def maker(file: str) -> Earlier | None:
        return by_out.get(str(PurePath(file).parent)) if file else None

    if config == "coldstart":
        asked = maker(release.get("coldstart", ""))
        limit = asked.settings.get("limit") if asked else None
        return asked, limit
    chosen = maker(release.get("splits", {}).get(config, ""))
    asked = maker(str((chosen.settings if chosen else {}).get("pass_rates", "")) or release.get("pass_rates", ""))
    return asked, chosen.settings.get("size") if chosen else None
