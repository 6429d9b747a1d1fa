import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import captions_json as captions
from vtgdata.plugins.corpora import moment_jsonl as moments
from vtgdata.records import Drop, RawRow, Repair, Sample


def read(folder: Path, *records: Any, name: str = "my_train.jsonl", **options: Any) -> list[RawRow]:
    path = folder / name
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    path.write_text("\n".join(lines), encoding="utf-8")
    return list(moments.read([path], None, **options))


def sample(row: RawRow) -> Sample | Drop:
    return next(iter(normalise([row], moments.CORPUS)))


def test_a_line_of_qvhighlights_form(tmp_path: Path) -> None:
    (row,) = read(
        tmp_path,
        {"qid": 412, "query": "x", "duration": 150, "vid": "aB3_dE-6hIj_60.0_210.0", "relevant_windows": [[10, 24]],
         "saliency_scores": [[1, 2, 3]]},
    )  # fmt: skip
    assert (row.published_id, row.source_id, row.source_start) == ("412", "aB3_dE-6hIj", 60.0)
    assert row.extra == {"saliency_scores": [[1, 2, 3]]}


def test_other_names_are_mapped(tmp_path: Path) -> None:
    (row,) = read(tmp_path, {"vid": "a", "query": "wrong", "desc": "right", "gt": [1, 2]}, map={"query": "desc"})
    assert (row.query, row.windows) == ("right", [(1.0, 2.0)])


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_table_gives_the_rows_that_json_gives(delimiter: str, tmp_path: Path) -> None:
    head, cells = ["vid", "query", "start", "end", "duration"], ["K7QZ2", "a dog", "1.5", "3", "30"]
    (row,) = read(tmp_path, delimiter.join(head), delimiter.join(cells), name="my_train.csv")
    assert (row.video_id, row.windows, row.duration) == ("K7QZ2", [(1.5, 3.0)], 30.0)
    lists = [head[0], head[1], "windows"]
    (row,) = read(tmp_path, "\t".join(lists), "K7QZ2\ta dog\t[[1, 2], [4, 5]]", name="my_train.tsv")
    assert row.windows == [(1.0, 2.0), (4.0, 5.0)]


EMPTY = [
    {"windows": None}, {"windows": []}, {"windows": ""}, {"windows": "NaN"}, {"windows": float("nan")},
    {"windows": [[]]}, {"windows": [None, None]}, {"start": None, "end": None}, {"windows": "hidden"},
]  # fmt: skip


@pytest.mark.parametrize("labels", EMPTY, ids=str)
def test_an_empty_value_means_what_the_user_says_and_nothing_by_itself(labels: Any, tmp_path: Path) -> None:
    record = {"vid": "a", "query": "x"} | labels
    for options in ({}, {"empty_means": "error"}):
        with pytest.raises(VtgError, match=r"my_train\.jsonl:1: .*--empty-means none .*--empty-means unlabelled"):
            read(tmp_path, record, **options)
    (hidden,) = read(tmp_path, record, empty_means="unlabelled")
    assert not hidden.labelled and isinstance(sample(hidden), Sample)
    (none,) = read(tmp_path, record, empty_means="none")
    absent = sample(none)
    assert none.labelled and isinstance(absent, Sample) and absent.none_is_right and not absent.windows
    assert not hidden.none_is_right


OTHER_KEYS = [
    {"groundtruth": [[12.5, 17.8]]}, {"st_time": 12.5, "ed_time": 17.8}, {"start": 12.5, "finish": 17.8},
    {"moment_start_frame": 1, "moment_end_frame": 2}, {},
]  # fmt: skip


@pytest.mark.parametrize("labels", OTHER_KEYS, ids=str)
def test_a_file_whose_windows_have_an_unknown_key_is_refused_with_the_keys_it_has(labels: Any, tmp_path: Path) -> None:
    record = {"qid": 0, "query": "q", "vid": "K7QZ0", "duration": 60} | labels
    with pytest.raises(VtgError, match=r"no windows under .*only 'qid', .*--map windows=KEY") as raised:
        read(tmp_path, record, record)
    assert all(f"{key!r}" in str(raised.value) for key in labels)
    rows = read(tmp_path, record, record, unlabelled=True)
    assert [row.labelled for row in rows] == [False, False]


def test_windows_of_a_file_without_labels_are_placeholders_that_are_noted_as_removed(tmp_path: Path) -> None:
    found = sample(read(tmp_path, {"vid": "a", "query": "x", "windows": [[0, 1]]}, unlabelled=True)[0])
    assert isinstance(found, Sample) and not found.labelled and not found.windows
    assert [repair.code for repair in found.repairs] == ["placeholder_window"]


