"""Rewards by name: a score with its settings, or a product of scores, and what is wrong with a choice of them.

tiou                           a score by its name, or its dotted path
length:low=8,high=200          with settings
tiou*format                    gated: the first counts as far as the second is met
grounded_qa/answer             for the rows of one task alone: moment_retrieval or grounded_qa
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, get_args

import msgspec
import numpy as np

from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files import plugins
from vtgdata.metrics.answered import NOTHING
from vtgdata.records import Answer, Sample, Window
from vtgdata.records.sample import Task
from vtgdata.records.windows import Array

log = logging.getLogger("vtgdata")
TASKS: tuple[Task, ...] = get_args(Task)


class Factor(NamedTuple):
    """A score in a product."""

    plugin: str
    score: Callable[..., Array]
    settings: dict[str, Any]


class Reward(NamedTuple):
    """One reward: a product of scores."""

    name: str
    factors: tuple[Factor, ...]
    task: str = ""
    """Of the rows that it is for; empty for all."""

    def values(self, answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
        """The value of each answer. Returns: (n,) in [0, 1], NaN for another task or where a score does not apply."""
        found = np.array([1.0 if self.task in ("", sample.task) else np.nan for sample in samples])
        for factor in self.factors:
            found = found * factor.score(answers, samples, **factor.settings)
        return found


def read(name: str) -> Reward:
    """A reward from its name; raises VtgError when it names no task or score, or a setting that a score has not."""
    task, product = _of_task(name)
    if task not in ("", *TASKS):
        raise VtgError(f"--rewards {name}: {task!r} is no task; {did_you_mean(task, TASKS)}")
    return Reward(name, tuple(_factor(part.strip(), name) for part in product.split("*")), task)


def _of_task(name: str) -> tuple[str, str]:
    """The task that a reward is for, empty for all, and its product of scores."""
    task, slash, product = name.partition("/")
    return (task.strip(), product) if slash and task.strip().isidentifier() else ("", name)


def _factor(text: str, name: str) -> Factor:
    spec = plugins.parse_spec(text)
    module = plugins.load("scores", spec.name)
    if spec.argument:
        raise VtgError(f"--rewards {name}: {spec.argument!r} is no setting; write {spec.name}:SETTING=VALUE.")
    plugins.check_settings(text, module.score, spec.settings, given=2)
    return Factor(spec.name, module.score, spec.settings)


def modules(names: Sequence[str]) -> list[str]:
    """Names of the modules of the scores in rewards, for a step's `code`."""
    specs = [plugins.parse_spec(part.strip()) for name in names for part in _of_task(name)[1].split("*")]
    return [plugins.module_name("scores", spec.name) for spec in specs]


def check_weights(weights: Mapping[str, float]) -> None:
    """Raise VtgError for weights under which nothing, or the wrong thing, would be learnt; say which have no effect."""
    if not weights:
        raise VtgError("--rewards: name at least one score, as in tiou=0.9,format=0.1.")
    for name, weight in weights.items():
        if not math.isfinite(weight) or weight < 0:
            raise VtgError(
                f"--rewards {name}={weight:g}: a score is higher for a better answer, so its weight is a number above "
                "0. Leave it out; against answers that are too long there is --overlong."
            )
    idle = [name for name, weight in weights.items() if weight == 0]
    if len(idle) == len(weights):
        raise VtgError(f"--rewards {', '.join(idle)}: all weights are 0, so nothing would be learnt.")
    if idle:
        log.warning("--rewards %s: the weight is 0, so it is logged and has no effect.", ", ".join(idle))


def check_effect(rewards: Sequence[Reward], samples: Sequence[Sample]) -> list[bool]:
    """Whether no reward applies to a sample, whatever is answered, for each of them.

    Each reward is tried on answers that are right, nearly right, in another form, and empty. Logs which reward cannot
    tell these apart, or applies to some samples alone. Raises VtgError when a reward applies to none of them.
    """
    tried = [_trials(sample) for sample in samples]
    unscored = np.ones(len(samples), dtype=bool)
    for reward in rewards:
        found = np.stack([reward.values(list(answers), samples) for answers in zip(*tried, strict=True)])
        applies = ~np.isnan(found).all(axis=0)
        if not applies.any():
            raise VtgError(
                f"--rewards {reward.name}: applies to none of the {len(samples)} rows, so it has no effect. Scores of "
                "time need true windows (some a duration too), `answer` needs options. Leave it out, or train on other "
                "rows."
            )
        if not applies.all():
            log.info("reward %s applies to %d of %d rows", reward.name, applies.sum(), len(samples))
        known = found[:, applies]
        if not np.nanmax(np.abs(known - known[0])) > 0:
            log.warning(
                "reward %s gives right, nearly right and empty answers one value: has it any effect?", reward.name
            )
        unscored &= ~applies
    return unscored.tolist()


def _trials(sample: Sample) -> tuple[Answer, Answer, Answer, Answer]:
    right = Answer(
        windows=sample.windows,
        option=sample.answer,
        parse_status="ok",
        strict_ok=True,
        reasoning="First the scene is set, and then what was asked about happens here.",
        has_reasoning=True,
    )
    nearly = tuple(Window(window.start, (window.start + window.end) / 2) for window in sample.windows)
    return (
        right,
        msgspec.structs.replace(right, windows=nearly, option=None),
        msgspec.structs.replace(right, strict_ok=False, reasoning="", has_reasoning=False),
        NOTHING.for_scores(sample.video.duration),
    )
