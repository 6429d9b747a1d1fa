"""From predictions and rollouts to scorable answers: one row and one answer per sample, even if missing or wrong.

An invalid window (NaN, reversed, zero length) keeps its rank and overlaps nothing. A window outside the video is scored
as it is, so one that is wholly outside scores 0. Both kinds are counted. The number of samples never changes.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
import numpy as np

from vtgdata.conversation.answer import Form
from vtgdata.conversation.answer_absence import MAY_SAY_SO, says_none
from vtgdata.conversation.other_parser import Reread
from vtgdata.files.schemas import ROLLOUTS, Row
from vtgdata.metrics.answered import NOTHING, TOLERANCE, Answered
from vtgdata.metrics.answers import Answers, answers_of, as_answers
from vtgdata.metrics.flat import Index
from vtgdata.metrics.judge import Judge
from vtgdata.metrics.judged_rows import MISSING, column
from vtgdata.metrics.predictions.record import Prediction
from vtgdata.metrics.predictions.write import Given, finite
from vtgdata.metrics.truths import as_truths
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array, as_pairs, from_pairs


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """The answers to some samples, in the samples' order: as rows for the file, and as arrays for the metrics."""

    rows: Sequence[Row]
    answers: Sequence[Answered]

    def given(self, samples: Sequence[Sample]) -> Iterator[Given]:
        """The answers in the form in which they are written for other systems, without invalid windows."""
        return map(_given, samples, self.answers, column(self.rows, "text"))

    def strict(self) -> Answers | None:
        """The answers, with those not in the asked form replaced by the empty one; None if no row has a form."""
        strict = column(self.rows, "strict_ok")
        if all(each is None for each in strict):
            return None
        return as_answers(self.answers).only(np.array([bool(each) for each in strict], dtype=bool))


def _given(sample: Sample, answer: Answered, text: str | None) -> Given:
    kept = ~np.isnan(answer.windows).any(axis=1)
    return Given(
        sample=sample,
        windows=answer.windows[kept].tolist(),
        scores=None if answer.confidence is None else finite(answer.confidence[kept].tolist()),
        saliency=None if answer.saliency is None else finite(answer.saliency.tolist()),
        text=text,
        option=answer.option,
    )


def judge_rows(rows: Sequence[Row], samples: Sequence[Sample]) -> Judged:
    """Answers from rows of rollouts: the first row of each sample; a sample without a row counts as failed."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row["sample_id"], row)
    chosen = [first.get(sample.sample_id) or _missing(sample) for sample in samples]
    answers = (NOTHING if row["error"] is not None else _answered(row) for row in chosen)
    return Judged(rows=chosen, answers=answers_of(answers))


def _missing(sample: Sample) -> Row:
    blank: Row = dict.fromkeys(ROLLOUTS)
    return blank | {"sample_id": sample.sample_id, "index": 0, "error": MISSING}


def _answered(row: Row) -> Answered:
    read = answer_of(row)
    return Answered(windows=_counted(row), option=row["option"], read=read, says_none=read.says_none)


def answer_of(row: Row) -> Answer:
    """The parsed answer that a row of rollouts stores."""
    reasoning, status = row["reasoning"] or "", row["parse_status"] or "ok"
    none = status in MAY_SAY_SO and says_none(row["text"], status)
    return Answer(
        windows=from_pairs(row["windows"]),
        option=row["option"],
        parse_status=status,
        strict_ok=bool(row["strict_ok"]),
        reasoning=reasoning,
        has_reasoning=bool(reasoning.strip()),
        # Without a text, a list of windows that was given and is empty says so.
        says_none=none or (row["text"] is None and status == "no_answer" and row["windows"] == []),
    )


def _counted(row: Row) -> Array:
    """The windows that are scored: none unless the status is ok, though a row may store them (`several_where_one`)."""
    counted = row["windows"] if row["parse_status"] in (None, "ok") else None
    return np.array(counted or [], dtype=np.float64).reshape(-1, 2)


def read_otherwise(rows: Sequence[Row], samples: Sequence[Sample], reread: Reread) -> list[Row]:
    """Rows of rollouts with the windows that another system's parser finds in their texts; failed rows stay as is."""
    durations = {sample.sample_id: sample.video.duration for sample in samples}
    found: list[Row] = []
    for row in rows:
        if row["error"] is None:
            answer = reread(answer_of(row), row["text"], durations[row["sample_id"]])
            row = row | {"windows": as_pairs(answer.windows), "parse_status": answer.parse_status}
        found.append(row)
    return found


def judge_predictions(
    found: Mapping[str, Prediction],
    samples: Sequence[Sample],
    form: Form,
    *,
    prefer: Literal["text", "windows"] = "text",
    options: Mapping[str, Prediction] | None = None,
    reread: Reread | None = None,
) -> Judged:
    """Answers from a file's predictions.

    Args:
        found: {sample id: prediction}.
        samples: the samples, in the order wanted.
        form: the form that the prompt asked for, for the strict reading of texts.
        prefer: whether the text or the windows count if a prediction has both.
        options: {sample id: prediction} of a second file, which gives the options.
        reread: another system's parser of texts, in place of ours.
    """
    of = as_truths(samples)
    made = Judge(form, prefer, reread)
    for sample_id, duration in zip(of.columns.ids, of.durations.tolist(), strict=True):
        chosen = None if options is None else options.get(sample_id)
        made.add(found.get(sample_id), None if math.isnan(duration) else duration, chosen)
    rows, answers = made.judged(of.columns.ids)
    return Judged(rows=rows, answers=answers)


def counts(judged: Judged, samples: Sequence[Sample]) -> dict[str, Any]:
    """How many answers are of each kind; all of them count in n.

    `n_failed` have no answer at all, among them `n_missing` that the file does not have; `n_unparsed` have no window,
    except those that rightly say that there is no moment;
    `n_wrong_windows` contain an invalid window; `n_past_end`, `n_before_start` and `n_outside` contain a window that is
    partly or wholly outside the video.
    """
    statuses = [status for status in column(judged.rows, "parse_status") if status is not None]
    errors = column(judged.rows, "error")
    refused = int(np.count_nonzero(as_answers(judged.answers).says_none & as_truths(samples).absent))
    return {
        "n": len(samples),
        "n_unparsed": sum(status != "ok" for status in statuses) - refused,
        "n_failed": sum(error is not None for error in errors),
        "n_missing": sum(error == MISSING for error in errors),
        **{name: len(places) for name, places in oddities(judged, samples).items()},
        "parse_status": {status: statuses.count(status) for status in sorted(set(statuses))},
    }


def oddities(judged: Judged, samples: Sequence[Sample]) -> dict[str, Index]:
    """{kind: places of samples} whose answer has an invalid window, or one that is partly or wholly outside."""
    flat, durations = as_answers(judged.answers).windows, as_truths(samples).durations
    table, ends = flat.windows, np.where(np.isnan(durations), math.inf, durations)[flat.row]
    kinds = {
        "n_wrong_windows": np.isnan(table).any(axis=1),
        "n_past_end": table[:, 1] > ends + TOLERANCE,
        "n_before_start": table[:, 0] < -TOLERANCE,
        "n_outside": (table[:, 0] >= ends) | (table[:, 1] <= 0),
    }
    return {name: np.unique(flat.row[rows]) for name, rows in kinds.items()}
