"""Scores as rewards."""

import pytest

from support.builders import make_sample
from vtgdata.conversation.answer import Form
from vtgdata.train.rewards import reward, text_of

RIGHT = "<think>it opens</think><answer>3.0 to 9.0</answer>"
EARLY = "<think>it opens</think><answer>3.0 to 6.0</answer>"


def ask(name, *texts, **sample):
    one = make_sample("s", **sample)
    function = reward(name, {"s": one}, {"s": Form()})
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
