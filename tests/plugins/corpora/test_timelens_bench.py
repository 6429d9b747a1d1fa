import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations import licences
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import timelens_bench
from vtgdata.records import RawRow, Sample

ENTRY = {"duration": 64.12, "spans": [[3.0, 9.5]], "queries": ["a man lifts a boat"]}
KEYS = {"charades": "K7QZ2", "activitynet": "v_Qx81-kLm_0A", "qvhighlights": "aB3_dE-6hIj_60.0_210.0"}


def read(folder: Path, split: str, document: dict[str, Any]) -> list[RawRow]:
    path = folder / f"{split}-timelens.json"
    path.write_text(json.dumps(document))
    return list(timelens_bench.read([path], None))


@pytest.mark.parametrize("split", KEYS)
def test_labels_are_a_version_of_their_own_in_each_of_the_three_sets(split: str, tmp_path: Path) -> None:
    (row,) = read(tmp_path, split, {KEYS[split]: ENTRY})
    assert (row.split, row.label_version, row.file) == (split, "timelens", f"{KEYS[split]}.mp4")
    assert (row.query, row.windows, row.duration) == ("a man lifts a boat", [(3.0, 9.5)], 64.12)


def test_a_row_is_under_the_terms_of_its_labels_and_of_its_original_corpus(tmp_path: Path) -> None:
    rows = [row for split in KEYS for row in read(tmp_path, split, {KEYS[split]: ENTRY})]
    samples = list(normalise(rows, timelens_bench.CORPUS, licence_of=lambda name: f"LicenseRef-{name}"))
    assert [each.license for each in samples if isinstance(each, Sample)] == [
        f"LicenseRef-TimeLens AND LicenseRef-{name}"
        for name in ("charades_sta", "activitynet_captions", "qvhighlights")
    ]
    assert licences.find(timelens_bench.CORPUS.license).excluded == ("EU",)


def test_a_cut_of_qvhighlights_knows_its_source(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "qvhighlights", {KEYS["qvhighlights"]: ENTRY})
    assert (row.source_id, row.source_start, row.source_clock) == ("aB3_dE-6hIj", 60.0, False)


@pytest.mark.parametrize("split", KEYS)
def test_a_file_of_another_set_is_refused(split: str, tmp_path: Path) -> None:
    for other in KEYS.keys() - {split}:
        with pytest.raises(VtgError, match=f"{split}-timelens.json"):
            read(tmp_path, split, {KEYS[other]: ENTRY})


def test_the_original_captions_are_refused_for_their_lists_have_other_names(tmp_path: Path) -> None:
    original = {"duration": 64.12, "timestamps": [[3.0, 9.5]], "sentences": ["a man lifts a boat"]}
    with pytest.raises(VtgError, match="there is no 'spans' here"):
        read(tmp_path, "activitynet", {KEYS["activitynet"]: original})


def test_lists_of_different_lengths_are_a_fault_of_the_whole_video(tmp_path: Path) -> None:
    broken = ENTRY | {"queries": ["a man lifts a boat", "it floats"]}
    rows = read(tmp_path, "charades", {"K7QZ2": ENTRY, "K7QZ3": broken})
    assert [row.problem is None for row in rows] == [True, False, False]


def test_a_query_without_a_usable_span_stays_in_the_denominator(tmp_path: Path) -> None:
    rows = read(tmp_path, "charades", {"K7QZ2": ENTRY | {"spans": [[9, 3]]}})
    (sample,) = normalise(rows, timelens_bench.CORPUS)
    assert isinstance(sample, Sample) and sample.windows == ()
    assert [repair.code for repair in sample.repairs] == ["reversed"]
