"""Shared errors: how many of the labels that no answer meets are right."""

import numpy as np
import pytest

from vtgdata.metrics import shared_errors
from vtgdata.metrics.shared_errors import Shared, Votes

NEVER_MET, N = 0.05, 4_000
"""Chance that a voter meets a wrong label; labels of a pool."""


def drawn(chance: np.ndarray, k: int, rng: np.random.Generator) -> Votes:
    return Votes(np.full(len(chance), k), rng.binomial(k, chance))


def estimated(right: np.ndarray, wrong: float, k: int = 4, most: float = 0.3, seed: int = 0) -> Shared:
    """Of a pool with these chances of right labels to be met, and this share of wrong ones."""
    rng = np.random.default_rng(seed)
    is_wrong = rng.random(N) < wrong
    pool = drawn(np.where(is_wrong, NEVER_MET, rng.choice(right, N)), k, rng)
    made = drawn(np.full(N, NEVER_MET), k, rng)
    return shared_errors.estimate(pool, [made], [most], np.arange(N))


HARD = np.random.default_rng(1).beta(0.8, 0.6, N)
"""Labels of which many are met by nobody, and all are right."""
PLAIN = np.random.default_rng(1).beta(8.0, 2.0, N)


def test_right_labels_that_nobody_meets_are_not_taken_for_wrong_ones():
    hard, plain = estimated(HARD, 0.0), estimated(PLAIN, 0.0)
    assert hard.part * 0.3 < 0.08 and plain.part * 0.3 < 0.02
    assert hard.agreement == pytest.approx(1 / 2.4, abs=0.08) and plain.agreement == pytest.approx(1 / 11, abs=0.05)
    assert hard.independent < plain.independent < 4


@pytest.mark.parametrize("wrong", [0.1, 0.2])
@pytest.mark.parametrize("right", [HARD, PLAIN], ids=["hard", "plain"])
def test_the_share_of_wrong_labels_is_found_among_them(right, wrong):
    found = estimated(right, wrong)
    assert found.part * 0.3 == pytest.approx(wrong, abs=0.06)
    assert found.low * 0.3 <= wrong


def test_one_voter_tells_nothing_and_more_voters_tell_more():
    lows = [estimated(PLAIN, 0.2, k=k).low for k in (1, 2, 4)]
    assert max(lows[:2]) < 0.1 and lows[2] > 0.4
    assert estimated(PLAIN, 0.2, k=1).part == pytest.approx(0.5, abs=0.1)


def test_answers_that_are_all_the_same_tell_no_more_than_one():
    rng = np.random.default_rng(2)
    pool, made = (4 * (rng.random(N) < chance) for chance in (np.where(rng.random(N) < 0.2, 0.05, 0.8), 0.05))
    same = shared_errors.estimate(Votes(np.full(N, 4), pool), [Votes(np.full(N, 4), made)], [0.3], np.arange(N))
    assert same.low < 0.1 and same.agreement > 0.9 and same.independent < 1.2


def test_labels_of_one_source_count_as_fewer():
    rng = np.random.default_rng(3)
    chance = np.where(rng.random(N // 20) < 0.2, 0.05, rng.choice(PLAIN, N // 20)).repeat(20)
    pool, made = drawn(chance, 4, rng), drawn(np.full(N, 0.05), 4, rng)
    alone, together = (shared_errors.estimate(pool, [made], [0.3], each) for each in (np.arange(N), np.arange(N) // 20))
    assert together.low < alone.low


def test_labels_with_other_numbers_of_voters_count_with_their_own():
    rng = np.random.default_rng(4)
    voters = rng.integers(0, 9, N)
    chance = np.where(rng.random(N) < 0.15, NEVER_MET, rng.choice(PLAIN, N))
    pool, made = (Votes(voters, rng.binomial(voters, each)) for each in (chance, NEVER_MET))
    assert shared_errors.estimate(pool, [made], [0.3], np.arange(N)).part * 0.3 == pytest.approx(0.15, abs=0.03)


def test_chances_of_a_beta_binomial_are_chances():
    mean, agreement = np.array([0.1, 0.5, 0.9]), np.array([0.01, 0.5, 0.99])
    chances = shared_errors.beta_binomial(64, mean, agreement)
    assert chances.shape == (3, 65) and chances.sum(axis=1) == pytest.approx(1.0)
    assert chances @ np.arange(65) == pytest.approx(64 * mean)
