import json

import numpy as np
import pytest

from support.builders import make_sample
from support.published import published
from vtgdata.metrics import qa
from vtgdata.metrics.qa import right_option
from vtgdata.metrics.window_table import table_of

TRUTH = np.array([[0.0, 10.0], [50.0, 60.0]])


def grounded(said, truth, right):
    """The metrics of one question."""
    found = qa.grounded(table_of([said], [truth]), np.array([right]))
    return {name: float(values[0]) for name, values in found.items()}


def test_right_for_the_right_reason_needs_both():
    inside = np.array([[2.0, 4.0]])
    assert grounded(inside, TRUTH, True) == pytest.approx(
        {"Acc@QA": 1, "Acc@GQA": 1, "Acc@IoU>=0.5": 0, "mIoP": 1, "IoP@0.3": 1, "IoP@0.5": 1}
    )
    assert grounded(inside, TRUTH, False)["Acc@GQA"] == 0
    assert grounded(np.array([[20.0, 30.0]]), TRUTH, True)["Acc@GQA"] == 0


def test_a_question_without_a_window_counts_with_nothing():
    found = grounded(np.empty((0, 2)), TRUTH, True)
    assert (found["Acc@QA"], found["Acc@GQA"], found["mIoP"]) == (1, 0, 0)


def test_half_of_the_answer_inside_is_enough():
    assert grounded(np.array([[5.0, 15.0]]), TRUTH, True)["Acc@GQA"] == 1
    assert grounded(np.array([[5.0, 15.1]]), TRUTH, True)["Acc@GQA"] == 0


def test_of_two_options_in_the_same_words_either_is_right():
    sample = make_sample(options=("run", "sit", "run"), answer="C")
    assert [right_option(letter, sample) for letter in ("A", "B", "C", "D", None)] == [True, False, True, False, False]


def test_a_question_without_an_answer_is_never_right():
    assert not right_option("A", make_sample(options=("a", "b")))


def test_it_equals_the_published_definition_on_the_published_spans():
    rng = np.random.default_rng(8)
    document = json.loads(published("corpora", "nextgqa", "gsub_val.json").read_text())
    for video in document.values():
        for truth in video["location"].values():
            start, end = sorted(rng.uniform(0, video["duration"], 2).tolist())
            right = bool(rng.integers(0, 2))
            shared = [max(0.0, min(end, t[1]) - max(start, t[0])) for t in truth]
            iop = max(s / (end - start) for s in shared)
            # One span on each side: where they overlap, the hull of the two is their union.
            iou = max(s / (max(end, t[1]) - min(start, t[0])) for s, t in zip(shared, truth, strict=True))
            found = grounded(np.array([[start, end]]), np.array(truth), right)
            expected = {"Acc@GQA": right and iop >= 0.5, "Acc@IoU>=0.5": right and iou >= 0.5, "mIoP": iop}
            assert {name: found[name] for name in expected} == pytest.approx({k: float(v) for k, v in expected.items()})
