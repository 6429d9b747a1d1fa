"""What every reading promises; a new file in vtgdata/plugins/other_parsers is picked up by itself."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.time_budget import shared
from vtgdata.files import plugins

NAMES = plugins.names("other_parsers")
pieces = st.sampled_from(
    ["<think>", "</think>", "<answer>", "</answer>", "<time>", "</time>", "3", " to ", " and ", "5.5", "-", " - ", "[",
     "]", ", ", "{", '"start": ', "9" * 400, "1e999", "s", ":", "start", "end", "happens in ", "\n", "NaN", "null"]
)  # fmt: skip


def read(name, text, duration=60.0):
    return plugins.load("other_parsers", name).read(text, duration)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=shared(settings().max_examples, 4, len(NAMES)))
@given(st.lists(pieces | st.text(max_size=5), max_size=25).map("".join), st.none() | st.floats(1, 1000))
def test_it_gives_finite_pairs_or_none_for_any_text(name, text, duration):
    pairs = read(name, text, duration)
    assert pairs is None or (isinstance(pairs, tuple) and len(pairs) > 0)
    for start, end in pairs or ():
        assert isinstance(start, float) and isinstance(end, float)
        assert math.isfinite(start) and math.isfinite(end)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["", " \n", "The man opens the gate.", "<answer></answer>", "<time></time>"])
def test_where_there_is_no_number_there_is_nothing(name, text):
    assert read(name, text) is None


@pytest.mark.parametrize("name", NAMES)
def test_the_same_text_is_read_the_same(name):
    text = "The event happens in 12.0 - 15.5 seconds. <time>[12.0, 15.5]</time> <answer>12.0 to 15.5</answer>"
    assert read(name, text) == read(name, text)


@pytest.mark.parametrize("name", NAMES)
def test_it_reads_its_own_example(name):
    text, pairs = plugins.load("other_parsers", name).EXAMPLE
    assert pairs and read(name, text) == pairs
