import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import activitynet_cg
from vtgdata.records import Drop, Sample

ENTRY = {"sentences": [" The man throws."], "timestamps": [[20.1, 33.3]], "duration": 41.7}


def write(folder: Path, name: str, document: dict[str, Any]) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document))
    return path


def read(*paths: Path) -> list[Sample | Drop]:
    return list(normalise(activitynet_cg.read(paths, None), activitynet_cg.CORPUS))


def test_an_entry_is_a_video_of_activitynet_captions(tmp_path: Path) -> None:
    (found,) = read(write(tmp_path, "train", {"v_0aZ_bY1cX-2": ENTRY}))
    assert isinstance(found, Sample)
    assert (found.video.video_id, found.video.source_id) == ("v_0aZ_bY1cX-2", "0aZ_bY1cX-2")
    assert (found.video.file, found.extra["source_corpus"]) == ("v_0aZ_bY1cX-2.mp4", "activitynet_captions")
    assert (found.query, [repair.code for repair in found.repairs]) == ("The man throws.", ["query_blanks"])


def test_two_annotators_who_say_the_same_of_one_video_give_two_samples(tmp_path: Path) -> None:
    twice = {key: [*values, *values] if isinstance(values, list) else values for key, values in ENTRY.items()}
    first, second = read(write(tmp_path, "test_trivial", {"v_0aZ_bY1cX-2": twice}))
    assert isinstance(first, Sample) and isinstance(second, Sample)
    assert first.sample_id != second.sample_id
    assert "duplicate" in {repair.code for repair in second.repairs}


def test_a_sentence_keeps_what_is_new_in_it(tmp_path: Path) -> None:
    (found,) = read(write(tmp_path, "novel_word", {"v_0aZ_bY1cX-2": ENTRY | {"news": [{"VERB": ["throw"]}]}}))
    assert isinstance(found, Sample) and found.extra["news"] == {"VERB": ["throw"]}


def test_all_test_splits_are_benchmarks_and_train_is_none() -> None:
    splits = {split.name: split.benchmark for split in activitynet_cg.CORPUS.splits}
    assert splits == {"train": False, "test_trivial": True, "novel_composition": True, "novel_word": True}


def test_a_folder_gives_every_split_under_its_name(tmp_path: Path) -> None:
    for split in activitynet_cg.CORPUS.splits:
        write(tmp_path, split.name, {"v_0aZ_bY1cX-2": ENTRY})
    samples = [each for each in read(tmp_path) if isinstance(each, Sample)]
    assert [each.split for each in samples] == [split.name for split in activitynet_cg.CORPUS.splits]
    assert len({each.sample_id for each in samples}) == 4


@pytest.mark.parametrize("key", ["K7QZ2", "aB3_dE-6hIj_60.0_210.0", "Qx81-kLm_0A", "v_short"])
def test_a_file_of_other_videos_is_refused(key: str, tmp_path: Path) -> None:
    with pytest.raises(VtgError, match=r"train\.json.*no key of ActivityNet"):
        read(write(tmp_path, "train", {key: ENTRY}))
