"""The moments family: one record for each query, with its video and its windows; JSON lines, a JSON list, csv or tsv.

    {"qid": 412, "query": "A child feeds two goats.", "duration": 150, "vid": "aB3_dE-6hIj_60.0_210.0",
     "relevant_windows": [[10, 24], [40, 46]]}

Introduced by QVHighlights and used by dozens of re-published corpora, with other names for the same fields
(`keys.ALIASES`). In csv and tsv a window is two columns (start, end), or a JSON list in one.
"""

import re
from collections.abc import Callable, Container, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.annotations import blocks, choices, ids, items, labels
from vtgdata.annotations.keys import Keys
from vtgdata.annotations.sources import Source
from vtgdata.annotations.text import LACKING, UNREADABLE, duration, rate, refused, shown, some_readable, words
from vtgdata.errors import VtgError
from vtgdata.files import limits
from vtgdata.records import RawRow, Repair, Unit

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
    no_labels: labels.Stated = labels.Stated()
    """What the corpus's page or the user states of labels that are not there."""
    own_split: bool = False
    """Whether a record's own split counts, before that of its file."""
    needs: tuple[str, ...] = ()
    """Keys that every record of the corpus has: without one, the record is another corpus's."""
    asked_split: str = ""
    """The split that the user named: a record that names another is an error."""


def rows(
    source: Source, facts: Facts | None = None, form: str = FORM, stated: items.Stated | None = None
) -> Iterator[RawRow]:
    """One row for each record of a file.

    Raises VtgError when the file holds no record of this family.
    """
    shared = facts or Facts()
    return items.rows(source, lambda item, given: row(item, given, shared), form, stated)


def pieces(
    source: Source, facts: Facts, form: str = FORM, stated: items.Stated | None = None
) -> Iterator[RawRow | blocks.Block]:
    """The same rows, in blocks where the file has some that are plainly written."""
    if not items.is_json_lines(source.path, stated):
        yield from rows(source, facts, form, stated)
        return
    name = source.path.name

    def made(position: int, number: int, line: str) -> RawRow:
        item = items.of_line(name, position, number, line)
        try:
            return row(item, source, facts)
        except ValueError as error:
            return refused(item.origin, item.raw, source.split, error)

    def layout(line: str) -> blocks.Layout | None:
        item = items.of_line(name, 0, 1, line)
        try:
            return _layout(item.fields(), source, facts)
        except ValueError:
            return None

    reader = blocks.Reader(row=made, layout=layout, named=lambda key, under: _named(key, under, facts))
    found, held = blocks.read(source.path, source.split, reader), list[RawRow]()
    for piece in found:
        if isinstance(piece, RawRow) and piece.problem is not None and piece.problem[0] in (UNREADABLE, LACKING):
            held.append(piece)
            continue
        yield from (*held, piece)
        yield from found
        return
    yield from some_readable(source.path, held, form)


def _layout(fields: dict[str, Any], source: Source, facts: Facts) -> blocks.Layout | None:
    """How a file writes its records, by one of them; None where a row needs more than columns hold.

    Raises ValueError where the record is none that the reader knows.
    """
    own = Facts(keys=facts.keys, name=facts.name, no_labels=facts.no_labels, own_split=facts.own_split)
    if msgspec.structs.replace(facts, asked_split="") != own or facts.no_labels.hidden or not source.split:
        return None
    if not (source.split.isascii() and source.path.name.isascii()) or limits.DEPTH.value < _DEPTH:
        return None
    key = facts.keys.of(fields)
    window = ("windows",) if "windows" in key else ("start", "end")
    needed = {"video", "query", *window}
    if not needed <= key.keys() <= needed | {"duration", "id"} or sorted(fields) != sorted(key.values()):
        return None
    bounds = tuple(key[name] for name in window)
    value = fields[bounds[0]]
    form = "bounds" if len(bounds) == 2 else "pair" if labels.is_pair(value) else "pairs"
    if form == "pairs" and not (isinstance(value, list) and value and labels.is_pair(value[0])):
        return None
    return blocks.Layout(
        video=key["video"],
        query=key["query"],
        form=form,
        windows=bounds,
        duration=key.get("duration", ""),
        id=key.get("id", ""),
    )


_DEPTH = 3
"""Levels of a record: the object, the list of windows, the window."""


