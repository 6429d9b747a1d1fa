import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations.licences import find
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import ego4d_nlq
from vtgdata.records import Drop, RawRow, Sample

QUERY = {"clip_start_sec": 12.5, "clip_end_sec": 15.0, "video_start_sec": 42.5, "video_end_sec": 45.0}
ASKED = QUERY | {"query": "Where did I put the ladle?", "slot_x": "ladle"}


def clip(*queries: dict[str, Any], **changed: Any) -> dict[str, Any]:
    annotation = {"annotation_uid": "3333-dddd", "language_queries": list(queries or (ASKED,))}
    whole = {"clip_uid": "1111-bbbb", "video_start_sec": 30.0, "video_end_sec": 510.0, "annotations": [annotation]}
    return whole | changed


def read(folder: Path, *clips: dict[str, Any], name: str = "nlq_train.json") -> list[RawRow]:
    videos = [{"video_uid": "0000-aaaa", "split": "train", "clips": list(clips)}]
    (folder / name).write_text(json.dumps({"version": "1", "videos": videos}))
    return list(ego4d_nlq.read([folder / name], None))


def test_a_query_is_grounded_in_its_clip_which_knows_its_place_in_the_video(tmp_path: Path) -> None:
    (row,) = read(tmp_path, clip())
    assert (row.video_id, row.source_id, row.source_start) == ("1111-bbbb", "0000-aaaa", 30.0)
    assert (row.windows, row.duration, row.source_clock) == ([(12.5, 15.0)], 480.0, False)
    assert row.origin == "nlq_train.json#videos/0/clips/0/annotations/0/language_queries/0"
    assert row.extra == {"slot_x": "ladle"}


def test_the_two_clocks_give_the_same_window(tmp_path: Path) -> None:
    by_video = {key: value for key, value in ASKED.items() if not key.startswith("clip")}
    by_clip, other = normalise(read(tmp_path, clip(ASKED, by_video)), ego4d_nlq.CORPUS)
    assert isinstance(by_clip, Sample) and isinstance(other, Sample)
    assert by_clip.windows == other.windows
    assert [repair.code for repair in other.repairs] == ["source_clock_to_file", "duplicate"]


def test_a_query_is_named_by_its_annotation_and_its_number_in_it_empty_ones_counted(tmp_path: Path) -> None:
    rows = read(tmp_path, clip(QUERY, QUERY | {"query": ""}, ASKED))
    assert [row.published_id for row in rows] == ["3333-dddd_0", "3333-dddd_1", "3333-dddd_2"]
    found = list(normalise(rows, ego4d_nlq.CORPUS))
    assert [each.reason for each in found if isinstance(each, Drop)] == ["empty_query", "empty_query"]
    assert isinstance(found[2], Sample) and found[2].sample_id == "ego4d_nlq:3333-dddd_2"


def test_a_point_is_dropped_in_train_and_kept_without_a_window_in_val(tmp_path: Path) -> None:
    point = ASKED | {"clip_end_sec": 12.5}
    (dropped,) = normalise(read(tmp_path, clip(point)), ego4d_nlq.CORPUS)
    (kept,) = normalise(read(tmp_path, clip(point), name="nlq_val.json"), ego4d_nlq.CORPUS)
    assert isinstance(dropped, Drop) and dropped.reason == "zero_length"
    assert isinstance(kept, Sample) and kept.windows == () and kept.labelled


def test_a_query_without_times_is_unlabelled_in_the_test_split_alone(tmp_path: Path) -> None:
    asked = clip({"query": "Where was the lid?"}, {"query": "And now?", "clip_start_sec": 3.0})
    hidden, half = read(tmp_path, asked, name="nlq_test_unannotated.json")
    assert not hidden.labelled and hidden.problem is None
    assert half.problem is not None and "alone" in half.problem[1]
    _, lacking, _ = read(tmp_path, clip(), asked)
    assert lacking.problem is not None and lacking.problem[0] == "no_labels"


def test_a_faulty_annotation_or_clip_is_one_row_beside_the_others(tmp_path: Path) -> None:
    rows = read(tmp_path, clip(annotations=[{"annotation_uid": 3}]), clip(clip_uid="../../etc"), clip())
    assert [row.problem is None for row in rows] == [False, False, True]


def test_the_moments_copy_is_refused(tmp_path: Path) -> None:
    record = {"qid": "1", "query": "q", "vid": "1111-bbbb", "relevant_windows": [[1, 2]], "duration": 480.0}
    (tmp_path / "nlq_train.json").write_text(json.dumps(record))
    with pytest.raises(VtgError, match="videos"):
        list(ego4d_nlq.read([tmp_path], None))


def test_its_rows_may_not_be_passed_on() -> None:
    licence = find(ego4d_nlq.CORPUS.license)
    assert (licence.known, licence.redistribution) == (False, False)
