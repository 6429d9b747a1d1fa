"""Rewards in other trainers: from the text of an answer and what a row says of the truth to the scores of evaluation.

A row carries all of it as one JSON text, for some trainers hand a reward nothing else. Importing this needs numpy,
msgspec and PyYAML, and neither torch nor Polars.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from vtgdata.conversation import answer, answer_text
from vtgdata.conversation.answer import Form
from vtgdata.files import plugins
from vtgdata.records import Sample


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer is scored by."""

    sample: Sample
    """Without origin and repairs, which no score reads."""
    form: Form
    """The form of an answer that the prompt asked for."""


def truth(sample: Sample, form: Form) -> str:
    """The JSON text that a row carries."""
    plain = msgspec.structs.replace(sample, origin="", repairs=())
    return msgspec.json.encode(Truth(sample=plain, form=form)).decode()


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
        names: score plug-ins.
        opened: whether the model's chat template writes the mark that opens the reasoning, so that no answer has it.
        cut: whether each answer was cut off at the most tokens; empty if that is not known.

    Returns {score: value in [0, 1], or NaN where it does not apply} for each answer.
    """
    known = [read(text) for text in truths]
    said = [
        answer.parse(
            answer_text.opened(text, by_template=True) if opened else text,
            duration=each.sample.video.duration,
            form=each.form,
            finish_reason="length" if cut and cut[place] else "stop",
        )
        for place, (text, each) in enumerate(zip(texts, known, strict=True))
    ]
    samples = [each.sample for each in known]
    columns = {name: plugins.load("scores", name).score(said, samples) for name in names}
    return [{name: float(values[place]) for name, values in columns.items()} for place in range(len(said))]


def total(values: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """The weighted sum of scores; one that does not apply counts nothing.

    >>> total({"tiou": 0.5, "format": math.nan}, {"tiou": 0.9, "format": 0.1})
    0.45
    """
    return sum((weights[name] * value for name, value in values.items() if not math.isnan(value)), 0.0)
