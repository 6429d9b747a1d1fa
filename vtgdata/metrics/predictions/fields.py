"""The fields of a prediction's record: which keys hold an id, a video, a query and the answer, and how each is written.

Every system names its answer differently (`response`, `generated_cap`, `pred_windows`, `filtered_resps`), so a key is
judged by the words in it. A record may hold the true window beside the answer: names that say "this is a prediction"
therefore go before names that do not (`answer`, `timestamps`), which count only where no other is there.
"""

import math
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any, NamedTuple, cast

from vtgdata.annotations import ids
from vtgdata.annotations.json_text import parse_json
from vtgdata.annotations.keys import ALIASES
from vtgdata.annotations.text import mapping, number, sequence, shown
from vtgdata.records.times import parse_time

SURE_IDS = ("sample_id", "qid", "query_id", "question_id", "annotation_id")
"""Keys of an id that the annotations gave; the other ids may be mere positions in a file."""
IDS = (*SURE_IDS, "id", "uid", "idx", "index", "doc_id")
VIDEOS = (*ALIASES["video"], "vname", "clip_uid", "clip_id")
QUERIES = tuple(name for name in ALIASES["query"] if name != "text")
ABOUT_SAMPLES = frozenset((*IDS, *VIDEOS, *QUERIES))
"""Keys that say which sample a record is about."""
SCORES = ("score", "confidence", "prob")

