"""Measures of pass rates: what may be written, and what is stored for it."""

import pytest

from vtgdata.conversation.answer import Form
from vtgdata.engine.measures import default_measures, read_measure, read_measures, stored_name
from vtgdata.errors import VtgError

ROW = {"iou": 0.5, "scores": [{"name": "tiou", "value": 0.5}, {"name": "giou", "value": 0.75}], "error": None}
FAILED = {"iou": None, "scores": None, "error": "timeout"}


@pytest.mark.parametrize(
    ("text", "stored", "value"),
    [
        ("mean_iou", "mean_iou", 0.5),
        ("tiou", "mean_iou", 0.5),
        ("iou>=0.50", "iou>=0.50", 1.0),
        ("tiou>=0.51", "iou>=0.51", 0.0),
        ("giou", "giou", 0.75),
        ("giou>=0.75", "giou>=0.75", 1.0),
        ("answer", "answer", None),
    ],
)
def test_a_measure_is_a_score_s_value_or_whether_it_reaches_one(text, stored, value):
    measure = read_measure(text)
    assert (measure.name, stored_name(text)) == (stored, stored)
    assert (measure.value(ROW), measure.value(FAILED)) == (value, None)


def test_two_names_of_one_measure_are_stored_once():
    assert [measure.name for measure in read_measures(["tiou", "giou", "mean_iou", "tiou>=0.5", "iou>=0.5"])] == [
        "mean_iou", "giou", "iou>=0.5",
    ]  # fmt: skip


def test_a_measure_of_another_file_keeps_its_name():
    assert stored_name("theirs.score>=0.5") == "theirs.score>=0.5"


def test_measures_that_are_joined_hold_both_of_one_answer():
    joint = read_measure("answer*tiou>=0.5")
    assert joint.name == "answer*iou>=0.5" and joint.scores == ["answer", "tiou"]

    def value(answer, iou):
        return joint.value({"iou": iou, "scores": [{"name": "answer", "value": answer}]})

    assert [value(1.0, 0.6), value(1.0, 0.4), value(0.0, 0.9)] == [1.0, 0.0, 0.0]
    assert joint.value({"iou": 0.9, "scores": []}) is None
    with pytest.raises(VtgError, match="unknown measure"):
        read_measure("answer*nothing")


def test_the_default_follows_what_the_prompt_asks_for():
    assert default_measures(Form()) == ["iou>=0.5", "mean_iou"]
    assert default_measures(Form(several=True)) == ["union_iou>=0.5", "union_iou"]
    with_window = Form(template="{option} <answer>{start} to {end}</answer>")
    assert default_measures(with_window) == ["answer*iou>=0.5", "answer", "mean_iou"]
    assert default_measures(Form(template="<answer>{option}</answer>")) == ["answer"]
