"""Ego4D NLQ: questions about egocentric video, one short answer window in clips of about 8 minutes (Grauman et al.).

Raw file:  {"version": "1", "videos": [{"video_uid": "0000-aaaa", "split": "train", "clips": [{"clip_uid": "1111-bbbb",
             "video_start_sec": 30.0, "video_end_sec": 510.0, "annotations": [{"annotation_uid": "3333-dddd",
             "language_queries": [{"query": "Where did I put the ladle?", "clip_start_sec": 12.5, "clip_end_sec": 15.0,
             "video_start_sec": 42.5, "video_end_sec": 45.0, "template": "...", ...}]}]}]}]}
Clocks:    `clip_*` count from the start of the clip, `video_*` from the start of the whole video. A clip is a video
           here: the part from `video_start_sec` to `video_end_sec` of its source. If a query lacks `clip_*`, `video_*`
           is used.
Ids:       the annotation's uid and the query's number in it; empty queries count too, as in the official scorer.
Oddities:  several annotators ask about one clip; some queries are missing or empty (the official code skips them, here
           they become drops) or contain newlines; many windows are shorter than a second, or have no length; the test
           file has no times.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from vtgdata.annotations import events, sources, text
from vtgdata.annotations.text import mapping, pair, sequence, shown, words
from vtgdata.records import Corpus, Example, RawRow, Records, Split

CORPUS = Corpus(
    name="ego4d_nlq",
    title="Ego4D NLQ",
    summary="Questions about egocentric clips of about 8 minutes, each with one short window that answers it.",
    splits=(
        Split(name="train", files=("nlq_train.json",), rows=11_291),
        Split(name="val", files=("nlq_val.json",), rows=3_874, benchmark=True),
        Split(name="test", files=("nlq_test_unannotated.json",), benchmark=True),
    ),
    license="LicenseRef-Ego4D",
    license_link="https://ego4d-data.org/docs/start-here/#license-agreement",
    license_confidence="C",
    homepage="https://ego4d-data.org/",
    citation="Grauman et al.: Ego4D: Around the World in 3,000 Hours of Egocentric Video. CVPR 2022.",
    grid=None,
    clock="seconds from the start of the clip",
    usage="nlq_train.json",
    download="Sign the licence agreement, then fetch the annotations with the corpus's own command line. The counts "
    "are those of version 1, as its moment JSONL copies have it; version 2 has more.",
    overlaps=("168 questions of TVGBench are of this corpus.",),
    records=(Records(shape="object", at="videos/*/clips/*/annotations/*/language_queries/*"),),
)

EXAMPLE = Example(
    files={
        "nlq_train.json": """{"version": "1", "date": "x", "description": "y", "videos": [
  {"video_uid": "0000-aaaa", "split": "train", "clips": [
    {"clip_uid": "1111-bbbb", "source_clip_uid": "2222-cccc", "video_start_sec": 30.0, "video_end_sec": 510.0,
     "clip_start_sec": 0, "clip_end_sec": 480.0, "annotations": [
      {"annotation_uid": "3333-dddd", "language_queries": [
        {"clip_start_sec": 12.5, "clip_end_sec": 15.0, "video_start_sec": 42.5, "video_end_sec": 45.0,
         "template": "Objects: Where is object X?", "query": "Where did I put\\n the ladle?", "slot_x": "ladle"},
        {"clip_start_sec": 20.0, "clip_end_sec": 21.0, "template": null, "query": ""},
        {"clip_start_sec": 20.0, "clip_end_sec": 21.0},
        {"video_start_sec": 130.25, "video_end_sec": 140.25, "query": "Did I close the drawer?"},
        {"clip_start_sec": 7.5, "clip_end_sec": 7.5, "query": "What did I pour?"},
        {"clip_start_sec": "?", "clip_end_sec": 9.5, "query": "Who was there?"}]},
      {"annotation_uid": "4444-eeee", "language_queries": [
        {"clip_start_sec": 12.0, "clip_end_sec": 15.5, "query": "Where did I put the ladle?"}]}]},
    {"clip_uid": "../1111", "video_start_sec": 0, "video_end_sec": 9, "annotations": []}]}]}""",
        "nlq_test_unannotated.json": """{"version": "1", "videos": [
  {"video_uid": "0000-ffff", "split": "test", "clips": [
    {"clip_uid": "5555-abcd", "video_start_sec": 0.0, "video_end_sec": 480.0, "annotations": [
      {"annotation_uid": "6666-abcd", "language_queries": [{"query": "Where was the lid?"}]}]}]}]}""",
    },
    samples=[
        ("1111-bbbb", "Where did I put the ladle?", [[12.5, 15.0]]),
        ("1111-bbbb", "Did I close the drawer?", [[100.25, 110.25]]),
        ("1111-bbbb", "Where did I put the ladle?", [[12.0, 15.5]]),
        ("5555-abcd", "Where was the lid?", []),
    ],
    drops=["empty_query", "empty_query", "zero_length", "unreadable_row", "unreadable_row"],
)

_FORM = '{"videos": [{"video_uid": "...", "clips": [{"clip_uid": "...", "annotations": [...]}]}]}'
_OWN = {"query", "clip_start_sec", "clip_end_sec", "video_start_sec", "video_end_sec"}


class _Clip(NamedTuple):
    """Facts that all queries of a clip share."""

    uid: str
    source: str
    """`video_uid` of the whole video."""
    start: float | None
    """Seconds of the whole video at which the clip begins; None if unknown."""
    duration: float | None


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """Rows of the language queries of all annotators, in the file's order."""
    for source in sources.find(paths, CORPUS, split):
        yield from events.rows(source, partial(_video, source.split), _FORM, under="videos")


