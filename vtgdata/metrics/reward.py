"""Rewards in other trainers: from the text of an answer and what a row says of the truth to the scores of evaluation.

A row carries all of it as one JSON text, for some trainers hand a reward nothing else. Importing this needs numpy,
msgspec and PyYAML, and neither torch nor Polars.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from vtgdata.conversation import answer, answer_text
from vtgdata.conversation.answer import Form
from vtgdata.conversation.prompt import Prompt, option_order
from vtgdata.metrics import reward_names
from vtgdata.records import Answer, Sample


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer is scored by."""

    sample: Sample
    """Without origin and repairs, which no score reads."""
    form: Form
    """The form of an answer that the prompt asked for."""
    order: tuple[int, ...] = ()
    """Which of the sample's options stood at each letter; empty where they were shown in their own order."""


def truth(sample: Sample, prompt: Prompt) -> str:
    """The JSON text that a row carries."""
    plain = msgspec.structs.replace(sample, origin="", repairs=())
    told: dict[str, Any] = {"sample": plain, "form": prompt.form}
    if prompt.shuffle is not None and sample.options:
        told["order"] = option_order(prompt, sample)
    return msgspec.json.encode(told).decode()


@lru_cache(maxsize=4096)
def read(text: str) -> Truth:
    """What `truth` wrote; raises ValueError when it is something else."""
    return msgspec.json.decode(text, type=Truth)


def scores(
    texts: Sequence[str],
    truths: Sequence[str],
    names: Sequence[str],
    *,
    opened: bool = False,
    cut: Sequence[bool] = (),
) -> list[dict[str, float]]:
    """The scores of answers, to the last bit those that a rollout gets.

    Args:
        texts: answers as the model gave them.
        truths: what `truth` wrote, one for each answer.
        names: rewards, as `reward_names` reads them: a score, with its settings, a product, or one task's alone.
        opened: whether the model's chat template writes the mark that opens the reasoning, so that no answer has it.
        cut: whether each answer was cut off at the most tokens; empty if that is not known.

    Returns {score: value in [0, 1], or NaN where it does not apply} for each answer.
    """
    known = [read(text) for text in truths]
    said = [
        _own(
            each,
            answer.parse(
                answer_text.opened(text, by_template=True) if opened else text,
                duration=each.sample.video.duration,
                form=each.form,
                finish_reason="length" if cut and cut[place] else "stop",
            ),
        )
        for place, (text, each) in enumerate(zip(texts, known, strict=True))
    ]
    samples = [each.sample for each in known]
    columns = {name: reward_names.read(name).values(said, samples) for name in names}
    return [{name: float(values[place]) for name, values in columns.items()} for place in range(len(said))]


def _own(known: Truth, said: Answer) -> Answer:
    """An answer with the sample's own letter in the place of the one that the prompt showed."""
    place = ord(said.option) - 65 if said.option and len(said.option) == 1 else -1
    if not 0 <= place < len(known.order):
        return said
    return msgspec.structs.replace(said, option=chr(65 + known.order[place]))


def total(values: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """The weighted sum of scores; one that does not apply counts nothing.

    >>> total({"tiou": 0.5, "format": math.nan}, {"tiou": 0.9, "format": 0.1})
    0.45
    """
    return sum((weights[name] * value for name, value in values.items() if not math.isnan(value)), 0.0)
