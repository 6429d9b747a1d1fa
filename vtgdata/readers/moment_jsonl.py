"""The moments family: one record for each query, with its video and its windows; JSON lines, a JSON list, csv or tsv.

    {"qid": 412, "query": "A child feeds two goats.", "duration": 150, "vid": "aB3_dE-6hIj_60.0_210.0",
     "relevant_windows": [[10, 24], [40, 46]]}

Introduced by QVHighlights and shared by dozens of re-published corpora, under other names of the same fields
(`keys.ALIASES`). In csv and tsv a window is two columns (start, end), or a JSON list in one.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from vtgdata.readers import ids, items, text
from vtgdata.readers.keys import ALIASES, Keys
from vtgdata.readers.sources import Source
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
    """Frames a second, for `unit="frames"`; a record's own `fps` goes before it."""
    source_clock: bool = False
    """Bounds count from the start of the source."""
    annotation_set: str = ""
    durations: Mapping[str, float] = {}
    """Seconds by video id, which go before the record's own."""
    ids_unique: bool = True
    """The records' ids name one query of the whole corpus each."""


def rows(source: Source, facts: Facts | None = None, form: str = FORM) -> Iterator[RawRow]:
    """One row for each record of a file; a record without labels is a row that says so.

    Raises VtgError when the file holds no record of this family.
    """
    shared = facts or Facts()
    return items.rows(source, lambda item, given: row(item, given, shared), form)


def row(item: items.Item, source: Source, facts: Facts) -> RawRow:
    """The row of one record. Raises ValueError when it is none."""
    fields, find = item.fields(), facts.keys
    key = find.get("video", fields)
    named = facts.name(text.words(key, "the video") if not isinstance(key, int) else str(key))
    published, split = find.find("id", fields), find.find("split", fields)
    windows = _windows(fields, find)
    length = find.find("duration", fields)
    used = {find.find(field, fields) for field in ALIASES} - {split}
    return RawRow(
        origin=item.origin,
        raw=item.raw,
        video_id=named.video_id,
        file=named.file,
        query=text.words(find.get("query", fields), "the query"),
        windows=windows or (),
        split=source.split or (str(fields[split]) if split else ""),
        annotation_set=facts.annotation_set,
        published_id=str(fields[published]) if facts.ids_unique and published and fields[published] != "" else None,
        duration=facts.durations.get(named.video_id, text.duration(fields[length]) if length else None),
        source_id=named.source_id,
        source_start=named.source_start,
        labelled=windows is not None,
        unit=facts.unit,
        fps=_fps(fields, facts),
        source_clock=facts.source_clock,
        extra={key: value for key, value in fields.items() if key not in used},
    )


def _fps(fields: Mapping[str, Any], facts: Facts) -> float | None:
    if facts.unit != "frames":
        return None
    return text.number(fields["fps"]) if fields.get("fps") not in (None, "") else facts.fps


def _windows(fields: Mapping[str, Any], find: Keys) -> list[tuple[Bound, Bound]] | None:
    """The windows of a record, None where its labels are hidden (no key for them, or nothing in it)."""
    key = find.find("windows", fields)
    if key is not None and fields[key] not in (None, ""):
        value = fields[key]
        if isinstance(value, str):
            value = text.parse_json(value) if value.lstrip().startswith("[") else value.split("-", 1)
        return text.windows(value)
    start, end = find.find("start", fields), find.find("end", fields)
    if start is None or end is None or fields[start] in (None, "") or fields[end] in (None, ""):
        return None
    return [(text.bound(fields[start]), text.bound(fields[end]))]
