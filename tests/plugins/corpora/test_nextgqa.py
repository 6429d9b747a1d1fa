import csv
import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from support.published import ingested, published
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import nextgqa
from vtgdata.records import Drop, RawRow, Sample

HEADER = "video_id,frame_count,width,height,question,answer,qid,type,a0,a1,a2,a3,a4"
SPANS = {"5550001111": {"duration": 41, "location": {"3": [[6.4, 9.0], [30.1, 33.7]]}, "fps": 29.97}}


def question(answer: str = "wave", options: str = "run,wave,hide,sit,nap", qid: str = "3") -> str:
    return f"5550001111,900,640,480,why did he wave,{answer},{qid},CW,{options}"


def write(folder: Path, *questions: str, spans: Any = SPANS, header: str = HEADER) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "val.csv").write_text("\n".join((header, *(questions or (question(),)))))
    (folder / "gsub_val.json").write_text(json.dumps(spans))


def read(folder: Path, *questions: str, spans: Any = SPANS) -> list[RawRow]:
    write(folder, *questions, spans=spans)
    return list(nextgqa.read([folder], None))


def test_a_question_takes_its_spans_and_its_letter_from_the_place_of_the_answer(tmp_path: Path) -> None:
    (row,) = read(tmp_path)
    assert (row.task, row.answer, row.options[1]) == ("grounded_qa", "B", "wave")
    assert row.windows == [(6.4, 9.0), (30.1, 33.7)]
    assert (row.published_id, row.duration, row.split) == ("5550001111:3", 41.0, "val")


def test_the_folder_of_a_video_comes_from_the_map_and_never_into_its_file_s_name(tmp_path: Path) -> None:
    (tmp_path / "map_vid_vidorID.json").write_text('{"5550001111": "0101/5550001111"}')
    (row,) = read(tmp_path)
    assert (row.file, row.extra["vidor"]) == ("5550001111.mp4", "0101/5550001111")


def test_a_wrong_option_that_occurs_twice_is_said_and_leaves_the_letter_as_it_is(tmp_path: Path) -> None:
    (sample,) = normalise(read(tmp_path, question(options="run,wave,run,sit,nap")), nextgqa.CORPUS)
    assert isinstance(sample, Sample)
    assert (sample.answer, [repair.code for repair in sample.repairs]) == ("B", ["options_repeat"])
    assert "answers" not in sample.extra


def test_where_the_right_option_occurs_twice_both_letters_are_kept(tmp_path: Path) -> None:
    (sample,) = normalise(read(tmp_path, question(options="run,wave,hide,wave,nap")), nextgqa.CORPUS)
    assert isinstance(sample, Sample)
    assert [repair.code for repair in sample.repairs] == ["options_repeat", "answer_ambiguous"]
    assert (sample.answer, sample.extra["answers"]) == ("B", ["B", "D"])


def test_an_answer_that_is_no_option_is_an_unreadable_row(tmp_path: Path) -> None:
    row = read(tmp_path, question(), question("swim"))[1]
    assert row.problem is not None and "none of the options" in row.problem[1]


def test_a_question_without_spans_is_dropped_and_so_are_spans_without_a_question(tmp_path: Path) -> None:
    spans = {"5550001111": SPANS["5550001111"] | {"location": {"3": [[1, 2]], "8": [[3, 4]]}}}
    _, unspanned, unasked = normalise(read(tmp_path, question(), question(qid="5"), spans=spans), nextgqa.CORPUS)
    assert isinstance(unspanned, Drop) and unspanned.reason == "no_moment_annotated"
    assert isinstance(unasked, Drop) and unasked.reason == "no_question"
    assert unasked.origin == "gsub_val.json#5550001111/location/8"


def test_the_spans_are_found_beside_the_csv_or_under_any_name_where_they_are_given(tmp_path: Path) -> None:
    write(tmp_path)
    assert len(list(nextgqa.read([tmp_path / "val.csv"], None))) == 1
    away = (tmp_path / "gsub_val.json").rename(tmp_path / "spans.json")
    assert len(list(nextgqa.read([away, tmp_path / "val.csv"], None))) == 1
    with pytest.raises(VtgError, match=r"gsub_val\.json"):
        list(nextgqa.read([tmp_path / "val.csv"], None))


def test_the_spans_of_another_split_are_refused_rather_than_every_question_dropped(tmp_path: Path) -> None:
    write(tmp_path, spans={"5550009999": SPANS["5550001111"]})
    with pytest.raises(VtgError, match=r"looked in gsub_val\.json"):
        list(nextgqa.read([tmp_path], None))


