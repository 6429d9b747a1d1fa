"""The file of published numbers: nothing of it is lost or mixed up, and a bad entry is named."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from support.published import published
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.metrics import anchors

GOOD: dict[str, Any] = {
    "benchmarks": {"doors": {"title": "Doors", "samples": {"original": [{"corpus": "doors", "rows": 3}], "new": []}}},
    "sources": {"page": {"title": "A page", "link": "https://example.org", "fps": 2, "temperature": 0}},
    "anchors": [
        {
            "benchmark": "doors", "labels": "new", "model": "M", "metric": "mIoU", "value": 41.5, "source": "page",
            "confidence": "page",
        }
    ],
}  # fmt: skip


def written(tmp_path: Path, document: Any) -> Path:
    path = tmp_path / "anchors.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def with_entry(**changed: Any) -> dict[str, Any]:
    entry = {key: value for key, value in (GOOD["anchors"][0] | changed).items() if value != "absent"}
    return GOOD | {"anchors": [GOOD["anchors"][0] | {"model": "other"}, entry]}


def test_an_entry_has_the_setting_of_its_source_unless_it_states_its_own(tmp_path):
    first, second = anchors.load(written(tmp_path, with_entry(fps=4, tokens=8192, unit="fraction", value=0.4))).anchors
    assert (first.value, first.setting.fps, first.setting.tokens, first.setting.temperature) == (0.415, 2, None, 0)
    assert (second.value, second.setting.fps, second.setting.tokens, second.setting.temperature) == (0.4, 4, 8192, 0)
    assert (second.published, second.unit, second.link) == (0.4, "fraction", "https://example.org")


BAD = {
    "a value in words": ({"value": "high"}, ["float", "value"]),
    "no value": ({"value": "absent"}, ["value"]),
    "no label version": ({"labels": "absent"}, ["labels"]),
    "a key that nobody reads": ({"frame": 32}, ["frame"]),
    "more than a hundred per cent": ({"value": 100.5}, ["100.5", "0 and 100"]),
    "a fraction that is a per cent": ({"value": 41.5, "unit": "fraction"}, ["41.5", "0 and 1"]),
    "not a number": ({"value": float("nan")}, ["nan"]),
    "an unknown benchmark": ({"benchmark": "door"}, ["did you mean 'doors'"]),
    "an unknown version of labels": ({"labels": "newer"}, ["did you mean 'new'"]),
    "an unknown source": ({"source": "pages"}, ["did you mean 'page'"]),
    "an unknown confidence": ({"confidence": "sure"}, ["sure"]),
    "the same number again": ({"model": "other"}, ["entries 1 and 2", "other"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_entry_is_named(tmp_path, case):
    changed, words = BAD[case]
    with pytest.raises(VtgError) as caught:
        anchors.load(written(tmp_path, with_entry(**changed)))
    assert all(word in str(caught.value) for word in [*words, "anchors.yaml"])
    assert case == "the same number again" or "entry 2 of anchors" in str(caught.value)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"anchors": []}, "it needs benchmarks, sources and anchors"),
        (GOOD | {"sources": {"page": {"title": "A page", "link": "example.org"}}}, "source 'page'.*https://"),
        (GOOD | {"benchmarks": {"doors": {"samples": {}}}}, "benchmark 'doors'.*title"),
        (GOOD | {"anchors": ["a number"]}, "entry 1 of anchors"),
        ([], "anchors.yaml"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path, document, words):
    with pytest.raises(VtgError, match=words):
        anchors.load(written(tmp_path, document))


def test_ours_are_sound_and_name_corpora_and_splits_that_there_are():
    """Places that no reader has yet are named after their benchmark, so that a new reader finds its numbers."""
    known = anchors.ours()
    assert all(any(a.benchmark == name for a in known.anchors) for name in known.benchmarks)
    readers = plugins.names("corpora")
    for name, benchmark in known.benchmarks.items():
        for place in (place for places in benchmark.samples.values() for place in places):
            if place.corpus not in readers:
                assert place.corpus == name
                continue
            facts = {split.name: split for split in plugins.load("corpora", place.corpus).CORPUS.splits}
            assert place.split in facts and facts[place.split].benchmark
            assert facts[place.split].rows in (None, place.rows)


def test_the_original_labels_of_charades_and_the_new_ones_are_two_benchmarks():
    of = {anchor.labels for anchor in anchors.ours().of("charades", second_hand=True)}
    assert of == {"original", "timelens"}
    places = anchors.ours().benchmarks["charades"].samples
    assert {place.corpus for place in places["original"]} == {"charades_sta"}
    assert {place.corpus for place in places["timelens"]} == {"timelens_bench"}


def test_one_model_has_the_three_values_that_three_sources_state():
    mine = [
        a for a in anchors.ours().of("charades", second_hand=True) if (a.model, a.metric) == ("Qwen3-VL-8B", "mIoU")
    ]
    assert sorted(a.published for a in mine if a.labels == "timelens") == [42.9, 47.2, 48.3]
    assert len([a for a in anchors.ours().of("charades") if (a.model, a.metric) == ("Qwen3-VL-8B", "mIoU")]) == 2


def test_every_number_of_the_list_is_there_with_its_setting():
    path = published("..", "anchors.yaml")
    if not path.is_file():
        pytest.skip("the list of published numbers is not here")
    sure = {"r": "recomputed", "p": "page", "t": "full text", "s": "second-hand"}
    listed = yaml.load(path.read_text(), yaml.SafeLoader)["anchors"]
    mine = list(anchors.ours().anchors)
    for one in listed:
        same = [
            a
            for a in mine
            if (a.benchmark, a.labels, a.model, a.metric) == (one["bench"], one["labels"], one["model"], one["metric"])
            and (a.published, a.unit, a.confidence) == (one["v"], one["unit"], sure[one["conf"]])
            and all(
                one.get(theirs) in (None, getattr(a.setting, ours))
                for theirs, ours in (("fps", "fps"), ("frames", "frames"), ("tokens", "tokens"), ("think", "reasoning"))
            )
        ]
        assert same, one
        mine.remove(same[0])


def test_the_line_that_the_page_shows_is_a_good_entry(tmp_path):
    page = (Path(__file__).parents[2] / "docs/anchors.md").read_text()
    line = page.split("```yaml\n")[1].split("```")[0]
    document = yaml.load(anchors.OURS.read_text(), yaml.SafeLoader)
    document["sources"]["my_page"] = {"title": "My page", "link": "https://example.org"}
    document["anchors"] += yaml.safe_load(line)
    last = anchors.load(written(tmp_path, document)).anchors[-1]
    assert (last.model, last.value, last.setting.fps, last.title) == ("My-8B", 0.512, 2, "My page")
    assert all(f"`{key}`" in page for key in anchors.Setting.__struct_fields__)
