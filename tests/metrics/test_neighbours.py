"""What stands beside a score: published numbers on the same labels and by the same metric, and nothing else."""

from typing import Any

import msgspec
import numpy as np
import pytest

from support.builders import make_sample
from vtgdata.files import plugins
from vtgdata.metrics import anchors
from vtgdata.metrics.anchors import Place
from vtgdata.metrics.neighbours import Neighbours, beside, doubt
from vtgdata.records import Sample
from vtgdata.stages import evaluate

CHARADES: dict[str, Any] = {"corpus": "timelens_bench", "split": "charades", "label_version": "timelens"}
ORIGINAL: dict[str, Any] = {"corpus": "charades_sta", "split": "test", "origin": "charades_sta_test.txt:1"}
METRICS = ("mIoU", "R1@0.3", "R1@0.5", "R1@0.7")
PRIVATE: dict[str, Any] = {"corpus": "mine", "split": "test"}


def samples(*kinds: dict[str, Any]) -> list[Sample]:
    return [make_sample(f"test:{i}", **kind) for i, kind in enumerate(kinds)]


def neighbours(*kinds: dict[str, Any], metrics: tuple[str, ...] = METRICS, **settings: Any) -> list[Neighbours]:
    rows = samples(*kinds)
    asked = evaluate.Settings(samples="s.parquet", **({"model": ["openai_api:qwen3-vl-8b-instruct"]} | settings))
    values = {name: np.linspace(0.0, 1.0, len(rows)) for name in metrics}
    reports = [{"model": name} for name in asked.model or ["p.jsonl"]]
    return msgspec.convert(beside(rows, reports, [values for _ in reports], asked), list[Neighbours])


def test_numbers_of_that_version_of_the_labels_only_stand_beside():
    for kinds, version, count in ((CHARADES, "timelens", 36), (ORIGINAL, "original", 8)):
        (found,) = neighbours(kinds, kinds)
        listed = [a for a in anchors.ours().of("charades") if a.labels == version]
        assert (found.benchmark, found.label_version, found.why) == ("charades", version, "")
        assert len(found.published) == count == len(listed)
        assert {(p.model, p.value) for p in found.published} == {(a.model, a.value) for a in listed}
        assert found.second_hand == len(
            [a for a in anchors.ours().of("charades", second_hand=True) if a.labels == version and a.second_hand]
        )


def test_two_versions_in_one_evaluation_have_a_block_each_with_their_own_scores():
    first, second = neighbours(ORIGINAL, CHARADES, CHARADES)
    assert (first.label_version, first.n, first.ours[0].metrics["mIoU"]) == ("original", 1, 0.0)
    assert (second.label_version, second.n, second.ours[0].metrics["mIoU"]) == ("timelens", 2, 0.75)
    assert not {p.value for p in first.published} & {p.value for p in second.published}


NONE = {
    "a corpus of one's own": (PRIVATE, "none is known of mine test"),
    "another split": (CHARADES | {"split": "train"}, "none is known of timelens_bench train"),
    "other labels of the same samples": (ORIGINAL | {"label_version": "timelens"}, "with the labels original only"),
    "labels of somebody else": (CHARADES | {"label_version": "mine"}, "with the labels timelens only"),
    "new labels under an old name": (
        ORIGINAL | {"origin": "charades-timelens.json#K7QZ2/spans/0"},
        "charades-timelens.json is no file that charades_sta publishes for test",
    ),
}


@pytest.mark.parametrize("case", NONE)
def test_nothing_stands_beside_where_the_labels_are_others_or_unknown(case):
    kind, words = NONE[case]
    (found,) = neighbours(kind)
    assert not found.published and not found.second_hand and words in found.why


def test_a_file_of_another_name_with_all_rows_is_the_benchmark():
    kinds = [ORIGINAL | {"origin": f"copy.jsonl:{i}"} for i in range(3_720)]
    (found,) = neighbours(*kinds)
    assert found.published and found.n == found.rows == 3_720 and not found.part


def test_a_score_on_a_part_of_the_benchmark_is_called_one():
    (found,) = neighbours(CHARADES)
    assert found.part == "here on 1 of its 3,363 samples"
    (found,) = neighbours(CHARADES | {"split": "activitynet"}, limit=1, where="split == 'activitynet'")
    assert found.part == """here on 1 of its samples (--limit 1, --where "split == 'activitynet'")"""
    assert neighbours(CHARADES | {"split": "activitynet"})[0].part == ""


def test_only_metrics_of_the_evaluation_are_put_beside():
    (found,) = neighbours(CHARADES, metrics=("mIoU",))
    assert {p.metric for p in found.published} == {"mIoU"}
    (found,) = neighbours(CHARADES, metrics=("tiou",))
    assert not found.published and "by a metric of this evaluation" in found.why


def one(found: Neighbours, model: str, source: str) -> Any:
    return next(p for p in found.published if p.model == model and source in p.source and p.metric == "mIoU")


def test_what_differs_is_said_with_both_sides():
    (found,) = neighbours(CHARADES, num_frames=64, temperature=1.0, prompt="ground")
    said = one(found, "Qwen3-VL-8B", "TimeLens").differs
    assert said[:4] == [
        "2 frames a second (here 64 frames)",
        "14,336 visual tokens (here a short side of 336 pixels)",
        "as one video (here as images)",
        "no reasoning (here reasoning)",
    ]
    assert said[4] == "temperature 0 (here temperature 1)" and said[5].endswith("(here prompt ground)")
    assert one(found, "TimeLens-8B", "TimeLens").differs[0] == "model"
    assert one(found, "Qwen3-VL-8B", "SCC").not_stated == ["frames", "reasoning", "prompt", "temperature"]


def test_what_is_the_same_is_not_called_different():
    (found,) = neighbours(CHARADES, preset="timelens", temperature=0.0, prompt="ground_nothink")
    video, prompt = one(found, "Qwen3-VL-8B", "TimeLens").differs
    assert video == "as one video (here as images)"
    assert prompt.startswith("prompt TimeLens's") and prompt.endswith("(here prompt ground_nothink)")


def test_of_predictions_nobody_knows_the_setting_so_all_that_is_published_is_said():
    (found,) = neighbours(CHARADES, model=[], predictions="p.jsonl")
    assert found.ours[0].model == "p.jsonl"
    said = one(found, "Qwen3-VL-8B", "TimeLens").differs
    assert said[:2] == ["2 frames a second", "14,336 visual tokens"] and not any("here" in text for text in said)


def test_a_rate_with_a_limit_is_said_whole():
    (found,) = neighbours(ORIGINAL, preset="timelens_qwen3_vl")
    fixed = next(p for p in found.published if p.setting == {"frames": 64})
    assert fixed.differs == ["model", "64 frames (here 2 frames a second, at most 448 frames)"]


@pytest.mark.parametrize("name", plugins.names("corpora"))
def test_a_corpus_read_from_the_files_that_it_publishes_has_its_own_labels(name, tmp_path):
    """So that whichever benchmark gets published numbers next, they stand beside what its own reader reads."""
    module = plugins.load("corpora", name)
    for file, text in module.EXAMPLE.files.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    facts = {split.name: split for split in module.CORPUS.splits if split.benchmark}
    for row in module.read([tmp_path], module.EXAMPLE.split):
        if row.split in facts and row.label_version == "original" and not row.corpus:
            assert doubt(name, row.split, [row.origin], 1, Place(corpus=name)) == ""
