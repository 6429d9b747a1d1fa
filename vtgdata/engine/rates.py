"""Pass rates of one sample: values of its answers by a measure, with their spread and an interval."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtgdata.engine.adaptive.rule import Floats, interval
from vtgdata.files.schemas import Row
from vtgdata.metrics.intervals import wilson


def answered(ious: Sequence[float]) -> Row:
    """The columns of a row of pass rates that are the same for all measures, from the IoUs of its answers."""
    return {
        "n": len(ious),
        "mean_iou": float(np.mean(ious)) if ious else None,
        "iou_std": float(np.std(ious)) if ious else None,
        "ious": list(ious),
        "decided": None,
    }


def rate(measure: str, values: Sequence[float], *, looked: bool = False) -> dict[str, Any]:
    """The columns of a measure, from the value of each answer; nulls where there is none.

    Args:
        measure: its name.
        values: in [0, 1].
        looked: whether more answers were asked for after a look at these; then the interval is valid all the same.
    """
    if not values:
        return {"measure": measure, "value": None, "low": None, "high": None, "value_std": None}
    value = float(np.mean(values))
    low, high = interval(sum(values), len(values)) if looked else wilson(value, len(values))
    return {"measure": measure, "value": value, "low": low, "high": high, "value_std": float(np.std(values))}


def tenths_of(values: Floats) -> NDArray[np.intp]:
    """The tenth of [0, 1] in which each value lies, from 0; a bound belongs to the tenth above it, and 1 to the last.

    >>> tenths_of(np.array([0.0, 0.3, 0.29, 1.0])).tolist()
    [0, 3, 2, 9]
    """
    return np.clip(np.floor(values * 10), 0, 9).astype(np.intp)
