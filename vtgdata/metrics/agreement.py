"""How far two people agree who decided about the same labels."""

from collections.abc import Sequence
from statistics import median

import msgspec
import numpy as np

from vtgdata.metrics.window_table import support_iou, supports, table_of

NEAR = 0.7
"""Least IoU of windows that are taken for the same."""


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """Of two people's decisions about the same labels."""

    labels: int
    """Labels that both decided."""
    windows: int
    """Of these, labels for which both gave windows, by keeping the label's or by changing them."""
    tiou: float | None
    """Median IoU of both people's windows; None without any."""
    near: float | None
    """Share of these with an IoU of 0.7 or more."""
    kappa: float | None
    """Cohen's kappa of accepting the label or not; None where both said the same of every label, or one person did."""


def measure(
    accepted: Sequence[tuple[bool, bool]],
    windows: Sequence[tuple[Sequence[Sequence[float]], Sequence[Sequence[float]]]],
) -> Agreement:
    """How far two people agree.

    Args:
        accepted: of each label that both decided, whether the first and the second accepted it.
        windows: of each label for which both gave windows, the first one's and the second one's, in seconds.
    """
    said, other = ([np.array(pair[n], dtype=np.float64).reshape(-1, 2) for pair in windows] for n in (0, 1))
    ious: list[float] = support_iou(supports(table_of(said, other))).tolist() if windows else []
    return Agreement(
        labels=len(accepted), windows=len(ious), tiou=median(ious) if ious else None,
        near=sum(iou >= NEAR for iou in ious) / len(ious) if ious else None, kappa=kappa(accepted),
    )  # fmt: skip


def kappa(said: Sequence[tuple[bool, bool]]) -> float | None:
    """Cohen's kappa (1960) of two people's yes or no; None where chance alone would make them agree on everything.

    >>> kappa([(True, True), (True, True), (False, False), (False, True)])
    0.5
    """
    if not said:
        return None
    seen = sum(first == second for first, second in said) / len(said)
    yes = [sum(pair[n] for pair in said) / len(said) for n in (0, 1)]
    chance = yes[0] * yes[1] + (1 - yes[0]) * (1 - yes[1])
    return None if chance >= 1 else (seen - chance) / (1 - chance)
