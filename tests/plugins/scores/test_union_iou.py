import pytest

from support.builders import make_answer, make_sample
from vtgdata.plugins.scores import union_iou


def one(said, true):
    return union_iou.score([make_answer(*said)], [make_sample(windows=true)])[0]


def test_all_true_windows_have_to_be_found():
    assert one([(0, 1)], [(0, 1), (3, 9)]) == pytest.approx(1 / 7)
    assert one([(0, 1), (3, 9)], [(0, 1), (3, 9)]) == 1.0


def test_hull_and_union_differ_for_sets():
    assert one([(0, 10)], [(0, 2), (8, 10)]) == pytest.approx(0.4)


def test_overlapping_windows_count_their_time_once():
    assert one([(0, 6), (2, 8)], [(0, 8)]) == 1.0
