"""From predictions and rollouts to scorable answers: one row and one answer per sample, even if missing or wrong.

An invalid window (NaN, reversed, zero length) keeps its rank and overlaps nothing. A window outside the video is scored
as it is, so one that is wholly outside scores 0. Both kinds are counted. The number of samples never changes.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import numpy as np

from vtgdata.conversation.answer import Form, parse
from vtgdata.conversation.answer_absence import MAY_SAY_SO, says_none
from vtgdata.conversation.other_parser import Reread
from vtgdata.files.schemas import ROLLOUTS, Row
from vtgdata.metrics.answered import NOTHING, TOLERANCE, Answered, no_windows, sound
from vtgdata.metrics.predictions.record import Prediction
from vtgdata.metrics.predictions.write import Given, finite
from vtgdata.metrics.window_table import as_array
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array, as_pairs, from_pairs

SCALES = {"seconds": 1.0, "milliseconds": 0.001, "fraction": 1.0, "percent": 0.01}
"""What a bound is multiplied by; fractions and percentages also by the duration."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """The answers to some samples, in the samples' order: as rows for the file, and as arrays for the metrics."""

    rows: list[Row]
    answers: list[Answered]

    def given(self, samples: Sequence[Sample]) -> list[Given]:
        """The answers in the form in which they are written for other systems, without invalid windows."""
        return [_given(s, a, row) for s, a, row in zip(samples, self.answers, self.rows, strict=True)]

    def strict(self) -> list[Answered] | None:
        """The answers, with those not in the asked form replaced by the empty one; None if no row has a form."""
        if all(row["strict_ok"] is None for row in self.rows):
            return None
        return [a if row["strict_ok"] else NOTHING for a, row in zip(self.answers, self.rows, strict=True)]


def _given(sample: Sample, answer: Answered, row: Row) -> Given:
    kept = ~np.isnan(answer.windows).any(axis=1)
    return Given(
        sample=sample,
        windows=answer.windows[kept].tolist(),
        scores=None if answer.confidence is None else finite(answer.confidence[kept].tolist()),
        saliency=None if answer.saliency is None else finite(answer.saliency.tolist()),
        text=row["text"],
        option=answer.option,
    )


