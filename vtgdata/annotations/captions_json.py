"""The captions family: one JSON object for the file, video id -> parallel lists of times and sentences.

    {"v_Qx81-kLm_0A": {"duration": 64.12, "timestamps": [[0.5, 12.3]], "sentences": ["Two men carry a boat."]}}

Two lists of different length make the whole entry faulty: nobody can say which sentence lost its time. Some packagings
give the lists other names (`keys.LISTS`). Times may be frame numbers; that cannot be guessed safely, so the corpus's
reader says it (`Facts.unit`).
"""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, cast

from vtgdata.annotations import items, keys, labels, text
from vtgdata.annotations.json_text import read_json
from vtgdata.annotations.moment_jsonl import Facts, split_of
from vtgdata.annotations.sources import Source
from vtgdata.annotations.text import Lacking, mapping, rate, refused, sequence, some_readable, words
from vtgdata.errors import VtgError
from vtgdata.records import Bound, RawRow

FORM = '{"VIDEO": {"duration": 64.12, "timestamps": [[0.5, 12.3], ...], "sentences": ["...", ...]}, ...}'


def facts(**more: Any) -> Facts:
    """Facts with the key names of this family."""
    values: dict[str, Any] = {"keys": keys.Keys(known=keys.LISTS)} | more
    return Facts(**values)


def rows(source: Source, shared: Facts | None = None, form: str = FORM, *, under: str = "") -> Iterator[RawRow]:
    """One row for each sentence of a captions JSON file, in the file's order.

    Args:
        source: the file and the split of all its rows.
        shared: what its entries have in common, made by `facts`.
        form: what the file should look like, for the error when it does not.
        under: the key, or keys joined with `/`, of the object of videos; empty where that is the document itself.

    Raises VtgError when the file is not a captions JSON.
    """
    path, shared = source.path, shared or facts()
    try:
        document = mapping(items.beneath(read_json(path), under), "the document")
    except ValueError as error:
        raise VtgError(f"{path}: not a captions JSON, which is {form}: {error}. Give the right file.") from error
    place = f"{path.name}#{under}/" if under else f"{path.name}#"
    read = (row for key, entry in document.items() for row in _entry(place + key, key, entry, source, shared))
    return some_readable(path, read, form)


def video_keys(path: Path, under: str = "") -> Iterator[str]:
    """The videos' keys of a file; none where it is no JSON object, which is said when it is read."""
    try:
        document = items.beneath(read_json(path), under)
    except ValueError:
        return
    if isinstance(document, dict):
        yield from cast(dict[str, Any], document)


def _entry(place: str, key: str, entry: Any, source: Source, facts: Facts) -> Iterator[RawRow]:
    try:
        fields = mapping(entry, "the entry")
        found = facts.keys.of(fields)
        query_key, length = found.get("query", "sentences"), found.get("duration", "duration")
        time_key, times, sentences = _lists(fields, found, query_key, facts)
        fps = None if facts.unit != "frames" else rate(fields.get("fps", facts.fps))
        named = facts.name(key)
        split = split_of(fields.get(found.get("split", "")), source, facts, place)
    except ValueError as error:
        yield refused(place, {key: entry}, source.split, error)
        return
    own = {time_key, query_key, length}
    extra = {name: value for name, value in fields.items() if name not in own}
    duration = facts.durations.get(named.video_id, text.duration(fields.get(length)))
    whole = len(times) == len(sentences)
    # Asked once for each video: files have many times as many sentences.
    video_id, file, source_id, source_start = named
    annotation_set, label_version, source_corpus = facts.annotation_set, facts.label_version, facts.source_corpus
    unit, source_clock, parallel, stated = facts.unit, facts.source_clock, facts.parallel, facts.no_labels
    for i, (value, sentence) in enumerate(zip_longest(times, sentences)):
        origin = f"{place}/{time_key}/{i}"
        raw = {time_key: value, query_key: sentence}
        try:
            if not whole:
                raise ValueError(f"the video has {len(times)} {time_key} and {len(sentences)} {query_key}")
            if not stated.hidden and labels.is_pair(value):  # by far the most common case
                windows, labelled = [text.bounds(value)], True
            else:
                windows, labelled = _told(value, time_key, stated, origin)
            query = words(sentence, "the sentence")
        except ValueError as error:
            yield refused(origin, raw, split, error)
            continue
        yield RawRow(
            origin=origin,
            raw=raw,
            video_id=video_id,
            file=file,
            query=query,
            windows=windows,
            labelled=labelled,
            split=split,
            annotation_set=annotation_set,
            label_version=label_version,
            source_corpus=source_corpus,
            duration=duration,
            source_id=source_id,
            source_start=source_start,
            unit=unit,
            fps=fps,
            source_clock=source_clock,
            extra=_with_own(extra, parallel, i) if parallel else extra,
        )


def _with_own(extra: dict[str, Any], parallel: tuple[str, ...], place: int) -> dict[str, Any]:
    """The other fields of an entry; from lists that are parallel to its sentences, only this sentence's element."""
    lists = {key: extra[key] for key in parallel if isinstance(extra.get(key), list)}
    own = {key: values[place] for key, values in lists.items() if place < len(values)}
    return {**extra, **own} if own else extra


def _lists(
    fields: dict[str, Any], found: Mapping[str, str], query_key: str, facts: Facts
) -> tuple[str, list[Any], list[Any]]:
    """The key of the times, the times and the sentences of an entry; empty times where labels are hidden."""
    sentences = sequence(fields.get(query_key), query_key)
    if "windows" in found:
        return found["windows"], sequence(fields[found["windows"]], found["windows"]), sentences
    if facts.no_labels.hidden:
        return query_key, [None] * len(sentences), sentences
    raise Lacking(str(facts.keys.missing("windows", fields)))


def _told(value: Any, name: str, stated: labels.Stated, origin: str) -> tuple[list[tuple[Bound, Bound]], bool]:
    """One sentence's windows, of a pair or a list of pairs where it has several moments, and whether it is labelled."""
    if stated.hidden and (stated.hidden == "all" or labels.empty(value)):
        return [], False
    if not labels.empty(value):
        return labels.windows(value), True
    if stated.empty_means is None:
        raise ValueError(f"{text.shown(value)} is not a [start, end] pair")
    return [], labels.meant(value, name, stated.empty_means, origin)