def row(item: items.Item, source: Source, facts: Facts) -> RawRow:
    """The row of one record. Raises ValueError when the record is not one of this family."""
    fields = item.fields()
    for name in facts.needs:
        if name not in fields:
            raise ValueError(f"there is no {name!r}, only {', '.join(map(shown, fields))[:300]}")
    key = facts.keys.of(fields)
    for needed in ("video", "query"):
        if needed not in key:
            raise facts.keys.missing(needed, fields)
    notes: list[Repair] = []
    named = _named(_id(fields[key["video"]], "the video", item, notes), key["video"], facts)
    found = labels.of_record(fields, facts.keys, key, facts.no_labels, item.origin)
    asked = choices.of_record(fields, key)
    length = facts.durations.get(named.video_id)
    if length is None and "duration" in key:
        length = duration(fields[key["duration"]])
    used = _used(fields, key, asked)
    return RawRow(
        origin=item.origin,
        raw=item.raw,
        video_id=named.video_id,
        file=named.file,
        query=words(fields[key["query"]], "the query"),
        windows=found.windows,
        split=split_of(fields.get(key.get("split", "")), source, facts, item.origin),
        annotation_set=facts.annotation_set,
        label_version=facts.label_version,
        source_corpus=facts.source_corpus,
        published_id=_published(fields.get(key.get("id", "")), item, notes) if facts.ids_unique else None,
        duration=length,
        source_id=named.source_id,
        source_start=named.source_start,
        labelled=found.labelled,
        none_is_right=found.none,
        unit=facts.unit,
        fps=_fps(fields, facts),
        source_clock=facts.source_clock,
        task="grounded_qa" if asked.options else "moment_retrieval",
        options=asked.options,
        answer=asked.answer,
        repairs=(*notes, *asked.repairs) if notes or asked.repairs else (),
        extra={name: value for name, value in fields.items() if name not in used},
    )


def video_keys(path: Path, keys: Keys, stated: items.Stated | None = None) -> Iterator[str]:
    """The video's key in each record of a file, as far as it has one."""
    for item in items.read(path, stated):
        try:
            fields = item.fields()
            value = fields.get(keys.of(fields).get("video", ""))
        except ValueError:
            continue  # said when the record is read
        if isinstance(value, str):
            yield value


_YOUTUBE = re.compile(r"(?:\A|_)(?:youtube|yt)(?:_|\Z)", re.IGNORECASE)
"""A key such as `youtube_id`: it says that its values are YouTube's ids."""

_EXACT = 17
"""Characters of a float with `.0` up to which a whole number has lost no digit."""

_KEPT = ("options", "answer", "windows")
"""Fields whose keys go to `extra` where they say more than the row does."""


def _named(video: str, under: str, facts: Facts) -> ids.Named:
    """What a video's key stands for. Args: under: the key of the record that holds it."""
    named = facts.name(video)
    if named.source_id is None and _YOUTUBE.search(under):
        return named._replace(source_id=ids.youtube_id(named.video_id))
    return named


def _used(fields: Mapping[str, Any], key: Mapping[str, str], asked: choices.Choices) -> Container[str]:
    """The keys whose values the row holds whole."""
    more = "windows" in key and labels.says_more(fields[key["windows"]])
    if not more and not asked.keys and "options" not in key and "answer" not in key:
        return key.values()  # by far the most common case
    used = {name for field, name in key.items() if field not in _KEPT} | {*asked.keys}
    return used if more or "windows" not in key else used | {key["windows"]}


def _id(value: Any, name: str, item: items.Item, notes: list[Repair]) -> str:
    """An id as text; a whole number that pandas made a float (12.0) loses its `.0`, and a note says so."""
    if type(value) is str and not item.in_table:
        return value
    text = str(value) if type(value) is float or (item.in_table and isinstance(value, str)) else ""
    if text.endswith(".0") and text[:-2].isdecimal() and len(text) <= _EXACT:
        notes.append(Repair("float_id", text, text[:-2]))
        return text[:-2]
    return str(value) if type(value) is int else words(value, name)


def _published(value: Any, item: items.Item, notes: list[Repair]) -> str | None:
    """A published id as text; None where there is none."""
    return None if value in (None, "") or value != value else _id(value, "the id", item, notes)


_SPLITS = {"training": "train", "validation": "val", "valid": "val", "testing": "test"}
"""Other spellings of splits' names."""


def split_of(own: Any, source: Source, facts: Facts, origin: str) -> str:
    """The split of a record: its own, where it has one and that counts, else that of its file.

    Raises VtgError where it contradicts the one that the user named, ValueError where nothing tells the split.
    """
    told = "" if own is None else str(own).strip()
    if not facts.own_split or not told:
        if not source.split and not told:
            raise ValueError("neither the record nor the file's name tells its split; name it with --split")
        return source.split or told
    name = told if told == source.split else _SPLITS.get(told.lower(), told)
    if facts.asked_split and name != facts.asked_split:
        raise VtgError(
            f"{origin}: the record says that its split is {shown(told)}, and --split says {facts.asked_split!r}. Drop "
            "--split, so that each record's own counts, or say --override-split."
        )
    return name


def _fps(fields: Mapping[str, Any], facts: Facts) -> float | None:
    if facts.unit != "frames":
        return None
    return rate(fields["fps"]) if fields.get("fps") not in (None, "") else facts.fps
