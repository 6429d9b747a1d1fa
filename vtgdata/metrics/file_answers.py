"""Answers out of files of predictions, judged, with what is wrong with the files."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from vtgdata.conversation.answer import Form
from vtgdata.conversation.other_parser import Reread
from vtgdata.metrics.judging import Judged, counts, judge_predictions
from vtgdata.metrics.predictions.join import join
from vtgdata.metrics.predictions.read import read_predictions
from vtgdata.metrics.predictions.record import WindowUnit
from vtgdata.metrics.problems import file_facts, need_texts, option_facts, too_much
from vtgdata.records import Sample


class Reading(NamedTuple):
    """How files of predictions are read."""

    form: Form
    """The form that texts are read by."""
    prefer: Literal["text", "windows"]
    """Which counts if a prediction has both."""
    parser: str
    """Name of another system's parser; empty for ours."""
    reread: Reread | None
    """That parser."""
    max_failed: float
    """Share of the answers that may be missing, repeated or unreadable."""


class FileAnswers(NamedTuple):
    """The answers of a file."""

    judged: Judged
    facts: dict[str, Any]
    """Counts of its rows, and its problems."""
    failure: str | None
    """A message if there are more problems than are allowed."""


def answers_of(
    path: str,
    samples: Sequence[Sample],
    reading: Reading,
    *,
    form: str = "",
    unit: WindowUnit | None = None,
    options: str = "",
) -> FileAnswers:
    """Read a file of predictions and, if given, a second one with the options.

    Args: form: of the file, "" to detect it; unit: of its windows; options: path of the second file.
    """
    file, second = read_predictions(path, form), read_predictions(options) if options else None
    if reading.parser:
        need_texts(file, reading.parser)
    joined, chosen = join(file, samples, unit), join(second, samples) if second else None
    judged = judge_predictions(
        joined.found,
        samples,
        reading.form,
        prefer=reading.prefer,
        options=chosen.found if chosen else None,
        reread=reading.reread,
    )
    facts = file_facts(file, joined, judged, samples)
    problems = [too_much(path, counts(judged, samples) | facts, reading.max_failed)]
    if second and chosen:
        facts["options"] = option_facts(second, chosen, judged)
        problems.append(too_much(options, facts["options"] | {"n": len(samples)}, reading.max_failed))
    return FileAnswers(judged, facts, " ".join(problem for problem in problems if problem) or None)
