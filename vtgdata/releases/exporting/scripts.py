"""Texts of the files beside an export's data that several trainers share: reward plug-in and launch script."""

import shlex
from collections.abc import Mapping

import msgspec

from vtgdata.records.export import Training

_HEAD = '''"""Rewards as evaluation scores them, for {title}: it needs vtgdata installed, without extras."""

from vtgdata.metrics import reward

REWARDS = {rewards}
"""Scores of vtgdata and their weights."""
OPENED = {opened}
"""Whether the model's chat template opens the reasoning, so that no answer has that mark."""
'''


def reward_file(title: str, training: Training, body: str) -> str:
    """The text of `reward.py`: the scores and their weights, and what a trainer calls.

    Args:
        title: of the trainer.
        training: says the scores.
        body: Python code that uses REWARDS, OPENED and `reward`.
    """
    return _HEAD.format(title=title, rewards=repr(training.rewards), opened=training.opened) + "\n" + body


def launch(*commands: str, before: str = "") -> str:
    """The text of `launch.sh`: commands that run in the export's folder."""
    lines = ["#!/usr/bin/env bash", "set -eu", 'cd "$(dirname "$0")"', *([before] if before else []), *commands]
    return "\n".join(lines) + "\n"


def command(program: str, options: Mapping[str, object], form: str = "{name}={value}") -> str:
    r"""A command with an option a line.

    >>> command("train", {"a": 1, "b": "x y"})
    "train \\\n    a=1 \\\n    'b=x y'"
    """
    words = [shlex.quote(form.format(name=name, value=_text(value))) for name, value in options.items()]
    if form == "--{name} {value}":
        words = [f"--{name} {shlex.quote(_text(value))}" for name, value in options.items()]
    return " \\\n    ".join([program, *words])


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
