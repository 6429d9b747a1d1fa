"""The share of wrong labels in a whole pool, from the decisions about a queue."""

from collections.abc import Collection, Mapping

import msgspec

from vtgdata.metrics.intervals import wilson


class WrongShare(msgspec.Struct, frozen=True, kw_only=True):
    """How many labels of a pool are wrong."""

    share: float
    """Of all labels of the pool."""
    low: float
    high: float
    """95 % interval."""
    labels: int
    """Labels of the pool."""


def estimate(top: Collection[str], drawn: Collection[str], judged: Mapping[str, bool], rest: int) -> WrongShare | None:
    """The share, or None if none of the rows that were drawn at random was judged.

    Args:
        top: samples that were queued first.
        drawn: samples that were drawn at random from the rest.
        judged: {sample: whether its label is wrong}, of those that somebody looked at.
        rest: samples from which they were drawn.

    What nobody judged of the top counts as right in the lower end and as wrong in the upper one, and half in the share.
    The interval is Wilson's for the rows drawn; the other rows are counted, not estimated.
    """
    seen = [judged[name] for name in drawn if name in judged]
    if not seen:
        return None
    rate = sum(seen) / len(seen)
    low, high = wilson(rate, len(seen))
    known = [judged[name] for name in top if name in judged]
    unknown, wrong, all_of = len(top) - len(known), sum(known), len(top) + rest
    return WrongShare(
        share=(wrong + unknown / 2 + rate * rest) / all_of,
        low=(wrong + low * rest) / all_of,
        high=(wrong + unknown + high * rest) / all_of,
        labels=all_of,
    )
