import numpy as np
import pytest

from support.builders import make_answer, make_sample
from vtgdata.plugins.scores import center_distance


def one(said, true, duration=30.0):
    return center_distance.score([make_answer(*said)], [make_sample(windows=true, duration=duration)])[0]


def test_it_falls_with_the_distance_of_the_middles_as_a_share_of_the_video():
    assert one([(3, 9)], [(3, 9)]) == 1.0
    assert one([(5, 7)], [(3, 9)]) == 1.0
    assert one([(9, 15)], [(3, 9)]) == pytest.approx(1 - 6 / 30)


def test_the_middle_of_several_windows_is_that_of_all_they_cover():
    assert one([(0, 2), (10, 12)], [(0, 2), (10, 12)]) == 1.0
    assert one([(0, 2), (2, 4)], [(1, 3)]) == 1.0


def test_without_a_duration_it_does_not_apply():
    assert np.isnan(one([(3, 6)], [(3, 9)], duration=None))
