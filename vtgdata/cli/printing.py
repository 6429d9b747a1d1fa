"""Plain text for people: aligned tables, percentages, counts. Annotation text is never interpreted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vtgdata.files.step import StepSummary


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print aligned columns: the first to the left, the others to the right."""
    cells = [list(map(str, row)) for row in (header, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    for number, row in enumerate(cells):
        first, *rest = (
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join((first, *rest)).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))


def counts(title: str, values: Mapping[str, int]) -> None:
    """Print `title: a 3, b 1`, nothing for an empty mapping."""
    if values:
        print(f"{title}: " + ", ".join(f"{name} {count:,}" for name, count in values.items()))


def percent(value: float | None) -> str:
    """A fraction as per cent with one decimal.

    >>> percent(0.6789)
    '67.9'
    """
    return "-" if value is None or math.isnan(value) else f"{100 * value:.1f}"


def interval(bounds: Sequence[float | None] | None) -> str:
    """An interval of fractions as per cent.

    >>> interval((0.5, 0.625))
    '[50.0, 62.5]'
    """
    if bounds is None or any(bound is None or math.isnan(bound) for bound in bounds):
        return ""
    return f"[{percent(bounds[0])}, {percent(bounds[1])}]"


def again(summary: StepSummary) -> str:
    """A remark when nothing had to be done."""
    return "  (up to date)" if summary.up_to_date else ""
