import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtgdata.metrics import ranked_moments

TRUTH = np.array([[0.0, 10.0], [20.0, 60.0]])


def moments(windows, confidence, truth):
    """The metrics of one query."""
    return {name: array[0] for name, array in ranked_moments.moments([windows], [confidence], [truth]).items()}


def average_precision(windows, confidence, truth):
    """Of one query, at each threshold, over true windows of all lengths."""
    found = moments(windows, confidence, truth)
    return np.array([found[f"MR-full-mAP@{threshold}"] for threshold in ranked_moments.THRESHOLDS])


def test_a_ranking_that_starts_with_the_truth_has_full_precision_whatever_follows():
    windows = np.array([[20.0, 60.0], [0.0, 10.0], [30.0, 31.0]])
    assert average_precision(windows, None, TRUTH).tolist() == [1.0] * 10


def test_a_true_window_is_met_once():
    windows = np.array([[0.0, 10.0], [0.0, 10.0], [20.0, 60.0]])
    assert average_precision(windows, None, TRUTH) == pytest.approx([(1 + 2 / 3) / 2] * 10)


def test_confidence_goes_before_the_order_of_the_file_and_only_ten_windows_count():
    windows = np.array([[80.0, 90.0], [0.0, 10.0]])
    assert average_precision(windows, np.array([0.1, 0.9]), TRUTH[:1])[0] == 1.0
    late = np.concatenate([np.tile([[80.0, 90.0]], (10, 1)), TRUTH])
    assert average_precision(late, None, TRUTH).tolist() == [0.0] * 10


def test_a_window_that_is_none_keeps_its_rank():
    windows = np.array([[np.nan, np.nan], [0.0, 10.0]])
    assert average_precision(windows, None, TRUTH[:1])[0] == 0.5
    assert moments(windows, None, TRUTH)["MR-full-R1@0.5"] == 0.0


def test_a_range_without_a_true_window_does_not_apply_but_the_full_one_always_does():
    found = moments(np.array([[0.0, 10.0]]), None, TRUTH)
    assert (found["MR-short-R1@0.5"], found["MR-long-R1@0.5"]) == (1.0, 0.0)
    assert np.isnan(found["MR-middle-mAP"])
    nothing = moments(np.empty((0, 2)), None, np.empty((0, 2)))
    assert nothing["MR-full-mAP"] == nothing["MR-full-R1@0.5"] == 0.0
    assert moments(np.empty((0, 2)), None, TRUTH)["MR-full-mAP"] == 0.0


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=12), st.integers(0, 10_000))
def test_precision_falls_with_the_threshold_and_stays_a_fraction(rows, seed):
    windows = np.array([(s, s + d) for s, d in rows], dtype=np.float64).reshape(-1, 2)
    found = average_precision(windows, np.random.default_rng(seed).uniform(size=len(rows)), TRUTH)
    assert np.all((found >= 0) & (found <= 1))
    assert np.all(np.diff([max(found[i:]) for i in range(10)]) <= 1e-12)
    assert moments(TRUTH, None, TRUTH)["MR-full-mAP"] == 1.0


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 4), st.booleans()), min_size=1, max_size=8))
def test_queries_scored_together_score_as_they_do_alone(rows):
    rng = np.random.default_rng(len(rows))

    def windows(count: int) -> np.ndarray:
        start = rng.integers(0, 60, size=count).astype(float)
        return np.stack([start, start + rng.integers(2, 60, size=count)], axis=1).reshape(-1, 2)

    said, truths = [windows(k) for k, _, _ in rows], [windows(m) for _, m, _ in rows]
    rated = [rng.uniform(size=k) if with_scores else None for k, _, with_scores in rows]
    together = ranked_moments.moments(said, rated, truths)
    for i, one in enumerate(zip(said, rated, truths, strict=True)):
        for name, value in moments(*one).items():
            assert np.array_equal(together[name][i], value, equal_nan=True), name


def test_thresholds_are_the_published_ones():
    assert list(map(str, ranked_moments.THRESHOLDS)) == [
        "0.5", "0.55", "0.6", "0.65", "0.7", "0.75", "0.8", "0.85", "0.9", "0.95",
    ]  # fmt: skip
