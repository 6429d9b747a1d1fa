"""The published files of VUE-TR and VUE-TR-V2: every row, counted without the reader."""

import json
from collections import Counter

import pytest

from support.published import ingested, published

FILES = {
    "vue_tr": (("vue_tr", "VUE-TR_ground_truth.json"), 1_598, 424, 2_984, 458),
    "vue_tr_v2": (("vue_tr_v2", "VUE-TRv2_ground_truth.json"), 1_600, 847, 2_477, 337),
}


@pytest.mark.parametrize("corpus", FILES)
def test_all_rows_of_the_published_file(corpus):
    place, rows, videos, windows, several = FILES[corpus]
    path = published("field2026", *place)
    raw, found = json.loads(path.read_text()), ingested(corpus, [path])
    assert len(raw) == len(found.rows) == len(found.samples) == rows and not found.drops
    assert len({sample.video.source_id for sample in found.samples}) == videos
    assert sum(len(sample.windows) for sample in found.samples) == windows
    assert sum(len(sample.windows) > 1 for sample in found.samples) == several
    for row, sample in zip(raw, found.samples, strict=True):
        assert [[window.start, window.end] for window in sample.windows] == row["gt"]
        assert sample.sample_id == f"{corpus}:{row['query_id']}" and sample.video.duration == row["duration"]
    assert Counter(sample.extra["query_modality"] for sample in found.samples) == Counter(
        row["query_modality"] for row in raw
    )


def test_a_file_of_predictions_is_no_annotation():
    from vtgdata.errors import VtgError

    with pytest.raises(VtgError, match=r"results_GPT-4o\.json: not a file of this corpus"):
        ingested("vue_tr", [published("field2026", "vue_tr", "results_GPT-4o.json")])
