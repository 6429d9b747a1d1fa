"""Difficulty that is remembered: fewer answers at the stated error, or not used where earlier answers say nothing."""

import numpy as np
import pytest

from vtgdata.engine.adaptive.remembered import LEAST, Remembered, logit, probe_of, standardised
from vtgdata.engine.adaptive.rounds import Places
from vtgdata.engine.adaptive.rule import PLACES, ZONE, parse_rule
from vtgdata.engine.measures import read_measure

N, MOST = 1000, 32
RULE = parse_rule("iou>=0.5:0.2:0.8:0.05")
IDS = [f"s{i:04}" for i in range(N)]


def asked(places, rates, rng):
    """Ask as the engine does, of a student with these rates: mean number of answers, misplaced share, summary."""
    said = rng.random((N, MOST)) < rates[:, None]
    number = {name: place for place, name in enumerate(IDS)}

    def ask(wanted):
        for name, n in wanted.items():
            rows = [{"iou": float(said[number[name], k]), "scores": []} for k in range(n)]
            places.take(name, rows)

    for wanted in places.opening(IDS):
        ask(wanted)
    while wanted := places.deepen():
        ask(wanted)
    decided = places.decided()
    found = np.array([PLACES.index(decided[name]["place"]) for name in IDS])
    wrong = np.select(
        [found == 0, found == 1],
        [rates >= RULE.low + ZONE, (rates <= RULE.low - ZONE) | (rates >= RULE.high + ZONE)],
        rates <= RULE.high - ZONE,
    )
    return sum(map(len, places.found.values())) / N, float(wrong.mean()), places.summary()


def remembered(earlier, rng):
    rates = rng.binomial(8, earlier) / 8
    facts = standardised([logit(rates, np.full(N, 8.0)), rng.random(N)])
    return Remembered(RULE, read_measure("iou>=0.5"), first=4, most=MOST, seed=1, ids=IDS, facts=facts)


def drifted(rates, by, rng):
    return 1 / (1 + np.exp(-(np.log(rates / (1 - rates)) + rng.normal(-0.4, by, N))))


@pytest.mark.parametrize("drift", [0.3, pytest.param(0.8, marks=pytest.mark.slow)])
def test_fewer_answers_are_asked_for_at_the_stated_error_whatever_the_drift(drift):
    plain, helped = [], []
    for seed in range(2):
        rates = np.clip(np.random.default_rng(seed).beta(0.3, 0.3, N), 1e-4, 1 - 1e-4)
        rng = np.random.default_rng(seed + 10)
        places = remembered(drifted(rates, drift, rng), rng)
        helped.append(asked(places, rates, np.random.default_rng(seed + 20)))
        assert places.learnt.helps
        plain.append(
            asked(Places(RULE, read_measure("iou>=0.5"), first=4, most=MOST), rates, np.random.default_rng(seed + 20))
        )
    assert np.mean([each[0] for each in helped]) < 0.85 * np.mean([each[0] for each in plain])
    assert np.mean([each[1] for each in helped]) <= RULE.error + 0.01
    assert all(each[2]["expected_misplaced"] <= RULE.error for each in helped)


def test_answers_that_say_nothing_are_not_used():
    rng = np.random.default_rng(3)
    rates = np.clip(rng.beta(0.3, 0.3, N), 1e-4, 1 - 1e-4)
    places = remembered(rng.permutation(rates), rng)
    rounds = [dict(wanted) for wanted in _first_rounds(places, rates, rng)]
    assert not places.learnt.helps
    assert set(rounds[1].values()) == {4} and len(rounds[0]) + len(rounds[1]) == N


def _first_rounds(places, rates, rng):
    for wanted in places.opening(IDS):
        for name, n in wanted.items():
            passes = rng.random(n) < rates[IDS.index(name)]
            places.take(name, [{"iou": float(value), "scores": []} for value in passes])
        yield wanted


def test_the_probe_is_a_small_share_and_the_same_for_the_same_seed():
    assert len(probe_of(100_000, 1)) == 5_000 and len(probe_of(1_000, 1)) == LEAST and len(probe_of(7, 1)) == 7
    assert (probe_of(1_000, 1) == probe_of(1_000, 1)).all() and (probe_of(1_000, 1) != probe_of(1_000, 2)).any()
