"""Weighted sums of scores."""

import numpy as np
import pytest

from support.builders import make_sample
from vtgdata.conversation.answer import Form, parse
from vtgdata.errors import VtgError
from vtgdata.train.rewards import reward
from vtgdata.train.weighted import weighted

MOMENT = make_sample("m", windows=[(5.0, 10.0)])
QUESTION = make_sample("q", windows=[(5.0, 10.0)], task="grounded_qa", options=("a", "b", "c"), answer="C")
GROUNDING = {"tiou": 0.9, "format": 0.1}
GROUNDED_QA = {"answer": 0.7, "format": 0.1, "tiou": 0.2}
TIME = Form("<time>[{start}, {end}]</time>")
TIME_OPTION = Form(r"<time>[{start}, {end}]</time> \boxed{{option}}")


def one(weights, text, sample, form):
    return weighted(weights)([parse(text, duration=30.0, form=form)], [sample])[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<think>why</think> <time>[5.0, 10.0]</time>", 1.0),
        ("<think>why</think> <time>[5.0, 7.5]</time>", 0.9 * 0.5 + 0.1),
        ("<time>[5.0, 10.0]</time>", 0.9),
        ("<think>why</think> <time>[5.0s, 10.0s]</time>", 0.9),
        ("<think>why</think> <time></time>", 0.0),
    ],
)
def test_tvg_r1_s_reward_for_grounding(text, value):
    assert one(GROUNDING, text, MOMENT, TIME) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"<think>why</think> <time>[5.0, 10.0]</time> \boxed{C}", 1.0),
        (r"<think>why</think> <time>[5.0, 10.0]</time> \boxed{A}", 0.1 + 0.2),
        (r"<time>[5.0, 7.5]</time> \boxed{C}", 0.7 + 0.2 * 0.5),
    ],
)
def test_tvg_r1_s_reward_for_grounded_questions(text, value):
    assert one(GROUNDED_QA, text, QUESTION, TIME_OPTION) == pytest.approx(value)


def test_where_a_score_does_not_apply_the_others_share_its_weight():
    right = "<think>why</think> <time>[5.0, 10.0]</time>"
    assert one(GROUNDED_QA, right, MOMENT, TIME) == pytest.approx(1.0)
    assert np.isnan(one({"answer": 1.0}, right, MOMENT, TIME))


def test_equal_weights_give_the_mean():
    text = "<think>why</think> <time>[5.0, 7.5]</time>"
    assert one({"tiou": 1, "format": 1}, text, MOMENT, TIME) == pytest.approx(0.75)


def test_the_trainer_s_rewards_sum_to_the_same():
    text = r"<think>why</think> <time>[5.0, 7.5]</time> \boxed{C}"
    parts = [
        weight * reward(name, {"q": QUESTION}, {"q": TIME_OPTION})(completions=[text], sample_id=["q"])[0]
        for name, weight in GROUNDED_QA.items()
    ]
    assert sum(parts) == pytest.approx(one(GROUNDED_QA, text, QUESTION, TIME_OPTION))


@pytest.mark.parametrize("weights", [{}, {"tiou": 0.0}, {"tiou": -1.0}, {"tiou": float("nan")}, {"no_such": 1.0}])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(VtgError):
        weighted(weights)