def _video(split: str, origin: str, number: int, video: Any) -> Iterator[RawRow]:
    fields = mapping(video, "the video")
    uid, clips = words(fields.get("video_uid"), "video_uid"), sequence(fields.get("clips"), "clips")
    return events.each(f"{origin}/clips/", clips, split, partial(_clip, split, uid))


def _clip(split: str, source: str, origin: str, number: int, clip: Any) -> Iterator[RawRow]:
    fields = mapping(clip, "the clip")
    uid = words(fields.get("clip_uid"), "clip_uid")
    if not uid or not uid.replace("-", "").isalnum():
        raise ValueError(f"clip_uid {shown(uid)} is no uid")
    annotations = sequence(fields.get("annotations"), "annotations")
    start, duration = None, text.duration(fields.get("clip_end_sec"))
    if fields.get("video_start_sec") is not None and fields.get("video_end_sec") is not None:
        start, end = pair([fields["video_start_sec"], fields["video_end_sec"]])
        duration = end - start
    found = _Clip(uid, source, start, duration)
    return events.each(f"{origin}/annotations/", annotations, split, partial(_annotation, split, found))


def _annotation(split: str, clip: _Clip, origin: str, number: int, annotation: Any) -> Iterator[RawRow]:
    fields = mapping(annotation, "the annotation")
    uid = words(fields.get("annotation_uid"), "annotation_uid")
    queries = sequence(fields.get("language_queries"), "language_queries")
    return events.each(f"{origin}/language_queries/", queries, split, partial(_row, split, clip, uid))


def _row(split: str, clip: _Clip, annotation: str, origin: str, number: int, value: Any) -> RawRow:
    fields = mapping(value, "the query")
    window, source_clock = _window(fields, clip)
    if window is None and split != "test":
        raise text.Lacking(f"the query has no times, only {', '.join(fields)[:200]}; they are hidden in the test split")
    query = fields.get("query")
    return RawRow(
        origin=origin,
        raw=fields,
        video_id=clip.uid,
        file=f"{clip.uid}.mp4",
        query="" if query is None else words(query, "query"),
        windows=[] if window is None else [window],
        split=split,
        published_id=f"{annotation}_{number}",
        duration=clip.duration,
        source_id=clip.source,
        source_start=clip.start,
        source_clock=source_clock,
        labelled=window is not None,
        extra={name: value for name, value in fields.items() if name not in _OWN},
    )


def _window(fields: dict[str, Any], clip: _Clip) -> tuple[tuple[float, float] | None, bool]:
    """A query's window, and whether it counts from the start of the whole video; the window is None if it is hidden."""
    for clock in ("clip", "video"):
        bounds = [fields.get(f"{clock}_start_sec"), fields.get(f"{clock}_end_sec")]
        if None not in bounds and (clock == "clip" or clip.start is not None):
            return pair(bounds), clock == "video"
    if any(fields.get(name) is not None for name in _OWN - {"query"}):
        raise ValueError("the query has a start or an end alone")
    return None, False
