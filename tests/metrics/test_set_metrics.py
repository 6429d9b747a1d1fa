"""Official numbers of the benchmarks of 2026 on FIELD2026's worked examples, on shown files, and by hand."""

import json

import numpy as np
import pytest

from support.builders import make_sample
from support.published import ingested, published
from vtgdata.metrics import sets
from vtgdata.metrics.answered import NOTHING, Answered
from vtgdata.metrics.breakdown import mean
from vtgdata.metrics.official import official


def said(*windows, **more):
    return Answered(windows=np.array(windows, dtype=np.float64).reshape(-1, 2), **more)


def one(name, answer, **sample):
    return {metric: array[0] for metric, array in sets.values(name, [answer], [make_sample(**sample)], ()).items()}


def test_a_set_is_scored_as_a_set_and_the_old_figure_has_a_name_of_its_own():
    found = one("multi", said((2, 8)), windows=[(2, 8), (12, 18)])
    assert found["mIoU"] == found["mIoU-both-merged"] == found["mIoU-prediction-merged"] == pytest.approx(0.5)
    assert found["best_window"] == 1.0 == one("moments", said((2, 8)), windows=[(2, 8), (12, 18)])["mIoU"]
    assert (found["R1@0.5"], found["R1@0.7"]) == (1.0, 0.0)
    assert (found["precision-time"], found["recall-time"]) == (1.0, 0.5)
    assert (found["count"], found["count_error"]) == (0.0, 1.0)


def test_the_two_official_variants_differ_where_true_windows_overlap():
    found = one("multi", said((0, 10)), windows=[(0, 4), (2, 6)])
    assert (found["mIoU-both-merged"], found["mIoU-prediction-merged"]) == pytest.approx((0.6, 0.8))


OMTG = [
    ([[2, 8]], [[4, 10]], 0.6667),
    ([[0, 3], [5, 8]], [[0, 2], [6, 8]], 0.6667),
    ([[0, 2]], [[0, 2], [6, 8]], 0),
    ([[0, 4], [3, 10]], [[0, 10], [12, 14]], 0.5),
    ([[0, 2], [4, 6], [8, 10]], [[0, 2], [4, 6], [8, 12]], 0.8889),
]


@pytest.mark.parametrize(("windows", "true", "etf1"), OMTG)
def test_the_worked_rows_of_omtg(windows, true, etf1):
    assert one("omtg", said(*windows), windows=true)["EtF1"] == pytest.approx(etf1, abs=5e-5)


def test_omtg_of_empty_sides():
    nothing = one("omtg", NOTHING, windows=[], none_is_right=True)
    assert (nothing["C-Acc"], nothing["EtF1"], nothing["tP@0.5"], nothing["tIoU"]) == (1.0, 1.0, 1.0, 0.0)
    for answer, sample in ((said((1, 2)), {"windows": [], "none_is_right": True}), (NOTHING, {"windows": [(1, 2)]})):
        found = one("omtg", answer, **sample)
        assert {found[name] for name in ("C-Acc", "tIoU", "tF1@0.3", "EtF1")} == {0.0}


def test_the_mean_of_omtg_is_over_rows_and_no_product_of_means():
    samples = [make_sample(f"omtg_bench:{i}", corpus="omtg_bench", windows=true) for i, (_, true, _) in enumerate(OMTG)]
    values = sets.values("omtg", [said(*windows) for windows, _, _ in OMTG], samples, ())
    report = official("omtg", values, samples)
    assert sets.named("", samples) == "omtg"
    wanted = np.mean([2 / 3, 2 / 3, 0, 0.5, 8 / 9])
    assert report is not None and report["EtF1"] == pytest.approx(100 * wanted, abs=0.01)
    f1 = np.mean([report[f"tF1@{t}"] for t in (0.3, 0.5, 0.7)])
    assert report["EtF1"] != pytest.approx(report["C-Acc"] * f1 / 100, abs=0.1)


def test_momentseeker_leaves_rows_without_a_window_out_and_rounds_nothing():
    samples = [
        make_sample("m:1", corpus="momentseeker", windows=[(4, 10)], extra={"task": "MS"}),
        make_sample("m:2", corpus="momentseeker", windows=[], extra={"task": "CA"}),
        make_sample("m:3", corpus="momentseeker", windows=[(0, 4), (6, 8)], extra={"task": "CA"}),
    ]
    values = sets.values("momentseeker", [said((2, 8)), NOTHING, said((0, 4))], samples, ())
    report = official("momentseeker", values, samples)
    assert report is not None and report["set mIoU"] == pytest.approx(100 * (0.5 + 2 / 3) / 2, abs=0.01)
    assert report["CA"]["set mIoU"] == 66.67 and report["MS"]["set R@0.7"] == 0.0


