import json
from pathlib import Path
from typing import Any

import pytest

from support.published import Ingested, ingested, published
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import youcook2
from vtgdata.records import RawRow

STEP = {"segment": [35, 51], "id": 0, "sentence": "whisk two eggs"}
CAPTIONS = {"aB3_dE-6hIj": {"duration": 318.4, "timestamps": [[35, 51]], "sentences": ["whisk two eggs"]}}


def video(**changed: Any) -> dict[str, Any]:
    return {"duration": 318.4, "subset": "training", "recipe_type": "207", "annotations": [STEP]} | changed


def write(folder: Path, videos: dict[str, Any], name: str = "yc2_annotations_trainval.json") -> Path:
    (folder / name).write_text(json.dumps({"database": videos}))
    return folder / name


def copy(folder: Path, name: str = "yc2_val_anet_format.json") -> Path:
    (folder / name).write_text(json.dumps(CAPTIONS))
    return folder / name


def facts(row: RawRow) -> tuple[Any, ...]:
    return row.video_id, row.file, row.query, row.windows, row.split, row.duration, row.source_id


def test_a_step_is_a_row_of_its_video_s_subset(tmp_path: Path) -> None:
    path = write(tmp_path, {"aB3_dE-6hIj": video(), "-_a0bZ_c1dE": video(subset="validation")})
    train, val = youcook2.read([path], None)
    assert (train.split, val.split, val.video_id) == ("train", "val", "-_a0bZ_c1dE")
    assert train.origin == "yc2_annotations_trainval.json#database/aB3_dE-6hIj/annotations/0"
    assert [row.split for row in youcook2.read([path], "val")] == ["val"]


def test_a_captions_copy_gives_the_row_of_the_database(tmp_path: Path) -> None:
    (row,) = youcook2.read([write(tmp_path, {"aB3_dE-6hIj": video(subset="validation")})], None)
    (copied,) = youcook2.read([copy(tmp_path)], None)
    assert facts(copied) == facts(row)


def test_a_copy_of_another_name_needs_its_split(tmp_path: Path) -> None:
    path = copy(tmp_path, "steps.json")
    assert [row.split for row in youcook2.read([path], "train")] == ["train"]
    with pytest.raises(VtgError, match="--split"):
        list(youcook2.read([path], None))


def test_a_folder_with_database_and_copies_gives_each_row_once(tmp_path: Path) -> None:
    write(tmp_path, {"aB3_dE-6hIj": video()})
    write(tmp_path, {"aB3_dE-6hIj": video()}, "youcookii_annotations_trainval.json")
    copies = [copy(tmp_path), copy(tmp_path, "yc2_train_anet_format.json")]
    assert len(list(youcook2.read([tmp_path], None))) == 1
    assert len(list(youcook2.read([tmp_path, copies[0]], None))) == 2


def test_a_folder_of_copies_alone_gives_both_splits(tmp_path: Path) -> None:
    copy(tmp_path)
    copy(tmp_path, "yc2_train_anet_format.json")
    assert sorted(row.split for row in youcook2.read([tmp_path], None)) == ["train", "val"]
    assert [row.split for row in youcook2.read([tmp_path], "val")] == ["val"]


@pytest.mark.parametrize(
    "wrong", [{"subset": "testing"}, {"subset": None}, {"annotations": None}, {"annotations": [{"segment": [1, 2]}]}]
)
def test_a_video_of_another_form_is_an_unreadable_row(wrong: dict[str, Any], tmp_path: Path) -> None:
    path = write(tmp_path, {"-_a0bZ_c1dE": video(), "aB3_dE-6hIj": video(**wrong)})
    row = list(youcook2.read([path], None))[1]
    assert row.problem is not None and row.problem[0] == "unreadable_row"


def raw_steps(database: dict[str, Any], subset: str) -> list[tuple[str, str, tuple[int, int], float]]:
    return [
        (key, step["sentence"], tuple(step["segment"]), video["duration"])
        for key, video in database.items()
        if video["subset"] == subset
        for step in video["annotations"]
    ]


def test_the_published_database_gives_the_counts_of_its_raw_text() -> None:
    path = published("corpora", "youcook2", "yc2_annotations_trainval.json")
    database = json.loads(path.read_text(encoding="utf-8"))["database"]
    steps = {name: raw_steps(database, subset) for subset, name in (("training", "train"), ("validation", "val"))}
    every = [step for rows in steps.values() for step in rows]
    assert all(0 <= start < end <= duration and start == int(start) for *_, (start, end), duration in every)
    doubled, edges = sum("  " in step[1] for step in every), sum(step[1] != step[1].strip() for step in every)
    repeated = repeats(every)
    assert (len(every), doubled, edges, repeated) == (13_829, 136, 5, 12)

    found = ingested("youcook2", [path])
    assert (len(found.rows), found.reasons) == (13_829, {})
    assert found.repairs == {
        "query_blanks": sum(step[1] != " ".join(step[1].split()) for step in every),
        "query_ambiguous": repeated,
    }
    for split in youcook2.CORPUS.splits:
        rows = [sample for sample in found.samples if sample.split == split.name]
        assert (split.rows, split.videos) == (len(steps[split.name]), len({each[0] for each in steps[split.name]}))
        assert len(rows) == split.rows
    assert len({sample.sample_id for sample in found.samples}) == len(found.samples)


def test_the_published_captions_copy_gives_the_rows_of_the_database() -> None:
    folder = published("corpora", "youcook2")
    whole = ingested("youcook2", [folder / "yc2_annotations_trainval.json"], "val")
    path = folder / "anet_format" / "yc2_val_anet_format.json"
    copied = ingested("youcook2", [path])
    sentences = [sentence for entry in json.loads(path.read_text()).values() for sentence in entry["sentences"]]
    assert (len(copied.rows), sum(s != s.lstrip() for s in sentences)) == (3_492, 3)
    assert shown(copied) == shown(whole)
    assert copied.repairs["query_ambiguous"] == whole.repairs["query_ambiguous"] == 4


def repeats(steps: list[tuple[str, str, tuple[int, int], float]]) -> int:
    """Sentences that a video had before, blanks and case aside."""
    seen = [(key, " ".join(sentence.split()).casefold()) for key, sentence, *_ in steps]
    return len(seen) - len(set(seen))


def shown(found: Ingested) -> dict[str, Any]:
    return {
        sample.sample_id: (sample.video, sample.query, sample.windows, sample.split, sample.repairs)
        for sample in found.samples
    }
