import pytest

from support.builders import make_sample
from vtgdata.errors import VtgError
from vtgdata.plugins.filters import repaired
from vtgdata.records import Repair

SLIP = Repair("end_far_past_video", "14220.0", "157.8")
SAMPLES = [
    make_sample("clean"),
    make_sample("blank", repairs=(Repair("query_blanks", "' a'", "'a'"),)),
    make_sample("slip", repairs=(Repair("query_blanks", "' a'", "'a'"), SLIP)),
    make_sample("twice", repairs=(Repair("duplicate", "x:1", "kept"),)),
]


def test_slips_and_duplicates_are_dropped_with_what_was_repaired() -> None:
    assert [tuple(left) for left in repaired.keep(SAMPLES, None)] == [
        ("slip", "end_far_past_video", "14220.0 -> 157.8"),
        ("twice", "duplicate", "x:1 -> kept"),
    ]


def test_the_codes_are_the_user_s_choice() -> None:
    assert [left.sample_id for left in repaired.keep(SAMPLES, None, codes="query_blanks+duplicate")] == [
        "blank",
        "slip",
        "twice",
    ]


def test_no_codes_are_refused() -> None:
    with pytest.raises(VtgError, match="repaired: codes="):
        repaired.keep([], None, codes="")
