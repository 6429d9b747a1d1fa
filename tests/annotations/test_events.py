"""Records inside records: each level is checked, origins are paths, and a broken event takes none with it."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations import events
from vtgdata.annotations.sources import Source
from vtgdata.annotations.text import mapping, number, sequence, words
from vtgdata.errors import VtgError
from vtgdata.records import RawRow

FORM = '{"VIDEO": {"events": [{"query": "...", "at": 3}]}}'


def video(origin: str, key: str, entry: Any) -> Iterator[RawRow]:
    found = sequence(mapping(entry, "the entry").get("events"), "events")
    return events.each(f"{origin}/events/", found, "train", partial(event, key))


def event(video_id: str, origin: str, place: int, value: Any) -> RawRow:
    fields = mapping(value, "the event")
    start = number(fields.get("at"))
    return RawRow(
        origin=origin, raw=value, video_id=video_id, file=f"{video_id}.mp4", query=words(fields.get("query"), "query"),
        windows=[(start, start + 1)], split="train",
    )  # fmt: skip


def read(folder: Path, document: Any, under: str = "") -> list[RawRow]:
    (folder / "a.json").write_text(json.dumps(document))
    return list(events.rows(Source(folder / "a.json", "train"), video, FORM, under=under))


GOOD = {"query": "a dog jumps", "at": 3}


def test_origins_are_paths_to_the_records(tmp_path: Path) -> None:
    rows = read(tmp_path, {"K7QZ2": {"events": [GOOD, GOOD]}, "M2XP0": {"events": [GOOD]}})
    assert [row.origin for row in rows] == [
        "a.json#K7QZ2/events/0", "a.json#K7QZ2/events/1", "a.json#M2XP0/events/0",
    ]  # fmt: skip


def test_a_broken_event_is_a_row_with_its_problem_and_the_others_go_on(tmp_path: Path) -> None:
    rows = read(tmp_path, {"K7QZ2": {"events": [GOOD, 3, GOOD]}})
    assert [row.problem for row in rows] == [None, ("unreadable_row", "the event is 3, not an object"), None]
    assert rows[1].raw == 3


def test_a_broken_video_is_one_row_that_keeps_its_key(tmp_path: Path) -> None:
    rows = read(tmp_path, {"K7QZ2": {"chapters": []}, "M2XP0": {"events": [GOOD]}})
    assert [(row.origin, row.raw) for row in rows if row.problem] == [("a.json#K7QZ2", {"K7QZ2": {"chapters": []}})]


def test_records_may_lie_in_a_list_under_a_key(tmp_path: Path) -> None:
    rows = read(tmp_path, {"version": 1, "videos": [{"events": [GOOD]}]}, under="videos")
    assert [row.origin for row in rows] == ["a.json#videos/0/events/0"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([GOOD], "the document is .*, not an object"),
        ({"a": [1]}, "the entry is .*, not an object"),
        ({"a": {"events": {"b": 1}}}, "events is .*, not a list"),
        ({}, "it has no rows"),
    ],
)
def test_another_corpus_s_file_is_refused_with_words(tmp_path: Path, document: Any, words: str) -> None:
    with pytest.raises(VtgError, match=rf"a\.json: not a file of this corpus.*{words}.*Give the right file"):
        read(tmp_path, document)


def test_a_reader_that_fails_midway_gives_one_row_for_its_record() -> None:
    def halfway(origin: str, key: str, value: Any) -> Iterator[RawRow]:
        yield event(key, origin, 0, GOOD)
        raise ValueError("the rest is gone")

    rows = list(events.each("a.json#", {"K7QZ2": 1}, "train", halfway))
    assert [row.problem for row in rows] == [("unreadable_row", "the rest is gone")]
