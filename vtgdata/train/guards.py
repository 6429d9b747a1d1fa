"""Guard rails: what ends a run that no longer learns, or learns what nobody wants.

`trouble` looks at the lines of training.jsonl after each step. The run then stops with a checkpoint, so that no work is
lost, and with words that say what to do. A step whose gradient is not finite changes no weight.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from vtgdata.train.crew import Crew

Line = Mapping[str, Any]
WINDOW = 20
"""Steps whose mean length is compared with that of the first ones."""
KL_STEPS = 5
"""Steps in a row in which the KL divergence is too large."""
NOTHING = (("frac_reward_zero_std", 1.0), ("gradient", 0.0), ("learning_rate", 0.0))
"""Figures of a step from which nothing is learnt."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """From when on a run is in trouble; 0 looks away."""

    stall: int = 20
    """Steps in a row from which nothing could be learned."""
    max_kl: float = 0.0
    """KL divergence from the starting model, in nats a token."""
    max_growth: float = 0.0
    """Length of answers as a multiple of that of the first steps, once most of them are cut off."""


class Trouble(msgspec.Struct, frozen=True):
    """Why a run stops."""

    words: str
    option: str = ""
    """The option that, set to 0, lets it go on; empty if there is none."""


def trouble(lines: Sequence[Line], limits: Limits, since: int = 0) -> Trouble | None:
    """What is wrong after the last of the steps; None if nothing is.

    Args:
        lines: of training.jsonl, from the first step on.
        limits: of the run.
        since: number of lines that were there when this process began: the steps of a run that was taken up again are
            counted anew, so that it does not stop at once.
    """
    new = lines[since:]
    if not new:
        return None
    return _not_finite(new[-1]) or _stalled(new, limits.stall) or _far(new, limits.max_kl) or _long(lines, new, limits)


def learnt_nothing(lines: Sequence[Line], limits: Limits) -> Trouble | None:
    """Why a run that has come to its end is no success; None if it is one: from one step at least it could learn."""
    if not limits.stall or not lines or not any(_all(lines, *sign) for sign in NOTHING):
        return None
    return Trouble(f"nothing was learnt: {_cause(lines, 'in all steps')}", "--stall")


def _not_finite(line: Line) -> Trouble | None:
    wrong = [f"the {name} is {line[name]}" for name in ("loss", "gradient") if not _finite(line.get(name))]
    if not wrong:
        return None
    return Trouble(
        f"{' and '.join(wrong)}. A step whose gradient is not finite changes no weight. Lower --learning-rate or "
        "--max-grad-norm, train with --dtype float32, or look at the rows of this step"
    )


def _finite(value: Any) -> bool:
    return value is None or math.isfinite(value)


def _stalled(lines: Sequence[Line], steps: int) -> Trouble | None:
    if not steps or len(lines) < steps:
        return None
    found = _cause(lines[-steps:], f"for {steps} steps" if steps > 1 else "in this step")
    return None if found is None else Trouble(found, "--stall")


def _all(lines: Sequence[Line], name: str, value: float) -> bool:
    return all(line.get(name) == value for line in lines)


def _cause(lines: Sequence[Line], span: str) -> str | None:
    """Why the steps could teach nothing worth while; None if one could."""
    if _all(lines, "cut_off", 1.0):
        return (
            f"{span} every answer was cut off (mean length {lines[-1].get('tokens', math.nan):.0f} tokens). Give more "
            "with --max-new-tokens, or a prompt that asks for less"
        )
    if _all(lines, "unparsed", 1.0):
        return (
            f"{span} no answer could be read. Teach the form first (train sft on the release's cold start), or take "
            "the model whose pass rates chose the rows"
        )
    if _all(lines, "frac_reward_zero_std", 1.0):
        return (
            f"{span} all answers to each prompt had one reward (mean {_mean(lines, 'reward'):.3g}), so there was "
            f"nothing to compare{_form(lines)}. Select rows of a middle pass rate, raise --rollouts or --temperature, "
            "or take other --rewards"
        )
    if _all(lines, "gradient", 0.0):
        return f"{span} the gradient was 0. Is anything trained that is not masked?"
    if _all(lines, "learning_rate", 0.0):
        return f"{span} the learning rate was 0. Take more --steps than --warmup has"
    return None


def _form(lines: Sequence[Line]) -> str:
    if _mean(lines, "lenient_minus_strict") > 0:
        return (
            "; read leniently they would earn more, but they are not in the form that the prompt asks for (--reading "
            "lenient, or a cold start that teaches it)"
        )
    return ""


def _far(lines: Sequence[Line], most: float) -> Trouble | None:
    last = lines[-KL_STEPS:]
    if not most or len(last) < KL_STEPS or not all((line.get("kl") or 0.0) > most for line in last):
        return None
    return Trouble(
        f"the KL divergence from the starting model has run away: above {most:g} nats a token for {KL_STEPS} steps, "
        f"{_mean(last, 'kl'):.3g} in their mean. Lower --learning-rate, or raise --beta",
        "--max-kl",
    )


def _long(lines: Sequence[Line], new: Sequence[Line], limits: Limits) -> Trouble | None:
    first, last = lines[:WINDOW], new[-WINDOW:]
    if not limits.max_growth or len(lines) < 2 * WINDOW or len(last) < WINDOW:
        return None
    before, after, cut = _mean(first, "tokens"), _mean(last, "tokens"), _mean(last, "cut_off")
    if not (after > limits.max_growth * before and cut > 0.5):
        return None
    return Trouble(
        f"the length of answers has run away: {after:.0f} tokens in the mean of {WINDOW} steps, {before:.0f} in the "
        f"first ones, and {cut:.0%} are cut off. Give --overlong, or --mask-truncated with a longer --max-new-tokens",
        "--max-growth",
    )


def _mean(lines: Iterable[Line], name: str) -> float:
    """Mean of a figure over the steps that have it; NaN if none has."""
    values = [line[name] for line in lines if line.get(name) is not None]
    return sum(values) / len(values) if values else math.nan


def finite(tensors: Iterable[Any], crew: Crew) -> bool:
    """Whether all floating numbers of tensors are finite, those that other processes hold too; all must call it."""
    import torch

    local = [tensor.to_local() if hasattr(tensor, "to_local") else tensor for tensor in tensors]
    # A sum is not finite as soon as one of its numbers is not, and is the cheapest way to read them all.
    sums = [tensor.detach().sum(dtype=torch.float32) for tensor in local if tensor.is_floating_point()]
    wrong = any(
        not bool(torch.isfinite(torch.stack([each for each in sums if each.device == device])).all())
        for device in {each.device for each in sums}
    )
    if crew.size == 1:
        return not wrong
    from accelerate.utils import gather_object

    return not any(gather_object([wrong]))


def drop_gradient(model: Any, crew: Crew) -> None:
    """Forget a gradient that is not finite, so that the optimiser changes no weight; all processes must call it."""
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    if not finite(gradients, crew):
        for weight in model.parameters():
            weight.grad = None


BROKEN = Trouble("the model's probabilities are no longer finite, so no answer can be drawn. Lower --learning-rate")
NO_PROBABILITY = ("probability tensor contains", "device-side assert")
"""What torch says when answers are to be drawn from probabilities that are not finite."""


def broke(error: RuntimeError) -> bool:
    """Whether an error says that the model's probabilities are no longer finite."""
    return any(words in str(error) for words in NO_PROBABILITY)
