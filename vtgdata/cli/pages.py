"""Commands that show things: report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from vtgdata.cli.running import relative, stage

if TYPE_CHECKING:
    from vtgdata.stages.report import Summary as Reported


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the commands."""
    del train
    stage(app, words, "report")


def report(summary: Reported) -> None:
    """Show what a command, a recipe or a release made, as one HTML file.

    The file needs no network. A queue of labels under review is decided in it, too.
    """
    print(f"{summary.samples:,} samples and {summary.answers:,} answers; {summary.detailed:,} samples with frames and "
          f"full texts")  # fmt: skip
    print(f"written to {relative(summary.out)} ({summary.bytes / 1e6:.1f} MB)")
