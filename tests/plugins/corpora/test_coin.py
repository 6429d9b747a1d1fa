import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import coin
from vtgdata.records import RawRow, Sample


def step(start: Any = 14.0, end: float = 31.0, label: str = "brush off the dust") -> dict[str, Any]:
    return {"id": "9", "segment": [start, end], "label": label}


def video(*steps: dict[str, Any], **changed: Any) -> dict[str, Any]:
    whole = {
        "duration": 97.45, "class": "PolishBoots", "start": 12.08, "end": 80.33, "subset": "training",
        "recipe_type": 4, "annotation": list(steps or [step()]),
    }  # fmt: skip
    return whole | changed


def read(folder: Path, *videos: dict[str, Any], split: str | None = None) -> list[RawRow]:
    database = {f"0123456789{i}": each for i, each in enumerate(videos)}
    (folder / "COIN.json").write_text(json.dumps({"database": database}))
    return list(coin.read([folder], split))


def test_the_segments_of_a_label_are_one_query_with_several_windows(tmp_path: Path) -> None:
    first, second = read(tmp_path, video(step(), step(31, 52, "polish"), step(60, 70)))
    assert (first.query, first.windows) == ("brush off the dust", [(14.0, 31.0), (60.0, 70.0)])
    assert (second.query, second.windows) == ("polish", [(31.0, 52.0)])
    assert first.origin == "COIN.json#database/01234567890/annotation/0"


def test_the_same_label_in_two_videos_is_two_rows(tmp_path: Path) -> None:
    assert len(read(tmp_path, video(), video())) == 2


def test_the_region_of_interest_shifts_nothing(tmp_path: Path) -> None:
    (row,) = read(tmp_path, video())
    assert (row.windows, row.source_start, row.duration) == ([(14.0, 31.0)], None, 97.45)
    assert (row.extra["start"], row.extra["end"], row.extra["class"]) == (12.08, 80.33, "PolishBoots")


def test_one_faulty_window_of_several_is_taken_out_and_the_others_stay(tmp_path: Path) -> None:
    (outcome,) = normalise(read(tmp_path, video(step(), step(50, 40))), coin.CORPUS)
    assert isinstance(outcome, Sample)
    assert [(window.start, window.end) for window in outcome.windows] == [(14.0, 31.0)]
    assert [repair.code for repair in outcome.repairs] == ["reversed"]


def test_a_segment_that_is_none_is_a_row_of_its_own_beside_its_label_s(tmp_path: Path) -> None:
    broken, whole = read(tmp_path, video(step(), step("?")))
    assert broken.problem is not None and broken.origin.endswith("annotation/1")
    assert whole.windows == [(14.0, 31.0)]


def test_a_subset_nobody_knows_keeps_its_name(tmp_path: Path) -> None:
    videos = [video(subset=name) for name in ("training", "testing", "validation", "extra")]
    assert [row.split for row in read(tmp_path, *videos)] == ["train", "test", "val", "extra"]
    assert [row.split for row in read(tmp_path, *videos, split="test")] == ["test"]


@pytest.mark.parametrize("wrong", [{"annotation": None}, {"subset": 4}])
def test_a_video_of_another_form_is_an_unreadable_row(wrong: dict[str, Any], tmp_path: Path) -> None:
    row = read(tmp_path, video(), video(**wrong))[1]
    assert row.problem is not None and row.problem[0] == "unreadable_row"


def test_a_youcook2_database_is_refused(tmp_path: Path) -> None:
    entry = {"duration": 9, "subset": "training", "annotations": [{"segment": [1, 2], "sentence": "bake"}]}
    (tmp_path / "COIN.json").write_text(json.dumps({"database": {"aB3_dE-6hIj": entry}}))
    with pytest.raises(VtgError, match=r"COIN\.json"):
        list(coin.read([tmp_path], None))
