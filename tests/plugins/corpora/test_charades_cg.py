import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations import licences
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import charades_cg
from vtgdata.records import Drop, Sample

ENTRY = {"sentences": ["person closes the closet."], "timestamps": [[2.1, 9.8]], "duration": 27.5}


def read(folder: Path, name: str, document: dict[str, Any]) -> list[Sample | Drop]:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document))
    return list(normalise(charades_cg.read([path], None), charades_cg.CORPUS))


def test_an_entry_is_charades_s_video_with_its_duration_in_whatever_order(tmp_path: Path) -> None:
    (first,) = read(tmp_path, "train", {"M2XP0": ENTRY})
    (second,) = read(tmp_path, "train", {"M2XP0": dict(reversed(ENTRY.items()))})
    assert isinstance(first, Sample) and first == second
    assert (first.video.video_id, first.video.file, first.video.duration) == ("M2XP0", "M2XP0.mp4", 27.5)
    assert (first.video.source_id, first.extra["source_corpus"]) == (None, "charades_sta")


def test_a_row_has_one_id_in_whichever_split_it_stands(tmp_path: Path) -> None:
    (train,) = read(tmp_path, "train", {"M2XP0": ENTRY})
    (test,) = read(tmp_path, "test_trivial", {"M2XP0": ENTRY})
    assert isinstance(train, Sample) and isinstance(test, Sample)
    assert (train.split, test.split) == ("train", "test_trivial")
    assert train.sample_id == test.sample_id


def test_its_train_drops_a_reversed_window_and_its_benchmarks_keep_the_row(tmp_path: Path) -> None:
    entry = ENTRY | {"timestamps": [[9.8, 2.1]]}
    (dropped,) = read(tmp_path, "train", {"M2XP0": entry})
    assert isinstance(dropped, Drop) and dropped.reason == "reversed"
    for split in ("test_trivial", "novel_composition", "novel_word"):
        (kept,) = read(tmp_path, split, {"M2XP0": entry})
        assert isinstance(kept, Sample) and kept.windows == ()


def test_the_licence_of_charades_holds_once(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    path.write_text(json.dumps({"M2XP0": ENTRY}))
    rows = charades_cg.read([path], None)
    (sample,) = normalise(rows, charades_cg.CORPUS, licence_of=lambda name: "LicenseRef-Charades")
    assert isinstance(sample, Sample) and sample.license == "LicenseRef-Charades"
    assert licences.find(sample.license).known


@pytest.mark.parametrize("key", ["news", "novels"])
def test_a_sentence_keeps_what_is_new_in_it_and_not_in_the_others(key: str, tmp_path: Path) -> None:
    both = {"sentences": ["a", "b"], "timestamps": [[1, 2], [3, 4]], key: [{"NOUN": ["hair"]}, {"VERB": ["laugh"]}]}
    first, second = read(tmp_path, "novel_word", {"M2XP0": both})
    assert isinstance(first, Sample) and isinstance(second, Sample)
    assert (first.extra[key], second.extra[key]) == ({"NOUN": ["hair"]}, {"VERB": ["laugh"]})


def test_a_list_of_news_that_is_too_short_is_kept_whole(tmp_path: Path) -> None:
    both = {"sentences": ["a", "b"], "timestamps": [[1, 2], [3, 4]], "news": [{"NOUN": ["hair"]}]}
    _, second = read(tmp_path, "novel_word", {"M2XP0": both})
    assert isinstance(second, Sample) and second.extra["news"] == [{"NOUN": ["hair"]}]


@pytest.mark.parametrize("key", ["v_Qx81-kLm_0A", "s99-d01.avi", "m2xp0", "M2XP01"])
def test_a_file_of_other_videos_is_refused(key: str, tmp_path: Path) -> None:
    with pytest.raises(VtgError, match=r"train\.json.*no video of Charades"):
        read(tmp_path, "train", {key: ENTRY})


def test_the_file_s_name_tells_the_split_or_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(VtgError, match=r"--split train\|test_trivial\|novel_composition\|novel_word"):
        read(tmp_path, "mine", {"M2XP0": ENTRY})
