import json
import math
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations import licences
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import videomind
from vtgdata.records import RawRow, Sample

LINE = {"vid": "aB3_dE-6hIj", "duration": 61.0, "query": "a woman signs a paper", "span": [4, 19]}
MOMENT = {"qid": "t7", "vid": "s99-d01", "duration": 99.5, "query": "cut a carrot", "relevant_windows": [[4.25, 19]]}


def write(path: Path, *records: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def rows(path: Path, split: str | None = None) -> list[RawRow]:
    return list(videomind.read([path], split))


@pytest.mark.parametrize(
    ("path", "corpus"),
    [
        ("anno_cosmo_cap.jsonl", "cosmo"),
        ("cosmo_cap/anno_mine.jsonl", "cosmo"),
        ("anno_internvid_vtime_query_gpt4o_mini.jsonl", "internvid_vtime"),
        ("tacos/train.jsonl", "tacos"),
        ("nlq_train.jsonl", "ego4d_nlq"),
        ("ego4d_nlq/train.jsonl", "ego4d_nlq"),
        ("other/train.jsonl", ""),
    ],
)
def test_the_folder_or_the_file_tells_whose_rows_they_are(path: str, corpus: str, tmp_path: Path) -> None:
    (row,) = rows(write(tmp_path / path, LINE))
    assert row.source_corpus == row.annotation_set == corpus


def test_the_licence_is_the_package_s_and_the_source_s(tmp_path: Path) -> None:
    (sample,) = normalise(
        rows(write(tmp_path / "tacos/train.jsonl", MOMENT)), videomind.CORPUS, licence_of=lambda name: f"X-{name}"
    )
    assert isinstance(sample, Sample)
    assert sample.license == "BSD-3-Clause AND X-tacos"


def test_rows_of_nobody_known_are_unverified_whatever_the_package_says(tmp_path: Path) -> None:
    (sample,) = normalise(rows(write(tmp_path / "other/train.jsonl", LINE)), videomind.CORPUS)
    assert isinstance(sample, Sample)
    assert not licences.find(sample.license).known


def test_lengths_beside_the_lines_go_before_their_own(tmp_path: Path) -> None:
    (tmp_path / "durations.json").write_text('{"aB3_dE-6hIj": 18.5}')
    (sample,) = normalise(rows(write(tmp_path / "anno_cosmo_cap.jsonl", LINE)), videomind.CORPUS)
    assert isinstance(sample, Sample)
    assert (sample.video.duration, sample.windows[0].end) == (18.5, 18.5)


def test_a_kitchen_s_file_is_that_of_its_second_camera(tmp_path: Path) -> None:
    (tmp_path / "tacos").mkdir()
    (tmp_path / "tacos/durations.json").write_text('{"s99-d01": 98.25}')
    (row,) = rows(write(tmp_path / "tacos/val.jsonl", MOMENT))
    assert (row.video_id, row.file, row.duration) == ("s99-d01", "s99-d01-cam-002.mp4", 98.25)
    assert (row.windows, row.split, row.extra) == ([(4.25, 19.0)], "val", {"qid": "t7"})


def test_the_same_question_on_one_video_in_two_corpora_is_two_samples(tmp_path: Path) -> None:
    paths = [write(tmp_path / folder / "train.jsonl", LINE) for folder in ("cosmo_cap", "internvid_vtime")]
    ids = {s.sample_id for s in normalise(videomind.read(paths, None), videomind.CORPUS) if isinstance(s, Sample)}
    assert len(ids) == 2 and all("~" not in each for each in ids)


def test_a_line_without_a_moment_is_no_line_of_its(tmp_path: Path) -> None:
    unlabelled = {key: value for key, value in LINE.items() if key != "span"}
    first, second = rows(write(tmp_path / "anno_cosmo_cap.jsonl", LINE, unlabelled))
    assert first.problem is None and second.problem is not None


def test_lengths_that_are_no_numbers_leave_the_duration_unknown_and_other_files_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "anno_cosmo_cap.jsonl", LINE)
    (tmp_path / "durations.json").write_text('{"aB3_dE-6hIj": "long"}')
    (row,) = rows(path)
    assert row.duration is not None and math.isnan(row.duration)
    (tmp_path / "durations.json").write_text("[60.5]")
    with pytest.raises(VtgError, match=r"durations\.json: not durations"):
        rows(path)
