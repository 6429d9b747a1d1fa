import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from support.published import published
from vtgdata.metrics import grounding
from vtgdata.metrics.answered import sound
from vtgdata.metrics.grounding import (
    didemo,
    metrics,
    recall_above,
    recall_at,
)
from vtgdata.metrics.window_table import answer_iou as answer_ious
from vtgdata.metrics.window_table import iou_matrix, table_of

NAN = [np.nan, np.nan]


def windows(*pairs):
    return np.array(pairs, dtype=np.float64).reshape(-1, 2)


def answer_iou(said, truth):
    return float(answer_ious(table_of([said], [truth]))[0])


def answer_iop(said, truth):
    return float(grounding.answer_iop(table_of([said], [truth]))[0])


def covered_f1(said, truth):
    return float(grounding.covered_f1(table_of([said], [truth]))[0])


def matching_f1(said, truth, threshold):
    return float(grounding.matching_f1(table_of([said], [truth]), threshold)[0])


bounds = arrays(np.float64, st.tuples(st.integers(0, 5), st.just(2)), elements=st.floats(-5, 60))
said = bounds.map(lambda table: sound(np.sort(table, axis=1)))
true = said.map(lambda table: np.abs(table[~np.isnan(table).any(axis=1)])).map(lambda t: sound(np.sort(t, axis=1)))
true = true.map(lambda table: table[~np.isnan(table).any(axis=1)])


def test_a_threshold_is_met_by_equality():
    assert recall_at(0.5, np.array([0.5])) == 1.0


def test_the_strict_test_is_not():
    assert recall_above(0.5, np.array([0.5])) == 0.0


def test_metrics_are_fractions_of_all_samples():
    found = metrics(np.array([1.0, 0.6, 0.4, 0.0]))
    assert found == pytest.approx({"mIoU": 0.5, "R1@0.3": 0.75, "R1@0.5": 0.5, "R1@0.7": 0.25})


def test_nothing_to_score_is_zero_and_no_warning(recwarn):
    assert metrics(np.array([]))["mIoU"] == 0.0
    assert not recwarn.list


def test_a_window_that_is_none_meets_nothing_and_warns_nobody(recwarn):
    assert iou_matrix(windows(NAN, [0, 5]), windows([0, 5])).tolist() == [[0.0], [1.0]]
    assert answer_iou(windows(NAN), windows([0, 5])) == answer_iop(windows(NAN), windows([0, 5])) == 0.0
    assert not recwarn.list


def test_iop_is_the_share_of_the_answer_that_is_right():
    assert answer_iop(windows([2, 4]), windows([0, 10])) == 1.0
    assert answer_iop(windows([5, 15]), windows([0, 10], [50, 60])) == 0.5


def test_covered_time_counts_once_however_it_is_cut():
    truth = windows([0, 10], [20, 30])
    assert covered_f1(windows([0, 5], [5, 10], [3, 7], [20, 30]), truth) == 1.0
    assert covered_f1(windows([0, 10]), truth) == pytest.approx(2 * 10 / 30)


def test_matched_windows_count_once_each():
    truth = windows([0, 10], [20, 30])
    assert matching_f1(windows([0, 10], [0, 10], [20, 30]), truth, 0.5) == pytest.approx(4 / 5)
    assert matching_f1(windows([0, 10], NAN), truth, 0.5) == pytest.approx(2 / 4)


def test_matching_finds_the_most_pairs_not_the_first():
    # The first answer could take either true window; only one assignment meets both.
    truth, answers = windows([0, 10], [0, 16]), windows([0, 12], [0, 8])
    assert (iou_matrix(answers, truth) >= 0.6).tolist() == [[True, True], [True, False]]
    assert matching_f1(answers, truth, 0.6) == 1.0


@settings(max_examples=200)
@given(said, true)
def test_every_metric_stays_between_nothing_and_all(a, b):
    found = [answer_iou(a, b), answer_iop(a, b), covered_f1(a, b), matching_f1(a, b, 0.5), *didemo(a, b // 5)]
    assert all(0.0 <= value <= 1.0 for value in found)
    assert np.all((iou_matrix(a, b) >= 0) & (iou_matrix(a, b) <= 1))


@settings(max_examples=200)
@given(true)
def test_the_truth_itself_has_all_and_nothing_has_none(truth):
    empty = windows()
    for score in (answer_iou, answer_iop, covered_f1, lambda a, b: matching_f1(a, b, 0.7)):
        assert score(empty, truth) == 0.0
        assert score(truth, truth) == pytest.approx(1.0 if len(truth) else 0.0)


@settings(max_examples=200)
@given(said, true, st.randoms(use_true_random=False))
def test_sets_are_scored_the_same_in_any_order(a, b, random):
    order_a, order_b = random.sample(range(len(a)), len(a)), random.sample(range(len(b)), len(b))
    for score in (answer_iou, answer_iop, covered_f1, lambda x, y: matching_f1(x, y, 0.5)):
        assert score(a[order_a], b[order_b]) == pytest.approx(score(a, b))


@settings(max_examples=200)
@given(said, true)
def test_a_lower_threshold_is_met_at_least_as_often(a, b):
    found = [matching_f1(a, b, threshold) for threshold in (0.1, 0.3, 0.5, 0.7, 0.9)]
    assert found == sorted(found, reverse=True)


def test_didemo_takes_the_three_best_of_four_annotators():
    times = np.array([[2, 2], [2, 2], [2, 2], [0, 5]])
    assert didemo(windows([10, 15], [0, 30]), times) == (1.0, 1.0, 1.0)
    assert didemo(windows([0, 30], [10, 15]), times) == pytest.approx((0.0, 1.0, (1 + 1 / 6 + 1 / 6) / 3))
    assert didemo(windows([20, 25]), times) == (0.0, 0.0, pytest.approx((1 / 6) / 3))


def test_didemo_reads_a_free_window_as_the_chunks_it_covers_best():
    times = np.array([[1, 2]] * 4)
    assert didemo(windows([5.8, 14.1]), times)[:2] == (1.0, 1.0)
    assert grounding.chunks(windows([0.1, 0.4], NAN)).tolist() == [[0, 0], [-1, -1]]


def test_didemo_equals_the_published_definition_on_its_val_file():
    rows = json.loads(published("corpora", "didemo", "val_data.json").read_text())
    spans = [(a, b) for a in range(6) for b in range(a, 6)]
    often = {span: sum([list(span) in row["times"] for row in rows]) for span in spans}
    prior = sorted(spans, key=lambda span: -often[span])
    ranked = np.array([(5.0 * a, 5.0 * (b + 1)) for a, b in prior])
    for row in rows:
        ranks = sorted(prior.index(tuple(pair)) + 1 for pair in row["times"])[:3]
        overlaps = []
        for first, last in row["times"]:
            shared = set(range(first, last + 1)) & set(range(prior[0][0], prior[0][1] + 1))
            either = set(range(first, last + 1)) | set(range(prior[0][0], prior[0][1] + 1))
            overlaps.append(len(shared) / len(either))
        expected = (float(sum(ranks) <= 3), float(sum(ranks) <= 15), sum(sorted(overlaps)[-3:]) / 3)
        assert didemo(ranked, np.array(row["times"])) == pytest.approx(expected)
