import pytest

from vtgdata.annotations.keys import LISTS, Keys
from vtgdata.errors import VtgError


def test_the_commonest_name_of_a_field_goes_first() -> None:
    assert Keys().of({"query": 1, "sentence": 2, "vid": 3, "span": 4}) == {
        "query": "query",
        "video": "vid",
        "windows": "span",
    }


def test_a_user_s_name_is_the_only_one_looked_at() -> None:
    keys = Keys({"query": "desc"})
    assert keys.of({"query": 1, "desc": 2})["query"] == "desc"
    with pytest.raises(ValueError, match="no 'desc' here, only 'query'"):
        keys.of({"query": 1})


def test_a_field_that_is_not_ours_is_refused_with_the_nearest() -> None:
    with pytest.raises(VtgError, match="did you mean 'query'"):
        Keys({"qeury": "desc"})


def test_what_is_missing_is_said_with_the_keys_found() -> None:
    error = Keys({}, LISTS).missing("windows", {"sentences": []})
    assert "timestamps" in str(error) and "'sentences'" in str(error) and "--map windows=KEY" in str(error)


def test_many_sets_of_keys_are_read_right() -> None:
    keys = Keys()
    for i in range(3000):
        assert keys.of({f"x{i}": 1, "query": 2}) == {"query": "query"}
