import pytest

from support.builders import make_answer, make_sample
from vtgdata.metrics.window_table import answer_iou, table
from vtgdata.plugins.scores import tiou


def one(said, true):
    return tiou.score([make_answer(*said)], [make_sample(windows=true)])[0]


def test_one_window_counts_against_the_best_true_one():
    assert one([(3, 9)], [(0, 1), (3, 9)]) == 1.0
    assert one([(3, 6)], [(0, 1), (3, 9)]) == 0.5


def test_several_windows_count_against_all_of_them():
    assert one([(0, 1), (3, 9)], [(0, 1), (3, 9)]) == 1.0
    assert one([(0, 1), (3, 6)], [(0, 1), (3, 9)]) == pytest.approx(4 / 7)


def test_it_is_the_answer_iou_of_every_row():
    answers = [make_answer((0, 5)), make_answer((1, 2), (4, 9)), make_answer((0, 2), (2, 4)), make_answer()]
    samples = [make_sample(windows=[(3, 9), (12, 15)])] * len(answers)
    expected = answer_iou(table(answers, samples))
    assert tiou.score(answers, samples) == pytest.approx(expected)
