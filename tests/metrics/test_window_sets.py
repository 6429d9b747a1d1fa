"""Worked examples are those of FIELD2026 (B1, B3, B4), most run with the official code; the rest is brute force.

The second reading of each formula is plain Python from its definition, without vtgdata.metrics.
"""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtgdata.metrics import window_sets
from vtgdata.metrics.window_table import table_of

times = st.integers(0, 20)
windows = st.tuples(times, st.integers(1, 8)).map(lambda pair: [pair[0], pair[0] + pair[1]])
sets_of = st.lists(windows, min_size=1, max_size=4)


def of(said, true):
    arrays = [np.array(each, dtype=np.float64).reshape(-1, 2) for each in (said, true)]
    return table_of([arrays[0]], [arrays[1]])


B1 = [
    ([[2, 8]], [[4, 10]], 0.5, 0.5),
    ([[0, 4], [3, 10]], [[2, 6]], 0.4, 0.4),
    ([[0, 3], [5, 8]], [[0, 2], [6, 8]], 0.6667, 0.666667),
    ([[0, 10]], [[0, 4], [2, 6]], 0.6, 0.8),
]


@pytest.mark.parametrize(("said", "true", "both", "prediction"), B1)
def test_both_official_set_ious(said, true, both, prediction):
    assert window_sets.both_merged_iou(of(said, true))[0] == pytest.approx(both, abs=5e-5)
    assert window_sets.prediction_merged_iou(of(said, true))[0] == pytest.approx(prediction, abs=5e-7)


def test_an_empty_side_shares_nothing():
    for said, true in (([], []), ([], [[4, 6]]), ([[4, 6]], [])):
        table = of(said, true)
        assert window_sets.both_merged_iou(table) == window_sets.prediction_merged_iou(table) == [0.0]
        assert np.isinf(window_sets.transport(table))


TWASS = [
    ([[4, 10]], [[4, 10]], 1, 1),
    ([[2, 8]], [[4, 10]], 0.716531, 0.367879),
    ([[14, 20]], [[4, 10]], 0.188876, 0.006738),
    ([[0, 20]], [[8, 12]], 0.367879, 0.049787),
    ([[0, 2], [8, 10]], [[0, 2], [6, 8]], 0.778801, 0.472367),
    ([[5, 6]], [[4, 10]], 0.753269, 0.427415),
    ([[0, 10]], [[0, 4], [2, 10]], 1, 1),
]


@pytest.mark.parametrize(("said", "true", "beta_1", "beta_3"), TWASS)
def test_the_transport_of_timelens2(said, true, beta_1, beta_3):
    distance = window_sets.transport(of(said, true))[0]
    assert math.exp(-distance) == pytest.approx(beta_1, abs=5e-7)
    assert math.exp(-3 * distance) == pytest.approx(beta_3, abs=5e-7)


OMTG = [
    ([[2, 8]], [[4, 10]], 1, 0.5, [1, 1, 0]),
    ([[0, 3], [5, 8]], [[0, 2], [6, 8]], 1, 0.6667, [1, 1, 0]),
    ([[0, 2]], [[0, 2], [6, 8]], 0, 0.5, [0.667] * 3),
    ([[0, 4], [3, 10]], [[0, 10], [12, 14]], 1, 0.8333, [0.5] * 3),
    ([[0, 2], [4, 6], [8, 10]], [[0, 2], [4, 6], [8, 12]], 1, 0.75, [1, 1, 0.667]),
]


@pytest.mark.parametrize(("said", "true", "count", "tiou", "f1"), OMTG)
def test_the_count_and_the_matching_of_omtg(said, true, count, tiou, f1):
    table = of(said, true)
    ious = window_sets.matched_ious(table)
    assert window_sets.count_right(table)[0] == count
    assert window_sets.both_merged_iou(table)[0] == pytest.approx(tiou, abs=5e-5)
    found = [window_sets.matched_f1(table, ious, t)[0] for t in (0.3, 0.5, 0.7)]
    assert found == pytest.approx(f1, abs=5e-4)
    assert window_sets.mean_matched_f1(table)[0] == pytest.approx(np.mean(found))


@settings(max_examples=30)
@given(sets_of, sets_of)
def test_covered_time_is_what_a_count_of_seconds_gives(said, true):
    first, second = ({second for start, end in each for second in range(start, end)} for each in (said, true))
    table = of(said, true)
    assert window_sets.both_merged_iou(table)[0] == pytest.approx(len(first & second) / len(first | second))
    assert window_sets.covered_precision(table)[0] == pytest.approx(len(first & second) / len(first))
    assert window_sets.covered_recall(table)[0] == pytest.approx(len(first & second) / len(second))
    # Only the answer is joined: a second of the truth counts as often as it is named.
    named = sum(end - start for start, end in true)
    inter = sum(len(first & set(range(start, end))) for start, end in true)
    assert window_sets.prediction_merged_iou(table)[0] == pytest.approx(
        min(1.0, inter / (len(first) + named - inter)) if len(first) + named > inter else 1.0
    )


@settings(max_examples=30)
@given(sets_of, sets_of)
def test_transport_is_the_area_between_two_curves_of_seconds(said, true):
    first, second = (sorted({second for start, end in each for second in range(start, end)}) for each in (said, true))

    def before(seconds, time):
        return sum(min(max(time - second, 0.0), 1.0) for second in seconds) / len(seconds)

    area = 0.0
    # Within a second both curves are straight lines, which cross at most once: then two triangles.
    for second_ in range(30):
        left, right = (before(first, t) - before(second, t) for t in (second_, second_ + 1))
        if left * right >= 0:
            area += abs(left + right) / 2
        else:
            cross = left / (left - right)
            area += abs(left) * cross / 2 + abs(right) * (1 - cross) / 2
    assert window_sets.transport(of(said, true))[0] == pytest.approx(area / len(second), abs=1e-9)


@settings(max_examples=30)
@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=1, max_size=4))
def test_an_assignment_is_as_good_as_the_best_of_all(rows):
    values = np.array(rows, dtype=np.float64)
    k, m = values.shape
    chosen = values[window_sets.best_assignment(values)]
    assert len(chosen) == min(k, m)
    if k <= m:
        best = max(sum(values[i, p[i]] for i in range(k)) for p in itertools.permutations(range(m), k))
    else:
        best = max(sum(values[p[j], j] for j in range(m)) for p in itertools.permutations(range(k), m))
    assert chosen.sum() == pytest.approx(best)
