from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtgdata.engine.adaptive import rule
from vtgdata.engine.adaptive.rounds import Places
from vtgdata.engine.measures import read_measure
from vtgdata.errors import VtgError

RULE = rule.parse_rule("iou>=0.5:0.2:0.8:0.05")


@pytest.mark.parametrize(
    "text", ["", "mean_iou", "mean_iou:0.8:0.2:0.1", "m:0.2:0.8:0", "m:0:1:0.1", "m:a:b:c", "m:nan:1:.1"]
)
def test_a_rule_that_is_none_is_refused(text):
    with pytest.raises(VtgError, match="MEASURE:LOW:HIGH:ERROR"):
        rule.parse_rule(text)


@given(st.floats(0.01, 0.99), st.integers(1, 60), st.integers(1, 60))
def test_the_beta_distribution_is_a_binomial_tail(x, a, b):
    n = a + b - 1
    tail = sum(comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))
    assert rule.beta_cdf(x, np.array([float(a)]), np.array([float(b)]))[0] == pytest.approx(tail, abs=1e-9)


def test_the_prior_has_the_pools_mean_and_spread():
    rng = np.random.default_rng(0)
    rates = rng.beta(0.5, 1.5, 20_000)
    prior = rule.fit(rng.random((20_000, 4)) < rates[:, None])
    assert (prior.a, prior.b) == pytest.approx((0.5, 1.5), rel=0.1)


@pytest.mark.parametrize("values", [[], [[0.0, 0.0]] * 50, [[1.0, 1.0]] * 50, [[0.5, 0.5]] * 50, [[1.0]]])
def test_a_pool_without_spread_or_samples_has_a_prior(values):
    prior = rule.fit(values)
    assert prior.a > 0 and prior.b > 0


def test_what_is_sure_is_not_asked_further_and_nobody_beyond_the_most():
    chances, counts = np.array([0.5, 0.0, 0.4, 0.1]), np.array([8.0, 8.0, 8.0, 32.0])
    assert rule.more(chances, counts, RULE, 32).tolist() == [True, False, True, False]
    # One that may no longer be asked counts first: what it costs must be saved elsewhere.
    assert rule.more(np.array([0.3, 0.01]), np.array([32.0, 8.0]), RULE, 32).tolist() == [False, True]


@pytest.mark.parametrize("rate", [0.02, 0.2, 0.5, 0.97])
@pytest.mark.parametrize("soft", [False, True])
def test_an_interval_holds_at_every_look(rate, soft):
    rng = np.random.default_rng(1)
    draws = rng.beta(1.5 * rate, 1.5 * (1 - rate), (200, 32)) if soft else rng.random((200, 32)) < rate
    sums = draws.cumsum(axis=1)
    missed = sum(
        any(not low <= rate <= high for n in range(1, 33, 3) for low, high in [rule.interval(row[n - 1], n)])
        for row in sums
    )
    assert missed <= 0.05 * 200


@pytest.mark.parametrize("pool", ["uniform", "u-shaped", "deciles"])
def test_the_misplaced_share_is_at_most_the_asked_one(pool):
    rng = np.random.default_rng(5)
    size = 3000
    weights = np.array([179, 375, 514, 502, 399, 325, 132, 54, 15, 5]) / 2500
    rates = {
        "uniform": rng.random(size),
        "u-shaped": rng.beta(0.3, 0.3, size),
        "deciles": (rng.choice(10, size, p=weights) + rng.random(size)) / 10,
    }[pool]
    values = (rng.random((size, 64)) < rates[:, None]).astype(float)
    places = Places(RULE, read_measure("iou>=0.5"), first=4, most=64)
    wanted = dict.fromkeys(map(str, range(size)), 4)
    while wanted:
        for name, n in wanted.items():
            places.take(name, [{"iou": v} for v in values[int(name), :n]])
        wanted = places.deepen()
    found = places.decided()
    decided = [found[str(i)]["place"] for i in range(size)]
    bad = {
        "too_hard": rates >= RULE.low + rule.ZONE,
        "wanted": (rates <= RULE.low - rule.ZONE) | (rates >= RULE.high + rule.ZONE),
        "too_easy": rates <= RULE.high - rule.ZONE,
    }
    assert np.mean([bad[place][i] for i, place in enumerate(decided)]) <= RULE.error
    assert np.mean([len(its) for its in places.found.values()]) < 32


def test_a_failed_answer_ends_the_prefix_and_its_sample_waits():
    places = Places(RULE, read_measure("mean_iou"), first=2, most=8)
    places.take("a", [{"iou": 0.5}] * 2)
    places.take("b", [{"iou": 0.5}, {"iou": None}])
    assert set(places.deepen()) == {"a"}
    assert places.values([{"iou": 0.5}, {"iou": None}, {"iou": 0.9}]) == [0.5]
