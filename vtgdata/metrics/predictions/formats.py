"""The known forms of prediction files: how each is recognised, how its records are read, and which sample they answer.

own           {"sample_id": .., "windows": [[s, e], ..] or [[s, e, score], ..], "text": .., "option": .., "error": ..}
qvhighlights  {"qid": .., "pred_relevant_windows": [[s, e, score], ..], "pred_saliency_scores": [..]}
timelens      {"file>>>query>>>[s, e]": {"timestamps": [[s, e]], "answers": text}}
time_r1       {"qid": .., "pred": [s, e] or null, "target": .., "duration": .., "output_text": text}
nextgqa       {"<video>_<qid>": [s, e]} and {"<video>_<qid>": {"prediction": 1, "answer": 1}}
nextgqa_relative  the same with spans as fractions of the duration; the file itself does not show which it is

Oddities: TimeLens and Time-R1 count the first window only; a TimeLens key may hold `>>>` inside its query.
"""

import math
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import msgspec

from vtgdata.annotations.text import mapping, number, pair, parse_json, sequence, shown, words
from vtgdata.metrics.predictions.entries import Entry
from vtgdata.metrics.predictions.record import Prediction
from vtgdata.records import Sample

_VIDEOS = {".mp4", ".mkv", ".webm", ".avi", ".mov", ".mpg", ".m4v", ".wmv", ".3gp", ".3g2", ".mts", ".m2ts"}

Reader = Callable[[Entry], Prediction]


class Format(NamedTuple):
    """One form of predictions file."""

    recognises: Callable[[Entry], bool]
    read: Reader
    """Reads an entry; raises ValueError that says what is wrong if the entry does not have this form."""
    keys: Callable[[Sample], tuple[str, ...]]
    """The keys that a file of this form may use for a sample, in the same order as `Prediction.keys`."""
    shared: bool = False
    """Whether samples with the same key share one answer; otherwise such a key is an error."""


def published_id(sample: Sample) -> str:
    """The corpus's own id of a sample: the part of its sample_id after the first colon."""
    return sample.sample_id.partition(":")[2]


def normal(query: str) -> str:
    """A query in one spelling, since systems may have cleaned it up: single blanks, no dots around it, lower case.

    >>> normal(" A man  runs. ")
    'a man runs'
    """
    return " ".join(query.split()).strip(" .").casefold()


def _windows(value: Any, name: str) -> tuple[tuple[float, ...], ...]:
    """Windows of two numbers, or of three with a score; null is read as NaN, since some writers write NaN so."""
    found: list[tuple[float, ...]] = []
    for item in sequence(value, name):
        bounds = sequence(item, f"an item of {name}")
        if len(bounds) not in (2, 3):
            raise ValueError(f"an item of {name} is {shown(item)}, not [start, end] or [start, end, score]")
        found.append(tuple(math.nan if bound is None else number(bound) for bound in bounds))
    if len({len(window) for window in found}) > 1:
        raise ValueError(f"some items of {name} have a score and some have none")
    return tuple(found)


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
    return _has(entry, "pred_relevant_windows") or _has(entry, "pred_saliency_scores")


def _is_time_r1(entry: Entry) -> bool:
    return _has(entry, "qid", "pred") or _has(entry, "qid", "output_text")


def _is_timelens(entry: Entry) -> bool:
    return entry.key is not None and entry.key.count(">>>") >= 2


def _is_nextgqa(entry: Entry) -> bool:
    if entry.key is None or "_" not in entry.key:
        return False
    return "prediction" in entry.record or isinstance(entry.value, list)


def _never(entry: Entry) -> bool:
    del entry
    return False


def _own(entry: Entry) -> Prediction:
    row = mapping(entry.value, "the row")
    sample_id = words(row.get("sample_id"), "sample_id")
    windows = None if row.get("windows") is None else _windows(row["windows"], "windows")
    ranked = windows is not None and any(len(window) == 3 for window in windows)
    return Prediction(
        keys=(sample_id,),
        where=entry.where,
        windows=windows,
        ranked=ranked,
        saliency=_saliency(row.get("saliency"), "saliency"),
        option=_optional(row, "option"),
        text=_optional(row, "text"),
        finish_reason=_optional(row, "finish_reason") or "stop",
        error=_optional(row, "error"),
    )


