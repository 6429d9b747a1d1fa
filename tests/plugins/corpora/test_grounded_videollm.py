import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import grounded_videollm
from vtgdata.records import RawRow, Sample


def talk(*said: str, **changed: Any) -> dict[str, Any]:
    turns = said or ("<image>\nWhen does the man wave?", "From <12.4> to <17.9>.")
    whole = {
        "question_id": "q_17", "video_id": "v_Qx81-kLm_0A", "video_file": "activitynet/v_Qx81-kLm_0A.mp4",
        "dataset_name": "activitynet",
        "conversation": [{"from": ("human", "gpt")[i % 2], "value": value} for i, value in enumerate(turns)],
    }  # fmt: skip
    return whole | changed


def read(folder: Path, *records: dict[str, Any]) -> list[RawRow]:
    (folder / "mix_grounded.json").write_text(json.dumps([talk(), *records]))
    return list(grounded_videollm.read([folder], None))[1:]


def test_a_question_and_its_answer_are_a_row(tmp_path: Path) -> None:
    (row,) = read(tmp_path, talk())
    assert (row.query, row.windows) == ("When does the man wave?", [(12.4, 17.9)])
    assert (row.video_id, row.file, row.source_id) == ("v_Qx81-kLm_0A", "v_Qx81-kLm_0A.mp4", "Qx81-kLm_0A")
    assert (row.source_corpus, row.duration) == ("activitynet_captions", None)
    assert row.origin == "mix_grounded.json#1/conversation/0"


def test_each_question_of_a_conversation_is_a_row(tmp_path: Path) -> None:
    first, second = read(tmp_path, talk("<image>\nWhen?", "From <1> to <2>.", "And then?", "From <3> to <4>."))
    assert (first.query, second.query, second.windows) == ("When?", "And then?", [(3.0, 4.0)])
    assert second.origin.endswith("/conversation/2")


@pytest.mark.parametrize("mark", ["'", '"'])
def test_a_quoted_query_is_the_query(mark: str, tmp_path: Path) -> None:
    question = f"<image>\nGive you a textual query: {mark}the dog's owner waves{mark}. When does the dog's owner do so?"
    (row,) = read(tmp_path, talk(question, "<1.0> - <2.5>"))
    assert row.query == "the dog's owner waves"
    assert row.extra["question"].startswith("Give you")


def test_several_pairs_are_several_windows_and_times_below_zero_are_repaired(tmp_path: Path) -> None:
    rows = read(tmp_path, talk("When?", "From <-0.5> to <24>, and from <40.0> to <46.0>."))
    (outcome,) = normalise(rows, grounded_videollm.CORPUS)
    assert isinstance(outcome, Sample)
    assert [(window.start, window.end) for window in outcome.windows] == [(0.0, 24.0), (40.0, 46.0)]
    assert [repair.code for repair in outcome.repairs] == ["start_below_zero"]


def test_an_answer_without_times_is_dropped_with_that_reason(tmp_path: Path) -> None:
    (row,) = read(tmp_path, talk("Why?", "He greets a friend."))
    assert row.problem is not None and row.problem[0] == "no_time_in_answer"


@pytest.mark.parametrize("answer", ["At <12.4>.", "At <1> and <2>.", "From <1> to <2> and at <3>."])
def test_times_that_are_no_pairs_are_an_unreadable_row(answer: str, tmp_path: Path) -> None:
    (row,) = read(tmp_path, talk("When?", answer))
    assert row.problem is not None and row.problem[0] == "unreadable_row"


@pytest.mark.parametrize(
    "wrong", [{"conversation": []}, {"conversation": [{"from": "gpt", "value": ""}]}, {"video_file": 3}]
)
def test_a_conversation_of_another_form_is_one_unreadable_row(wrong: dict[str, Any], tmp_path: Path) -> None:
    (row,) = read(tmp_path, talk(**wrong))
    assert row.problem is not None and row.problem[0] == "unreadable_row"


def test_a_file_with_other_keys_is_refused_with_the_keys_it_has(tmp_path: Path) -> None:
    (tmp_path / "mix_grounded.json").write_text(json.dumps([{"vid": "x", "question": "q", "timestamp": [1, 2]}]))
    with pytest.raises(VtgError, match="'question'"):
        list(grounded_videollm.read([tmp_path], None))


def test_the_same_question_in_two_mixes_has_one_id(tmp_path: Path) -> None:
    alone = read(tmp_path, talk(question_id="a", video_id="v_000000000zz"))
    again = read(tmp_path, talk("When?", "<1> to <2>"), talk(question_id="b", video_id="v_000000000zz"))[1:]
    ids = [each.sample_id for each in normalise([*alone], grounded_videollm.CORPUS) if isinstance(each, Sample)]
    assert ids == [each.sample_id for each in normalise(again, grounded_videollm.CORPUS) if isinstance(each, Sample)]
