"""Finds what prints the summary of a command."""

from typing import Any


def shower(command: str) -> Any:
    """What prints the summary of a command."""
    from vtgdata.cli import catalogue, demo, publish, rollouts, training

    name = command.split()[-1].removeprefix("demo-").replace("-", "_")
    modules = (demo, catalogue, rollouts, publish, training)
    return next(getattr(module, name) for module in modules if hasattr(module, name))
