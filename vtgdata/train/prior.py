"""The prior alarm: whether a rising reward is earned by looking, or by learning where answers usually lie.

Each step's line has `others`, what its answers earn on truths of other sources, and `seen_step`, what they earn on
their own beyond that. `seen` is the mean of `seen_step` over the last steps, with its standard error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

WINDOW = 20
"""Steps of a running mean."""
LEAST = 5
"""Fewest steps whose mean is compared with that of others."""


class Mean(NamedTuple):
    """A mean over steps, with its standard error."""

    value: float
    error: float
    n: int


def mean(values: Sequence[float]) -> Mean | None:
    """Mean of some steps' figures; its error is NaN for one step. None of no steps.

    Steps show other rows each, so they count as independent.
    """
    n = len(values)
    if not n:
        return None
    middle = sum(values) / n
    spread = sum((value - middle) ** 2 for value in values) / (n - 1) if n > 1 else math.nan
    return Mean(middle, math.sqrt(spread / n), n)


def figures(lines: Sequence[Mapping[str, Any]], entry: Mapping[str, Any]) -> dict[str, float | None]:
    """`seen` and `seen_error` of a step's line, from it and those before it; nothing where it has no `seen_step`."""
    if entry.get("seen_step") is None:
        return {}
    found = mean(_values([*lines[-WINDOW + 1 :], entry], "seen_step"))
    assert found is not None
    return {"seen": found.value, "seen_error": None if math.isnan(found.error) else found.error}


def alarm(lines: Sequence[Mapping[str, Any]]) -> str | None:
    """Words, if the reward has risen from the first steps to the last ones while `seen` has not; else None.

    Two windows of 20 steps are compared, shorter ones in a short run. The reward has risen if it did so by more than
    twice the error of the difference. `seen` has not if its rise is within twice its error, and less than half of the
    reward's.
    """
    steps = min(WINDOW, len(lines) // 2)
    if steps < LEAST:
        return None
    reward, seen = (_rise(lines, name, steps) for name in ("reward", "seen_step"))
    if reward is None or seen is None or reward.value <= 2 * reward.error:
        return None
    if seen.value > 2 * seen.error or seen.value >= reward.value / 2:
        return None
    return (
        f"step {lines[-1]['step']}: the reward has risen by {reward.value:.3f} (standard error {reward.error:.3f}) "
        f"since the first {steps} steps, but `seen` by {seen.value:.3f} ({seen.error:.3f}): the answers fit other "
        "videos' moments better in the same measure. The model learns where moments usually lie, not to look. Evaluate "
        "with --blind before you trust it; rows of many positions and lengths, or harder ones, leave less to a guess."
    )


def _rise(lines: Sequence[Mapping[str, Any]], name: str, steps: int) -> Mean | None:
    first, last = mean(_values(lines[:steps], name)), mean(_values(lines[-steps:], name))
    if first is None or last is None or min(first.n, last.n) < LEAST:
        return None
    return Mean(last.value - first.value, math.hypot(first.error, last.error), min(first.n, last.n))


def _values(lines: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    return [line[name] for line in lines if line.get(name) is not None]
