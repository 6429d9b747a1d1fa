import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations.normalise import normalise
from vtgdata.plugins.corpora import tvg_r1
from vtgdata.records import Drop, RawRow, Sample


def item(**changed: Any) -> dict[str, Any]:
    whole = {
        "dataset": "didemo", "video": "didemo/videos/1@N00_2_3a.mp4", "problem": "the kite dips", "choices": "",
        "video_length": 29.8, "gt_frame": [9.6, 15.2], "ground_truth": "",
    }  # fmt: skip
    return {key: value for key, value in (whole | changed).items() if value is not None}


def read(folder: Path, *records: dict[str, Any], name: str = "TVG_RL.json") -> list[RawRow]:
    (folder / name).write_text(json.dumps([item(), *records]))
    return list(tvg_r1.read([folder / name], None))[1:]


def outcome(row: RawRow) -> Sample | Drop:
    (found,) = normalise([row], tvg_r1.CORPUS)
    return found


def test_gt_frame_is_seconds_whatever_its_name_says(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(gt_frame=[9.6, 15.2]))
    assert (row.windows, row.unit, row.duration) == ([(9.6, 15.2)], "seconds", 29.8)


def test_a_pair_in_ground_truth_alone_is_a_share_of_the_length(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(gt_frame=None, ground_truth=[0.25, 0.5], video_length=80))
    sample = outcome(row)
    assert isinstance(sample, Sample)
    assert [(window.start, window.end) for window in sample.windows] == [(20, 40)]
    assert [repair.code for repair in sample.repairs] == ["fraction_to_seconds"]
    (row,) = read(tmp_path, item(gt_frame=None, ground_truth=[0.25, 0.5], video_length=None))
    drop = outcome(row)
    assert isinstance(drop, Drop) and drop.reason == "no_duration"


@pytest.mark.parametrize("truth", [[3.0, 9.0], [0.5, 1.5], "B", "", None, [0.5]])
def test_without_gt_frame_nothing_but_fractions_is_taken_for_a_window(truth: object, tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(gt_frame=None, ground_truth=truth))
    assert row.problem is not None and row.problem[0] == "unreadable_row"


def test_where_both_are_there_the_seconds_are_taken_and_the_other_is_kept(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(gt_frame="[9.6, 15.2]", ground_truth=[0.32, 0.51]))
    assert (row.windows, row.unit) == ([(9.6, 15.2)], "seconds")
    assert row.extra["ground_truth"] == [0.32, 0.51]


def test_the_cold_start_is_the_teachers_and_an_annotation_set_of_its_own(tmp_path: Path) -> None:
    teacher = read(tmp_path, item(gt_frame=[9, 16]), name="TVG_Coldstart.json")
    annotation = read(tmp_path, item())
    assert [row.label_version for row in (*teacher, *annotation)] == ["teacher", "original"]
    first, second = (outcome(row) for row in (*teacher, *annotation))
    assert isinstance(first, Sample) and isinstance(second, Sample)
    assert first.sample_id != second.sample_id


@pytest.mark.parametrize("name", ["TVG_RL.jsonl", "TVG_RL.json"])
def test_json_lines_are_read_too(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(f"{json.dumps(item())}\n{json.dumps(item(problem='it rains'))}\n")
    assert [row.query for row in tvg_r1.read([tmp_path], None)] == ["the kite dips", "it rains"]


@pytest.mark.parametrize("choices", [
    ["(A) a boat", "(B) a raft"], ["a boat", "a raft"], "(A) a boat (B) a raft", "A. a boat\nB. a raft",
])  # fmt: skip
@pytest.mark.parametrize("truth", ["B", "(B)", "B.", "A raft"])
def test_choices_make_a_question_with_options_and_the_letter_of_the_right_one(
    choices: object, truth: str, tmp_path: Path
) -> None:
    (row,) = read(tmp_path, item(choices=choices, ground_truth=truth))
    assert (row.task, row.options, row.answer) == ("grounded_qa", ("a boat", "a raft"), "B")


def test_choices_without_letters_in_one_text_are_kept_as_they_are(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(choices="a boat or a raft", ground_truth="a car"))
    assert (row.task, row.options, row.answer) == ("grounded_qa", ("a boat or a raft",), None)
    assert row.extra["ground_truth"] == "a car"


def test_two_equal_options_leave_the_answer_open(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(choices=["a boat", "a boat"], ground_truth="a boat"))
    assert row.answer is None


def test_a_question_without_choices_is_a_moment_and_keeps_its_answer_in_extra(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(problem="What does he row?", ground_truth="a boat"))
    assert (row.task, row.options, row.answer) == ("moment_retrieval", (), None)
    assert row.extra == {"ground_truth": "a boat", "dataset": "didemo"}


def test_the_length_of_a_charades_video_is_not_believed(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(dataset="charades_train", video="charades/K7QZ2.mp4", video_length=1))
    assert (row.duration, row.source_corpus) == (None, "charades_sta")


def test_frames_in_place_of_a_video_name_it_by_their_folder(tmp_path: Path) -> None:
    frames = ["internvid/aB3_dE-6hIj_00:00:39.000_00:01:24.700/0001.jpg"]
    (row,) = read(tmp_path, item(video=None, images=frames))
    assert row.video_id == "aB3_dE-6hIj_00:00:39.000_00:01:24.700"
    assert (row.source_id, row.source_start, row.file) == ("aB3_dE-6hIj", 39.0, f"{row.video_id}.mp4")
    for images in ([], ["0001.jpg"], [3], "x", None):
        (row,) = read(tmp_path, item(video=None, images=images))
        assert row.problem is not None


def test_what_the_training_code_does_not_read_is_kept(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(solution="<think>low</think> <time>[9, 16]</time>", problem_type="tvg"))
    assert row.extra["solution"].endswith("</time>") and row.extra["problem_type"] == "tvg"
    assert "video_length" not in row.extra
