import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import internvid_vtime
from vtgdata.records import RawRow, Sample

LINE = {"vid": "aB3_dE-6hIj", "duration": 37.6, "query": "a man signs a paper", "span": [2.3, 11.8]}
TIMES = {"<s0>": 2.3, "<e0>": 11.8, "<s1>": 20, "<e1>": 37.6}


def lines(folder: Path, *records: dict[str, Any]) -> list[RawRow]:
    path = folder / "anno_internvid_vtime_query_gpt4o_mini.jsonl"
    path.write_text("".join(json.dumps(LINE | record) + "\n" for record in records))
    return list(internvid_vtime.read([path], None))


def dialogue(folder: Path, *spoken: str, **changed: Any) -> list[RawRow]:
    turns = [{"from": ("human", "gpt")[i % 2], "value": value} for i, value in enumerate(spoken)]
    meta = {"split": [202.4, 240.0], "duration": 37.6, "token": TIMES}
    item = {"source": "internvid", "id": "aB3_dE-6hIj", "conversations": turns, "meta": meta} | changed
    (folder / "stage2.json").write_text(json.dumps([item]))
    return list(internvid_vtime.read([folder / "stage2.json"], None))


def queries(rows: list[RawRow]) -> list[tuple[str, Any]]:
    return [(row.query, list(row.windows)) for row in rows]


def test_videomind_s_lines_name_a_youtube_id_whose_file_holds_the_cut(tmp_path: Path) -> None:
    (row,) = lines(tmp_path, {})
    assert (row.video_id, row.file, row.source_id, row.source_start) == (
        "aB3_dE-6hIj", "aB3_dE-6hIj.mp4", "aB3_dE-6hIj", None,
    )  # fmt: skip
    assert (row.windows, row.duration, row.split) == ([(2.3, 11.8)], 37.6, "train")


def test_a_name_with_clock_times_tells_where_the_cut_begins(tmp_path: Path) -> None:
    (row,) = lines(tmp_path, {"vid": "aB3_dE-6hIj_00:03:22:400_00:04:00:000"})
    assert (row.source_id, row.source_start) == ("aB3_dE-6hIj", 202.4)
    assert row.file == "aB3_dE-6hIj_00:03:22:400_00:04:00:000.mp4"


@pytest.mark.parametrize("vid", ["s99-d01", "v_Qx81-kLm_0A", "aB3_dE-6hIj_60.0_210.0", "K7QZ2", "../aB3_dE-6hIj"])
def test_another_corpus_s_video_is_none_of_this_one(vid: str, tmp_path: Path) -> None:
    with pytest.raises(VtgError, match="no key of InternVid-VTime"):
        lines(tmp_path, {"vid": vid})


def test_probed_lengths_beside_the_lines_go_before_their_own(tmp_path: Path) -> None:
    (tmp_path / "durations.json").write_text('{"aB3_dE-6hIj": 9.5}')
    (sample,) = normalise(lines(tmp_path, {}), internvid_vtime.CORPUS)
    assert isinstance(sample, Sample)
    assert (sample.video.duration, sample.windows[0].end) == (9.5, 9.5)


def test_each_caption_of_a_dialogue_is_a_query_with_its_segment(tmp_path: Path) -> None:
    rows = dialogue(
        tmp_path, "<video>\nWhat happens?", "From <s0> to <e0>, a man signs a paper. From <s1> to <e1>, he leaves."
    )
    assert queries(rows) == [("a man signs a paper.", [(2.3, 11.8)]), ("he leaves.", [(20.0, 37.6)])]
    assert (rows[0].source_id, rows[0].source_start, rows[0].duration) == ("aB3_dE-6hIj", 202.4, 37.6)
    assert [row.origin for row in rows] == ["stage2.json#0/<s0>", "stage2.json#0/<s1>"]


def test_an_answer_of_times_alone_makes_the_question_the_query(tmp_path: Path) -> None:
    rows = dialogue(tmp_path, "<video>\nWhen does it rain?", "From <s0> to <e0>, and from <s1> to <e1>.")
    assert queries(rows) == [("When does it rain?", [(2.3, 11.8), (20.0, 37.6)])]


def test_a_question_that_names_the_times_makes_the_answer_the_query(tmp_path: Path) -> None:
    rows = dialogue(
        tmp_path, "<video>\nWhat is there from <s0> to <e0>?", "A boat.", "And from <s1> to <e1>?", "A dog."
    )
    assert queries(rows) == [("A boat.", [(2.3, 11.8)]), ("A dog.", [(20.0, 37.6)])]


def test_a_segment_asked_for_and_described_is_one_row(tmp_path: Path) -> None:
    turns = ["When does it rain?", "From <s0> to <e0>.", "What is there from <s0> to <e0>?", "Rain falls."]
    rows = dialogue(tmp_path, *turns, "And from <s1> to <e1>?", "A dog.")
    assert queries(rows) == [("Rain falls.", [(2.3, 11.8)]), ("A dog.", [(20.0, 37.6)])]


def test_a_segment_that_no_sentence_describes_is_a_row_with_its_problem(tmp_path: Path) -> None:
    first, second = dialogue(tmp_path, "What happens?", "From <s0> to <e0>, a man rows.")
    assert first.problem is None
    assert second.problem == ("unreadable_row", "no sentence tells what segment 1 shows")


def test_without_a_split_the_whole_video_is_meant(tmp_path: Path) -> None:
    meta = {"duration": 54.2, "token": TIMES}
    row, _ = dialogue(tmp_path, "What?", "From <s0> to <e0>, a man rows.", meta=meta)
    assert (row.source_start, row.read_in_place, row.duration) == (None, False, 54.2)


def test_a_file_of_the_whole_video_is_recognised_by_its_length(tmp_path: Path) -> None:
    rows = dialogue(tmp_path, "What?", "From <s0> to <e0>, a man rows.")[:1]
    for length, window in ((37.6, [2.3, 11.8]), (400.0, [204.7, 214.2])):
        (sample,) = normalise(rows, internvid_vtime.CORPUS, lambda file, length=length: (length, "ok"))
        assert isinstance(sample, Sample)
        assert [sample.windows[0].start, sample.windows[0].end] == pytest.approx(window)


def test_a_dialogue_without_times_is_a_drop_that_says_so(tmp_path: Path) -> None:
    (row,) = dialogue(tmp_path, "Describe the video.", "A man sits.", meta={})
    assert row.problem == ("no_moment_annotated", "the dialogue has no times")


def test_a_dialogue_on_another_corpus_s_video_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VtgError, match="another corpus"):
        dialogue(tmp_path, "What?", "From <s0> to <e0>, a man rows.", source="anet")
