"""Commands that train: train sft, train rl."""

from typing import Any

import typer

from vtgdata.cli.printing import again
from vtgdata.cli.running import relative, stage


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the commands."""
    del app
    stage(train, words if "train" in words else set(), "train sft")
    stage(train, words if "train" in words else set(), "train rl")


def sft(summary: dict[str, Any]) -> None:
    """Fine-tune on a release's cold-start traces."""
    _show(summary)


def rl(summary: dict[str, Any]) -> None:
    """Train by GRPO on a release's RL rows."""
    _show(summary)


def _show(summary: dict[str, Any]) -> None:
    facts = {key: value for key, value in summary.items() if key not in ("out", "up_to_date", "data")}
    print(", ".join(f"{key} {value}" for key, value in facts.items()) + again(summary))
    data = summary["data"]
    place = f"{data['repository']}@{data['tag']}, commit {data['commit'][:12]}" if "tag" in data else data["version"]
    print(f"trained on {data['config']} of {data['name']} ({place}), content {data['content'][:12]}")
    print(f"written to {relative(summary['out'])}")
