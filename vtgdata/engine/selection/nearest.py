"""The nearest settings of a selector with which a choice is possible, for a choice that would be empty or useless."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from vtgdata.errors import VtgError

STEPS = 20
"""Values of a bound in [0, 1] that are tried, besides rates of the pool."""


def nearest(
    select: Callable[..., Any], settings: Mapping[str, Any], rates: Any, works: Callable[[dict[str, Any]], int]
) -> tuple[dict[str, Any], int] | None:
    """The settings that differ in one bound, and in it least, from those given, with the number of rows they choose.

    Args:
        select: the selector's function, whose signature says which settings are numbers.
        settings: as given.
        rates: (n,) the pool's rates, in [0, 1].
        works: number of rows that settings choose, 0 where the choice is no good.

    Returns None where no change of one bound helps.
    """
    values = np.unique(np.concatenate([np.linspace(0, 1, STEPS + 1), np.quantile(rates, np.linspace(0, 1, STEPS + 1))]))
    found: list[tuple[float, dict[str, Any], int]] = []
    for name, now in _bounds(select, settings).items():
        for value in sorted(values.tolist(), key=lambda value, now=now: abs(value - now)):
            changed = {**settings, name: float(f"{value:.6g}")}
            if (rows := _tried(works, changed)) > 0:
                found.append((abs(value - now), changed, rows))
                break
    if not found:
        return None
    _, changed, rows = min(found, key=lambda one: one[0])
    return changed, rows


def _bounds(select: Callable[..., Any], settings: Mapping[str, Any]) -> dict[str, float]:
    """The settings that are a number in [0, 1], with their values."""
    stated = {name: each.default for name, each in inspect.signature(select).parameters.items()} | dict(settings)
    return {
        name: float(value)
        for name, value in stated.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    }


def _tried(works: Callable[[dict[str, Any]], int], settings: dict[str, Any]) -> int:
    try:
        return works(settings)
    except VtgError:
        return 0


def spec_of(name: str, settings: Mapping[str, Any]) -> str:
    """A selector with its settings as it is typed.

    >>> spec_of("band", {"low": 0.1, "measure": "mean_iou"})
    'band:low=0.1,measure=mean_iou'
    """
    return name + (":" + ",".join(f"{key}={value}" for key, value in settings.items()) if settings else "")
