from itertools import product

import numpy as np
import pytest

from vtgdata.metrics.sign_flips import EXACT, p_values


def test_p_is_the_share_of_all_signs_that_are_as_far():
    totals = np.random.default_rng(0).normal(0.4, 1.0, size=(9, 2))
    for column in range(2):
        sums = [abs(np.dot(signs, totals[:, column])) for signs in product((1, -1), repeat=9)]
        expected = np.mean(np.array(sums) >= abs(totals[:, column].sum()) - 1e-12)
        assert p_values(totals)[column] == pytest.approx(expected)


def test_more_sources_are_flipped_by_chance_and_by_seed():
    totals = np.random.default_rng(1).normal(0.3, 1.0, size=(EXACT + 20, 1))
    assert p_values(totals, seed=3)[0] == p_values(totals, seed=3)[0]
    assert p_values(totals, seed=3)[0] == pytest.approx(p_values(totals, seed=4)[0], abs=0.03)


def test_a_source_without_a_difference_changes_nothing():
    totals = np.random.default_rng(2).normal(size=(8, 1))
    assert p_values(np.concatenate([totals, np.zeros((4, 1))]))[0] == p_values(totals)[0]
    assert p_values(np.zeros((4, 1)))[0] == 1.0
