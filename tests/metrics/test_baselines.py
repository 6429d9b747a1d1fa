import numpy as np
import pytest

from builders import make_sample
from vtgdata.metrics.baselines import best_constant, constant_ious


def test_the_best_constant_is_found_when_all_agree():
    samples = [make_sample(str(d), duration=d, windows=[(0.2 * d, 0.6 * d)]) for d in (10.0, 20.0, 50.0)]
    assert best_constant(samples) == pytest.approx((0.2, 0.6))
    assert constant_ious(samples, (0.2, 0.6)) == pytest.approx([1.0, 1.0, 1.0])


def test_no_window_of_the_grid_does_better():
    rng = np.random.default_rng(0)
    starts = rng.uniform(0, 20, size=30)
    samples = [make_sample(str(i), windows=[(s, s + 6)]) for i, s in enumerate(starts)]
    best = np.mean(constant_ious(samples, best_constant(samples)))
    others = [np.mean(constant_ious(samples, (a / 10, b / 10))) for a in range(10) for b in range(a + 1, 11)]
    assert best >= max(others) - 1e-12


def test_samples_without_duration_or_window_do_not_count_in_the_fit_and_score_zero():
    good = make_sample("a", duration=10.0, windows=[(0.0, 5.0)])
    without = [make_sample("b", duration=None), make_sample("c", windows=[])]
    assert best_constant([good, *without]) == pytest.approx((0.0, 0.5))
    assert constant_ious([good, *without], (0.0, 0.5)) == pytest.approx([1.0, 0.0, 0.0])


def test_several_true_windows_give_the_best_of_them():
    both = make_sample("a", duration=10.0, windows=[(0.0, 1.0), (4.0, 8.0)])
    second = make_sample("b", duration=10.0, windows=[(4.0, 8.0)])
    assert best_constant([both, second]) == pytest.approx((0.4, 0.8))
