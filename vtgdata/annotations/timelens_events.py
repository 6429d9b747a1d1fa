"""TimeLens's event lines, as its corpus and the answers that are published to it write them.

A line is a video with its `events`, or one event of it; see the corpus timelens_100k for the form.
"""

from typing import Any

from vtgdata.annotations import ids, text
from vtgdata.annotations.items import Item
from vtgdata.annotations.sources import Source
from vtgdata.annotations.text import mapping, number, sequence, windows, words
from vtgdata.records import RawRow

FORM = '{"source": "...", "video_path": "...", "duration": 29.8, "events": [{"query": "...", "span": [9.6, 15.2]}]}'
"""What a line looks like, for the error when a file holds none."""
YOUTUBE = True
"""Names of videos may be YouTube ids."""

_OF_THE_VIDEO = ("source", "video_path", "duration", "events")
_UNREAD = 10.0, 20.0
"""Seconds past the end of the video: start and end that mark an answer that could not be read."""


def video(record: Item, source: Source) -> list[RawRow]:
    """The rows of a line: one for each event, refused where it cannot be read; raises ValueError for the line."""
    fields = record.fields()
    words(fields.get("source"), "source")
    named = ids.named(words(fields.get("video_path"), "video_path"), youtube=YOUTUBE)
    if "events" not in fields:
        event = {key: value for key, value in fields.items() if key not in _OF_THE_VIDEO}
        return [_row(record.origin, record.raw, event, fields, named, source.split)]
    found: list[RawRow] = []
    for i, event in enumerate(sequence(fields["events"], "events")):
        origin = f"{record.origin}/events/{i}"
        try:
            found.append(_row(origin, event, mapping(event, "the event"), fields, named, source.split))
        except ValueError as error:
            found.append(text.refused(origin, event, source.split, error))
    return found


def _row(origin: str, raw: Any, event: dict[str, Any], video: dict[str, Any], named: ids.Named, split: str) -> RawRow:
    if "span" not in event:
        raise text.Lacking("the event has no span")
    duration = text.duration(video.get("duration"))
    return RawRow(
        origin=origin,
        raw=raw,
        video_id=named.video_id,
        file=named.file,
        query=words(event.get("query"), "query"),
        windows=windows(event["span"]),
        split=split,
        duration=duration,
        source_id=named.source_id,
        source_start=named.source_start,
        label_version="timelens",
        source_corpus=video["source"],
        extra=_extra(event, duration),
    )


def _extra(event: dict[str, Any], duration: float | None) -> dict[str, Any]:
    """Other fields of an event: in filtered files, a model's answer and its IoU (higher is easier)."""
    extra = {key: value for key, value in event.items() if key not in ("query", "span")}
    if "pred" in extra and _is_no_prediction(extra["pred"], duration):
        extra["pred"] = []
    return extra


def _is_no_prediction(pred: Any, duration: float | None) -> bool:
    try:
        ((start, end),) = windows(pred)
        late = number(start), number(end)
    except ValueError:
        return False
    expected = [(duration or 0.0) + past for past in _UNREAD]
    return duration is not None and all(abs(at - sign) < 1e-3 for at, sign in zip(late, expected, strict=True))
