"""Rewards by name: settings, products, and choices that are refused."""

import logging

import numpy as np
import pytest

from support.builders import make_answer, make_sample
from vtgdata.errors import VtgError
from vtgdata.metrics import reward_names
from vtgdata.metrics.reward_names import check_effect, check_weights, modules, read

SAMPLE = make_sample("s")
LONG = "first the scene is set and then it opens slowly"


def test_settings_stand_in_the_name():
    said = [make_answer((3.0, 9.0), reasoning=LONG)]
    assert read("length").values(said, [SAMPLE]) == [1.0]
    assert read("length:low=20,high=30").values(said, [SAMPLE]) == [pytest.approx(10 / 20)]


def test_a_product_is_gated_by_its_factors():
    said = [make_answer((3.0, 6.0)), make_answer((3.0, 6.0), strict_ok=False), make_answer()]
    assert read("tiou*format").values(said, [SAMPLE] * 3).tolist() == [0.5, 0.0, 0.0]
    none = read("tiou*answer").values(said[:1], [SAMPLE])
    assert np.isnan(none).all(), "where a factor does not apply the product does not"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tio", "did you mean 'tiou'"), ("tiou*forma", "did you mean 'format'"), ("length:lo=3", "did you mean 'low'"),
        ("length:low=many", "must be a number"), ("tiou:soft", "'soft' is no setting"),
        ("grounded/tiou", "did you mean 'grounded_qa'"), ("grounded_qa/tio", "did you mean 'tiou'"),
    ],
)  # fmt: skip
def test_a_name_that_is_none_is_refused_with_the_nearest(name, words):
    with pytest.raises(VtgError, match=words):
        read(name)


def test_a_reward_of_one_task_does_not_apply_to_rows_of_another():
    asked = make_sample("q", task="grounded_qa", options=("yes", "no"), answer="B")
    said = [make_answer((3.0, 6.0), option="B")] * 2
    values = {name: read(name).values(said, [SAMPLE, asked]) for name in ("grounded_qa/tiou", "moment_retrieval/tiou")}
    assert [np.isnan(each).tolist() for each in values.values()] == [[True, False], [False, True]]
    assert read("grounded_qa/answer*tiou").values(said, [SAMPLE, asked])[1] == values["grounded_qa/tiou"][1]
    assert modules(["grounded_qa/answer*tiou"]) == ["vtgdata.plugins.scores.answer", "vtgdata.plugins.scores.tiou"]


def test_the_modules_of_all_factors_are_what_a_result_depends_on():
    assert modules(["tiou*format", "length:low=3"]) == [
        f"vtgdata.plugins.scores.{name}" for name in ("tiou", "format", "length")
    ]


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_a_weight_that_rewards_worse_answers_is_refused(weight):
    with pytest.raises(VtgError, match=r"--rewards tiou=.*--overlong"):
        check_weights({"format": 1.0, "tiou": weight})


def test_a_weight_of_zero_is_said_and_nothing_but_zeros_refused(caplog):
    with caplog.at_level(logging.WARNING, "vtgdata"):
        check_weights({"tiou": 1.0, "length": 0.0})
    assert "length: the weight is 0" in caplog.text
    for nothing in ({}, {"tiou": 0.0}):
        with pytest.raises(VtgError, match="--rewards"):
            check_weights(nothing)


def test_a_reward_that_applies_to_no_row_is_refused_and_rows_without_any_are_named():
    asked = make_sample("q", options=("yes", "no"), answer="A", windows=())
    with pytest.raises(VtgError, match="answer: applies to none of the 1 rows"):
        check_effect([read("answer")], [SAMPLE])
    assert check_effect([read("answer"), read("tiou")], [SAMPLE, asked]) == [False, False]
    assert check_effect([read("answer")], [SAMPLE, asked]) == [True, False]


def test_a_reward_that_cannot_tell_right_from_wrong_is_said(caplog, tmp_path, monkeypatch):
    (tmp_path / "same.py").write_text(
        "import numpy as np\ndef score(answers, samples):\n    return np.full(len(answers), 0.5)\n"
    )
    (tmp_path / "my").mkdir()
    (tmp_path / "same.py").rename(tmp_path / "my/same.py")
    monkeypatch.chdir(tmp_path)
    with caplog.at_level(logging.WARNING, "vtgdata"):
        check_effect([reward_names.read("my.same"), read("tiou")], [SAMPLE])
    assert "my.same gives right, nearly right and empty answers one value" in caplog.text and "tiou" not in caplog.text


def test_options_that_repeat_are_both_right():
    """W6: reward and metric differed on a question whose right option occurs twice."""
    twice = make_sample("q", options=("a dog", "a cat", "a dog"), answer="A")
    assert read("answer").values([make_answer(option="C")], [twice]) == [1.0]
