"""Asking models for an evaluation: each under its conditions, over numbers of frames, and for several answers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from vtgdata.conversation.other_parser import Reread
from vtgdata.engine.collect import collect
from vtgdata.engine.rollouts import DEFAULT_SCORES, score_rows
from vtgdata.engine.settings import AskSettings
from vtgdata.files.schemas import Row
from vtgdata.metrics import sets, several
from vtgdata.metrics.judging import Judged, answer_of, judge_rows, read_otherwise
from vtgdata.metrics.other_truth import Estimate
from vtgdata.metrics.report import Ruler, Scored


class Asking(NamedTuple):
    """What an evaluation asks each model."""

    settings: AskSettings
    """Of the first answer to each sample: one answer, so many frames."""
    ruler: Ruler
    conditions: Sequence[str]
    """`sighted`, and the controls; see `collect`."""
    frames: Sequence[int] = ()
    """Numbers of frames of the curve, the one of `settings` among them; empty for none."""
    sampled: AskSettings | None = None
    """Of the answers drawn beside, if there are any."""
    reread: Reread | None = None
    """Another system's parser of texts."""


class _Answers(NamedTuple):
    """A model's answers under one condition."""

    judged: list[Judged]
    """The first answer to each sample, the second, and so on."""
    values: list[sets.Values]
    """Their metrics."""
    model_id: str
    reproducible: bool | None


def ask_models(asking: Asking, models: Sequence[str], *, as_seeds: bool = False) -> Scored:
    """Ask each model, and score the answers.

    With `as_seeds` the models are one method trained several times, and none is compared with the one before it.
    """
    scored, ruler = Scored(), asking.ruler
    before: sets.Values | None = None
    for spec in models:
        report, sighted = _conditions(asking, spec, scored)
        if asking.frames:
            report["curve"] = _curve(asking, spec, scored)
        if asking.sampled is not None:
            found = _asked(asking, asking.sampled, spec, "sighted", scored, "sampled")
            report["sampled"] = several.sampled(found.values, ruler.sources) | {
                "temperature": asking.sampled.temperature
            }
        if before is not None and not as_seeds:
            report["gain"] = ruler.difference(sighted, before)
        before = sighted
        scored.reports.append(report)
    return scored


def _conditions(asking: Asking, spec: str, scored: Scored) -> tuple[dict[str, Any], sets.Values]:
    """A model's report under each condition, and its sighted values."""
    ruler = asking.ruler
    report: dict[str, Any] = {"model": spec}
    sighted: sets.Values = {}
    sighted_seen: dict[str, Estimate] = {}
    for condition in asking.conditions:
        found = _asked(asking, asking.settings, spec, condition, scored, condition)
        judged, values = found.judged[0], found.values[0]
        seen = ruler.seen(judged, values)
        report["model_id"] = found.model_id
        if found.reproducible is not None:
            report["reproducible"] = found.reproducible and report.get("reproducible", True)
        report[condition] = ruler.describe(judged, values, seen)
        if condition == "sighted":
            sighted, sighted_seen = values, seen
            scored.judged.append(judged)
            scored.values.append(values)
            report |= {"breakdown": ruler.parts(values), "official": ruler.official(values)}
        else:
            report[f"sighted_minus_{condition}"] = ruler.difference(sighted, values)
        if condition in ("blind", "blank"):
            report["looking"] = ruler.looking(sighted_seen, seen)
    return report, sighted


def _curve(asking: Asking, spec: str, scored: Scored) -> list[dict[str, Any]]:
    """The model's scores for each number of frames."""
    curve: list[dict[str, Any]] = []
    for number in asking.frames:
        settings = msgspec.structs.replace(asking.settings, num_frames=number)
        aside = Scored()  # the rows of the evaluation's own number of frames are there already
        told = scored if settings.num_frames != asking.settings.num_frames else aside
        found = _asked(asking, settings, spec, "sighted", told, f"sighted, {number} frames")
        curve.append({"num_frames": number, **asking.ruler.in_short(found.judged[0], found.values[0])})
    return curve


def _asked(
    asking: Asking, settings: AskSettings, spec: str, condition: str, scored: Scored, seeing: str
) -> _Answers:  # fmt: skip
    """Ask a model for all answers of `settings`; adds the rows, and a failure if there is one, to `scored`."""
    ruler = asking.ruler
    with collect(settings, ruler.samples, spec, condition=condition, scores=ruler.scores) as collected:
        rows = _as_read(asking, [row for _, its in collected.by_sample() for row in its])
    scored.failure = scored.failure or collected.failure(settings.max_failed)
    scored.rows.extend(row | {"model": spec, "seeing": seeing} for row in rows)
    judged = [judge_rows([row for row in rows if row["index"] == k], ruler.samples) for k in range(settings.n)]
    values = [ruler.values(each) for each in judged]
    return _Answers(judged, values, collected.model_id, collected.reproducible)


def _as_read(asking: Asking, rows: list[Row]) -> list[Row]:
    """The rows with their texts read by the other parser and scored again; unchanged without one."""
    if asking.reread is None:
        return rows
    ruler = asking.ruler
    rows = read_otherwise(rows, ruler.samples, asking.reread)
    known = {sample.sample_id: sample for sample in ruler.samples}
    answers, asked = [answer_of(row) for row in rows], [known[row["sample_id"]] for row in rows]
    score_rows(rows, answers, asked, (*DEFAULT_SCORES, *ruler.scores))
    return rows
