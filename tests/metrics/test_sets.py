import numpy as np
import pytest

from support.builders import make_sample
from vtgdata.errors import VtgError
from vtgdata.metrics import sets
from vtgdata.metrics.answered import NOTHING, Answered
from vtgdata.metrics.breakdown import break_down, mean
from vtgdata.metrics.official import official
from vtgdata.metrics.sets import SETS, named, values

SAMPLES = [
    make_sample(
        "a", windows=[(0, 6), (10, 14)], extra={"annotators": [[0.0, 10.0]] * 4, "label": [[1], [0], [0]]}, answer="A"
    ),
    make_sample(
        "b", windows=[(10, 20)], extra={"annotators": [[10.0, 20.0]] * 4, "label": [[0], [1], [0]]}, answer="B"
    ),
    make_sample("c", windows=[]),
]
TRUTH = [
    Answered(windows=np.array([[0.0, 6.0], [10.0, 14.0]]), option="A", saliency=np.array([3.0, 2.0, 1.0])),
    Answered(windows=np.array([[10.0, 20.0]]), option="B", saliency=np.array([1.0, 3.0, 2.0])),
    NOTHING,
]


@pytest.mark.parametrize("name", SETS)
def test_every_set_starts_with_the_same_four_and_stays_in_bounds(name):
    found = values(name, TRUTH, SAMPLES, ())
    assert list(found)[:4] == ["mIoU", "R1@0.3", "R1@0.5", "R1@0.7"]
    for metric, array in found.items():
        assert array.shape == (3,)
        assert np.all(np.isnan(array) | ((array >= 0) & (array <= 1))), metric


@pytest.mark.parametrize("name", SETS)
def test_no_answer_scores_nothing_in_any_set(name):
    # VUE-TR's areas count the threshold 0, which every answer reaches; a number of windows too few is no score.
    least = {"precision AUC": 0.005, "recall AUC": 0.005} if name.startswith("vue_tr") else {}
    for metric, array in values(name, [NOTHING] * 3, SAMPLES, ()).items():
        if metric not in sets.NO_SHARES:
            assert mean(array) in (pytest.approx(least.get(metric, 0.0)), pytest.approx(np.nan, nan_ok=True)), metric


def test_the_truth_scores_everything_where_a_sample_has_a_window():
    # Highlights do not apply: these samples have no saliency scores.
    for name in ("moments", "multi", "nextgqa", "highlights"):
        for metric, array in values(name, TRUTH, SAMPLES, ()).items():
            best = 0.0 if metric in sets.NO_SHARES else 1.0
            assert array[:2] == pytest.approx([best, best]), (name, metric)


def test_several_windows_are_a_set_or_a_ranking_as_the_metrics_ask():
    answers = [Answered(windows=np.array([[10.0, 14.0], [0.0, 6.0]]))]
    assert values("moments", answers, SAMPLES[:1], ())["mIoU"] == [1.0]
    assert values("ranked", answers, SAMPLES[:1], ())["mIoU"] == [1.0]
    wrong_first = [Answered(windows=np.array([[20.0, 30.0], [0.0, 6.0]]))]
    ranked = values("ranked", wrong_first, SAMPLES[:1], (0.5,))
    assert {name: array[0] for name, array in ranked.items()} == {
        "mIoU": 0.0, "R1@0.5": 0.0, "R5@0.5": 1.0, "R1>0.5": 0.0, "R5>0.5": 1.0,
    }  # fmt: skip


def test_the_set_follows_the_corpus_unless_one_is_named():
    assert named("", [make_sample(corpus="qvhighlights")]) == "qvhighlights"
    assert named("", [make_sample(corpus="qvhighlights"), make_sample(corpus="charades_sta")]) == "moments"
    assert named("multi", [make_sample(corpus="qvhighlights")]) == "multi"
    with pytest.raises(VtgError, match="didemo"):
        named("didemoo", [])


def test_highlights_of_a_file_that_has_none_do_not_apply():
    extra = {"relevant_clip_ids": [0], "saliency_scores": [[4, 4, 4]]}
    sample = make_sample(extra=extra)
    assert "HL-min-Fair-mAP" not in values("qvhighlights", [NOTHING], [sample], ())
    some = Answered(saliency=np.array([1.0, 0.0]))
    found = values("qvhighlights", [some, NOTHING], [sample, sample], ())
    assert found["HL-min-Fair-Hit1"].tolist() == [1.0, 0.0]


def test_domains_count_the_same_however_many_videos_they_have():
    samples = [make_sample(extra={"label": [[1], [0]], "domain": domain}) for domain in ("surf", "surf", "ski")]
    right, wrong = (Answered(saliency=np.array(scores)) for scores in ([1.0, 0.0], [0.0, 1.0]))
    found = values("highlights", [right, right, wrong], samples, ())
    report = official("highlights", found, samples)
    assert report == {"HL-mAP": 62.5, "domains": {"ski": 25.0, "surf": 100.0}}


def test_parts_add_up_and_are_in_their_natural_order():
    samples = [
        make_sample(str(i), duration=duration, windows=[(0, 3.0 * i + 1)], extra={"type": kind}, corpus=f"c{i % 2}")
        for i, (duration, kind) in enumerate([(20, "CW"), (40, "TN"), (1000, "CW"), (None, "TN")])
    ]
    found = break_down({"mIoU": np.array([1.0, 0.5, 0.0, 0.5])}, samples)
    assert {way: [part["n"] for part in parts.values()] for way, parts in found.items()} == {
        "window_length": [2, 2], "video_length": [1, 1, 1, 1], "position": [3, 1], "corpus": [2, 2], "type": [2, 2],
    }  # fmt: skip
    assert list(found["video_length"]) == ["0-30 s", "30-60 s", "over 600 s", "unknown"]
    assert list(found["window_length"]) == ["0-5 s", "5-10 s"]
    assert found["type"]["CW"]["metrics"]["mIoU"] == 0.5


def test_a_table_of_every_set_is_in_the_help():
    from vtgdata.cli.options import field_docs
    from vtgdata.stages.evaluate import Settings

    text = field_docs(Settings)["metrics"]
    assert all(name in text for name in sets.SETS)
