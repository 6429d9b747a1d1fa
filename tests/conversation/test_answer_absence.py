"""What says that there is no such moment, and what says nothing."""

import pytest

from vtgdata.conversation.answer import parse
from vtgdata.conversation.answer_form import Form
from vtgdata.conversation.prompt import load_prompt, read_prompt
from vtgdata.errors import VtgError

SAYS_SO = [
    "<think>I look.</think><answer>no such moment</answer>", "<answer>does not happen</answer>", "No such moment.",
    "The event does not happen in the video.", "There is no such moment in this video.", "[]", "<answer>[]</answer>",
    "null", '{"windows": []}', "<answer>not present</answer>", "I could not find this event in the video.",
    "This query is unrelated to the video.", "<answer>no goat appears</answer>", "The video does not show a goat.",
    "<answer>A park does not appear in the video, and the girl stands in front of a staircase.</answer>",
    "该事件没有发生", "The moment does not occur between 3 s and 9 s.",
]  # fmt: skip
SAYS_NO_SUCH_THING = [
    "", "  ", "<answer></answer>", "<answer> </answer>", "(B)", "<answer>B</answer>",
    "I'm sorry, I cannot help with that.",
    "hello world", "<think>It does not happen.</think>", "From 3 to 9 s.", "<answer>9 to 3</answer>",
    "It does not happen at first, but from 12.5 to 17.8 seconds.", "...",
]  # fmt: skip


@pytest.mark.parametrize("text", SAYS_SO)
def test_saying_so_is_an_answer(text):
    found = parse(text, duration=30.0, form=Form())
    assert found.says_none and not found.windows and found.parse_status in ("no_answer", "unparsable")


@pytest.mark.parametrize("text", SAYS_NO_SUCH_THING)
def test_saying_nothing_is_none(text):
    assert not parse(text, duration=30.0, form=Form()).says_none


def test_an_answer_that_was_cut_off_says_nothing_yet():
    assert not parse("<answer>no such", finish_reason="length").says_none


def test_a_prompt_that_asks_for_it_takes_it_as_its_form():
    form = load_prompt("ground_or_none").form
    text = f"<think>I look.</think>{form.write([])}"
    assert form.absent == form.write([]) == "<answer>no such moment</answer>"
    assert parse(text, form=form).strict_ok and not parse(text, form=Form()).strict_ok
    assert not parse("<answer>no such moment</answer>", form=form).strict_ok, "it asks for reasoning"
    assert form.write([("1.0", "2.5")]) == "<answer>1.0 to 2.5</answer>"


def test_a_prompt_whose_words_are_not_understood_is_refused():
    text = "---\nanswer: '{start} to {end}'\nabsent: hello\n---\n{frames}{query}\n"
    with pytest.raises(VtgError, match="absent: 'hello' is not read as saying"):
        read_prompt("p", text, "p.md")
