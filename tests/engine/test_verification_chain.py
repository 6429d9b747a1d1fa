"""The chain of verifiers as it is by default: which are in it, and that the first reason counts."""

from vtgdata.conversation.verifying import example_row, example_sample
from vtgdata.engine.verification import CHECKS, DEFAULT_CHAIN, chain
from vtgdata.files import plugins

NAMES = plugins.names("verifiers")


def test_the_usual_chain_keeps_a_good_answer_and_names_known_verifiers():
    assert {plugins.parse_spec(spec).name for spec in CHECKS} <= set(NAMES)
    sample = example_sample()
    good = example_row("<think>The person opens the door.</think><answer>5.0 to 10.0</answer>", sample)
    assert chain([good], sample, None, DEFAULT_CHAIN) == [None]


def test_the_first_reason_counts_and_later_verifiers_do_not_see_the_row():
    sample = example_sample()
    bad = example_row("<think>.</think><answer>5.0 to 32.0</answer>", sample, iou=0.9, scores=[])
    assert chain([bad], sample, None, ["in_form", "length", "inside_video"])[0].startswith("too_short")
    assert chain([bad], sample, None, ["in_form", "inside_video", "length"])[0].startswith("past_end 32")
