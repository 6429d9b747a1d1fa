"""The known forms of prediction files: how each is recognised, how its records are read, and which sample they answer.

own           {"sample_id": .., "windows": [[s, e], ..] or [[s, e, score], ..], "text": .., "option": .., "error": ..}
qvhighlights  {"qid": .., "pred_relevant_windows": [[s, e, score], ..], "pred_saliency_scores": [..]}
              also ReXTime's {"qid": .., "pred_relevant_windows": [[s, e]], "ans": "A"}, with either or both answers
vue_tr        {"query_id": 17, "video_id": .., "query": .., "answer": [[s, e], ..], "task": "temporal_retrieval"}
timelens      {"file>>>query>>>[s, e]": {"timestamps": [[s, e]], "answers": text}}
lmms_eval     {"file>>>query>>>[s, e]": text}
time_r1       {"qid": .., "pred": [s, e] or null, "target": .., "duration": .., "output_text": text}
nextgqa       {"<video>_<qid>": [s, e]} and {"<video>_<qid>": {"prediction": 1, "answer": 1}}
nextgqa_relative  the same with spans as fractions of the duration; the file itself does not show which it is
ego4d_nlq     {"results": [{"clip_uid": .., "annotation_uid": .., "query_idx": 0, "predicted_times": [[s, e], ..]}]}
rows          any other record with an id or a video and its query, and an answer: `rows.py` says which; so are
              TimeLens2's tables of index, video, question and prediction (VLMEvalKit's)

Oddities: TimeLens and Time-R1 count the first window only; a TimeLens key may hold `>>>` inside its query.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import msgspec

from vtgdata.annotations import folders
from vtgdata.annotations.json_text import parse_json
from vtgdata.annotations.text import mapping, number, pair, sequence, shown, words
from vtgdata.metrics.predictions import challenges, rows
from vtgdata.metrics.predictions.entries import Entry
from vtgdata.metrics.predictions.fields import normal, said, video_name
from vtgdata.metrics.predictions.fields import windows as windows_of
from vtgdata.metrics.predictions.record import Prediction
from vtgdata.records import Sample

Reader = Callable[[Entry], Prediction]
_OWN = {"windows", "text", "option", "saliency", "error"}
"""Keys of our own form that hold an answer, or say why there is none."""


class Format(NamedTuple):
    """One form of predictions file."""

    recognises: Callable[[Entry], bool]
    read: Reader
    """Reads an entry; raises ValueError that says what is wrong if the entry does not have this form."""
    keys: Callable[[Sample], tuple[str | tuple[str, ...], ...]]
    """The keys that a file of this form may use for a sample, in the same order as `Prediction.keys`; several where
    one of them may stand in the file."""
    shared: bool = False
    """Whether samples with the same key share one answer; otherwise such a key is an error."""
    by_question: int = 0
    """Number of first levels of keys that name a question: samples with the same one are answered in their order."""
    gather: Callable[[list[Prediction]], list[Prediction]] | None = None
    """What becomes of all predictions of a file, where a form writes several rows for one sample."""
    by_id: Callable[[str], str] | None = None
    """The key of a sample by its id, where a form knows samples by nothing else; `keys` gives the same."""


def published_id(sample: Sample) -> str:
    """The corpus's own id of a sample: the part of its sample_id after the first colon."""
    return _published(sample.sample_id)


def _published(sample_id: str) -> str:
    return sample_id.partition(":")[2]


def _optional(entry: dict[str, Any], name: str) -> str | None:
    value = entry.get(name)
    return None if value is None else words(value, name)


def _saliency(value: Any, name: str) -> tuple[float, ...] | None:
    if value is None:
        return None
    return tuple(math.nan if score is None else number(score) for score in sequence(value, name))


def _has(entry: Entry, *names: str) -> bool:
    """Whether an entry is a record with all of these keys."""
    return entry.key is None and all(name in entry.record for name in names)


def _is_own(entry: Entry) -> bool:
    return _has(entry, "sample_id")


def _is_qvhighlights(entry: Entry) -> bool:
    return _has(entry, "pred_relevant_windows") or _has(entry, "pred_saliency_scores") or _has(entry, "qid", "ans")


def _is_vue_tr(entry: Entry) -> bool:
    return _has(entry, "query_id", "video_id", "query", "answer") and isinstance(entry.record["answer"], list)


def _is_time_r1(entry: Entry) -> bool:
    pred = entry.record.get("pred")
    return (_has(entry, "qid", "pred") and (pred is None or _is_pair(pred))) or _has(entry, "qid", "output_text")


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(item, list | dict) for item in cast(list[Any], value))


def _is_timelens(entry: Entry) -> bool:
    return entry.key is not None and entry.key.count(">>>") >= 2


def _is_lmms_eval(entry: Entry) -> bool:
    return _is_timelens(entry) and isinstance(entry.value, str)


def _is_nextgqa(entry: Entry) -> bool:
    if entry.key is None or "_" not in entry.key or entry.listed:
        return False
    return isinstance(entry.record.get("prediction"), int) or _is_pair(entry.value)


def _never(entry: Entry) -> bool:
    del entry
    return False


def _own(entry: Entry) -> Prediction:
    row = mapping(entry.value, "the row")
    sample_id = words(row.get("sample_id"), "sample_id")
    windows = None if row.get("windows") is None else windows_of(row["windows"], "windows")
    text = _optional(row, "text")
    if not row.keys() & _OWN and len(row) > 1:
        windows, text = said(row)
    ranked = windows is not None and any(len(window) == 3 for window in windows)
    return Prediction(
        keys=(sample_id,),
        where=entry.where,
        windows=windows,
        ranked=ranked,
        saliency=_saliency(row.get("saliency"), "saliency"),
        option=_optional(row, "option"),
        text=text,
        finish_reason=_optional(row, "finish_reason") or "stop",
        error=_optional(row, "error"),
    )


