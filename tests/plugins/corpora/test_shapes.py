import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations.normalise import normalise
from vtgdata.plugins.corpora import shapes
from vtgdata.records import RawRow, Sample


def line(**changed: Any) -> dict[str, Any]:
    whole = {
        "id": "v0001#0", "video": "v0001.mp4", "split": "sft", "query": "blue cross", "start": 3.0, "end": 9.0,
        "duration": 30.0, "scene": [1],
    }  # fmt: skip
    return whole | changed


def read(folder: Path, *rows: dict[str, Any], split: str | None = None) -> list[RawRow]:
    (folder / "annotations.jsonl").write_text("\n".join(json.dumps(row) for row in (line(id="first"), *rows)))
    return list(shapes.read([folder / "annotations.jsonl"], split))[1:]


def test_a_row_has_its_own_id_and_split_and_keeps_what_else_the_line_says(tmp_path: Path) -> None:
    (row,) = read(tmp_path, line(split="rl", level=2))
    assert (row.published_id, row.split, row.video_id, row.extra) == (
        "v0001#0",
        "rl",
        "v0001",
        {"scene": [1], "level": 2},
    )


def test_a_split_takes_only_its_rows(tmp_path: Path) -> None:
    rows = read(tmp_path, line(split="rl"), line(split="test"), line(), split="sft")
    assert [row.split for row in rows] == ["sft"]


@pytest.mark.parametrize(
    "wrong",
    [{"split": "train"}, {"split": ["sft"]}, {"id": 7}, {"start": None}, {"end": "x"}, {"query": 1}, {"video": None}],
)
def test_a_field_of_the_wrong_kind_is_an_unreadable_row(wrong: dict[str, Any], tmp_path: Path) -> None:
    (row,) = read(tmp_path, line(**wrong))
    assert row.problem is not None and row.problem[0] == "unreadable_row"


def test_a_video_in_a_folder_is_known_by_its_bare_name(tmp_path: Path) -> None:
    (row,) = read(tmp_path, line(video="videos/v0002.mp4"))
    assert (row.file, row.video_id) == ("v0002.mp4", "v0002")


def test_a_row_that_comes_twice_is_kept_and_flagged(tmp_path: Path) -> None:
    first, second = normalise(read(tmp_path, line(), line(id="v0001#0b")), shapes.CORPUS)
    assert isinstance(first, Sample) and isinstance(second, Sample)
    assert [repair.code for repair in second.repairs] == ["duplicate"]
