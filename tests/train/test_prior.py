"""The prior alarm: running means with their errors, and when it is said."""

import random

import pytest

from vtgdata.train import prior


def run(steps, reward, seen, noise=0.02, seed=1):
    """Lines of a run whose figures move evenly from the first to the second number of a pair."""
    drawn, found = random.Random(seed), []
    for step in range(steps):
        at = step / (steps - 1)
        line = {"step": step + 1}
        for name, (first, last) in {"reward": reward, "seen_step": seen}.items():
            line[name] = first + (last - first) * at + drawn.gauss(0, noise)
        found.append(line)
    return found


def test_the_running_mean_is_that_of_twenty_steps_with_its_standard_error():
    lines = [{"step": step, "seen_step": float(step % 2)} for step in range(1, 40)]
    found = prior.figures(lines, {"step": 40, "seen_step": 0.0})
    assert found == {"seen": 0.5, "seen_error": pytest.approx((0.25 * 20 / 19 / 20) ** 0.5)}
    assert prior.figures([], {"step": 1, "seen_step": 0.3}) == {"seen": 0.3, "seen_error": None}
    assert prior.figures(lines, {"step": 40}) == {}, "rows of one source have no other truths"


def test_a_reward_that_rises_while_seen_does_not_is_said():
    said = prior.alarm(run(60, (0.3, 0.6), (0.2, 0.2)))
    assert said and said.startswith("step 60: the reward has risen by 0.") and "`seen`" in said
    assert prior.alarm(run(60, (0.3, 0.6), (0.2, 0.1))), "it fell"
    assert prior.alarm(run(24, (0.3, 0.6), (0.2, 0.2))), "a short run is compared by halves"


def test_nothing_is_said_of_a_run_that_learns_to_look_or_not_at_all_or_was_just_begun():
    assert prior.alarm(run(60, (0.3, 0.6), (0.2, 0.45))) is None
    assert prior.alarm(run(60, (0.3, 0.3), (0.2, 0.2))) is None
    assert prior.alarm(run(8, (0.3, 0.6), (0.2, 0.2))) is None
    assert prior.alarm([{"step": step, "reward": step / 60} for step in range(60)]) is None, "seen is not known"


def test_noise_alone_is_rarely_taken_for_learning_the_prior():
    false = sum(prior.alarm(run(60, (0.4, 0.4), (0.2, 0.2), noise=0.05, seed=seed)) is not None for seed in range(400))
    assert false < 400 * 0.05
