from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtgdata.records import Window
from vtgdata.records.windows import answer_iou, as_pairs, from_pairs, merged, tiou, tiou_array, union_iou

bounds = st.tuples(st.floats(0, 1e4), st.floats(0.001, 1e4)).map(lambda pair: Window(pair[0], pair[0] + pair[1]))
several = st.lists(bounds, max_size=5)


def halves(window: Window) -> list[Window]:
    middle = (window.start + window.end) / 2
    return [Window(window.start, middle), Window(middle, window.end)]


@pytest.mark.parametrize(
    "start, end", [(5, 3), (3, 3), (-1, 3), (0, float("inf")), (float("nan"), 3), (0, float("nan"))]
)
def test_a_window_cannot_be_built_wrong(start: float, end: float) -> None:
    with pytest.raises(ValueError, match="is not 0 <= start < end"):
        Window(start, end)


def test_half_an_overlap_is_a_third() -> None:
    assert tiou(Window(0, 10), Window(5, 15)) == pytest.approx(1 / 3)


def test_touching_windows_do_not_overlap() -> None:
    assert tiou(Window(0, 5), Window(5, 9)) == 0.0


@given(bounds, bounds)
def test_tiou_is_symmetric_and_between_0_and_1(a: Window, b: Window) -> None:
    assert 0.0 <= tiou(a, b) <= 1.0
    assert tiou(a, b) == pytest.approx(tiou(b, a))
    assert tiou(a, a) == pytest.approx(1.0)


@given(bounds, bounds, st.floats(0, 1e4))
def test_tiou_does_not_change_when_both_move(a: Window, b: Window, by: float) -> None:
    moved = tiou(Window(a.start + by, a.end + by), Window(b.start + by, b.end + by))
    assert moved == pytest.approx(tiou(a, b), abs=1e-6)


@given(st.lists(st.tuples(bounds, bounds), min_size=1, max_size=5))
def test_rows_of_arrays_agree_with_single_windows(pairs: list[tuple[Window, Window]]) -> None:
    a, b = (np.array(as_pairs(side)) for side in zip(*pairs, strict=True))
    assert tiou_array(a, b) == pytest.approx([tiou(x, y) for x, y in pairs])


@given(several)
def test_a_support_is_sorted_and_disjoint_and_merging_again_changes_nothing(windows: list[Window]) -> None:
    support = merged(windows)
    assert all(a.end < b.start for a, b in pairwise(support))
    assert merged(support) == support
    assert all(any(part.start <= w.start and w.end <= part.end for part in support) for w in windows)


@given(several, several)
def test_union_iou_is_symmetric_and_blind_to_order_and_cuts(a: list[Window], b: list[Window]) -> None:
    assert 0.0 <= union_iou(a, b) <= 1.0
    assert union_iou(a, b) == pytest.approx(union_iou(b, a))
    cut = [half for window in a for half in halves(window)]
    assert union_iou(cut[::-1], b) == pytest.approx(union_iou(a, b))


def test_one_answer_counts_against_the_best_true_window_and_several_against_all() -> None:
    truth = [Window(0, 4), Window(10, 14)]
    assert answer_iou([Window(10, 14)], truth) == 1.0
    assert answer_iou([Window(10, 14), Window(20, 24)], truth) == pytest.approx(1 / 3)
    assert answer_iou(truth, truth) == 1.0


def test_an_empty_side_scores_0() -> None:
    assert answer_iou([], [Window(0, 1)]) == answer_iou([Window(0, 1)], []) == union_iou([], []) == 0.0


@given(several)
def test_pairs_round_trip(windows: list[Window]) -> None:
    assert from_pairs(as_pairs(windows)) == tuple(windows)
    assert from_pairs(None) == ()
