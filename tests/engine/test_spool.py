from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtgdata.engine.spool import QuestionAnswers, Spool, question_answers
from vtgdata.engine.work_keys import Question, work_keys
from vtgdata.errors import VtgError
from vtgdata.records import Sampling

QUESTION = Question(sample_id="s", messages=(), prompt_id="p", frames_id="f", frame_times=(0.0, 0.1))


def record(number: int) -> QuestionAnswers:
    return QuestionAnswers(
        sample_id=f"s{number}" * (number % 7),
        prompt_id="p",
        frames_id="f",
        frame_times=(0.5,),
        problem=None,
        keys=b"k" * 16,
    )


@given(st.integers(0, 9))
def test_each_answer_has_its_key_and_index(n):
    keys = work_keys(QUESTION, "m", Sampling(), n, 0)
    one = question_answers(QUESTION, keys)
    assert one.n == n
    assert [(each.key, each.index) for each in one.each()] == [(key, index) for index, key in enumerate(keys)]


def test_records_come_back_in_order_from_any_place_and_more_can_be_added_after(tmp_path):
    with Spool(tmp_path) as spool:
        for number in range(50):
            spool.add(record(number))
        middle = spool.end
        assert [one for _, one in spool.read()] == [record(number) for number in range(50)]
        for number in range(50, 60):
            spool.add(record(number))
        found = list(spool.read())
        assert [one for _, one in found] == [record(number) for number in range(60)]
        assert [one for _, one in spool.read(middle)] == [record(number) for number in range(50, 60)]
        assert [spool.at(place) for place, _ in reversed(found)] == [record(number) for number in range(59, -1, -1)]
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_with_what_to_do():
    """/dev/full refuses every write, as a full disk does."""
    spool = Spool.__new__(Spool)
    with pytest.raises(VtgError, match="Free some room"), Path("/dev/full").open("r+b", buffering=0) as full:
        spool._folder, spool.end, spool._moved, spool._file = "out", 0, False, full
        spool.add(record(1))
