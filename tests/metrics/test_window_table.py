"""The one arithmetic of windows, beside exact fractions and beside the IoU of two `Window`s."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtgdata.metrics.flat import as_array
from vtgdata.metrics.window_table import (
    answer_iou,
    iou_matrix,
    support,
    support_iou,
    table_of,
    tiou_array,
    tiou_in_place,
)
from vtgdata.records import Window
from vtgdata.records.windows import tiou

windows = st.tuples(st.floats(0, 1e4), st.floats(0.001, 1e4)).map(lambda pair: Window(pair[0], pair[0] + pair[1]))
several = st.lists(windows, max_size=5)
pairs = st.lists(st.tuples(windows, windows), min_size=1, max_size=5)
NAN = [np.nan, np.nan]


def iou(said, true):
    return float(answer_iou(table_of([as_array(said)], [as_array(true)]))[0])


def union(said, true):
    """IoU of the supports, whatever their number of windows."""
    return float(support_iou(table_of([support(as_array(said))], [support(as_array(true))]))[0])


def exact(said, true):
    """The same in fractions: the seconds between neighbouring bounds, each in one set, the other, both or none."""
    edges = sorted({Fraction(edge) for window in (*said, *true) for edge in (window.start, window.end)})
    both = either = Fraction(0)
    for low, high in pairwise(edges):
        inside = [any(w.start <= low and high <= w.end for w in side) for side in (said, true)]
        both, either = both + (high - low) * all(inside), either + (high - low) * any(inside)
    return float(both / either) if either else 0.0


@given(pairs)
def test_it_equals_the_iou_of_two_windows_to_the_last_bit(rows):
    a, b = (as_array(side) for side in zip(*rows, strict=True))
    assert tiou_array(a, b).tolist() == [tiou(x, y) for x, y in rows]
    assert iou_matrix(a, b).diagonal().tolist() == [tiou(x, y) for x, y in rows]


@given(pairs)
def test_the_order_that_saves_memory_differs_in_the_last_bits_alone(rows):
    a, b = (as_array(side) for side in zip(*rows, strict=True))
    assert tiou_in_place(a, b) == pytest.approx(tiou_array(a, b), rel=1e-12, abs=1e-12)


@given(several, several)
def test_the_iou_of_supports_is_that_of_exact_fractions(said, true):
    assert union(said, true) == pytest.approx(exact(said, true), abs=1e-9)


@given(several)
def test_a_support_is_sorted_and_disjoint_and_its_own_support(said):
    covered = support(as_array(said))
    assert np.all(covered[:-1, 1] < covered[1:, 0])
    assert support(covered).tolist() == covered.tolist()
    assert all(((covered[:, 0] <= w.start) & (w.end <= covered[:, 1])).any() for w in said)


def test_a_support_joins_what_touches_and_leaves_out_what_is_none():
    table = np.array([[5, 9], NAN, [0, 5], [11, 12], [1, 2]])
    assert support(table).tolist() == [[0, 9], [11, 12]]


@given(several, several)
def test_the_iou_of_supports_is_symmetric_and_blind_to_order_and_cuts(said, true):
    assert 0.0 <= union(said, true) <= 1.0
    assert union(said, true) == pytest.approx(union(true, said))
    middles = [(window, (window.start + window.end) / 2) for window in said]
    cut = [half for window, at in middles for half in (Window(window.start, at), Window(at, window.end))]
    assert union(cut[::-1], true) == pytest.approx(union(said, true))


def test_one_answer_counts_against_the_best_true_window_and_several_against_all():
    true = [Window(0, 4), Window(10, 14)]
    assert iou([Window(10, 14)], true) == 1.0
    assert iou([Window(10, 14), Window(20, 24)], true) == pytest.approx(1 / 3)
    assert iou(true, true) == 1.0


def test_an_empty_side_scores_0():
    assert iou([], [Window(0, 1)]) == iou([Window(0, 1)], []) == iou([], []) == union([], []) == 0.0


@given(st.lists(st.tuples(several, several), max_size=6))
def test_many_answers_score_what_each_scores_alone(rows):
    together = answer_iou(table_of(*([as_array(row[side]) for row in rows] for side in (0, 1))))
    assert together.tolist() == [iou(said, true) for said, true in rows]


def test_a_window_that_is_none_meets_nothing_and_warns_nobody(recwarn):
    none, window = np.array([NAN]), np.array([[0.0, 5.0]])
    assert tiou_array(none, window).tolist() == [0.0]
    found = answer_iou(table_of([none, np.concatenate([none, window]), none], [window, window, none]))
    assert found.tolist() == [0.0, 1.0, 0.0] and not recwarn.list
