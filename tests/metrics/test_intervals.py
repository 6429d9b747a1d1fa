import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtgdata.metrics.intervals import auc, clustered


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
