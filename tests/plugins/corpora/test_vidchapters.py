import json
import math
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import vidchapters
from vtgdata.records import Drop, RawRow, Sample

VIDEO = "aB3_dE-6hIj"


def chapters(*pairs: tuple[Any, Any], **changed: Any) -> dict[str, Any]:
    listed = [{"time": start, "label": label} for start, label in pairs or ((0, "Intro"), (42.0, "Mixing"))]
    return {"title": "Sourdough", "duration": 615, "chapters": listed} | changed


def raw(folder: Path, entry: dict[str, Any]) -> list[RawRow]:
    (folder / "chapters.json").write_text(json.dumps({VIDEO: entry}))
    return list(vidchapters.read([folder / "chapters.json"], None))


def lines(folder: Path, *records: dict[str, Any], name: str = "chapters_vmr_train.jsonl") -> list[RawRow]:
    (folder / name).write_text("\n".join(json.dumps(record) for record in records))
    return list(vidchapters.read([folder / name], None))


def train(**changed: Any) -> dict[str, Any]:
    whole = {"qid": 0, "query": ["Intro", "Mixing"], "vid": VIDEO, "duration": 615}
    return whole | {"relevant_windows": [[[0.0, 42.0]], [[42.0, 615.0]]]} | changed


def test_a_chapter_ends_with_the_next_one_and_the_last_with_the_video(tmp_path: Path) -> None:
    first, last = raw(tmp_path, chapters())
    assert (first.windows, first.extra["derived_end"]) == ([(0.0, 42.0)], "next_start")
    assert (last.windows, last.extra["derived_end"]) == ([(42.0, 615.0)], "duration")
    assert (first.split, first.origin) == ("all", f"chapters.json#{VIDEO}/chapters/0")


def test_a_chapter_that_starts_past_the_video_or_has_no_label_is_dropped(tmp_path: Path) -> None:
    found = normalise(raw(tmp_path, chapters((0, ""), (9, "Intro"), (700, "Late"))), vidchapters.CORPUS)
    assert [each.reason if isinstance(each, Drop) else each.query for each in found] == [
        "empty_query",
        "Intro",
        "starts_past_end",
    ]


@pytest.mark.parametrize("wrong", [{"time": "soon", "label": "a"}, {"time": 3}, {"label": "a"}, 7, {"time": math.nan}])
def test_a_chapter_that_is_none_is_an_unreadable_row_beside_the_others(wrong: object, tmp_path: Path) -> None:
    first, broken, last = raw(
        tmp_path, chapters(chapters=[{"time": 0, "label": "a"}, wrong, {"time": 9, "label": "b"}])
    )
    assert broken.problem is not None and broken.problem[0] == "unreadable_row"
    assert (first.windows[0][0], last.windows) == (0.0, [(9.0, 615.0)])


def test_no_slip_in_a_raw_file_ends_a_run_otherwise_than_by_a_clear_error(tmp_path: Path) -> None:
    text = json.dumps({VIDEO: chapters(), "0123456789a": chapters(duration=None)})
    chance, path = random.Random(7), tmp_path / "chapters.json"
    for _ in range(500):
        start = chance.randrange(len(text))
        piece = chance.choice(("", '"', "[", "}", "null", "-1", "1e999", "NaN", "x", '{"time": 3}'))
        path.write_text(text[:start] + piece + text[start + chance.randrange(5) :])
        with suppress(VtgError):
            list(normalise(vidchapters.read([path], None), vidchapters.CORPUS))


def test_chapters_out_of_order_end_at_the_next_later_start(tmp_path: Path) -> None:
    rows = raw(tmp_path, chapters((90, "b"), (0, "a"), (90, "b too")))
    assert [row.windows for row in rows] == [[(90.0, 615.0)], [(0.0, 90.0)], [(90.0, 615.0)]]


@pytest.mark.parametrize("duration", [None, "?", 0, -1])
def test_the_chapters_of_an_entry_without_a_duration_are_dropped(duration: object, tmp_path: Path) -> None:
    rows = raw(tmp_path, chapters(duration=duration))
    assert [row.problem and row.problem[0] for row in rows] == ["no_duration", "no_duration"]


