"""Commands that bring in what others publish: import rollouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from vtgdata.cli.printing import again, counts, percent, table
from vtgdata.cli.running import relative, stage

if TYPE_CHECKING:
    from vtgdata.stages.import_rollouts import Summary as Imported


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the commands."""
    del train
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Bring in what others publish: rollouts.")
    stage(group, words if "import" in words else set[str](), "import rollouts")
    app.add_typer(group, name="import")


def rollouts(summary: Imported) -> None:
    """Read answers or difficulties that others publish, as samples and pass rates with their true direction."""
    print(
        f"{summary.samples:,} samples of {summary.rows:,} rows, form {summary.form} ({summary.source}){again(summary)}"
    )
    counts("dropped", summary.reasons)
    print(f"{summary.direction}; answers of {summary.model}, {summary.answers[0]} to {summary.answers[1]} a sample")
    if summary.unknown:
        print(f"not published: {', '.join(summary.unknown)}")
    for measure, told in summary.measures.items():
        print(f"{measure}: mean {percent(told.mean)} %, median {percent(told.median)} %, samples by tenths:")
        table(["from", *(f"{i / 10:.1f}" for i in range(10))], [["samples", *(f"{count:,}" for count in told.tenths)]])
    print(f"written to {relative(summary.out)}")