def test_columns_are_read_by_their_names_and_an_unknown_header_is_refused(tmp_path: Path) -> None:
    header = HEADER.replace("question,answer", "answer,question")
    write(tmp_path, "5550001111,900,640,480,wave,why did he wave,3,CW,run,wave,hide,sit,nap", header=header)
    (row,) = nextgqa.read([tmp_path], None)
    assert (row.query, row.answer) == ("why did he wave", "B")
    write(tmp_path, question(), header=HEADER.replace("a4", "option_e"))
    with pytest.raises(VtgError, match="no column a4"):
        list(nextgqa.read([tmp_path], None))


def test_a_json_that_is_neither_spans_nor_a_map_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "other.json").write_text('{"a": 7}')
    with pytest.raises(VtgError, match=r"other\.json"):
        list(nextgqa.read([tmp_path / "val.csv", tmp_path / "other.json"], None))


def test_the_published_files_give_the_counts_of_their_raw_text() -> None:
    folder = published("corpora", "nextgqa")
    with (folder / "val.csv").open(newline="", encoding="utf-8") as file:
        questions = list(csv.DictReader(file))
    spans = json.loads((folder / "gsub_val.json").read_text())
    located = {(video, qid): windows for video, each in spans.items() for qid, windows in each["location"].items()}
    assert located.keys() == {(each["video_id"], each["qid"]) for each in questions}
    late = sum(any(end > spans[video]["duration"] for _, end in windows) for (video, _), windows in located.items())
    several, windows = sum(len(each) > 1 for each in located.values()), sum(len(each) for each in located.values())
    whole = sum(
        start == 0 and end == spans[video]["duration"] for (video, _), each in located.items() for start, end in each
    )
    options = [[each[f"a{i}"] for i in range(5)] for each in questions]
    repeated = sum(len(set(each)) < 5 for each in options)
    doubtful = sum(each.count(row["answer"]) != 1 for row, each in zip(questions, options, strict=True))
    empty = sum(not each["location"] for each in spans.values())
    assert (len(questions), windows, several, late, whole, repeated, doubtful, empty) == (
        3_358,
        3_931,
        339,
        3,
        6,
        1,
        0,
        3,
    )
    blanks = sum(each["question"] != " ".join(each["question"].split()) for each in questions)
    asked = [(each["video_id"], " ".join(each["question"].split()).casefold()) for each in questions]
    touching = sum(any(end == start for (_, end), (start, _) in pairwise(each)) for each in located.values())

    found = ingested("nextgqa", [folder])
    assert (len(found.rows), found.reasons) == (nextgqa.CORPUS.splits[0].rows, {})
    assert found.repairs == {
        "end_past_video": late,
        "options_repeat": repeated,
        "query_blanks": blanks,
        "windows_touch": touching,
        "query_ambiguous": len(asked) - len(set(asked)),
    }
    assert len({sample.video.video_id for sample in found.samples}) == nextgqa.CORPUS.splits[0].videos == 567
    assert sum(len(sample.windows) for sample in found.samples) == windows
    letters = ["ABCDE"[each.index(row["answer"])] for row, each in zip(questions, options, strict=True)]
    assert [sample.answer for sample in found.samples] == letters
    assert all(sample.extra["vidor"].endswith(f"/{sample.video.video_id}") for sample in found.samples)
    kinds = {kind: sum(each["type"] == kind for each in questions) for kind in ("CW", "TN", "CH", "TC", "TP")}
    assert kinds == {"CW": 1_474, "TN": 879, "CH": 481, "TC": 472, "TP": 52}
    assert {kind: sum(s.extra["type"] == kind for s in found.samples) for kind in kinds} == kinds


def test_nextqa_s_own_file_gives_the_same_samples_and_says_why_the_others_are_dropped(tmp_path: Path) -> None:
    folder = published("corpora", "nextgqa")
    found = ingested(
        "nextgqa", [folder / "nextqa" / "val.csv", folder / "gsub_val.json", folder / "frame2time_val.json"]
    )
    assert len(found.rows) in nextgqa.CORPUS.splits[0].copies
    assert found.reasons == {"no_moment_annotated": 4_996 - 3_358}
    shutil.copy(folder / "val.csv", tmp_path)
    own = ingested("nextgqa", [tmp_path / "val.csv", folder / "gsub_val.json"])
    assert {each.sample_id for each in found.samples} == {each.sample_id for each in own.samples}