def _qvhighlights(entry: Entry) -> Prediction:
    row = mapping(entry.value, "the row")
    windows = row.get("pred_relevant_windows")
    saliency = _saliency(row.get("pred_saliency_scores"), "pred_saliency_scores")
    option = _optional(row, "ans")
    if windows is None and saliency is None and option is None:
        raise ValueError("it has neither pred_relevant_windows nor pred_saliency_scores")
    return Prediction(
        keys=(_id(row),),
        where=entry.where,
        windows=None if windows is None else windows_of(windows, "pred_relevant_windows"),
        ranked=True,
        saliency=saliency,
        option=option,
    )


def _vue_tr(entry: Entry) -> Prediction:
    row = mapping(entry.value, "the row")
    # Both `[]` and `[[]]` are an answer without windows.
    given = [pair for pair in sequence(row.get("answer"), "answer") if pair != []]
    query = words(row.get("query"), "query")
    return Prediction(
        keys=(f"{_number_of(row)}>>>{video_name(words(row.get('video_id'), 'video_id'))}",),
        query=normal(query),
        where=entry.where,
        windows=windows_of(given, "answer"),
    )


def _number_of(row: dict[str, Any]) -> str:
    number_of = row.get("query_id", row.get("id"))
    if isinstance(number_of, bool) or not isinstance(number_of, int | str):
        raise ValueError(f"query_id is {shown(number_of)}, not the number of a query")
    return str(number_of)


def _vue_tr_keys(sample: Sample) -> tuple[str, ...]:
    return (f"{published_id(sample)}>>>{video_name(sample.video.video_id)}",)


def _id(row: dict[str, Any]) -> str:
    qid = row.get("qid")
    if isinstance(qid, bool) or not (isinstance(qid, str | int) or (isinstance(qid, float) and qid.is_integer())):
        raise ValueError(f"qid is {shown(qid)}, neither text nor a whole number")
    return str(qid)


def _time_r1(entry: Entry) -> Prediction:
    row = mapping(entry.value, "the row")
    pred = row.get("pred")
    return Prediction(
        keys=(_id(row),),
        where=entry.where,
        windows=None if pred is None else windows_of([pred], "pred"),
        text=_optional(row, "output_text"),
    )


def _timelens(entry: Entry) -> Prediction:
    file, first, rest = (entry.key or "").partition(">>>")
    query, second, span = rest.rpartition(">>>")
    if not (first and second):
        raise ValueError("the key is not file>>>query>>>[start, end]")
    answer = said(entry.record if entry.record else {"prediction": entry.value})
    asked = f"{video_name(file)}>>>{normal(query)}"
    return Prediction(
        keys=(f"{asked}>>>{_span(span)}", asked), place=folders.path(file), where=entry.where, windows=answer.windows,
        ranked=True, text=answer.text,
    )  # fmt: skip


def _span(written: str) -> str:
    """The span in a key in one spelling: read as JSON, never evaluated; a text that is not a span stays as it is."""
    try:
        value: Any = parse_json(written)
        pairs = sequence(value, "the span")
        return "{:.3f}-{:.3f}".format(*pair(pairs[0] if len(pairs) == 1 else pairs))
    except ValueError:
        return written


def _timelens_keys(sample: Sample) -> tuple[str, ...]:
    asked = f"{video_name(sample.video.file)}>>>{normal(sample.query)}"
    window = sample.windows[0] if sample.windows else None
    span = f"{window.start:.3f}-{window.end:.3f}" if window else ""
    return (f"{asked}>>>{span}", asked)


def _nextgqa(entry: Entry) -> Prediction:
    if entry.key is None:
        raise ValueError("it is no entry of a mapping from <video>_<qid>")
    if entry.record:
        chosen = entry.record.get("prediction")
        if isinstance(chosen, bool) or not isinstance(chosen, int) or not 0 <= chosen < 26:
            raise ValueError(f"prediction is {shown(chosen)}, not the index of an option")
        return Prediction(keys=(entry.key,), where=entry.where, option=chr(ord("A") + chosen))
    return Prediction(keys=(entry.key,), where=entry.where, windows=windows_of([entry.value], "the span"))


def _nextgqa_relative(entry: Entry) -> Prediction:
    return msgspec.structs.replace(_nextgqa(entry), unit="fraction")


def _by_id(sample: Sample) -> tuple[str, ...]:
    return (published_id(sample),)


def _by_sample_id(sample: Sample) -> tuple[str, ...]:
    return (sample.sample_id,)


FORMATS = {
    "own": Format(_is_own, _own, _by_sample_id, by_id=str),
    "qvhighlights": Format(_is_qvhighlights, _qvhighlights, _by_id, by_id=_published),
    "vue_tr": Format(_is_vue_tr, _vue_tr, _vue_tr_keys),
    "time_r1": Format(_is_time_r1, _time_r1, _by_id, by_id=_published),
    "lmms_eval": Format(_is_lmms_eval, _timelens, _timelens_keys, shared=True),
    "timelens": Format(_is_timelens, _timelens, _timelens_keys, shared=True),
    "nextgqa": Format(_is_nextgqa, _nextgqa, _by_id, by_id=_published),
    "ego4d_nlq": Format(challenges.is_ego4d, challenges.ego4d, challenges.ego4d_keys),
    "rows": Format(rows.recognises, rows.read, rows.keys, by_question=rows.BY_QUESTION, gather=rows.gathered),
    "nextgqa_relative": Format(_never, _nextgqa_relative, _by_id, by_id=_published),
}
"""{name: form}, in the order in which they are tried; the last is never guessed."""
