"""Prints for people: aligned tables, counts, lines, percentages.

On a terminal tables are folded until they fit (`columns`), and lines are broken between words (`output`). In a pipe or
a file every row is one line, however wide, as scripts expect.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vtgdata.cli.columns import blocks_of
from vtgdata.cli.output import GAP, folded, say, terminal_width
from vtgdata.files.outside_text import shown

if TYPE_CHECKING:
    from vtgdata.files.step import StepSummary


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print aligned columns, folded to the terminal's width if stdout is a terminal."""
    for number, block in enumerate(blocks_of(header, rows, terminal_width())):
        for line in [*([""] if number else []), *block.head]:
            say(line, "head")
        print("\n".join([block.rule, *block.rows]))


def title(text: str) -> None:
    """Print an empty line, and the title of what follows."""
    print()
    say(text, "head")


def counts(title: str, values: Mapping[str, int]) -> None:
    """Print `title: a 3, b 1`, wrapped to the terminal's width if there is one; nothing for an empty mapping."""
    if values:
        # Lines are broken between two entries, never between a name and its number: NUL is a space that must not break.
        said = f"{shown(title)}: " + ", ".join(
            f"{shown(name)} {count:,}".replace(" ", "\0") for name, count in values.items()
        )
        print("\n".join(folded(said, terminal_width())).replace("\0", " "))


def line(text: str, indent: str = GAP) -> None:
    """Print a text on one line, or wrapped between words to the terminal's width if there is one.

    All lines but the first begin with the indent; links are never broken.
    """
    width = terminal_width()
    whole = {"break_long_words": False, "break_on_hyphens": False, "subsequent_indent": indent}
    print("\n".join(textwrap.wrap(shown(text), width, **whole)) if width else shown(text))


def percent(value: float | None) -> str:
    """A fraction as per cent with one decimal.

    >>> percent(0.6789)
    '67.9'
    """
    text = "-" if value is None or math.isnan(value) else f"{100 * value:.1f}"
    return "0.0" if text == "-0.0" else text


def interval(bounds: Sequence[float | None] | None) -> str:
    """An interval of fractions as per cent.

    >>> interval((0.5, 0.625))
    '[50.0, 62.5]'
    """
    if bounds is None or any(bound is None or math.isnan(bound) for bound in bounds):
        return ""
    return f"[{percent(bounds[0])}, {percent(bounds[1])}]"


def again(summary: StepSummary) -> str:
    """The remark `(up to date)` if the stage had nothing to do, else an empty text."""
    return "  (up to date)" if summary.up_to_date else ""
