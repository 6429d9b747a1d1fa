"""What filters left out, row by row and added up."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec


class Gone(NamedTuple):
    """A row that a filter left out."""

    number: int
    """Of the row among all rows."""
    step: int
    """Of the filter among all filters."""
    reason: str
    detail: str


class Filtered(msgspec.Struct, frozen=True, kw_only=True):
    """What one filter did."""

    filter: str
    """As it was asked for, with its settings."""
    rows: int
    """Rows that it saw."""
    drops: int
    reasons: dict[str, int]
    """{code: n}, the most frequent first."""


def counted(gone: Iterable[Gone]) -> dict[str, int]:
    """How many rows were left out for each reason, the most frequent first."""
    return dict(Counter(each.reason for each in gone).most_common())


def by_filter(filters: Sequence[str], gone: Sequence[Gone], rows: int) -> list[Filtered]:
    """For each filter, in the order in which they acted, what it did.

    Args:
        filters: their specs.
        gone: the rows that all of them left out.
        rows: that the first one saw.
    """
    out: list[Filtered] = []
    for step, spec in enumerate(filters):
        reasons = counted(each for each in gone if each.step == step)
        drops = sum(reasons.values())
        out.append(Filtered(filter=spec, rows=rows, drops=drops, reasons=reasons))
        rows -= drops
    return out
