"""The published validation file of ReXTime: every row, counted without the reader."""

import json
from collections import Counter

from support.published import ingested, published


def test_all_rows_of_the_published_file():
    path = published("field2026", "rextime", "rextime_val.jsonl")
    raw, found = [json.loads(line) for line in path.open()], ingested("rextime", [path])
    assert len(raw) == len(found.rows) == len(found.samples) == 921 and not found.drops
    assert found.repairs == {"end_past_video": 4, "zero_length": 2}
    assert Counter(sample.extra["source_corpus"] for sample in found.samples) == {
        "activitynet_captions": 741, "qvhighlights": 180,
    }  # fmt: skip
    assert Counter(sample.extra["ans"] for sample in found.samples) == {"A": 248, "B": 224, "C": 222, "D": 227}
    odd = [sample for sample in found.samples if "published_windows" in sample.extra]
    assert len(odd) == 6 and sum(not sample.windows for sample in found.samples) == 2
    for row, sample in zip(raw, found.samples, strict=True):
        kept = sample.extra.get("published_windows", [[w.start, w.end] for w in sample.windows])
        assert kept == row["relevant_windows"] and sample.sample_id == f"rextime:{row['qid']}"
