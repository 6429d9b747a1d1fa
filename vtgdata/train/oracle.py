"""OraRL's advantages for a group that holds the annotation's own answer (its `orarl/algorithm/` of 2026).

The oracle's answer lies outside the baseline: the policy's answers are compared with one another alone, and the oracle
gets an advantage of its own that is capped, so that it neither drags the baseline up nor drowns the policy's gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from vtgdata.conversation.prompt import Prompt, shown_option
from vtgdata.errors import VtgError
from vtgdata.files.samples import row_sample
from vtgdata.records.times import format_time

KEPT = 4
"""Answers of a group that are trained on: the oracle, the best and the two worst of the policy."""


def answers(rows: Sequence[Mapping[str, Any]], prompts: Mapping[str, Prompt]) -> Callable[[str], str]:
    """A function that gives, for a sample's id, the annotation's answer in the form that its prompt asks for.

    Raises VtgError when a prompt asks for reasoning, which no annotation has, or a row has no moment.
    """
    for row in rows:
        prompt = prompts[row["prompt_id"]]
        if prompt.form.reasoning:
            raise VtgError(
                f"--oracle: prompt {prompt.name} of row {row['sample_id']!r} asks for reasoning, and an annotation has "
                "none: an answer without it would teach to leave it out. Take a prompt without reasoning."
            )
        if not row["windows"]:
            raise VtgError(f"--oracle: row {row['sample_id']!r} has no moment that could be said.")

    known = {row["sample_id"]: row for row in rows}

    def said(sample_id: str) -> str:
        row = known[sample_id]
        prompt = prompts[row["prompt_id"]]
        windows = [[format_time(time, prompt.time, "") for time in window] for window in row["windows"]]
        option = shown_option(prompt, row_sample(dict(row)), row["answer"]) if row.get("answer") else ""
        return prompt.form.write([(start, end) for start, end in windows], option or "")

    return said


def advantages(policy: Sequence[float], oracle: float) -> list[float]:
    """Advantages of a group's answers, the policy's first and the oracle's last; 0 for those that are not trained on.

    Args:
        policy: rewards of the policy's answers, at least two.
        oracle: reward of the annotation's answer, scored as theirs are.
    """
    own, gift = raw(policy, oracle)
    kept = keep(own)
    values = {place: own[place] for place in kept}
    mean = (sum(values.values()) + gift) / (len(values) + 1)
    values, gift = {place: value - mean for place, value in values.items()}, gift - mean
    if gift < 0:
        values = {place: value + gift / max(1, len(values)) for place, value in values.items()}
        gift = 0.0
    factor = _factor(own, [*values.values(), gift], stdev(policy))
    return [values.get(place, 0.0) * factor for place in range(len(policy))] + [gift * factor]


def raw(policy: Sequence[float], oracle: float) -> tuple[list[float], float]:
    """The policy's advantages and the oracle's before a part of the group is kept (steps 1 to 4)."""
    mean, spread = fmean(policy), stdev(policy)
    centred = [reward - mean for reward in policy]
    gain = min(4.0, max(1.0, (stdev([*policy, oracle]) / (spread + 1e-6)) ** 0.25))
    stretched = [value * gain if value > 0 else value for value in centred]
    middle = fmean(stretched)
    own = [value - middle for value in stretched]
    best = max(own)
    cap = min(1.0, max(0.05, 1.2 * best)) if best > 0 else 0.05
    gap = min(1.0, max(0.0, (oracle - mean) / (oracle + 1e-6))) ** 2
    return own, min(2 * gap, cap)


def keep(own: Sequence[float]) -> list[int]:
    """Places of the policy's answers that are kept: the largest positive and the two most negative ones.

    What one sign lacks the other gives, and then answers of advantage 0.
    """
    order = sorted(range(len(own)), key=lambda place: own[place])
    positive = [place for place in reversed(order) if own[place] > 0]
    negative = [place for place in order if own[place] < 0]
    rest = [place for place in order if own[place] == 0]
    chosen = positive[:1] + negative[:2]
    for place in (*positive[1:], *negative[2:], *rest):
        if len(chosen) == min(KEPT - 1, len(own)):
            break
        chosen.append(place)
    return sorted(chosen)


def _factor(before: Sequence[float], after: Sequence[float], spread: float) -> float:
    """What brings the kept advantages to the size (root mean square) that the policy's had, in [0.25, 1]."""
    if spread < 1e-3:
        return 1.0
    was, is_now = (math.sqrt(fmean(value * value for value in values)) for values in (before, after))
    return min(1.0, max(0.25, was / is_now)) if is_now > 0 else 1.0