def test_a_captions_entry_with_fewer_times_than_sentences_is_a_fault_of_the_whole_entry(tmp_path: Path) -> None:
    entry = {"duration": 300.0, "timestamps": [[0.0, 30.0]], "sentences": ["a", "b"], "path": "x.npy"}
    document = {VIDEO: entry, "0123456789a": entry | {"sentences": ["a"]}}
    (tmp_path / "chapters_dvc_val.json").write_text(json.dumps(document))
    *broken, whole = vidchapters.read([tmp_path], None)
    assert [row.problem is None for row in broken] == [False, False]
    assert (whole.windows, whole.split) == ([(0.0, 30.0)], "val")
    assert (whole.extra["derived_end"], whole.file) == ("by_the_authors", "0123456789a.mp4")


def test_a_train_line_of_moments_is_a_row_for_each_of_its_queries(tmp_path: Path) -> None:
    first, second = lines(tmp_path, train())
    assert (first.query, first.windows, first.video_id) == ("Intro", [(0.0, 42.0)], VIDEO)
    assert (second.query, second.windows, second.origin) == (
        "Mixing",
        [(42.0, 615.0)],
        "chapters_vmr_train.jsonl:1/1",
    )


def test_a_window_in_place_of_a_list_of_one_is_read_too(tmp_path: Path) -> None:
    (row,) = lines(tmp_path, train(query=["Intro"], relevant_windows=[[0.0, 42.0]]))
    assert row.windows == [(0.0, 42.0)]


def test_a_train_line_with_more_queries_than_windows_is_one_unreadable_row(tmp_path: Path) -> None:
    broken, *_ = lines(tmp_path, train(query=["Intro"]), train())
    assert broken.problem is not None and "1 queries and 2" in broken.problem[1]


@pytest.mark.parametrize("number", ["0", "7", "12"])
def test_the_id_of_a_test_line_is_its_last_eleven_characters(number: str, tmp_path: Path) -> None:
    record = train(query="Intro", vid=number + VIDEO, relevant_windows=[[0.0, 42.0]])
    (row,) = lines(tmp_path, record, name="chapters_vmr_test.jsonl")
    assert (row.video_id, row.file, row.source_id, row.split) == (VIDEO, f"{VIDEO}.mp4", VIDEO, "test")


@pytest.mark.parametrize("vid", [f"{VIDEO}_60.0_210.0", "K7QZ2", f"x{VIDEO}"])
def test_moments_of_another_corpus_are_refused(vid: str, tmp_path: Path) -> None:
    with pytest.raises(VtgError, match="running number"):
        lines(tmp_path, train(query="Intro", vid=vid, relevant_windows=[[0.0, 42.0]]))


def test_one_chapter_has_one_id_in_all_three_forms(tmp_path: Path) -> None:
    entry = {"duration": 615.0, "timestamps": [[0.0, 42.0], [42.0, 615.0]], "sentences": ["Intro", "Mixing"]}
    (tmp_path / "chapters_dvc_train.json").write_text(json.dumps({VIDEO: entry}))
    forms = [
        raw(tmp_path, chapters()),
        list(vidchapters.read([tmp_path / "chapters_dvc_train.json"], None)),
        lines(tmp_path, train()),
    ]
    found = [
        [each.sample_id for each in normalise(rows, vidchapters.CORPUS) if isinstance(each, Sample)] for rows in forms
    ]
    assert len(found[0]) == 2 and found[0] == found[1] == found[2]


def test_a_folder_with_all_forms_gives_each_chapter_once(tmp_path: Path) -> None:
    raw(tmp_path, chapters())
    lines(tmp_path, train())
    entry = {"duration": 615.0, "timestamps": [[0.0, 42.0]], "sentences": ["Intro"]}
    (tmp_path / "chapters_dvc_train.json").write_text(json.dumps({VIDEO: entry}))
    assert [row.split for row in vidchapters.read([tmp_path], None)] == ["train"]
    assert [row.split for row in vidchapters.read([tmp_path], "all")] == ["all", "all"]
