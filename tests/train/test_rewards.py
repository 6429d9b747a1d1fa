"""Scores as rewards."""

import pytest

from support.builders import make_sample
from vtgdata.conversation.answer import Form
from vtgdata.train.rewards import reward, text_of

RIGHT = "<think>it opens</think><answer>3.0 to 9.0</answer>"
EARLY = "<think>it opens</think><answer>3.0 to 6.0</answer>"


def ask(name, *texts, opened=False, **sample):
    one = make_sample("s", **sample)
    function = reward(name, {"s": one}, {"s": Form()}, opened=opened)
    return function(completions=list(texts), sample_id=["s"] * len(texts), prompts=None, trainer_state=None)


def test_a_reward_is_the_score_of_the_same_name():
    assert ask("tiou", RIGHT, EARLY, "no idea") == [1.0, 0.5, 0.0]
    assert ask("format", RIGHT, "3.0 s to 9.0 s") == [1.0, 0.0]


def test_a_score_that_does_not_apply_gives_none():
    assert ask("tiou", RIGHT, windows=()) == [None]


def test_the_trainer_logs_a_reward_under_its_name():
    assert reward("tiou", {}, {}).__name__ == "tiou"


@pytest.mark.parametrize("content", [RIGHT, [{"type": "text", "text": RIGHT}]])
def test_chat_completions_are_read_in_either_form(content):
    assert text_of([{"role": "assistant", "content": content}]) == RIGHT
    assert ask("tiou", [{"role": "assistant", "content": content}]) == [1.0]


def test_a_completion_need_not_write_the_mark_that_its_template_has_written():
    closed = RIGHT.removeprefix("<think>")
    assert ask("format", closed, RIGHT, "It opens, 3.0 to", opened=True) == [1.0, 1.0, 0.0]
    assert ask("format", closed, RIGHT) == [0.0, 1.0], "without such a template it has to"


def test_a_time_inside_reasoning_that_was_cut_off_is_no_answer():
    assert ask("tiou", "From 3.0 s to 9.0 s the door", opened=True) == [0.0]
