"""Label noise: P(wrong) where systems err by themselves, and where they err together."""

from functools import cache

import numpy as np
import pytest

from vtgdata.metrics import label_noise
from vtgdata.metrics.label_noise import Found, Pool

N, SYSTEMS, LONG, LASTS = 1_200, 4, 10.0, 100.0


@cache
def judged(together: bool, wrong: float = 0.1, systems: int = SYSTEMS, seed: int = 0) -> tuple[Found, np.ndarray]:
    """What is found of a pool, and which labels are wrong; systems err together at one other moment, or apart.

    Of the right labels each is met with a chance of its own, drawn from a Beta distribution.
    """
    rng = np.random.default_rng(seed)
    truth, other = rng.uniform(0, 40, N), rng.uniform(55, 90, N)
    chance = rng.beta(0.8, 0.5, N) if together else rng.beta(6.0, 2.0, N)
    is_wrong = rng.random(N) < wrong
    label = np.where(is_wrong, rng.uniform(0, 90, N), truth)
    missed = np.repeat(other[:, None], systems, axis=1) if together else rng.uniform(0, 90, (N, systems))
    start = np.where(rng.random((N, systems)) < chance[:, None], truth[:, None], missed)
    start = np.maximum(start + rng.normal(0, 0.5, start.shape), 0)
    answers = np.stack([start, start + LONG], axis=2)
    labels = np.stack([label, label + LONG], axis=1)[:, None]
    pool = Pool(answers, np.ones((N, systems), dtype=bool), labels, np.full(N, LASTS), np.arange(N) // 3)
    ious = np.maximum(LONG - abs(label - truth), 0) / (LONG + abs(label - truth))
    return label_noise.judge(pool, seed), is_wrong & (ious < 0.9)


def gap(chance: np.ndarray, wrong: np.ndarray) -> float:
    """How far the mean chance of the labels said to be wrong is above the share of them that is."""
    said = chance >= 0.5 * chance.max()
    return float(chance[said].mean() - wrong[said].mean())


def test_systems_that_err_together_are_no_proof_that_a_label_is_wrong():
    found, wrong = judged(together=True)
    assert gap(found.highest, wrong) > 0.25, "as if they never did"
    assert gap(found.wrong, wrong) < 0.0, "careful: their answers lie at two other moments, which right ones' do not"
    assert found.share == pytest.approx(wrong.mean(), abs=0.04)
    assert found.low <= wrong.mean() <= found.most
    assert found.shared.agreement > 0.3 and found.shared.independent < 2.5


def test_systems_that_err_apart_are():
    found, wrong = judged(together=False)
    assert abs(gap(found.wrong, wrong)) < 0.15
    assert found.low > 0.03 and found.shared.independent > 2.5


def test_how_far_systems_err_together_changes_no_order():
    found, _ = judged(together=True)
    order = np.argsort(-found.order, kind="stable")
    assert (np.diff(found.wrong[order]) <= 0).all()
    assert (found.lowest <= found.wrong).all() and (found.wrong <= found.highest).all()


def test_one_answer_a_sample_cannot_tell_and_says_so():
    found, _ = judged(together=True, systems=1)
    assert found.shared.voters == 1
    assert found.low < 0.1 * found.most and found.wrong.max() == pytest.approx(0.5, abs=0.1)
