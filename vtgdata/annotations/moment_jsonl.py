"""The moments family: one record for each query, with its video and its windows; JSON lines, a JSON list, csv or tsv.

    {"qid": 412, "query": "A child feeds two goats.", "duration": 150, "vid": "aB3_dE-6hIj_60.0_210.0",
     "relevant_windows": [[10, 24], [40, 46]]}

Introduced by QVHighlights and used by dozens of re-published corpora, with other names for the same fields
(`keys.ALIASES`). In csv and tsv a window is two columns (start, end), or a JSON list in one.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.annotations import ids, items, text
from vtgdata.annotations.keys import Keys
from vtgdata.annotations.sources import Source
from vtgdata.annotations.text import bound, duration, parse_json, rate, words
from vtgdata.records import Bound, RawRow, Unit

FORM = '{"qid": 412, "query": "...", "duration": 150, "vid": "...", "relevant_windows": [[10, 24]]}'


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the records of one file have in common."""

    keys: Keys = msgspec.field(default_factory=Keys)
    """Which key holds which field."""
    name: Callable[[str], ids.Named] = ids.named
    """What a video's key stands for."""
    unit: Unit = "seconds"
    fps: float | None = None
    """Frames per second, for `unit="frames"`; a record's own `fps` takes precedence."""
    source_clock: bool = False
    """Whether bounds count from the start of the source."""
    annotation_set: str = ""
    label_version: str = "original"
    source_corpus: str = ""
    """Corpus that all records were taken from."""
    parallel: tuple[str, ...] = ()
    """In captions, other lists parallel to the sentences: each row keeps its own element."""
    durations: Mapping[str, float] = {}
    """Seconds by video id; they take precedence over the record's own."""
    ids_unique: bool = True
    """Whether each record's id names one query of the whole corpus."""


def rows(source: Source, facts: Facts | None = None, form: str = FORM) -> Iterator[RawRow]:
    """One row for each record of a file; a record without labels gives a row with `labelled=False`.

    Raises VtgError when the file holds no record of this family.
    """
    shared = facts or Facts()
    return items.rows(source, lambda item, given: row(item, given, shared), form)


def row(item: items.Item, source: Source, facts: Facts) -> RawRow:
    """The row of one record. Raises ValueError when the record is not one of this family."""
    fields = item.fields()
    key = facts.keys.of(fields)
    for needed in ("video", "query"):
        if needed not in key:
            raise facts.keys.missing(needed, fields)
    named = facts.name(_id(fields[key["video"]], "the video"))
    windows = _windows(fields, key)
    length = facts.durations.get(named.video_id)
    if length is None and "duration" in key:
        length = duration(fields[key["duration"]])
    used = key.values()
    return RawRow(
        origin=item.origin,
        raw=item.raw,
        video_id=named.video_id,
        file=named.file,
        query=words(fields[key["query"]], "the query"),
        windows=windows or (),
        split=source.split or str(fields.get(key.get("split", ""), "")),
        annotation_set=facts.annotation_set,
        label_version=facts.label_version,
        source_corpus=facts.source_corpus,
        published_id=_published(fields.get(key.get("id", ""))) if facts.ids_unique else None,
        duration=length,
        source_id=named.source_id,
        source_start=named.source_start,
        labelled=windows is not None,
        unit=facts.unit,
        fps=_fps(fields, facts),
        source_clock=facts.source_clock,
        extra={name: value for name, value in fields.items() if name not in used},
    )


def video_keys(path: Path, keys: Keys) -> Iterator[str]:
    """The video's key in each record of a file, as far as it has one."""
    for item in items.read(path):
        try:
            fields = item.fields()
            value = fields.get(keys.of(fields).get("video", ""))
        except ValueError:
            continue  # said when the record is read
        if isinstance(value, str):
            yield value


def _id(value: Any, name: str) -> str:
    return str(value) if type(value) is int else words(value, name)


def _published(value: Any) -> str | None:
    """A published id as text; None where there is none."""
    return None if value in (None, "") else _id(value, "the id")


def _fps(fields: Mapping[str, Any], facts: Facts) -> float | None:
    if facts.unit != "frames":
        return None
    return rate(fields["fps"]) if fields.get("fps") not in (None, "") else facts.fps


def _windows(fields: Mapping[str, Any], key: Mapping[str, str]) -> list[tuple[Bound, Bound]] | None:
    """The windows of a record; None if its labels are hidden (no key for them, or an empty value)."""
    value = fields.get(key.get("windows", ""))
    if value not in (None, ""):
        if isinstance(value, str):
            value = parse_json(value) if value.lstrip().startswith("[") else value.split("-", 1)
        return text.windows(value)
    start, end = (fields.get(key.get(name, "")) for name in ("start", "end"))
    if start in (None, "") or end in (None, ""):
        return None
    return [(bound(start), bound(end))]
