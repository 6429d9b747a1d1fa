import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import captions_json as captions
from vtgdata.plugins.corpora import moment_jsonl as moments
from vtgdata.records import Drop, RawRow, Sample


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


def test_records_without_labels_say_so(tmp_path: Path) -> None:
    hidden, null, empty = read(
        tmp_path, {"vid": "a", "query": "x"}, {"vid": "a", "query": "y", "windows": None},
        {"vid": "a", "query": "z", "windows": []},
    )  # fmt: skip
    assert [row.labelled for row in (hidden, null, empty)] == [False, False, True]
    assert isinstance(sample(hidden), Sample)
    dropped = sample(empty)
    assert isinstance(dropped, Drop) and dropped.reason == "no_window"


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
