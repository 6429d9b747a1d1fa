"""Measures of pass rates: the mean of any score over a sample's answers, or the share of answers that reaches a value.

`support_f1` is the mean of that score and `support_f1>=0.5` the share of answers that score 0.5 or more. Measures are
joined by `*`: `answer*tiou>=0.5` is the share of answers that are right and reach IoU 0.5 as well. The score
`tiou` keeps its names from the time before other scores could be measured: `tiou` is stored as `mean_iou` and `tiou>=T`
as `iou>=T`. All four names are accepted everywhere.
"""

import math
from collections.abc import Iterable

import msgspec

from vtgdata.conversation.answer import Form
from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files import plugins
from vtgdata.files.schemas import Row


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One factor of a measure: a score, or whether it reaches a value."""

    score: str
    """The score plug-in's name, or its dotted path."""
    threshold: float | None = None
    """The lowest score that passes; None takes the score itself."""

    def value(self, row: Row) -> float | None:
        """The value of one answer (a row of rollouts), in [0, 1]; None if it failed or the score does not apply.

        No answer can match a sample without a true window: its IoU counts 0, while other scores do not apply to it.
        """
        if self.score == "tiou":
            score = row["iou"]
        else:
            score = next((s["value"] for s in row["scores"] or () if s["name"] == self.score), None)
        return score if score is None or self.threshold is None else float(score >= self.threshold)


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One measure of a sample's answers, in [0, 1]; a higher value means an easier sample."""

    name: str
    """Its name in files: `mean_iou`, `iou>=0.5`, `support_f1`, `answer*iou>=0.5`."""
    parts: tuple[Part, ...]
    """Its value of an answer is the product of theirs."""

    @property
    def scores(self) -> list[str]:
        """The score plug-ins that it needs."""
        return [part.score for part in self.parts]

    def value(self, row: Row) -> float | None:
        """The value of one answer (a row of rollouts), in [0, 1]; None if it failed or a score does not apply."""
        values = [part.value(row) for part in self.parts]
        known = [value for value in values if value is not None]
        return math.prod(known) if len(known) == len(values) else None


def default_measures(form: Form) -> list[str]:
    """The measures of what a prompt asks for: one window, all windows, an option with a window, or an option alone.

    >>> default_measures(Form(template="[({start}, {end}), ...]"))
    ['union_iou>=0.5', 'union_iou']
    """
    asks_option = "{option}" in form.template
    if not form.wants_window:
        return ["answer"]
    windows = ["union_iou>=0.5", "union_iou"] if form.wants_several else ["iou>=0.5", "mean_iou"]
    return [f"answer*{windows[0]}", "answer", windows[1]] if asks_option else windows


def stored_name(text: str) -> str:
    """The name under which files store a measure: only `tiou` and `tiou>=T` are stored under another name.

    >>> stored_name("tiou"), stored_name("answer*tiou>=0.5"), stored_name("support_f1")
    ('mean_iou', 'answer*iou>=0.5', 'support_f1')
    """
    return "*".join(map(_stored, text.split("*")))


def _stored(text: str) -> str:
    score, at_least, number = text.partition(">=")
    if score != "tiou":
        return text
    return f"iou>={number}" if at_least else "mean_iou"


def read_measure(text: str) -> Measure:
    """A measure from `NAME` or `NAME>=T` with 0 < T <= 1, where NAME is a score; also `mean_iou` and `iou>=T`.

    Several are joined by `*`. Raises VtgError, with the nearest name, for any other text.

    >>> read_measure("tiou>=0.5").parts
    (Part(score='tiou', threshold=0.5),)
    """
    return Measure(name=stored_name(text), parts=tuple(_part(factor, text) for factor in text.split("*")))


def _part(factor: str, text: str) -> Part:
    score, at_least, number = factor.partition(">=")
    old = "iou" if at_least else "mean_iou"
    score = "tiou" if score == old else score
    known = plugins.names("scores")
    dotted = "." in score and all(part.isidentifier() for part in score.split("."))
    if score not in known and not dotted:
        near = did_you_mean(score, ["iou" if at_least else "mean_iou", *known])
        raise VtgError(f"unknown measure {text!r}: write a score, or SCORE>=T with 0 < T <= 1; {near}.")
    plugins.load("scores", score)
    if not at_least:
        return Part(score=score)
    try:
        threshold = float(number)
    except ValueError:
        threshold = math.nan
    if not 0 < threshold <= 1:
        raise VtgError(f"measure {text!r}: {number!r} is no threshold; write {score}>=T with 0 < T <= 1.")
    return Part(score=score, threshold=threshold)


def read_measures(texts: Iterable[str]) -> list[Measure]:
    """Several measures, read by `read_measure`, each once: `tiou` and `mean_iou` are the same."""
    return list({measure.name: measure for measure in map(read_measure, texts)}.values())
