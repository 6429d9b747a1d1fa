"""Commands of the demo, hidden from the first help page: demo-draw, demo-base, demo-report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from msgspec import structs

from vtgdata.cli.output import say
from vtgdata.cli.printing import again, counts, interval, percent, table
from vtgdata.cli.running import stage

if TYPE_CHECKING:
    from vtgdata.demo.base import Summary as Based
    from vtgdata.demo.draw import Summary as Drawn
    from vtgdata.demo.report import Summary as Reported


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the commands."""
    del train
    stage(app, words, "demo-draw")
    stage(app, words, "demo-base")
    stage(app, words, "demo-report")


def draw(summary: Drawn) -> None:
    """Draw the shapes corpus: mp4 files with known moments, and their raw annotations."""
    _facts(summary)


def base(summary: Based) -> None:
    """Build and train the tiny base model of the demo, from scratch."""
    _facts(summary)


def report(summary: Reported) -> None:
    """Evaluate the demo: print one table, and the gates (checks) that it must pass."""
    rows = [
        [
            row["name"],
            *(text for name in summary.names for text in _cell(row, name)),
            percent(row["blind"]),
            percent(row["other_query"]),
        ]
        for row in summary.rows
    ]
    heads = [text for name in summary.names for text in (name, "95 %" if name == "mIoU" else "")]
    header = ["per cent, held-out videos", *(head for head in heads if head), "blind mIoU", "other query"]
    table(header, rows)
    print()
    for gate in summary.gates:
        words = "holds " if gate.holds else "FAILS "
        say(f"{words} {gate.claim}: {gate.measured}", "good" if gate.holds else "bad")
    print()
    for name, place in summary.places.items():
        print(f"{name}: {place}")
    print(summary.note)


def _cell(row: dict[str, Any], name: str) -> list[str]:
    value = percent(row["metrics"][name])
    return [value, interval(row["intervals"][name])] if name == "mIoU" else [value]


def _facts(summary: Drawn | Based) -> None:
    facts = {key: value for key, value in structs.asdict(summary).items() if key != "up_to_date"}
    single = {key: value for key, value in facts.items() if not isinstance(value, dict)}
    print(", ".join(f"{key} {_short(value)}" for key, value in single.items()) + again(summary))
    for key, value in facts.items():
        if isinstance(value, dict):
            counts(key, {name.replace(",", ""): number for name, number in value.items()})


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
