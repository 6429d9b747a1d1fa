import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.builders import make_sample
from vtgdata.metrics.baselines import (
    BASELINES,
    best_constant,
    constant_by_duration,
    constant_ious,
    training_mean,
    whole_video,
)


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


def test_the_whole_video_and_the_mean_window_are_fractions_of_each_duration():
    samples = [make_sample("a", duration=10.0, windows=[(0, 4)]), make_sample("b", duration=100.0, windows=[(20, 60)])]
    assert whole_video(samples).answer(samples[1]).windows.tolist() == [[0.0, 100.0]]
    assert training_mean(samples).answer(samples[0]).windows[0] == pytest.approx([1.0, 5.0])


def test_short_and_long_videos_have_their_own_best_constant():
    short = [make_sample(f"s{i}", duration=10.0, windows=[(0, 5)]) for i in range(4)]
    long = [make_sample(f"l{i}", duration=100.0, windows=[(50, 100)]) for i in range(4)]
    guess = constant_by_duration([*short, *long])
    assert guess.until == [10.0]
    assert guess.answer(short[0]).windows.tolist() == [[0.0, 5.0]]
    assert guess.answer(long[0]).windows.tolist() == [[50.0, 100.0]]
    assert guess.answer(make_sample("new", duration=11.0)).windows[0] == pytest.approx([5.5, 11.0])


def test_videos_of_one_length_have_one_constant():
    samples = [make_sample(str(i), duration=30.0) for i in range(5)]
    assert constant_by_duration(samples).windows == [best_constant(samples)]


def test_no_baseline_answers_a_video_of_unknown_length():
    good, unknown = make_sample("a"), make_sample("b", duration=None)
    for fit in BASELINES.values():
        assert len(fit([good, unknown]).answer(unknown).windows) == 0
        assert fit([unknown]).windows == [(0.0, 1.0)]


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.floats(1, 500), st.floats(0, 0.9), st.floats(0.01, 0.1)), min_size=1, max_size=5
    )
)  # fmt: skip
def test_every_guess_lies_inside_its_video(rows):
    samples = [
        make_sample(str(i), duration=d, windows=[(d * start, d * (start + length))])
        for i, (d, start, length) in enumerate(rows)
    ]
    for fit in (whole_video, training_mean):
        guess = fit(samples)
        for sample in samples:
            start, end = guess.answer(sample).windows[0]
            assert 0 <= start < end <= (sample.video.duration or 0) + 1e-9
