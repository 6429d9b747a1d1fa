"""Recalibration: chances corrected by decisions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtgdata.metrics import recalibration

CHANCES = np.linspace(0.0, 1.0, 101)


def test_without_decisions_nothing_changes():
    middle, low, high = recalibration.fit(np.zeros(0), np.zeros(0, dtype=bool)).of(CHANCES)
    assert middle == pytest.approx(CHANCES)
    assert (low <= middle).all() and (middle <= high).all()


def test_chances_that_say_too_much_are_brought_down_where_it_was_seen():
    rng = np.random.default_rng(0)
    said = np.r_[np.full(300, 0.9), np.full(100, 0.1)]
    wrong = rng.random(400) < np.r_[np.full(300, 0.6), np.full(100, 0.1)]
    middle, low, high = recalibration.fit(said, wrong).of(np.array([0.1, 0.9]))
    assert middle == pytest.approx([0.1, 0.6], abs=0.05)
    assert low[1] < 0.6 < high[1] and high[1] - low[1] < 0.25


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=40))
def test_a_higher_chance_never_becomes_a_lower_one(rows):
    chance, wrong = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], dtype=bool)
    for each in recalibration.fit(chance, wrong).of(CHANCES)[:1]:
        assert (np.diff(each) >= -1e-12).all() and each.min() >= 0 and each.max() <= 1


def test_the_fit_is_measured_by_decisions_about_other_sources():
    rng = np.random.default_rng(1)
    said = rng.uniform(0.5, 1.0, 400)
    wrong = rng.random(400) < 0.6 * said
    found = recalibration.measured(said, wrong, np.arange(400) // 2)
    assert (found.labels, found.wrong) == (400, int(wrong.sum()))
    worst = [max(abs(each.said - each.wrong) for each in bins) for bins in (found.before, found.after)]
    assert worst[0] > 0.35 and worst[1] < 0.2
    assert all(each.low <= each.wrong <= each.high for each in found.before + found.after)
    assert sum(each.labels for each in found.after) == 400


def test_a_single_source_is_measured_by_chances_that_nothing_corrected():
    found = recalibration.measured(np.array([0.9, 0.9]), np.array([False, False]), np.array([3, 3]))
    assert found.before == found.after