def test_windows_at_zero_mean_no_moment_only_where_the_user_says_what_empty_means(tmp_path: Path) -> None:
    record = {"vid": "a", "query": "x", "relevant_windows": [[0, 0]]}
    (row,) = read(tmp_path, record, empty_means="none")
    assert row.labelled and not row.windows and row.none_is_right
    (row,) = read(tmp_path, record)
    assert row.windows == [(0.0, 0.0)] and not row.none_is_right


def test_ids_that_pandas_made_floats_are_mended_and_noted_and_others_are_unreadable(tmp_path: Path) -> None:
    records = [
        {"qid": qid, "query": "q", "vid": "K7QZ1", "relevant_windows": [[1, 2]]} for qid in (12.0, True, [1], 1e17)
    ]
    whole, *others = read(tmp_path, *records)
    assert (whole.published_id, whole.repairs) == ("12", (Repair("float_id", "12.0", "12"),))
    assert [row.problem and row.problem[0] for row in others] == ["unreadable_row"] * 3
    (row,) = read(tmp_path, "qid,vid,query,start,end", "7.0,5550001111.0,q,1,2", name="my_train.csv")
    assert (row.published_id, row.video_id, len(row.repairs)) == ("7", "5550001111", 2)


def test_a_record_s_own_split_counts_and_may_not_contradict_the_user_s(tmp_path: Path) -> None:
    record = {"vid": "a", "query": "x", "span": [1, 2]}
    splits = [row.split for row in read(tmp_path, record | {"split": "test"}, record, record | {"split": "training"})]
    assert splits == ["test", "train", "train"]
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(record | {"split": "validation"}))
    assert [row.split for row in moments.read([path], None)] == ["val"]
    assert [row.split for row in moments.read([path], "val")] == ["val"]
    with pytest.raises(VtgError, match=r"mine\.jsonl:1: .*'validation', and --split says 'train'.*--override-split"):
        list(moments.read([path], "train"))
    assert [row.split for row in moments.read([path], "train", override_split=True)] == ["train"]
    path.write_text(json.dumps(record))
    with pytest.raises(VtgError, match="name it with --split"):
        list(moments.read([path], None))


def test_windows_may_be_objects(tmp_path: Path) -> None:
    values = [
        {"start": 1, "end": 2},
        [{"from": 1, "to": 2}, {"begin": "0:03", "end": 4}],
        [{"start_time": 1, "end_time": 2}],
    ]
    rows = read(tmp_path, *({"vid": "a", "query": "x", "windows": value} for value in values))
    assert [row.windows for row in rows] == [[(1.0, 2.0)], [(1.0, 2.0), ("0:03", 4.0)], [(1.0, 2.0)]]
    assert not any(row.extra for row in rows)
    (more,) = read(tmp_path, {"vid": "a", "query": "x", "windows": [{"start": 1, "end": 2, "score": 0.5}]})
    assert more.extra == {"windows": [{"start": 1, "end": 2, "score": 0.5}]}
    with pytest.raises(VtgError, match=r"my_train\.jsonl:1: .*only 'start_ms', 'end_ms'"):
        read(tmp_path, {"vid": "a", "query": "x", "windows": [{"start_ms": 1, "end_ms": 2}]})


def test_a_window_with_a_score_beside_one_without_names_its_row(tmp_path: Path) -> None:
    good = {"vid": "a", "query": "x", "windows": [[1, 2]]}
    _, row = read(tmp_path, good, good | {"windows": [[1, 2], [3, 4, 0.9]]})
    assert row.origin == "my_train.jsonl:2"
    assert row.problem is not None and "[3, 4, 0.9] is not a [start, end] pair: has it a score" in row.problem[1]


def test_a_single_time_is_a_point_and_becomes_a_window_by_the_caller_s_word_only(tmp_path: Path) -> None:
    rows = read(
        tmp_path, *({"vid": "a", "query": "x", "timestamp": each, "duration": 60} for each in (1, "12.5", "0:30"))
    )
    dropped = list(normalise(rows, moments.CORPUS))
    assert [each.reason for each in dropped if isinstance(each, Drop)] == ["zero_length"] * 3
    made = [each for each in normalise(rows, moments.CORPUS, points_as=4) if isinstance(each, Sample)]
    assert [(each.windows[0].start, each.windows[0].end) for each in made] == [(0.0, 3.0), (10.5, 14.5), (28.0, 32.0)]
    assert all("point_to_window" in {repair.code for repair in each.repairs} for each in made)


