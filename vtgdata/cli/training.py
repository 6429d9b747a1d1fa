"""Commands that train: train sft, train rl."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from msgspec import UNSET, structs

from vtgdata.cli.printing import again
from vtgdata.cli.running import relative, stage

if TYPE_CHECKING:
    from vtgdata.train.rl import Summary as Rewarded
    from vtgdata.train.sft import Summary as Tuned


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the commands."""
    del app
    stage(train, words if "train" in words else set(), "train sft")
    stage(train, words if "train" in words else set(), "train rl")


def sft(summary: Tuned) -> None:
    """Fine-tune on a release's cold-start traces."""
    _show(summary)


def rl(summary: Rewarded) -> None:
    """Train by GRPO on a release's RL rows."""
    _show(summary)


def _show(summary: Tuned | Rewarded) -> None:
    facts = {key: value for key, value in structs.asdict(summary).items() if key not in ("out", "up_to_date", "data")}
    print(", ".join(f"{key} {value}" for key, value in facts.items()) + again(summary))
    data = summary.data
    place = data.version
    if data.commit is not UNSET:
        place = f"{data.repository}@{data.tag}, commit {data.commit[:12]}"
    print(f"trained on {data.config} of {data.name} ({place}), content {data.content[:12]}")
    print(f"written to {relative(summary.out)}")