def test_extremewhenbench_turns_a_reversed_window_round_and_says_what_it_could_not_read():
    samples = [make_sample(f"e:{i}", corpus="extremewhenbench", windows=[(2, 8)], duration=30.0) for i in range(4)]
    reversed_ = Answered(windows=np.array([[np.nan, np.nan]]), raw=np.array([[8.0, 2.0]]))
    answers = [reversed_, said((4, 10)), said((20, 25)), NOTHING]
    values = sets.values("extremewhenbench", answers, samples, ())
    report = official("extremewhenbench", values, samples)
    assert report == {
        "mIoU": 0.375, "R1@0.3": 0.5, "R1@0.5": 0.5, "R1@0.7": 0.25, "parse_failure_rate": 0.25,
    }  # fmt: skip
    assert mean(values["mIoU"]) == 0.125, "here a reversed window is none"


def rextime():
    path = published("field2026", "rextime", "rextime_val.jsonl")
    return [json.loads(line) for line in path.open()], ingested("rextime", [path]).samples


def rextime_report(windows, option=None):
    rows, samples = rextime()
    answers = [said(windows(row), option=option) for row in rows]
    return official("rextime", sets.values("rextime", answers, samples, ()), samples)


@pytest.mark.parametrize(
    ("windows", "numbers"),
    [
        (lambda row: row["relevant_windows"][0], (99.78, 99.78, 99.78)),
        (lambda row: [0, row["duration"]], (37.25, 43.97, 32.14)),
        (lambda row: [bound + 2 for bound in row["relevant_windows"][0]], (74.88, 90.88, 85.34)),
    ],
    ids=["truth", "whole video", "two seconds late"],
)
def test_the_official_numbers_of_rextime(windows, numbers):
    report = rextime_report(windows)
    assert [report[f"MR-full-{name}"] for name in ("mIoU", "R1@0.3", "R1@0.5")] == list(numbers)


def test_the_accuracy_of_rextime_needs_no_options():
    report = rextime_report(lambda row: row["relevant_windows"][0], "A")
    assert report["VQA"] == pytest.approx(0.2692725298588491)
    assert report["VQA,mIoU@0.5"] == pytest.approx(0.2681867535287731)
    assert rextime_report(lambda row: [0, 1])["VQA"] == 0.0


def test_cg_bench_by_hand():
    samples = [
        make_sample(f"c:{i}", corpus="cgbench", windows=[(0, 4), (6, 8)], options=("a", "b"), answer="A")
        for i in range(3)
    ]
    answers = [said((0, 4), option="A"), said((0, 2), option="B"), Answered(option="A")]
    report = official("cgbench", sets.values("cgbench", answers, samples, ()), samples)
    # IoUs 2/3 and 1/3; the answer without a window is in no denominator of the clues.
    assert report == {"clue mIoU": 50.0, "rec.@IoU": 80.0, "long acc.": 66.67, "acc.@IoU": 50.0}


def test_the_truth_of_cg_bench_scores_everything():
    path = published("field2026", "cgbench", "cgbench_mini.head400.json")
    samples = ingested("cgbench", [path], "mini").samples
    answers = [said(*[(w.start, w.end) for w in s.windows], option=s.answer) for s in samples]
    report = official("cgbench", sets.values("cgbench", answers, samples, ()), samples)
    assert report == {"clue mIoU": 100.0, "rec.@IoU": 100.0, "long acc.": 100.0, "acc.@IoU": 100.0}


def test_na_vmr_counts_rejected_negatives_and_missed_positives():
    samples = [
        make_sample("n:1", corpus="na_vmr", windows=[(0, 10)]),
        make_sample("n:2", corpus="na_vmr", windows=[(0, 10)]),
        make_sample("n:3", corpus="na_vmr", windows=[], none_is_right=True),
        make_sample("n:4", corpus="na_vmr", windows=[], none_is_right=True),
    ]
    report = official(
        "na_vmr", sets.values("na_vmr", [said((0, 5)), NOTHING, NOTHING, said((0, 5))], samples, ()), samples
    )
    # The recall is strict: an IoU of 0.5 is none above 0.5.
    assert report == {"rejection accuracy": 50.0, "R1>0.3": 50.0, "R1>0.5": 0.0, "R1>0.7": 0.0}
