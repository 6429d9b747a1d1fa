"""The user's changes of a request's body."""

import pytest

from vtgdata.errors import VtgError
from vtgdata.plugins.models._serving.body import changed, identity, merged, nested

OURS = {"model": "m", "temperature": 1.0, "max_tokens": 9, "seed": 5}


def test_null_takes_a_field_away_and_a_dotted_name_goes_into_an_object():
    given = nested({"seed": None, "extra.think": False, "extra.budget": 5, "stop": ["a"]})
    assert changed(OURS, given) == {
        "model": "m", "temperature": 1.0, "max_tokens": 9, "extra": {"think": False, "budget": 5}, "stop": ["a"],
    }  # fmt: skip


def test_an_object_and_a_dotted_name_are_the_same_change():
    assert nested({"a": {"b": 1, "c.d": 2}}) == nested({"a.b": 1, "a.c.d": 2}) == {"a": {"b": 1, "c": {"d": 2}}}
    assert merged({"a": {"b": 1}}, {"a": {"b": None, "c": 2}}) == {"a": {"c": 2}}


def test_a_length_under_another_name_replaces_ours():
    assert changed(OURS, {"max_completion_tokens": 7}).keys() == {
        "model",
        "temperature",
        "seed",
        "max_completion_tokens",
    }


@pytest.mark.parametrize("given", [{"a": 1, "a.b": 2}, {"a.b": 2, "a": 1}, {"a..b": 1}, {".a": 1}, {"messages": []}])
def test_changes_that_contradict_or_cannot_be_meant_are_refused(given):
    with pytest.raises(VtgError, match="--body"):
        nested(given)


def test_the_changes_are_a_part_of_the_id_whatever_their_order_and_none_changes_no_id():
    assert identity(nested({})) == ""
    assert identity(nested({"b": 1, "a": None})) == identity(nested({"a": None, "b": 1})) == "[a=null,b=1]"
    assert identity({"a": 1}) != identity({"a": "1"}) != identity({"a": None})
    long = identity({"provider": {"order": ["https://x", "y" * 200]}})
    assert long.startswith("[body ") and len(long) < 60
