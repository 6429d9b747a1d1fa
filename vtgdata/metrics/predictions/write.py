"""Writing answers in the forms that other systems read, the counterpart of `formats`: one answer per sample."""

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files.whole import write_json, write_jsonl
from vtgdata.metrics.predictions.formats import published_id
from vtgdata.records import Sample
from vtgdata.records.windows import as_pairs


class Given(NamedTuple):
    """One sample's answer, ready to be written."""

    sample: Sample
    windows: list[list[float]]
    """[start, end] pairs in seconds, best first."""
    scores: list[float] | None
    """One score for each window; None if the answer has none."""
    saliency: list[float] | None
    text: str | None
    option: str | None


def _scored(given: Given) -> list[list[float]]:
    """Windows with scores; falling scores are made up if there are none, since readers of this form sort by them."""
    count = len(given.windows)
    scores = given.scores or [1 - i / count for i in range(count)]
    return [[*window, score] for window, score in zip(given.windows, scores, strict=True)]


def _own(given: Given) -> dict[str, Any]:
    row: dict[str, Any] = {"sample_id": given.sample.sample_id}
    row["windows"] = given.windows if given.scores is None else _scored(given)
    more = {"saliency": given.saliency, "text": given.text, "option": given.option}
    return row | {name: value for name, value in more.items() if value is not None}


def _qvhighlights(given: Given) -> dict[str, Any]:
    row = {
        "qid": _number(published_id(given.sample)),
        "query": given.sample.query,
        "vid": given.sample.video.video_id,
        "pred_relevant_windows": _scored(given),
    }
    return row if given.saliency is None else row | {"pred_saliency_scores": given.saliency}


def _number(qid: str) -> int | str:
    """QVHighlights' qid is a whole number; other corpora's is text."""
    return int(qid) if qid.isascii() and qid.isdigit() and str(int(qid)) == qid else qid


def _timelens(given: Given) -> dict[str, Any]:
    sample = given.sample
    span = as_pairs(sample.windows)[0] if sample.windows else []
    value: dict[str, Any] = {"timestamps": given.windows[:1]}
    return {f"{sample.video.file}>>>{sample.query}>>>{span}": value | ({"answers": given.text} if given.text else {})}


def _time_r1(given: Given) -> dict[str, Any]:
    sample = given.sample
    return {
        "qid": published_id(sample),
        "pred": given.windows[0] if given.windows else None,
        "target": as_pairs(sample.windows)[0] if sample.windows else None,
        "duration": sample.video.duration,
        "output_text": given.text,
    }


def _nextgqa(given: Given) -> dict[str, Any]:
    return {published_id(given.sample): given.windows[0]} if given.windows else {}


def _nextgqa_answers(given: Given) -> dict[str, Any]:
    if given.option is None or given.sample.answer is None:
        return {}
    letters = {"prediction": given.option, "answer": given.sample.answer}
    return {published_id(given.sample): {name: ord(letter) - ord("A") for name, letter in letters.items()}}


Record = Callable[[Given], dict[str, Any]]
LINES: dict[str, Record] = {
    "own": _own, "qvhighlights": _qvhighlights, "timelens": _timelens, "time_r1": _time_r1,
}  # fmt: skip
DOCUMENTS: dict[str, Record] = {"nextgqa": _nextgqa, "nextgqa_answers": _nextgqa_answers}


def file_name(form: str) -> str:
    """The name of the file that a form is written to; raises VtgError for an unknown form."""
    if form not in LINES | DOCUMENTS:
        raise VtgError(f"--write-predictions {form!r}: no such form; {did_you_mean(form, LINES | DOCUMENTS)}.")
    return f"predictions.{form}.{'jsonl' if form in LINES else 'json'}"


def write_predictions(folder: Path, form: str, answers: Iterable[Given]) -> str:
    """Write answers in one form; returns the file's name. `Given.windows` has no invalid windows.

    In TimeLens' form, samples of the same video, query and window have the same key. All are written; a reader that
    keeps only one of them divides by a smaller number of samples.
    """
    name = file_name(form)
    if form in LINES:
        write_jsonl(folder / name, (LINES[form](given) for given in answers))
    else:
        document: dict[str, Any] = {}
        for given in answers:
            document |= DOCUMENTS[form](given)
        write_json(folder / name, document)
    return name


def finite(values: Sequence[float]) -> list[float]:
    """Numbers that JSON can hold: NaN and infinities become 0."""
    return [value if math.isfinite(value) else 0.0 for value in values]
