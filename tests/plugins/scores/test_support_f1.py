import pytest

from support.builders import make_answer, make_sample
from vtgdata.plugins.scores import support_f1
from vtgdata.records import Window


def one(said, true):
    return support_f1.score([make_answer(*said)], [make_sample(windows=true)])[0]


def test_the_covered_time_counts_by_its_f1():
    assert one([(0, 4)], [(2, 6)]) == pytest.approx(0.5)


def test_a_moment_cut_in_two_costs_the_count_and_nothing_else():
    assert one([(100, 404)], [(100, 404)]) == 1.0
    # A published matching of zipped lists gives this 0.254, and 0.33 when the two are swapped.
    assert one([(100, 105), (105, 404)], [(100, 404)]) == pytest.approx(2 / 3)
    assert one([(105, 404), (100, 105)], [(100, 404)]) == pytest.approx(2 / 3)


def test_two_moments_found_as_one_cost_the_count():
    assert one([(0, 10)], [(0, 5), (5, 10)]) == pytest.approx(2 / 3)


def test_a_matching_keeps_the_order_of_time_and_takes_each_window_once():
    assert support_f1.matches([Window(0, 9)], [Window(0, 2), Window(3, 4)]) == 1
    assert support_f1.matches([Window(0, 3), Window(2, 9)], [Window(1, 2.5), Window(4, 5)]) == 2
    assert support_f1.matches([Window(0, 1)], [Window(1, 2)]) == 0
