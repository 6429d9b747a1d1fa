"""Any record with an id, or a video and a query, and an answer: what most systems write, each under its own keys.

{"qid": 412, "windows": [[11, 21]]}                  {"qid": 412, "response": "From 11 to 21 seconds."}
{"vname": "K7QZ2.mp4", "query": "..", "generated_cap": "..", "id": 3}    TimeChat and VTG-LLM
{"3": {"timestamp": [[11, 21]], "query": "..", "vid": "K7QZ2.mp4"}}      the same, after their own parser
{"412": "From 11 to 21 seconds."}                    index,video,question,prediction (csv, tsv)
{"results": {"v_abc": [{"sentence": "..", "timestamp": [11, 21]}]}}      ActivityNet's challenges

Which sample a record answers: what it says of it must agree. Video and query together go before an id, which in many
files is a mere position; an id alone counts where the record says nothing that speaks against it.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from vtgdata.annotations import folders
from vtgdata.metrics.predictions import fields
from vtgdata.metrics.predictions.entries import Entry
from vtgdata.metrics.predictions.record import Prediction
from vtgdata.records import Sample

BY_QUESTION = 2
"""The first levels of keys, which name a question rather than a sample: samples with the same one are told apart by
their order."""


def recognises(entry: Entry) -> bool:
    """Whether an entry says which sample it answers, and what the answer is."""
    try:
        return bool(read(entry).keys)
    except ValueError:
        return False


def read(entry: Entry) -> Prediction:
    """The prediction of a record; raises ValueError, with its keys, when it names no sample or has no answer."""
    record = _record(entry)
    answer = fields.said(record or {"prediction": entry.value})
    score = fields.first_number(record, fields.SCORES)
    windows = answer.windows
    if score is not None and windows and len(windows) == 1 and len(windows[0]) == 2:
        windows = ((*windows[0], score),)
    query = _query(record, entry.listed)
    return Prediction(
        keys=_keys(record, entry, query),
        query=query,
        place=folders.path(fields.first(record, fields.VIDEOS) or entry.key or ""),
        where=entry.where,
        windows=windows,
        ranked=bool(windows) and len(windows[0]) == 3,
        text=answer.text,
    )


def _record(entry: Entry) -> dict[str, Any]:
    """The fields of an entry; a log of lmms-eval has those of the question under `doc`."""
    record = entry.record
    asked = record.get("doc")
    return {**cast(dict[str, Any], asked), **record} if isinstance(asked, dict) else record


def _query(record: dict[str, Any], listed: bool) -> str | None:
    """The query of a record; the events of a video may be classes, with their labels as queries."""
    query = fields.first(record, (*fields.QUERIES, "label") if listed else (*fields.QUERIES, "prompt"))
    return None if query is None else fields.normal(query)


def _keys(record: dict[str, Any], entry: Entry, asked: str | None) -> tuple[str, ...]:
    """What a record says of its sample, one key for each level of `keys`; empty where the record has no such key."""
    key, video = entry.key, fields.first(record, fields.VIDEOS)
    sure = fields.first(record, fields.SURE_IDS)
    named = sure or (None if entry.listed else key) or fields.first(record, fields.IDS)
    alone = video is None and (asked is None or sure is not None or key is not None)
    if video is None and key is not None:
        video = key
    if named is None and video is None and asked is None:
        wanted = "no id (sample_id, qid, id or such) and no video with its query"
        raise ValueError(f"it has {wanted}, only {fields.keys_of(record)}")
    stem = None if video is None else fields.video_name(video)
    return (
        _joined(named, stem, asked),
        _joined(stem, asked),
        _joined(named, stem),
        _joined(named, asked),
        named if named is not None and alone else "",
        stem if stem is not None and (asked is not None or named is None or key is not None) else "",
        asked if asked is not None and stem is None and named is None else "",
    )


def keys(sample: Sample) -> tuple[tuple[str, ...], ...]:
    """The keys by which a record may name a sample, the most precise level first."""
    named = tuple(dict.fromkeys((sample.sample_id.partition(":")[2], sample.sample_id)))
    stems = tuple(dict.fromkeys(map(fields.video_name, (sample.video.video_id, sample.video.file))))
    query = fields.normal(sample.query)
    return (
        tuple(_joined(name, stem, query) for name in named for stem in stems),
        tuple(_joined(stem, query) for stem in stems),
        tuple(_joined(name, stem) for name in named for stem in stems),
        tuple(_joined(name, query) for name in named),
        named,
        stems,
        (query,),
    )


def _joined(*parts: str | None) -> str:
    return "" if None in parts else ">>>".join(part or "" for part in parts)


def gathered(predictions: Sequence[Prediction]) -> list[Prediction]:
    """The predictions, with all scored windows of one question as one ranking, best first.

    Challenges of ActivityNet write a row for each guess.
    """
    groups: dict[tuple[str, ...], list[Prediction]] = defaultdict(list)
    for prediction in predictions:
        groups[(*prediction.keys, prediction.place)].append(prediction)
    found: list[Prediction] = []
    for same in groups.values():
        if len(same) > 1 and all(each.ranked and len(each.windows or ()) == 1 for each in same):
            guesses = sorted((window for each in same for window in each.windows or ()), key=lambda w: -w[2])
            same = [msgspec.structs.replace(same[0], windows=tuple(guesses))]
        found += same
    return found
