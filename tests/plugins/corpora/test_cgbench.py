"""The first 400 rows of CG-Bench's mini set: every row, counted without the reader."""

import json

from support.published import ingested, published


def test_all_rows_of_the_shown_file():
    path = published("field2026", "cgbench", "cgbench_mini.head400.json")
    raw, found = json.loads(path.read_text()), ingested("cgbench", [path], "mini")
    assert len(raw) == len(found.rows) == len(found.samples) == 400 and not found.drops
    assert sum(len(sample.windows) for sample in found.samples) == sum(len(row["clue_intervals"]) for row in raw) == 522
    assert sum(len(sample.windows) > 1 for sample in found.samples) == 62
    assert len({sample.video.video_id for sample in found.samples}) == 325
    for row, sample in zip(raw, found.samples, strict=True):
        assert sample.answer == row["right_answer"] and list(sample.options) == row["choices"]
        assert sorted([w.start, w.end] for w in sample.windows) == sorted(row["clue_intervals"])
