"""The captions family: one JSON object for the file, video id -> parallel lists of times and sentences.

    {"v_Qx81-kLm_0A": {"duration": 64.12, "timestamps": [[0.5, 12.3]], "sentences": ["Two men carry a boat."]}}

Two lists of different length make the whole entry faulty: nobody can say which sentence lost its time. Some packagings
give the lists other names (`keys.LISTS`). Times may be frame numbers; that cannot be guessed safely, so the corpus's
reader says it (`Facts.unit`).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from vtgdata.annotations import keys, text
from vtgdata.annotations.moment_jsonl import Facts
from vtgdata.annotations.sources import Source
from vtgdata.annotations.text import mapping, rate, read_json, sequence, some_readable, unreadable, words
from vtgdata.errors import VtgError
from vtgdata.records import Bound, RawRow

FORM = '{"VIDEO": {"duration": 64.12, "timestamps": [[0.5, 12.3], ...], "sentences": ["...", ...]}, ...}'


def facts(**more: Any) -> Facts:
    """Facts with the key names of this family."""
    values: dict[str, Any] = {"keys": keys.Keys(known=keys.LISTS)} | more
    return Facts(**values)


def rows(source: Source, shared: Facts | None = None, form: str = FORM) -> Iterator[RawRow]:
    """One row for each sentence of a captions JSON file, in the file's order.

    Args:
        source: the file and the split of all its rows.
        shared: what its entries have in common, made by `facts`.
        form: what the file should look like, for the error when it does not.

    Raises VtgError when the file is not a captions JSON.
    """
    path, shared = source.path, shared or facts()
    try:
        document = mapping(read_json(path), "the document")
    except ValueError as error:
        raise VtgError(f"{path}: not a captions JSON, which is {form}: {error}. Give the right file.") from error
    read = (row for key, entry in document.items() for row in _entry(path.name, key, entry, source.split, shared))
    return some_readable(path, read, form)


def video_keys(path: Path) -> Iterator[str]:
    """The videos' keys of a file; none where it is no JSON object, which is said when it is read."""
    document = read_json(path)
    if isinstance(document, dict):
        yield from cast(dict[str, Any], document)


def _entry(name: str, key: str, entry: Any, split: str, facts: Facts) -> Iterator[RawRow]:
    try:
        fields = mapping(entry, "the entry")
        found = facts.keys.of(fields)
        time_key, query_key = found.get("windows", "timestamps"), found.get("query", "sentences")
        length = found.get("duration", "duration")
        times = sequence(fields.get(time_key), time_key)
        sentences = sequence(fields.get(query_key), query_key)
        fps = None if facts.unit != "frames" else rate(fields.get("fps", facts.fps))
        named = facts.name(key)
    except ValueError as error:
        yield unreadable(f"{name}#{key}", {key: entry}, split, str(error))
        return
    own = {time_key, query_key, length}
    extra = {name: value for name, value in fields.items() if name not in own}
    duration = facts.durations.get(named.video_id, text.duration(fields.get(length)))
    whole = len(times) == len(sentences)
    for i in range(max(len(times), len(sentences))):
        origin = f"{name}#{key}/{time_key}/{i}"
        raw = {time_key: times[i] if i < len(times) else None, query_key: sentences[i] if i < len(sentences) else None}
        try:
            if not whole:
                raise ValueError(f"the video has {len(times)} {time_key} and {len(sentences)} {query_key}")
            windows, query = _windows(times[i]), words(sentences[i], "the sentence")
        except ValueError as error:
            yield unreadable(origin, raw, split, str(error))
            continue
        yield RawRow(
            origin=origin,
            raw=raw,
            video_id=named.video_id,
            file=named.file,
            query=query,
            windows=windows,
            split=split,
            annotation_set=facts.annotation_set,
            label_version=facts.label_version,
            source_corpus=facts.source_corpus,
            duration=duration,
            source_id=named.source_id,
            source_start=named.source_start,
            unit=facts.unit,
            fps=fps,
            source_clock=facts.source_clock,
            extra=_with_own(extra, facts.parallel, i) if facts.parallel else extra,
        )


def _with_own(extra: dict[str, Any], parallel: tuple[str, ...], place: int) -> dict[str, Any]:
    """The other fields of an entry; from lists that are parallel to its sentences, only this sentence's element."""
    lists = {key: extra[key] for key in parallel if isinstance(extra.get(key), list)}
    own = {key: values[place] for key, values in lists.items() if place < len(values)}
    return {**extra, **own} if own else extra


def _windows(value: Any) -> list[tuple[Bound, Bound]]:
    """One sentence's times: a pair, or a list of pairs where it has several moments."""
    found = text.windows(value)
    if not found:
        raise ValueError("[] is not a [start, end] pair")
    return found
