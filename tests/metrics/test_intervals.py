from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtgdata.metrics.cluster_means import cluster_means, clusters_of
from vtgdata.metrics.intervals import auc, clustered, clustered_all, paired
from vtgdata.metrics.student import t_quantile


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


def covered(
    draw: Callable[[np.random.Generator], tuple[np.ndarray, list[str]]], truth: float, times: int = 300
) -> float:
    rng, hits = np.random.default_rng(1), 0
    for _ in range(times):
        low, high = clustered(*draw(rng))
        hits += low <= truth <= high
    return hits / times


def grouped(size: int, count: int) -> list[str]:
    return [str(i // size) for i in range(size * count)]


def test_intervals_hold_the_truth_as_often_as_they_say():
    assert 0.92 <= covered(lambda rng: (rng.uniform(size=60), grouped(1, 60)), 0.5) <= 0.98
    few = lambda rng: ((np.repeat(rng.uniform(size=6), 5) + rng.uniform(size=30)) / 2, grouped(5, 6))  # noqa: E731
    assert 0.92 <= covered(few, 0.5) <= 0.98


def test_seldom_successes_of_few_sources_are_not_taken_for_none():
    rare = lambda rng: ((rng.uniform(size=30) < 0.05).astype(float), grouped(3, 10))  # noqa: E731
    assert covered(rare, 0.05) >= 0.93


def test_one_source_of_most_samples_makes_the_interval_wide():
    values = np.random.default_rng(0).uniform(size=100)
    equal = clustered(values, [str(i % 25) for i in range(100)])
    unequal = clustered(values, ["big" if i < 60 else str(i) for i in range(100)])
    assert unequal[1] - unequal[0] > 2 * (equal[1] - equal[0])


def test_none_of_a_hundred_has_the_interval_of_a_proportion_on_its_sources():
    low, high = clustered(np.zeros(100), grouped(1, 100))
    assert (low, high) == pytest.approx((0.0, 0.0362), abs=1e-4)  # Clopper-Pearson
    assert clustered(np.zeros(100), grouped(10, 10))[1] == pytest.approx(0.3085, abs=1e-4)
    assert clustered(np.ones(100), grouped(10, 10))[0] == pytest.approx(1 - 0.3085, abs=1e-4)


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


def test_an_interval_of_equal_sources_is_that_of_their_means():
    values = np.random.default_rng(5).uniform(size=(7, 6))
    of_sources = values.mean(axis=1)
    reach = t_quantile(0.95, 6) * of_sources.std(ddof=1) / np.sqrt(7)
    expected = (of_sources.mean() - reach, of_sources.mean() + reach)
    assert clustered(values.ravel(), grouped(6, 7)) == pytest.approx(expected)


def test_the_error_and_its_degrees_of_freedom_are_those_of_the_matrices():
    """Bell and McCaffrey's definition, written out for a regression on a constant."""
    rng = np.random.default_rng(8)
    values, of = rng.uniform(size=23), np.array([0] * 12 + [1] * 5 + [2] * 3 + [3] * 2 + [4])
    n, design = len(values), np.ones((23, 1))
    hat = np.full((n, n), 1 / n)
    residual, meat, columns = values - values.mean(), 0.0, []
    for cluster in range(5):
        rows = of == cluster
        eigen, vectors = np.linalg.eigh(np.eye(rows.sum()) - hat[np.ix_(rows, rows)])
        root = vectors @ np.diag(eigen**-0.5) @ vectors.T
        meat += float((design[rows, 0] @ root @ residual[rows]) ** 2)
        columns.append((np.eye(n) - hat)[:, rows] @ root @ design[rows, 0] / n)
    weights = np.linalg.eigvalsh(np.stack(columns).dot(np.stack(columns).T))
    found = cluster_means(values[:, None], clusters_of([str(each) for each in of]))
    assert found.error[0] == pytest.approx(np.sqrt(meat) / n)
    assert found.df[0] == pytest.approx(weights.sum() ** 2 / (weights**2).sum())


def test_what_does_not_apply_is_left_out_of_the_interval():
    values, videos = np.array([0.25, np.nan, 0.5, np.nan]), ["a", "a", "b", "c"]
    assert clustered(values, videos) == clustered(values[[0, 2]], ["a", "b"])
    assert np.isnan(clustered(np.array([np.nan]), ["a"])).all()
    assert np.isnan(clustered(np.array([]), [])).all()


def test_one_source_has_no_interval():
    assert np.isnan(clustered(np.array([0.2, 0.4]), ["a", "a"])).all()
    one = paired(np.array([0.2, 0.4]), np.array([0.1, 0.1]), ["a", "a"])
    assert np.isnan([one.low, one.high]).all() and one.p is None and one.difference == pytest.approx(0.2)


def test_a_difference_of_nothing_has_no_evidence_and_no_certainty():
    same = paired(np.full(20, 0.5), np.full(20, 0.5), [str(i) for i in range(20)])
    assert (same.difference, same.p, same.n) == (0.0, 1.0, 20)
    assert same.low < 0 < same.high, "twenty agreements do not show that the two always agree"


def test_fewer_than_six_sources_give_no_p():
    first = np.array([0.9, 0.8, 0.9, 1.0, 0.7, 0.8])
    assert paired(first[:5], np.zeros(5), list("abcde")).p is None
    assert paired(first, np.zeros(6), list("abcdef")).p == 2 / 2**6


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
    assert 0.0 < np.mean(np.array(found, dtype=float) <= 0.05) <= 0.1


def test_a_comparison_turned_round_has_the_other_sign_and_the_same_p():
    rng = np.random.default_rng(6)
    a, b, videos = rng.uniform(size=50), rng.uniform(size=50), [str(i) for i in range(50)]
    there, back = paired(a, b, videos), paired(b, a, videos)
    assert (there.difference, there.low, there.high) == pytest.approx((-back.difference, -back.high, -back.low))
    assert there.p == back.p


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 4)), min_size=1, max_size=12))
def test_an_interval_holds_the_mean_and_stays_in_range(rows):
    values, videos = np.array([v for v, _ in rows]), [str(c) for _, c in rows]
    low, high = clustered(values, videos)
    if len(set(videos)) > 1:
        assert 0 <= low <= values.mean() + 1e-12 and values.mean() - 1e-12 <= high <= 1
