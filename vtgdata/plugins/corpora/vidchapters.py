"""VidChapters-7M: chapters that uploaders wrote for their YouTube videos (Yang et al., NeurIPS 2023).

Raw file:  {"aB3_dE-6hIj": {"title": "Sourdough for beginners", "duration": 615,
             "chapters": [{"time": 0, "label": "Intro"}, {"time": 42.0, "label": "Mixing"}]}}
           only starts, in seconds: a chapter ends where the next one starts, the last one at the end of the video.
Captions:  chapters_dvc_<split>.json, made from the raw file by the authors: {"aB3_dE-6hIj": {"duration": 615.0,
            "timestamps": [[0.0, 42.0]], "sentences": ["Intro"], "path": "aB3_dE-6hIj.mp4.npy"}}
Moments:   chapters_vmr_<split>.jsonl, also made from it, without chapters of 90 % of the video or more:
            {"qid": 0, "vid": "aB3_dE-6hIj", "query": ["Intro", ...], "relevant_windows": [[[0.0, 42.0]], ...],
             "duration": 615, "split": "train"}; only train has such lists. In val and test a line is one query, and
            `vid` is a running number followed by the id, its last 11 characters.
Oddities:  no end is annotated; `extra.derived_end` says how each was derived. Raw entries without `duration` are
           dropped. Some captions entries have fewer times than sentences (the authors removed times past the end), and
           nobody can say which are missing. In the moments form, durations are cut to whole seconds. Labels are what
           users typed: in any language, some of them toxic.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

import msgspec

from vtgdata.annotations import captions_json, events, ids, items, sources, text
from vtgdata.annotations.json_text import read_json
from vtgdata.annotations.text import mapping, sequence, shown, some_readable, unreadable, words
from vtgdata.records import Corpus, Example, RawRow, Records, Split

_RAW = "all"
"""The split of the raw file, which contains all other splits."""

CORPUS = Corpus(
    name="vidchapters",
    title="VidChapters-7M",
    summary="Chapters of YouTube videos, titled and timed by their uploaders; starts are annotated, ends are derived.",
    splits=(
        *(
            Split(
                name=name,
                files=(f"chapters_dvc_{name}.json", f"chapters_vmr_{name}.jsonl", f"chapters_vmr_{name}.json"),
                benchmark=name == "test",
            )
            for name in ("train", "val", "test")
        ),
        Split(name=_RAW, files=("chapters.json",)),
    ),
    license="LicenseRef-unstated",
    license_link="https://antoyang.github.io/vidchapters.html",
    license_confidence="C",
    homepage="https://antoyang.github.io/vidchapters.html",
    citation="Yang, Nagrani, Laptev, Sivic, Schmid: VidChapters-7M: Video Chapters at Scale. NeurIPS 2023.",
    grid=1.0,
    clock="seconds from the start of the file; starts only, ends are derived",
    usage="chapters_dvc_train.json",
    download="Annotations are linked from the homepage; its chapters.pkl is a pickle: use chapters.json or a derived "
    "file.",
    overlaps=("chapters.json holds the videos of train, val and test, and does not say which is which.",),
    family="captions",
    records=(
        Records(shape="object", at="*/chapters|{windows}|{query}/*"),
        Records(at="*/query/*"),
    ),
    youtube=True,
)

EXAMPLE = Example(
    # Without the raw form: in the same folder it would give the same chapters again.
    files={
        "chapters_dvc_train.json": """{
  "aB3_dE-6hIj": {"duration": 615.0, "timestamps": [[0.0, 42.0], [42.0, 615.0]], "sentences": ["Intro", "Mixing "],
    "path": "aB3_dE-6hIj.mp4.npy"},
  "-_a0bZ_c1dE": {"duration": 300.0, "timestamps": [[0.0, 30.0]], "sentences": ["Start", "Rest"],
    "path": "-_a0bZ_c1dE.mp4.npy"}
}""",
        "chapters_vmr_val.jsonl": (
            '{"qid": 0, "query": ["Intro", "Mixing"], "vid": "0123456789c", "duration": 614, "split": "train", '
            '"relevant_windows": [[[0.0, 42.0]], [[42.0, 614.5]]]}\n'
            '{"qid": 1, "query": ["Intro"], "vid": "0123456789d", "duration": 614, "relevant_windows": []}\n'
        ),
        "chapters_vmr_test.jsonl": (
            '{"qid": 7, "query": "Intro", "vid": "00123456789e", "duration": 99, "relevant_windows": [[0.0, 8.0]]}\n'
            '{"qid": 8, "query": "Rope", "vid": "10123456789e", "duration": 99, "relevant_windows": [[8.0, 8.0]]}\n'
        ),
    },
    samples=[
        ("aB3_dE-6hIj", "Intro", [[0.0, 42.0]]),
        ("aB3_dE-6hIj", "Mixing", [[42.0, 615.0]]),
        ("0123456789c", "Intro", [[0.0, 42.0]]),
        ("0123456789c", "Mixing", [[42.0, 614.0]]),
        ("0123456789e", "Intro", [[0.0, 8.0]]),
        ("0123456789e", "Rope", []),
    ],
    drops=["unreadable_row", "unreadable_row", "unreadable_row"],
)

_FORM = '{"YOUTUBE_ID": {"duration": 615, "chapters": [{"time": 0, "label": "Intro"}]}, ...} or a form made of it'
_NUMBERED = re.compile(r"(\d*)([A-Za-z0-9_-]{11})\Z", re.ASCII)


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each chapter; a file may have any of the three forms."""
    found = sources.find(paths, CORPUS, split, one_copy=True)
    derived = {source.path.parent for source in found if source.split != _RAW}
    for source in found:
        # Skip a folder's raw file if derived files lie beside it: it has the same chapters.
        if source.split == _RAW and split is None and source.path not in paths and source.path.parent in derived:
            continue
        yield from _rows(source)


