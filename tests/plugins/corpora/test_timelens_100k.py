import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import timelens_100k
from vtgdata.records import RawRow, Sample

EVENT = {"query": "a dog barks", "span": [20.0, 22.0]}
VIDEO = {"source": "didemo", "video_path": "didemo/1@N00_2_3a.mp4", "duration": 29.8, "events": [EVENT]}
FILTERED = {key: value for key, value in VIDEO.items() if key != "events"} | EVENT | {"data_type": "grounding"}


def read(folder: Path, *lines: dict[str, Any]) -> list[RawRow]:
    path = folder / "timelens-100k.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return list(timelens_100k.read([path], None))


def ids_of(rows: list[RawRow]) -> list[str]:
    return [each.sample_id for each in normalise(rows, timelens_100k.CORPUS) if isinstance(each, Sample)]


def test_each_event_of_a_video_is_a_row_with_its_place(tmp_path: Path) -> None:
    one, two = read(tmp_path, VIDEO | {"events": [EVENT, {"query": "it rains", "span": [1, 2]}]})
    assert [one.origin, two.origin] == ["timelens-100k.jsonl:1/events/0", "timelens-100k.jsonl:1/events/1"]
    assert (one.video_id, one.file, one.duration) == ("1@N00_2_3a", "1@N00_2_3a.mp4", 29.8)
    assert (one.label_version, one.source_corpus) == ("timelens", "didemo")


@pytest.mark.parametrize("span", [[20.0, 22.0], [[20.0, 22.0]]])
def test_a_span_is_a_pair_or_a_list_of_pairs(span: object, tmp_path: Path) -> None:
    (row,) = read(tmp_path, VIDEO | {"events": [EVENT | {"span": span}]})
    assert list(row.windows) == [(20.0, 22.0)]


def test_an_event_without_a_span_is_a_drop_and_its_neighbours_stay(tmp_path: Path) -> None:
    rows = read(tmp_path, VIDEO | {"events": [EVENT, {"query": "it rains"}, "?", EVENT | {"span": [5, 6]}]})
    assert [row.problem is None for row in rows] == [True, False, False, True]


def test_a_cut_knows_its_source(tmp_path: Path) -> None:
    path = "internvid_vtime/aB3_dE-6hIj_00:00:39.000_00:01:24.700.mp4"
    (row,) = read(tmp_path, VIDEO | {"source": "internvid_vtime", "video_path": path})
    assert (row.source_id, row.source_start, row.source_clock) == ("aB3_dE-6hIj", 39.0, False)


def test_a_filtered_line_is_one_event_with_what_the_model_answered(tmp_path: Path) -> None:
    (row,) = read(tmp_path, FILTERED | {"pred": [[19.0, 22.0]], "answer": "19 - 22", "iou": 0.67})
    assert (row.query, row.windows, row.origin) == ("a dog barks", [(20.0, 22.0)], "timelens-100k.jsonl:1")
    assert row.extra == {"data_type": "grounding", "pred": [[19.0, 22.0]], "answer": "19 - 22", "iou": 0.67}


def test_an_answer_that_could_not_be_read_is_no_prediction(tmp_path: Path) -> None:
    past, near = [[39.8, 49.8]], [[39.8, 48.0]]
    answers: list[Any] = [past, past[0], near, [], None, "x", past * 2]
    rows = read(tmp_path, *(FILTERED | {"pred": pred, "iou": 0.0} for pred in answers))
    assert [row.extra["pred"] for row in rows] == [[], [], near, [], None, "x", past * 2]


def test_the_same_event_has_the_same_id_in_the_filtered_file_and_on_another_line(tmp_path: Path) -> None:
    other = VIDEO | {"video_path": "didemo/9@N00_9_9a.mp4"}
    assert ids_of(read(tmp_path, VIDEO)) == ids_of(read(tmp_path, FILTERED | {"pred": [], "iou": 0.1}))
    assert ids_of(read(tmp_path, VIDEO, other)) == ids_of(read(tmp_path, other, VIDEO))[::-1]


def test_what_training_would_filter_is_kept(tmp_path: Path) -> None:
    rows = read(tmp_path, VIDEO | {"duration": 4.0, "events": [{"query": "the sound of rain", "span": [0, 9]}]})
    (sample,) = normalise(rows, timelens_100k.CORPUS)
    assert isinstance(sample, Sample) and [(w.start, w.end) for w in sample.windows] == [(0, 4.0)]


def test_a_file_without_sources_is_the_wrong_one(tmp_path: Path) -> None:
    with pytest.raises(VtgError, match=r"timelens-100k\.jsonl"):
        read(tmp_path, {key: value for key, value in VIDEO.items() if key != "source"})
