"""The published files of RA-RFT: every query, counted without the reader; those that cannot be answered say so."""

import json

import pytest

from support.published import ingested, published

FILES = {"human_anno.json": ("human", 100), "ss_vtg_qvhighlight.json": ("ss_vtg_qvhighlight", 1_550)}


@pytest.mark.parametrize("name", FILES)
def test_all_queries_of_the_shown_file(name):
    path, (split, pairs) = published("field2026", "rarft", name), FILES[name]
    raw, found = json.loads(path.read_text()), ingested("rarft", [path])
    asked = [(each, query) for each in raw for query in each["GRPO"]]
    assert len(asked) == len(found.rows) == len(found.samples) == 2 * pairs and not found.drops
    assert {sample.split for sample in found.samples} == {split}
    for (each, query), sample in zip(asked, found.samples, strict=True):
        assert sample.none_is_right != query["r"] and sample.query == " ".join(sample.query.split())
        if query["r"]:
            start, end = each["timestamp"]
            (window,) = sample.windows
            assert window.start == start and (window.end == end or "end_past_video" in {r.code for r in sample.repairs})
        else:
            assert not sample.windows and sample.extra.get("grade") == query.get("difficulty")
            assert sample.extra.get("errors", []) == query["c"]


def test_a_cut_s_length_is_in_its_name():
    found = ingested("rarft", [published("field2026", "rarft", "ss_vtg_qvhighlight.json")])
    assert {sample.video.duration for sample in found.samples} == {150.0}
    assert all(sample.video.source_id and sample.video.source_start is not None for sample in found.samples)
