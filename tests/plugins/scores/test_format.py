import pytest

from support.builders import make_sample
from vtgdata.conversation.answer import Form, parse
from vtgdata.plugins.scores import format as form_score

TIME = "<time>[{start}, {end}]</time>"


def one(text, form):
    return form_score.score([parse(text, form=form, duration=30.0)], [make_sample()])[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<think>it opens</think> <time>[5.2, 10.4]</time>", 1.0),
        ("<time>[5.2, 10.4]</time>", 0.0),
        ("<think></think> <time>[5.2, 10.4]</time>", 0.0),
        ("<think>it opens</think> <time></time>", 0.0),
        ("<think>it opens</think> <time>[10.4, 5.2]</time>", 0.0),
        ("<think>it opens</think> <time>[00:05, 00:10]</time>", 0.0),
    ],
)
def test_reasoning_is_asked_for_and_an_empty_tag_is_no_answer(text, value):
    assert one(text, Form(TIME)) == value


def test_an_option_alone_is_in_form_where_nothing_else_is_asked():
    form = Form(r"\boxed{{option}}", reasoning=False)
    assert one(r"\boxed{C}", form) == 1.0
    assert one("The answer is C.", form) == 0.0
