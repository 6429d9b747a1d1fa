"""The published files of NA-VMR: every row, counted without the reader; what has no moment says so."""

import json
from collections import Counter

import pytest

from support.published import ingested, published

FILES = {"qvhl_id_pos_neg_val.jsonl": (3_100, 1_550), "charades_id_neg_test.jsonl": (3_720, 3_720)}


@pytest.mark.parametrize("name", FILES)
def test_all_rows_of_the_shown_file(name):
    path, (rows, negatives) = published("field2026", "na_vmr", name), FILES[name]
    raw, found = [json.loads(line) for line in path.open()], ingested("na_vmr", [path])
    assert len(raw) == len(found.rows) == len(found.samples) == rows and not found.drops
    none = [sample.none_is_right for sample in found.samples]
    assert none == [row["relevant_windows"] == [[0, 0]] for row in raw] and sum(none) == negatives
    assert all(sample.labelled and bool(sample.windows) != sample.none_is_right for sample in found.samples)
    assert Counter(len(sample.windows) for sample in found.samples if sample.windows) == Counter(
        len(row["relevant_windows"]) for row in raw if row["relevant_windows"] != [[0, 0]]
    )
    assert len({sample.sample_id for sample in found.samples}) == rows, "qids are used twice, ids are not"


def test_no_row_needs_to_be_in_a_benchmark_to_have_no_moment(tmp_path):
    path = tmp_path / "qvhl_id_neg_train.jsonl"
    path.write_text(
        '{"qid": 1, "query": "a man shoes a horse", "duration": 150, "vid": "aB3_dE-6hIj_60.0_210.0", '
        '"relevant_clip_ids": [], "saliency_scores": [[]], "relevant_windows": [[0, 0]]}\n'
    )
    (sample,) = ingested("na_vmr", [path]).samples
    assert sample.none_is_right and sample.split == "qvhl_id_neg_train" and sample.repairs == ()
