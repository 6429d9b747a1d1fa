"""The pictures of a model's card."""

import json

from hypothesis import given
from hypothesis import strategies as st

from support.pictures_drawn import inside
from vtgdata.releases.model_pictures import Curve, curves, of_model

SCORES = {"value": 0.9, "low": 0.85, "high": 0.95, "blind": 0.2, "constant": 0.3}


def test_scores_stand_beside_what_they_compare_with():
    (title, svg), = of_model({"mIoU": SCORES, "R1@0.5": SCORES | {"blind": None}, "error": SCORES | {"value": 7.0}},
                             None).values()  # fmt: skip
    drawn = inside(svg)
    assert len(drawn.bars) == 2 and {"mIoU", "0.900", "best constant answer", title} <= set(drawn.texts)


def test_a_training_is_drawn_step_by_step_and_what_is_no_number_is_left_out(tmp_path):
    lines = [{"step": step, "reward": step / 1000, "loss": float(step), "seen": None} for step in range(1, 1001)]
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"step": "x", "loss": 1}\ntorn'
    (tmp_path / "training.jsonl").write_text(text)
    found = of_model({}, tmp_path / "training.jsonl")
    assert list(found) == ["plots/training.svg"]
    texts = inside(found["plots/training.svg"][1]).texts
    assert {"loss", "mean reward", "step", "1,000"} <= set(texts) and len(found["plots/training.svg"][1]) < 20_000
    (tmp_path / "one.jsonl").write_text('{"step": 1, "loss": 2.0}')
    assert of_model({}, tmp_path / "one.jsonl") == {}


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=40))
def test_any_curve_has_an_axis_and_lies_inside(values):
    drawn = curves("Training", [Curve("loss", list(enumerate(values, 1)))])
    inside(drawn)
    assert drawn.count("<polyline") == 1