def test_a_record_with_options_is_grounded_qa(tmp_path: Path) -> None:
    record = {"vid": "a", "question": "why?", "span": [1, 2]}
    forms = [
        {"options": ["run", "hide"], "answer": "hide"},
        {"choices": ["A. run", "B. hide"], "right_answer": "B"},
        {"candidates": {"A": "run", "B": "hide"}, "answer": "(b)"},
        {"a0": "run", "a1": "hide", "answer": "hide"},
    ]
    for row in read(tmp_path, *(record | form for form in forms)):
        assert (row.task, row.options, row.answer, row.extra) == ("grounded_qa", ("run", "hide"), "B", {})
    *wrong, plain = read(
        tmp_path, record | {"options": ["run", "hide"], "answer": 1}, record | {"options": ["run"], "answer": "A"},
        record | {"options": ["run", "hide"], "answer": "sit"}, record | {"answer": "because"},
    )  # fmt: skip
    assert [row.problem and row.problem[0] for row in wrong] == ["unreadable_row"] * 3
    assert (plain.task, plain.extra) == ("moment_retrieval", {"answer": "because"})


def test_a_map_may_take_an_alias_away(tmp_path: Path) -> None:
    record = {"id": "same", "vid": "a", "query": "x", "span": [1, 2]}
    rows = read(tmp_path, record, record, map={"id": ""})
    assert [(row.published_id, row.extra) for row in rows] == [(None, {"id": "same"})] * 2
    with pytest.raises(VtgError, match=r"no query left \(--map query=\)"):
        read(tmp_path, record, map={"query": ""})


@pytest.mark.parametrize(
    ("options", "windows", "code"),
    [
        ({"unit": "frames", "fps": 25}, (2.0, 4.0), "frames_to_seconds"),
        ({"unit": "chunks"}, (250.0, 505.0), "chunks_to_seconds"),
        ({"unit": "clips"}, (100.0, 200.0), "clips_to_seconds"),
        ({"unit": "milliseconds"}, (0.05, 0.1), "milliseconds_to_seconds"),
    ],
)
def test_a_unit_that_is_told_is_converted_and_noted(
    options: dict[str, Any], windows: tuple[float, float], code: str, tmp_path: Path
) -> None:
    (row,) = read(tmp_path, {"vid": "a", "query": "x", "window": [50, 100], "duration": 600}, **options)
    found = sample(row)
    assert isinstance(found, Sample)
    assert [(w.start, w.end) for w in found.windows] == [pytest.approx(windows)]
    assert [(repair.code, repair.old) for repair in found.repairs] == [(code, "[50, 100]")]


def test_fractions_need_a_duration_and_frames_a_rate(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        {"vid": "a", "query": "x", "span": [0.1, 0.5], "duration": 60},
        {"vid": "a", "query": "x", "span": [0, 1]},
        unit="fraction",
    )
    found = [sample(row) for row in rows]
    assert isinstance(found[0], Sample) and found[0].windows[0].end == 30.0
    assert isinstance(found[1], Drop) and found[1].reason == "no_duration"
    (row,) = read(tmp_path, {"vid": "a", "query": "x", "span": [1, 5]}, unit="frames")
    dropped = sample(row)
    assert isinstance(dropped, Drop) and dropped.reason == "no_frame_rate"


def test_the_source_s_clock_is_turned_to_the_file_s(tmp_path: Path) -> None:
    (row,) = read(tmp_path, {"vid": "aB3_dE-6hIj_60_210", "query": "x", "span": [70, 90]}, source_clock=True)
    found = sample(row)
    assert isinstance(found, Sample)
    assert [(w.start, w.end) for w in found.windows] == [(10.0, 30.0)]
    assert found.repairs[0].code == "source_clock_to_file"


def test_a_record_that_lacks_a_field_says_which_and_what_it_has(tmp_path: Path) -> None:
    good, bad = read(tmp_path, {"vid": "a", "query": "x", "span": [1, 5]}, {"vid": "a", "span": [1, 5]})
    assert good.problem is None and bad.problem is not None
    assert "no query" in bad.problem[1] and "'span'" in bad.problem[1] and "--map query=KEY" in bad.problem[1]


def test_a_file_of_no_such_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VtgError, match=r"my_train\.jsonl.*rows look like"):
        read(tmp_path, {"a": 1}, {"b": 2})


def test_a_captions_table_is_read_like_moments(tmp_path: Path) -> None:
    path = tmp_path / "my_train.csv"
    path.write_text("video,start,end,sentence\nK7QZ2,1,2,a dog\n")
    (row,) = captions.read([path], None)
    assert (row.query, row.windows) == ("a dog", [(1.0, 2.0)])


def test_captions_keys_are_mapped_too(tmp_path: Path) -> None:
    path = tmp_path / "my_train.json"
    path.write_text('{"K7QZ2": {"when": [[1, 2]], "what": ["a dog"], "secs": 9}}')
    (row,) = captions.read([path], None, map={"windows": "when", "query": "what", "duration": "secs"})
    assert (row.query, row.windows, row.duration) == ("a dog", [(1.0, 2.0)], 9.0)
