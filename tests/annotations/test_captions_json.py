import json
from pathlib import Path

import pytest

from vtgdata.annotations import captions_json
from vtgdata.annotations.sources import Source
from vtgdata.errors import VtgError
from vtgdata.records import RawRow


def read(folder: Path, document: object) -> list[RawRow]:
    path = folder / "captions.json"
    path.write_text(json.dumps(document))
    return list(captions_json.rows(Source(path, "train")))


def entry(**changed: object) -> dict[str, object]:
    return {"duration": 9.5, "timestamps": [[0, 1.5]], "sentences": ["a dog"], **changed}


def test_each_sentence_is_a_row_in_the_file_s_order(tmp_path: Path) -> None:
    rows = read(tmp_path, {"b": entry(timestamps=[[0, 1], [1, 2]], sentences=["x", "y"]), "a": entry()})
    assert [(row.video_id, row.query, row.windows) for row in rows] == [
        ("b", "x", [(0, 1)]),
        ("b", "y", [(1, 2)]),
        ("a", "a dog", [(0, 1.5)]),
    ]
    assert rows[1].origin == "captions.json#b/timestamps/1"


def test_a_list_that_is_shorter_faults_the_whole_entry(tmp_path: Path) -> None:
    rows = read(tmp_path, {"good": entry(), "bad": entry(timestamps=[[0, 1], [1, 2], [2, 3]], sentences=["x", "y"])})
    assert [row.problem is None for row in rows] == [True, False, False, False]
    assert rows[1].problem == ("unreadable_row", "the video has 3 timestamps and 2 sentences")


@pytest.mark.parametrize("bad", [None, [], {"sentences": ["x"]}, {"timestamps": {}, "sentences": []}])
def test_an_entry_without_its_lists_is_one_unreadable_row(bad: object, tmp_path: Path) -> None:
    rows = read(tmp_path, {"good": entry(), "bad": bad})
    assert [row.origin for row in rows if row.problem] == ["captions.json#bad"]


@pytest.mark.parametrize("pair", [[1], ["a", "b"], None, [1, True]])
def test_a_pair_that_is_none_spoils_its_row_only(pair: object, tmp_path: Path) -> None:
    rows = read(tmp_path, {"v": entry(timestamps=[pair, [1, 2]], sentences=["x", "y"])})
    assert [row.problem is None for row in rows] == [False, True]


def test_other_keys_of_an_entry_are_kept(tmp_path: Path) -> None:
    assert read(tmp_path, {"v": entry(fps=25)})[0].extra == {"fps": 25}


@pytest.mark.parametrize("document", [[], [entry()], "text", {}, {"v": 1}, {"v": {"spans": [], "queries": []}}])
def test_another_file_is_refused(document: object, tmp_path: Path) -> None:
    with pytest.raises(VtgError, match=r"captions\.json"):
        read(tmp_path, document)
