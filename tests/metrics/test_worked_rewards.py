"""Rewards and weights of published trainings, by the worked examples of FIELD2026 (B1, B3, B4)."""

import numpy as np
import pytest

from support.builders import make_answer, make_sample
from support.release_builders import make_pass_rate
from vtgdata.files import plugins


def scores(names, answer, **sample):
    return [float(plugins.load("scores", name).score([answer], [make_sample(**sample)])[0]) for name in names]


@pytest.mark.parametrize(("strict", "reward"), [(True, 0.8333), (False, 0.5833)])
def test_the_reward_of_omtg_is_the_mean_of_four_of_our_scores(strict, reward):
    """B3, the second row of its table, with valid tags and with wrong ones that are still read."""
    answer = make_answer((0.0, 3.0), (5.0, 8.0), strict_ok=strict)
    found = scores(("union_iou", "format", "matched_f1", "count_right"), answer, windows=[(0, 2), (6, 8)])
    assert np.mean(found) == pytest.approx(reward, abs=5e-5)


@pytest.mark.parametrize(("said", "reward"), [([(4, 10)], 2.0), ([(2, 8)], 1.2165), ([(2, 8), (8, 10)], 1.5965)])
def test_the_reward_of_timelens2_is_the_sum_of_two_of_our_scores(said, reward):
    """B4, `twass1,tiou` of the truth [4, 10]."""
    found = scores(("twass1", "iou_prediction_merged"), make_answer(*said), windows=[(4, 10)])
    assert sum(found) == pytest.approx(reward, abs=5e-5)


def test_the_variant_of_timelens2_gives_silence_one_where_there_is_nothing():
    """B1 (b), the rows without any window."""
    nothing = make_answer(status="no_answer", says_none=True)
    assert scores(("iou_prediction_merged",), nothing, windows=[], none_is_right=True) == [1.0]
    assert scores(("iou_prediction_merged",), make_answer((1, 2)), windows=[], none_is_right=True) == [0.0]
    assert scores(("iou_prediction_merged",), nothing, windows=[(4, 6)]) == [0.0]


IOUS = {"A": [1.0] * 8, "B": [0.0] * 8, "C": [1.0] * 4 + [0.0] * 4, "D": [0.5] * 8, "E": [0.0] * 8}
"""B4: eight times right, eight times elsewhere, half of each, eight times [2, 8] of [4, 10], eight unreadable."""


@pytest.mark.parametrize(
    ("a", "b", "shares"),
    [
        # Its six rows include one without answers, which has the weight of B there and is no row of ours.
        (0, 2, {"A": 0, "B": 0.2857, "C": 0.0714, "D": 0.0714, "E": 0.2857}),
        (2, 0, {"A": 0, "B": 0, "C": 1, "D": 0, "E": 0}),
        (1, 1, {"A": 0, "B": 0, "C": 1, "D": 0, "E": 0}),
    ],
)
def test_the_weights_of_timelens2(a, b, shares):
    rates = [
        make_pass_rate(make_sample(name), float(np.mean(ious)), ious=ious, iou_std=float(np.std(ious)))
        for name, ious in IOUS.items()
    ]
    found = plugins.load("selectors", "weight").weights(rates, measure="mean_iou", a=a, b=b, column=True)
    weights = dict(found.rows())
    whole = sum(weights.values()) + (weights["B"] if a == 0 else 0.0)
    assert {name: weight / whole for name, weight in weights.items()} == pytest.approx(shares, abs=5e-5)