def _rows(source: sources.Source) -> Iterator[RawRow]:
    document = read_json(source.path) if items.shape(source.path) == "json" else None
    if not isinstance(document, dict) or "relevant_windows" in document:
        return items.rows(source, _moments, _FORM)
    entries = cast(dict[str, Any], document)
    if not any(isinstance(entry, dict) and "chapters" in entry for entry in entries.values()):
        return map(_made_by_authors, captions_json.rows(source, captions_json.facts(name=_named), _FORM))
    rows = events.each(f"{source.path.name}#", entries, source.split, partial(_chapters, source.split))
    return some_readable(source.path, rows, _FORM)


def _made_by_authors(row: RawRow) -> RawRow:
    return row if row.problem else msgspec.structs.replace(row, extra=row.extra | {"derived_end": "by_the_authors"})


def _named(key: str) -> ids.Named:
    """A key of VidChapters, a YouTube id.

    >>> _named("v_000000zzz").file
    'v_000000zzz.mp4'
    """
    if ids.youtube_id(key) != key:
        raise ValueError(f"{shown(key)} is no key of VidChapters, a YouTube id")
    return ids.Named(key, f"{key}.mp4", key)


def _chapters(split: str, origin: str, key: str, entry: Any) -> Iterator[RawRow]:
    fields, named = mapping(entry, "the entry"), _named(key)
    chapters = sequence(fields.get("chapters"), "chapters")
    read = partial(_chapter, named, fields, _starts(chapters), split)
    return events.each(f"{origin}/chapters/", chapters, split, read)


def _chapter(
    named: ids.Named, entry: dict[str, Any], starts: Sequence[float], split: str, origin: str, number: int, chapter: Any
) -> RawRow:
    start, label = _start(chapter), words(mapping(chapter, "the chapter").get("label"), "label")
    duration = text.duration(entry.get("duration"))
    if duration is None or not 0 < duration < math.inf:
        detail = f"the entry of {named.video_id} has no duration, and chapters have no end of their own"
        return unreadable(origin, chapter, split, detail, "no_duration", file=named.file)
    if start >= duration:
        # Caught here, because with the video's end as its own, the last chapter would look reversed.
        detail = f"the chapter starts at {start:g} s, the video has {duration:g} s"
        return unreadable(origin, chapter, split, detail, "starts_past_end", file=named.file)
    later = bisect_right(starts, start)
    end, kind = (duration, "duration") if later == len(starts) else (starts[later], "next_start")
    extra = {"derived_end": kind, "title": entry.get("title")}
    return _row(origin, chapter, named, label, [(start, end)], split, duration, extra)


def _start(chapter: Any) -> float:
    start = text.seconds(mapping(chapter, "the chapter").get("time"))
    if not math.isfinite(start):
        raise ValueError(f"time {start} is no time")
    return start


def _starts(chapters: Sequence[Any]) -> list[float]:
    """The readable starts of chapters, sorted."""
    found: list[float] = []
    for chapter in chapters:
        with suppress(ValueError):  # such a chapter becomes an unreadable row of its own
            found.append(_start(chapter))
    return sorted(found)


def _moments(item: items.Item, source: sources.Source) -> Iterator[RawRow]:
    """The rows of one line of the moments form, which has one query or a list of queries."""
    fields = item.fields()
    query, windows = fields.get("query"), sequence(fields.get("relevant_windows"), "relevant_windows")
    several = isinstance(query, list)
    named = _numbered(words(fields.get("vid"), "vid"), several)
    queries = cast(list[Any], query) if several else [query]
    if several and len(queries) != len(windows):
        raise ValueError(f"the line has {len(queries)} queries and {len(windows)} lists of windows")
    duration = text.duration(fields.get("duration"))
    for i, (each, its) in enumerate(zip(queries, windows if several else [windows], strict=True)):
        origin = f"{item.origin}/{i}" if several else item.origin
        raw = {"query": each, "relevant_windows": its} if several else item.raw
        try:
            label, found = words(each, "query"), text.windows(its)
        except ValueError as error:
            yield unreadable(origin, raw, source.split, str(error))
            continue
        extra = {"derived_end": "by_the_authors", "qid": fields.get("qid")}
        yield _row(origin, raw, named, label, found, source.split, duration, extra)


def _numbered(vid: str, several: bool) -> ids.Named:
    """The names of a `vid` of the moments form: an id in train, where queries are lists, else a number and an id.

    >>> _numbered("120123456789e", several=False).video_id
    '0123456789e'
    """
    found = _NUMBERED.match(vid)
    if found is None or several is bool(found[1]):
        wanted = "a YouTube id" if several else "a running number and a YouTube id"
        raise ValueError(f"vid {shown(vid)} is not {wanted}")
    return _named(found[2])


def _row(
    origin: str,
    raw: Any,
    named: ids.Named,
    label: str,
    windows: Sequence[tuple[float | str, float | str]],
    split: str,
    duration: float | None,
    extra: dict[str, Any],
) -> RawRow:
    return RawRow(
        origin=origin,
        raw=raw,
        video_id=named.video_id,
        file=named.file,
        query=label,
        windows=windows,
        split=split,
        duration=duration,
        source_id=named.source_id,
        extra=extra,
    )
