"""Rows of rollouts: what was said beside what it counts."""

from support.builders import make_sample
from vtgdata.conversation.answer import Form
from vtgdata.engine.rollouts import finalize
from vtgdata.engine.spool import WantedAnswer
from vtgdata.records import Reply, Sampling

ONE = Form("<answer>{start} to {end}</answer>", reasoning=False)
SEVERAL = Form("<answer>[({start}, {end}), ...]</answer>", reasoning=False)
SAMPLE = make_sample("s", windows=[(3.0, 9.0), (12.0, 14.0)])


def row(text, form, *, served=False):
    asked = WantedAnswer(key="k", sample_id="s", index=0, prompt_id="p", frames_id="f", frame_times=(), problem=None)
    reply = Reply(text=text)
    answered, samples = {"k": reply}, {"s": SAMPLE}
    return finalize([asked], answered, samples, model_id="m", sampling=Sampling(), form=form, served=served)[0]


def test_two_windows_where_one_is_asked_are_kept_and_count_nothing():
    said = row("<answer>3.0 to 9.0, 12.0 to 14.0</answer>", ONE)
    assert (said["windows"], said["parse_status"]) == ([[3.0, 9.0], [12.0, 14.0]], "several_where_one")
    assert (said["iou"], said["strict_ok"]) == (0.0, False)
    assert said["scores"] == [{"name": "tiou", "value": 0.0}, {"name": "format", "value": 0.0}]


def test_where_several_are_asked_they_count_together():
    said = row("<answer>[(3.0, 9.0), (12.0, 14.0)]</answer>", SEVERAL)
    assert (said["parse_status"], said["iou"], said["strict_ok"]) == ("ok", 1.0, True)


THINKING = Form()
CLOSED = "The shape shows from 1 s to 3 s.\n</think>\n\n<answer>3.0 to 9.0</answer>"


def test_a_served_answer_whose_template_opened_its_reasoning_is_in_form():
    """Qwen3-VL-Thinking behind a server without a reasoning parser: the text holds only the closing mark."""
    said = row(CLOSED, THINKING, served=True)
    assert (said["strict_ok"], said["text"]) == (True, f"<think>{CLOSED}")
    assert said["reasoning"] == "The shape shows from 1 s to 3 s."


def test_a_mark_of_another_family_is_written_as_the_prompt_wants_it():
    assert row("It shows.◁/think▷<answer>3.0 to 9.0</answer>", THINKING, served=True)["strict_ok"]


def test_a_model_in_this_process_has_to_write_the_mark_that_its_template_does_not():
    said = row(CLOSED, THINKING)
    assert (said["strict_ok"], said["text"], said["iou"]) == (False, CLOSED, 1.0)
