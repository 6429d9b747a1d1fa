"""What every prompt promises; a new file in vtgdata/plugins/prompts is picked up by itself."""

import pytest

from support.builders import make_sample
from vtgdata.conversation.answer import parse
from vtgdata.conversation.prompt import load_prompt, render
from vtgdata.files import plugins
from vtgdata.records import Image, Text

NAMES = plugins.names("prompts")
TIMES, IMAGES = (0.0, 1.5), (b"a", b"b")


def text_of(messages):
    return "".join(part.text for message in messages for part in message.parts if isinstance(part, Text))


@pytest.mark.parametrize("name", NAMES)
def test_it_renders_query_frames_in_order_and_duration(name):
    messages = render(load_prompt(name), make_sample(query="a dog jumps"), TIMES, IMAGES)
    images = [part for message in messages for part in message.parts if isinstance(part, Image)]
    assert [image.jpeg for image in images] == [b"a", b"b"]
    assert "a dog jumps" in text_of(messages)
    assert "1.5" in text_of(messages)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("query", ["{duration} {0} %s {query}", "a <b> & 'c'", "---"])
def test_a_query_is_data_and_never_a_template(name, query):
    assert query in text_of(render(load_prompt(name), make_sample(query=query), TIMES, IMAGES))


@pytest.mark.parametrize("name", NAMES)
def test_it_renders_without_a_known_duration(name):
    assert render(load_prompt(name), make_sample(duration=None), TIMES, IMAGES)


@pytest.mark.parametrize("name", NAMES)
def test_its_own_answer_form_is_read_back(name):
    form = load_prompt(name).form
    text = form.write([("3.0", "9.0"), ("12.0", "14.5")], option="A")
    answer = parse(("<think>because</think>" if form.reasoning else "") + text, duration=30.0, form=form)
    assert answer.strict_ok
