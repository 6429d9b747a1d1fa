"""Commands that train: train sft, train rl, train distill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from msgspec import UNSET, structs

from vtgdata.cli.output import say
from vtgdata.cli.printing import again
from vtgdata.cli.running import relative, stage

if TYPE_CHECKING:
    from vtgdata.train.distill import Summary as Distilled
    from vtgdata.train.plan import Planned
    from vtgdata.train.rl import Summary as Rewarded
    from vtgdata.train.sft import Summary as Tuned


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the commands."""
    del app
    stage(train, words if "train" in words else set(), "train sft")
    stage(train, words if "train" in words else set(), "train rl")
    stage(train, words if "train" in words else set(), "train distill")


def sft(summary: Tuned) -> None:
    """Fine-tune on a release's cold-start traces."""
    _show(summary)


def distill(summary: Distilled) -> None:
    """Train on a larger teacher's probabilities for the model's own answers."""
    _show(summary)


def rl(summary: Rewarded) -> None:
    """Train by GRPO on a release's RL rows."""
    _show(summary)


def planned(summary: Planned) -> None:
    """Print the plan of a training (--dry-run)."""
    from vtgdata.train.plan_words import words

    print("\n".join(words(summary)))


OWN = ("too long", "no reward applies")
"""Reasons for which a row is left out that are not its video's."""


def _short(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else value


def _show(summary: Tuned | Rewarded | Distilled) -> None:
    rest = ("out", "up_to_date", "data", "effective", "left_out", "prior_alarm", "letters")
    facts = {key: value for key, value in structs.asdict(summary).items() if key not in rest}
    there = {key.replace("_", " "): value for key, value in facts.items() if value is not UNSET and value is not None}
    print(", ".join(f"{key} {_short(value)}" for key, value in there.items()) + again(summary))
    for reason, number in summary.left_out.items():
        print(f"{number} rows left out: {reason if reason in OWN else f'their video is {reason}'}")
    if asked := getattr(summary, "letters", None):
        print(
            f"letter questions with frames: {asked.before} of {asked.questions} right before, {asked.after} after "
            f"({asked.by_chance:g} by chance)"
        )
    if words := getattr(summary, "prior_alarm", None):
        say(f"WARNING: {words}", "warning")
    acted = summary.effective
    trained = ", ".join(f"{part} {number:,}" for part, number in acted.get("trained", {}).items())
    print(
        f"{acted.get('sequences_per_step')} sequences a step on {acted.get('processes')} process(es), learning rate "
        f"{acted.get('learning_rate')}, weights {acted.get('dtype')}; trained: {trained}"
    )
    data = summary.data
    place = data.version
    if data.commit is not UNSET:
        place = f"{data.repository}@{data.tag}, commit {data.commit[:12]}"
    print(f"trained on {data.config} of {data.name} ({place}), content {data.content[:12]}")
    print(f"written to {relative(summary.out)}")
