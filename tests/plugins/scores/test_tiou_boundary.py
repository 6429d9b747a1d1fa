import numpy as np
import pytest

from support.builders import make_answer, make_sample
from vtgdata.plugins.scores import tiou_boundary


def one(said, true, duration=30.0):
    return tiou_boundary.score([make_answer(*said)], [make_sample(windows=true, duration=duration)])[0]


def test_both_boundaries_lower_the_iou():
    assert one([(3, 6)], [(3, 9)]) == pytest.approx(0.5 * 1 * (1 - 3 / 30))
    assert one([(0, 6)], [(3, 9)]) == pytest.approx(3 / 9 * (1 - 3 / 30) * (1 - 3 / 30))


def test_a_window_past_the_video_is_clamped_where_published_code_is_negative():
    assert one([(0, 500)], [(10, 20)]) == pytest.approx(10 / 30 * (1 - 10 / 30) * (1 - 10 / 30))
    assert one([(10, 20)], [(0, 500)]) == pytest.approx(10 / 30 * (1 - 10 / 30) * (1 - 10 / 30))
    assert one([(10, 40)], [(10, 500)]) == pytest.approx(1.0)


def test_several_windows_are_measured_at_their_first_start_and_last_end():
    assert one([(0, 2), (4, 6)], [(0, 2), (4, 6)]) == 1.0
    assert one([(0, 2), (4, 6)], [(0, 2), (4, 9)]) == pytest.approx(4 / 7 * (1 - 3 / 30))


def test_without_a_duration_it_does_not_apply():
    assert np.isnan(one([(3, 6)], [(3, 9)], duration=None))