_SAID = {
    "pred", "preds", "predict", "predicts", "predicted", "prediction", "predictions", "response", "responses", "output",
    "outputs", "generated", "generation", "completion", "reply", "resps",
}  # fmt: skip
"""Words in the name of a key that holds what a system answered."""
_ABOUT = {
    "score", "scores", "conf", "confidence", "prob", "probs", "logprob", "logprobs", "saliency", "iou", "ious", "miou",
    "len", "length", "tokens", "token", "id", "ids", "count", "latency", "type", "format", "path", "file", "label",
    "labels", "idx", "duration", "cost", "error", "reason", "option", "choice", "start", "end",
}  # fmt: skip
"""Words of keys that tell something about an answer, and are none."""
_SURE = ("windows", "text")
_UNSURE = ("timestamps", "timestamp", "segments", "segment", "spans", "span", "moments", "moment", "window", "times")
_UNSURE_TEXTS = ("answers", "answer")
_BOUNDS = (ALIASES["start"], ALIASES["end"])
_MOST_DEPTH = 3
"""Most objects that an answer may stand in, each inside the other."""
_VIDEO_FILES = {".mp4", ".mkv", ".webm", ".avi", ".mov", ".mpg", ".m4v", ".wmv", ".3gp", ".3g2", ".mts", ".m2ts"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_FLOAT_ID = re.compile(r"((?:\A|:|>>>)\d{1,15})\.0(?=\Z|>>>)", re.ASCII)

_AS_JSON = str.maketrans("()'", '[]"')
"""Python's own writing of tuples and texts, which csv cells hold, as JSON's."""

Windows = tuple[tuple[float, ...], ...]


class Said(NamedTuple):
    """The answer of a record: windows, a text, or both."""

    windows: Windows | None
    text: str | None


def normal(query: str) -> str:
    """A query in one spelling, since systems may have cleaned it up: single blanks, no dots around it, lower case.

    >>> normal(" A man  runs. ")
    'a man runs'
    """
    return " ".join(query.split()).strip(" .").casefold()


def stem(file: str) -> str:
    """A file's name without folders and video extension; other dots stay, since ids may have them (QVHighlights')."""
    path = PurePosixPath(file)
    return path.stem if path.suffix.lower() in _VIDEO_FILES else path.name


def video_name(name: str) -> str:
    """The name of a video in one spelling: of a path or a file its name, of a link its id, without ActivityNet's `v_`.

    >>> video_name("videos/v_aB3_dE-6hIj.mp4") == video_name("https://youtu.be/aB3_dE-6hIj?t=3") == "aB3_dE-6hIj"
    True
    """
    found = ids.named(name if ids.is_link(name) else stem(ids.base(name))).video_id
    return ids.youtube_id(found) or found


def whole_ids(key: str) -> str:
    """A key of a prediction or a sample in which an id that pandas made a float is the whole number that it was.

    >>> whole_ids("412.0"), whole_ids("mine:412.0"), whole_ids("412.0>>>K7QZ2"), whole_ids("v1.0")
    ('412', 'mine:412', '412>>>K7QZ2', 'v1.0')
    """
    return _FLOAT_ID.sub(r"\1", key) if ".0" in key else key


def first(record: dict[str, Any], names: Iterable[str]) -> str | None:
    """The first of these keys that a record has with a text or a number, as text; None where it has none."""
    for name in names:
        value = record.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "" and value == value:
            return str(value)
    return None


def first_number(record: dict[str, Any], names: Iterable[str]) -> float | None:
    """The first of these keys' values that is a number; None where there is none."""
    for name in names:
        try:
            return number(record[name])
        except (KeyError, ValueError):
            continue
    return None


def is_record(record: dict[str, Any]) -> bool:
    """Whether an object is one prediction, rather than a mapping from ids to predictions."""
    return not ABOUT_SAMPLES.isdisjoint(record) or bool(answer_keys(record))


def windows(value: Any, name: str) -> Windows:
    """Windows of two bounds, or of three with a score, as lists or objects; null is NaN, since some writers do so.

    >>> windows([["00:11", 21], [30, "31.5"]], "windows")
    ((11.0, 21.0), (30.0, 31.5))
    """
    each = f"an item of {name}"
    found = tuple([_window(item, each) for item in sequence(value, name)])
    if len({len(window) for window in found}) > 1:
        raise ValueError(f"some items of {name} have a score and some have none")
    return found


def _window(item: Any, name: str) -> tuple[float, ...]:
    if isinstance(item, dict):
        return _from_object(mapping(item, name), name)
    bounds = sequence(item, name)
    if len(bounds) not in (2, 3):
        raise ValueError(f"{name} is {shown(item)}, not [start, end] or [start, end, score]")
    return tuple(_bound(bound) for bound in bounds)


def _from_object(item: dict[str, Any], name: str) -> tuple[float, ...]:
    score = next((item[key] for key in SCORES if key in item), None)
    pair = _bounds_of(item) or next((item[key] for key in _UNSURE if isinstance(item.get(key), list)), None)
    if pair is None:
        raise ValueError(f"{name} is an object of {keys_of(item)}, without a start and an end")
    found = _window(pair, name)
    return found if score is None or len(found) == 3 else (*found, _bound(score))


def _bounds_of(record: dict[str, Any], sure: bool = False) -> list[Any] | None:
    """The values of a record's keys for start and end; with `sure`, only of keys that also say they are predictions."""
    if not sure:
        found = [next((record[key] for key in names if record.get(key) not in (None, "")), None) for names in _BOUNDS]
        return None if None in found else found
    said = [(key, words) for key in record if (words := _words(key)) & _SAID]
    ends = [next((record[key] for key, words in said if word in words), None) for word in ("start", "end")]
    return None if None in ends else ends


def _bound(value: Any) -> float:
    """One bound: a number, a number as text, or a clock time; null is NaN."""
    if value is None:
        return math.nan
    try:
        return number(value)
    except ValueError:
        if not isinstance(value, str):
            raise
        return parse_time(value)


def said(record: dict[str, Any], depth: int = 0) -> Said:
    """The answer of a record; raises ValueError, naming the keys that it has, when it has none or two."""
    if depth > _MOST_DEPTH:
        raise ValueError("its answer nests too deep")
    sure = [key for key in record if key in _SURE or _says_so(key)]
    found = [_read(record[key], key, depth) for key in sure if _may_be(record[key])]
    if bounds := _bounds_of(record, sure=True):
        found.append(Said(windows([bounds], "the window"), None))
    if not found:
        found = [_read(record[key], key, depth) for key in (*_UNSURE, *_UNSURE_TEXTS) if key in record]
    if not found and (bounds := _bounds_of(record)):
        found = [Said(windows([bounds], "the window"), None)]
    if not found:
        raise ValueError(f"it has no answer (windows, text, response, prediction or such), only {keys_of(record)}")
    windows_said, text = _only([each.windows for each in found], sure), _only([each.text for each in found], sure)
    return Said(() if windows_said is None and text is None else windows_said, text)


def _only(values: list[Any], sure: list[str]) -> Any:
    """The one value among these that is not None; raises ValueError when two differ."""
    given = list(dict.fromkeys(value for value in values if value is not None))
    if len(given) > 1:
        raise ValueError(f"which of {', '.join(map(repr, sure))} is the answer? Leave one of them")
    return given[0] if given else None


def answer_keys(record: dict[str, Any]) -> list[str]:
    """The keys of a record that may hold an answer."""
    found = [key for key in record if key in (*_SURE, *_UNSURE, *_UNSURE_TEXTS) or _says_so(key)]
    return found or [key for names in _BOUNDS for key in names if key in record]


def _says_so(key: str) -> bool:
    words = _words(key)
    return bool(words & _SAID) and not words & _ABOUT


def _words(key: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(key)}


def _may_be(value: Any) -> bool:
    return value is None or isinstance(value, str | list | dict)


def _read(value: Any, name: str, depth: int) -> Said:
    """One value as an answer: text, windows, an object with either, or a list of one of these."""
    if value is None:
        return Said(None, None)
    if isinstance(value, str):
        return _from_text(value, name)
    if isinstance(value, dict):
        record = mapping(cast(Any, value), name)
        return said(record, depth + 1) if not _bounds_of(record) else Said((_window(record, name),), None)
    found = sequence(value, name)
    if len(found) == 1 and (isinstance(found[0], str) or _nested(found[0])):
        return _read(found[0], name, depth)  # one sampled answer in a list, as lmms-eval writes it
    if any(isinstance(item, list | dict) for item in found) or not found:
        return Said(windows(found, name), None)
    return Said((_window(found, name),), None)


def _nested(value: Any) -> bool:
    return isinstance(value, list) and len(cast(list[Any], value)) == 1 and isinstance(value[0], str)


def _from_text(value: str, name: str) -> Said:
    """A text; a csv cell of windows holds JSON."""
    if "text" not in name and _words(name) & {"window", "windows", "times", "timestamps", "spans", "segments"}:
        try:
            return _read(parse_json(value.translate(_AS_JSON)), name, _MOST_DEPTH)
        except ValueError:
            pass
    return Said(None, value)


def keys_of(record: Iterable[str]) -> str:
    """The keys of a record, for an error message; the first dozen of them."""
    names = [str(key)[:40] for key in record]
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return (", ".join(map(repr, names[:12])) or "nothing") + more
