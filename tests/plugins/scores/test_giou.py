import pytest

from support.builders import make_answer, make_sample
from vtgdata.plugins.scores import giou


def one(said, true):
    return giou.score([make_answer(*said)], [make_sample(windows=true)])[0]


def test_a_nearer_miss_scores_more_and_touching_is_half():
    far, near, touching = one([(20, 22)], [(3, 9)]), one([(12, 14)], [(3, 9)]), one([(9, 11)], [(3, 9)])
    assert 0 < far < near < touching == 0.5


def test_overlapping_windows_score_half_of_one_plus_their_iou():
    assert one([(3, 6)], [(3, 9)]) == pytest.approx((1 + 0.5) / 2)


def test_a_set_that_misses_scores_by_how_far_each_part_is():
    true = [(0, 2), (20, 22)]
    assert one(true, true) == 1.0
    assert one([(4, 6), (16, 18)], true) > one([(8, 10), (12, 14)], true) > 0
