from pathlib import Path

import pytest

from vtgdata.annotations import sources
from vtgdata.errors import VtgError
from vtgdata.records import Corpus, Split

CORPUS = Corpus(
    name="toy",
    title="Toy",
    summary="",
    splits=(Split(name="train", files=("train.txt", "train.csv")), Split(name="test", files=("test.txt",))),
    license="CC0-1.0",
    license_link="",
    license_confidence="A",
    homepage="",
    citation="",
    grid=None,
)


def touched(folder: Path, *names: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text("x")
    return [folder / name for name in names]


def found(*paths: Path, split: str | None = None) -> list[tuple[str, str]]:
    return [(each.path.name, each.split) for each in sources.find(paths, CORPUS, split, companions=(".csv",))]


def test_a_folder_gives_the_files_it_has_under_published_names(tmp_path: Path) -> None:
    touched(tmp_path, "test.txt", "train.txt", "train.csv", "notes.txt")
    assert found(tmp_path) == [("train.txt", "train"), ("test.txt", "test")]
    assert found(tmp_path, split="test") == [("test.txt", "test")]


def test_a_folder_that_holds_companions_only_is_no_error_beside_the_annotations(tmp_path: Path) -> None:
    touched(tmp_path / "lengths", "train.csv")
    (text,) = touched(tmp_path, "train.txt")
    assert found(text, tmp_path / "lengths") == [("train.txt", "train")]
    with pytest.raises(VtgError, match="no annotation file"):
        found(tmp_path / "lengths")


def test_a_file_of_any_name_needs_a_split_unless_the_corpus_has_but_one(tmp_path: Path) -> None:
    (mine,) = touched(tmp_path, "mine.txt")
    assert found(mine, split="test") == [("mine.txt", "test")]
    with pytest.raises(VtgError, match=r"mine\.txt: .*--split train\|test"):
        found(mine)


def test_inputs_are_all_files_that_a_reading_may_open(tmp_path: Path) -> None:
    touched(tmp_path, "train.txt", "train.csv", "test.txt", "movie.mp4")
    assert [path.name for path in sources.inputs([tmp_path], CORPUS)] == ["train.txt", "train.csv", "test.txt"]
    assert [path.name for path in sources.inputs([tmp_path / "train.txt"], CORPUS)] == ["train.txt", "train.csv"]


def test_a_folder_without_a_known_file_is_refused_before_it_is_hashed(tmp_path: Path) -> None:
    touched(tmp_path, "movie.mp4")
    with pytest.raises(VtgError, match=r"holds no file of toy\. Looked for: train\.txt, train\.csv, test\.txt"):
        sources.inputs([tmp_path], CORPUS)