def _qvhighlights(entry: Entry) -> Prediction:
    row = mapping(entry.value, "the row")
    windows = row.get("pred_relevant_windows")
    saliency = _saliency(row.get("pred_saliency_scores"), "pred_saliency_scores")
    if windows is None and saliency is None:
        raise ValueError("it has neither pred_relevant_windows nor pred_saliency_scores")
    return Prediction(
        keys=(_id(row),),
        where=entry.where,
        windows=None if windows is None else _windows(windows, "pred_relevant_windows"),
        ranked=True,
        saliency=saliency,
    )


def _id(row: dict[str, Any]) -> str:
    qid = row.get("qid")
    if isinstance(qid, bool) or not isinstance(qid, str | int):
        raise ValueError(f"qid is {shown(qid)}, neither text nor a whole number")
    return str(qid)


def _time_r1(entry: Entry) -> Prediction:
    row = mapping(entry.value, "the row")
    pred = row.get("pred")
    return Prediction(
        keys=(_id(row),),
        where=entry.where,
        windows=None if pred is None else _windows([pred], "pred"),
        text=_optional(row, "output_text"),
    )


def _timelens(entry: Entry) -> Prediction:
    file, first, rest = (entry.key or "").partition(">>>")
    query, second, span = rest.rpartition(">>>")
    if not (first and second):
        raise ValueError("the key is not file>>>query>>>[start, end]")
    row = mapping(entry.value, "the value")
    times = row.get("timestamps")
    stem = _stem(file)
    return Prediction(
        keys=(f"{stem}>>>{normal(query)}>>>{_span(span)}", f"{stem}>>>{normal(query)}"),
        where=entry.where,
        windows=None if times is None else _windows(times, "timestamps"),
        ranked=True,
        text=_optional(row, "answers"),
    )


def _span(written: str) -> str:
    """The span in a key in one spelling: read as JSON, never evaluated; a text that is not a span stays as it is."""
    try:
        value: Any = parse_json(written)
        pairs = sequence(value, "the span")
        return "{:.3f}-{:.3f}".format(*pair(pairs[0] if len(pairs) == 1 else pairs))
    except ValueError:
        return written


def _stem(file: str) -> str:
    """A file's name without folders and video extension; other dots stay, since ids may have them (QVHighlights')."""
    path = PurePosixPath(file)
    return path.stem if path.suffix.lower() in _VIDEOS else path.name


def _timelens_keys(sample: Sample) -> tuple[str, ...]:
    stem, query = _stem(sample.video.file), normal(sample.query)
    window = sample.windows[0] if sample.windows else None
    span = f"{window.start:.3f}-{window.end:.3f}" if window else ""
    return (f"{stem}>>>{query}>>>{span}", f"{stem}>>>{query}")


def _nextgqa(entry: Entry) -> Prediction:
    if entry.key is None:
        raise ValueError("it is no entry of a mapping from <video>_<qid>")
    if entry.record:
        chosen = entry.record.get("prediction")
        if isinstance(chosen, bool) or not isinstance(chosen, int) or not 0 <= chosen < 26:
            raise ValueError(f"prediction is {shown(chosen)}, not the index of an option")
        return Prediction(keys=(entry.key,), where=entry.where, option=chr(ord("A") + chosen))
    return Prediction(keys=(entry.key,), where=entry.where, windows=_windows([entry.value], "the span"))


def _nextgqa_relative(entry: Entry) -> Prediction:
    return msgspec.structs.replace(_nextgqa(entry), unit="fraction")


def _by_id(sample: Sample) -> tuple[str, ...]:
    return (published_id(sample),)


def _by_sample_id(sample: Sample) -> tuple[str, ...]:
    return (sample.sample_id,)


FORMATS = {
    "own": Format(_is_own, _own, _by_sample_id),
    "qvhighlights": Format(_is_qvhighlights, _qvhighlights, _by_id),
    "time_r1": Format(_is_time_r1, _time_r1, _by_id),
    "timelens": Format(_is_timelens, _timelens, _timelens_keys, shared=True),
    "nextgqa": Format(_is_nextgqa, _nextgqa, _by_id),
    "nextgqa_relative": Format(_never, _nextgqa_relative, _by_id),
}
"""{name: form}, in the order in which they are tried; the last is never guessed."""
