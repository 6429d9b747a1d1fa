import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtgdata.metrics.intervals import auc, clustered, clustered_all, paired


def test_an_interval_holds_the_mean():
    values = np.random.default_rng(0).uniform(size=200)
    low, high = clustered(values, [str(i) for i in range(200)])
    assert low < values.mean() < high


def test_queries_of_one_video_count_as_one():
    values = np.repeat(np.random.default_rng(0).uniform(size=50), 20)
    alone = clustered(values, [str(i) for i in range(1000)])
    together = clustered(values, [str(i // 20) for i in range(1000)])
    assert together[1] - together[0] > 3 * (alone[1] - alone[0])


def test_an_interval_does_not_depend_on_the_order_of_rows():
    values, videos = np.array([0.1, 0.9, 0.4, 0.7]), ["b", "a", "c", "a"]
    order = [2, 0, 3, 1]
    assert clustered(values, videos) == pytest.approx(clustered(values[order], [videos[i] for i in order]))


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(1)
    hits = 0
    for trial in range(200):
        values = rng.uniform(size=60)
        low, high = clustered(values, [str(i) for i in range(60)], seed=trial)
        hits += low <= 0.5 <= high
    assert 0.90 <= hits / 200 <= 0.99


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
def test_auc_is_the_share_of_pairs_in_order_ties_counting_half(rows):
    scores, labels = np.array([float(s) for s, _ in rows]), np.array([label for _, label in rows])
    if labels.all() or not labels.any():
        assert np.isnan(auc(scores, labels))
        return
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[labels] for b in scores[~labels]]
    assert auc(scores, labels) == pytest.approx(np.mean(pairs))


def test_many_metrics_have_the_intervals_they_have_alone():
    rng = np.random.default_rng(2)
    values = {"a": rng.uniform(size=90), "b": rng.integers(0, 2, size=90).astype(float)}
    videos = [str(i // 3) for i in range(90)]
    together = clustered_all(values, videos)
    assert together == {name: pytest.approx(clustered(array, videos)) for name, array in values.items()}


def test_an_interval_is_that_of_a_loop_over_drawn_videos():
    values, videos = np.random.default_rng(5).uniform(size=40), [f"v{i % 7}" for i in range(40)]
    rng, names = np.random.default_rng(0), sorted(set(videos))
    means = []
    for _ in range(2000):
        drawn = [names[i] for i in rng.integers(0, 7, 7)]
        chosen = [value for name in drawn for value, video in zip(values, videos, strict=True) if video == name]
        means.append(sum(chosen) / len(chosen))
    assert clustered(values, videos) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))


def test_what_does_not_apply_is_left_out_of_the_interval():
    values = np.array([0.25, np.nan, 0.25, np.nan])
    assert clustered(values, ["a", "a", "b", "c"]) == (0.25, 0.25)
    assert np.isnan(clustered(np.array([np.nan]), ["a"])).all()
    assert np.isnan(clustered(np.array([]), [])).all()


def test_a_difference_of_nothing_has_no_evidence():
    same = paired(np.full(20, 0.5), np.full(20, 0.5), [str(i) for i in range(20)])
    assert (same.difference, same.p, same.n) == (0.0, 1.0, 20)


def test_a_clear_difference_is_found_and_an_empty_one_is_not():
    rng = np.random.default_rng(3)
    first, videos = rng.uniform(size=300), [str(i) for i in range(300)]
    noisy = first + rng.normal(0, 0.1, size=300)
    assert paired(first, noisy - 0.1, videos).p < 0.002
    found = paired(first, noisy, videos)
    assert found.low < 0 < found.high and found.p > 0.05


def test_the_test_calls_chance_a_finding_as_seldom_as_it_says():
    rng = np.random.default_rng(4)
    videos = [str(i // 2) for i in range(80)]
    found = [paired(rng.normal(size=80), rng.normal(size=80), videos, seed=trial).p for trial in range(150)]
    assert 0.0 < np.mean(np.array(found) <= 0.05) <= 0.1


def test_a_comparison_turned_round_has_the_other_sign_and_the_same_p():
    rng = np.random.default_rng(6)
    a, b, videos = rng.uniform(size=50), rng.uniform(size=50), [str(i) for i in range(50)]
    there, back = paired(a, b, videos), paired(b, a, videos)
    assert (there.difference, there.low, there.high) == pytest.approx((-back.difference, -back.high, -back.low))
    assert there.p == back.p


@settings(max_examples=200)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 4)), min_size=1, max_size=12))
def test_an_interval_lies_between_the_least_and_the_most(rows):
    values, videos = np.array([v for v, _ in rows]), [str(c) for _, c in rows]
    low, high = clustered(values, videos)
    assert values.min() - 1e-12 <= low <= high <= values.max() + 1e-12