def judge_rows(rows: Sequence[Row], samples: Sequence[Sample]) -> Judged:
    """Answers from rows of rollouts: the first row of each sample; a sample without a row counts as failed."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row["sample_id"], row)
    chosen = [first.get(sample.sample_id) or _missing(sample) for sample in samples]
    return Judged(rows=chosen, answers=[NOTHING if row["error"] is not None else _answered(row) for row in chosen])


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
    rows: list[Row] = []
    answers: list[Answered] = []
    for sample in samples:
        said, chosen = found.get(sample.sample_id), (options or {}).get(sample.sample_id)
        row, answer = (_missing(sample), NOTHING) if said is None else _judge(said, sample, form, prefer, reread)
        if chosen is not None:
            # A right option counts even if the windows are missing; these still count as missing.
            row["option"] = chosen.option
            read = answer.read and msgspec.structs.replace(answer.read, option=chosen.option)
            answer = msgspec.structs.replace(answer, option=chosen.option, read=read)
        rows.append(row)
        answers.append(answer)
    return Judged(rows=rows, answers=answers)


def _missing(sample: Sample) -> Row:
    return _row(sample) | {"error": "no prediction"}


def _row(sample: Sample) -> Row:
    blank: Row = dict.fromkeys(ROLLOUTS)
    return blank | {"sample_id": sample.sample_id, "index": 0}


def _judge(said: Prediction, sample: Sample, form: Form, prefer: str, reread: Reread | None) -> tuple[Row, Answered]:
    """One prediction as a row, with `iou` not yet filled in, and as an answer."""
    row = _row(sample) | {"text": said.text, "option": said.option}
    if said.error is not None:
        return row | {"error": said.error}, NOTHING
    read, raw, none = None, None, False
    if said.text is not None and (prefer == "text" or said.windows is None):
        answer = parse(said.text, duration=sample.video.duration, form=form, finish_reason=said.finish_reason)
        if reread is not None:
            answer = reread(answer, said.text, sample.video.duration)
        windows, confidence = as_array(answer.counted), None
        read = msgspec.structs.replace(answer, option=said.option or answer.option)
        none = answer.says_none
        row |= {"parse_status": answer.parse_status, "strict_ok": answer.strict_ok}
        row["windows"] = _stored(as_array(answer.windows))
        row["option"] = read.option
    else:
        windows, confidence = _arrays(said, sample)
        # A record without a field for windows may still answer, with its option or its saliency alone.
        alone = said.windows is None and (said.option is not None or said.saliency is not None)
        row["parse_status"] = _status(windows, answered=alone)
        none = said.windows == ()
        raw, windows = windows, sound(windows)
        row["windows"] = _stored(windows)
    saliency = None if said.saliency is None else np.array(said.saliency)
    answered = Answered(
        windows=windows,
        confidence=confidence,
        ranked=said.ranked,
        option=row["option"],
        saliency=saliency,
        read=read,
        raw=raw,
        says_none=none,
    )
    return row, answered


def _arrays(said: Prediction, sample: Sample) -> tuple[Array, Array | None]:
    """The windows in seconds, and their scores if they have any. Returns (k, 2), and (k,) or None."""
    if not said.windows:
        return no_windows(), None
    table = np.array(said.windows, dtype=np.float64)
    scale = SCALES[said.unit] * (1 if said.unit in ("seconds", "milliseconds") else sample.video.duration or math.nan)
    # A score of NaN ranks last.
    confidence = np.nan_to_num(table[:, 2], nan=-np.inf) if table.shape[1] == 3 else None
    return table[:, :2] * scale, confidence


def _status(windows: Array, *, answered: bool) -> str:
    """Status of windows as given: ok if any is valid, else what is wrong with the first."""
    if not len(windows):
        return "ok" if answered else "no_answer"
    if not np.isnan(sound(windows)).all():
        return "ok"
    start, end = windows[0]
    if not (np.isfinite(start) and np.isfinite(end)):
        return "not_a_number"
    return "reversed" if start > end else "zero_length"


def _stored(windows: Array) -> list[list[float]]:
    """Windows as files between stages store them: invalid ones left out, the part before the first frame cut off."""
    kept = windows[~np.isnan(windows).any(axis=1)]
    kept = kept[kept[:, 1] > 0]
    return np.maximum(kept, 0.0).tolist()


def counts(judged: Judged, samples: Sequence[Sample]) -> dict[str, Any]:
    """How many answers are of each kind; all of them count in n.

    `n_failed` have no answer at all, among them `n_missing` that the file does not have; `n_unparsed` have no window,
    except those that rightly say that there is no moment;
    `n_wrong_windows` contain an invalid window; `n_past_end`, `n_before_start` and `n_outside` contain a window that is
    partly or wholly outside the video.
    """
    statuses = [row["parse_status"] for row in judged.rows if row["parse_status"] is not None]
    refused = sum(a.says_none and s.none_is_right for a, s in zip(judged.answers, samples, strict=True))
    return {
        "n": len(samples),
        "n_unparsed": sum(status != "ok" for status in statuses) - refused,
        "n_failed": sum(row["error"] is not None for row in judged.rows),
        "n_missing": sum(row["error"] == "no prediction" for row in judged.rows),
        **{name: len(ids) for name, ids in oddities(judged, samples).items()},
        "parse_status": {status: statuses.count(status) for status in sorted(set(statuses))},
    }


def oddities(judged: Judged, samples: Sequence[Sample]) -> dict[str, list[str]]:
    """{kind: ids of samples} whose answer has an invalid window, or one that is partly or wholly outside the video."""
    table = np.concatenate([no_windows(), *(answer.windows for answer in judged.answers)])
    sizes = [len(answer.windows) for answer in judged.answers]
    owner = np.repeat(np.arange(len(sizes)), sizes)
    durations = [math.inf if sample.video.duration is None else sample.video.duration for sample in samples]
    ends = np.array(durations)[owner]
    kinds = {
        "n_wrong_windows": np.isnan(table).any(axis=1),
        "n_past_end": table[:, 1] > ends + TOLERANCE,
        "n_before_start": table[:, 0] < -TOLERANCE,
        "n_outside": (table[:, 0] >= ends) | (table[:, 1] <= 0),
    }
    chosen: dict[str, list[int]] = {name: sorted(set(owner[rows].tolist())) for name, rows in kinds.items()}
    return {name: [samples[i].sample_id for i in found] for name, found in chosen.items()}
