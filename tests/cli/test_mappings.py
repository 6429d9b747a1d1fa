"""Settings that are mappings, as they are typed: key=value, the keys of rewards with settings of their own."""

import pytest

from vtgdata.cli.options import given
from vtgdata.errors import VtgError
from vtgdata.train.rl import Settings


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (["tiou=0.9,format=0.1"], {"tiou": 0.9, "format": 0.1}),
        (["tiou=0.9", "format=0.1"], {"tiou": 0.9, "format": 0.1}),
        (["length:low=8,high=200=0.1,tiou=0.9"], {"length:low=8,high=200": 0.1, "tiou": 0.9}),
        (["length:low=8=0.1"], {"length:low=8": 0.1}),
        (["tiou*format=1"], {"tiou*format": 1}),
        (["tiou=-1"], {"tiou": -1}),
        (['{"length:low=8": 0.1}'], {"length:low=8": 0.1}),
    ],
)
def test_a_reward_may_have_settings(typed, read):
    assert given(Settings, {"rewards": typed}) == {"rewards": read}


def test_a_reward_without_a_weight_is_refused():
    for typed in ("tiou", "length:low=8,high=200"):
        with pytest.raises(VtgError, match="--rewards"):
            given(Settings, {"rewards": [typed]})


def test_other_mappings_are_read_as_ever():
    assert given(Settings, {"trl": ["optim=adamw_torch,a:b=c=d"]}) == {"trl": {"optim": "adamw_torch", "a:b": "c=d"}}
