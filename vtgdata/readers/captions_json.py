"""The captions family: one JSON object for the file, video id -> parallel lists of times and sentences.

    {"v_Qx81-kLm_0A": {"duration": 64.12, "timestamps": [[0.5, 12.3]], "sentences": ["Two men carry a boat."]}}

Times are seconds here; a packaging in frames has a reader of its own. A list that is shorter than the other is a fault
of the whole entry: nobody can say which sentence lost its time.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from vtgdata.errors import VtgError
from vtgdata.readers import text
from vtgdata.records import RawRow

FORM = '{"VIDEO": {"duration": 64.12, "timestamps": [[0.5, 12.3], ...], "sentences": ["...", ...]}, ...}'

_OWN_KEYS = {"duration", "timestamps", "sentences"}


def rows(
    path: Path,
    split: str,
    *,
    file: Callable[[str], str],
    source_id: Callable[[str], str | None] = lambda _: None,
    annotation_set: str = "",
) -> Iterator[RawRow]:
    """One row for each sentence of a captions JSON file, in the file's order.

    Args:
        path: the file.
        split: of all its rows.
        file: a video's file name, from its key.
        source_id: the id of the longer video it comes from, from its key.
        annotation_set: which set of annotations this is, where the corpus publishes several.

    Raises VtgError when the file is no captions JSON.
    """
    try:
        document = text.mapping(text.read_json(path), "the document")
    except ValueError as error:
        raise VtgError(f"{path}: not a captions JSON, which is {FORM}: {error}. Give the right file.") from error
    read = (
        row
        for key, entry in document.items()
        for row in _entry(path.name, key, entry, split, file(key), source_id(key), annotation_set)
    )
    return text.some_readable(path, read, FORM)


def _entry(
    name: str, key: str, entry: Any, split: str, file: str, source_id: str | None, annotation_set: str
) -> Iterator[RawRow]:
    try:
        fields = text.mapping(entry, "the entry")
        times = text.sequence(fields.get("timestamps"), "timestamps")
        sentences = text.sequence(fields.get("sentences"), "sentences")
    except ValueError as error:
        yield text.unreadable(f"{name}#{key}", text.dumped({key: entry}), split, str(error))
        return
    published = fields.get("duration")
    whole = len(times) == len(sentences)
    for i in range(max(len(times), len(sentences))):
        origin = f"{name}#{key}/timestamps/{i}"
        event = {"duration": published, "timestamps": times[i : i + 1], "sentences": sentences[i : i + 1]}
        raw = text.dumped({key: event})
        if not whole:
            detail = f"the video has {len(times)} timestamps and {len(sentences)} sentences"
            yield text.unreadable(origin, raw, split, detail)
            continue
        try:
            window, query = text.pair(times[i]), text.words(sentences[i], "the sentence")
        except ValueError as error:
            yield text.unreadable(origin, raw, split, str(error))
            continue
        yield RawRow(
            origin=origin,
            raw=raw,
            video_id=key,
            file=file,
            query=query,
            windows=[window],
            split=split,
            annotation_set=annotation_set,
            duration=text.duration(published),
            source_id=source_id,
            extra={name: value for name, value in fields.items() if name not in _OWN_KEYS},
        )
