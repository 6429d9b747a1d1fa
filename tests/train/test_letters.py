"""Questions that are answered by a letter: made of the rows, the same for every run, compared before and after."""

import logging

import pytest

from support.safe_training import PROMPTS, frames, rows, save_base, settings
from vtgdata.files.whole import write_json
from vtgdata.train import letters, rl, session
from vtgdata.train.letters import questions


def several(count):
    return [row | {"query": f"a red ring number {row['sample_id']}"} for row in rows(count)]


def test_each_question_has_the_rows_own_sentence_under_the_right_letter_and_three_of_other_sources():
    of = several(12)
    found = questions(of, 32)
    assert len(found) == 12
    for each in found:
        options = each.sample.options
        assert options["ABCD".index(each.sample.answer or "")] == each.row["query"] and len(set(options)) == 4
    assert len({each.sample.answer for each in found}) > 1, "the right letter is not always the same"


def test_two_runs_on_the_same_rows_ask_the_same_in_whatever_order_these_come():
    of = several(12)
    assert [each.sample for each in questions(of, 5)] == [each.sample for each in questions(of[::-1], 5)]


def test_where_there_are_too_few_sources_or_sentences_nothing_is_asked():
    assert questions(several(3), 32) == [] and questions(rows(12), 32) == []
    assert questions([row | {"video_id": "v", "source_id": "v"} for row in several(12)], 32) == []
    assert questions(several(12), 0) == []


def test_rows_that_are_questions_themselves_are_no_sentences_to_choose_from():
    asked = [row | {"sample_id": f"q{row['sample_id']}", "video_id": f"q{row['video_id']}", "query": "why?",
                    "options": ["a", "b"], "answer": "A", "task": "grounded_qa"} for row in several(6)]  # fmt: skip
    assert questions([*asked, *several(12)], 32) == questions(several(12), 32)
    assert questions(asked, 32) == []


def test_a_loss_that_is_more_than_chance_is_said(tmp_path, caplog):
    write_json(tmp_path / letters.NAME, [True] * 8 + [False] * 2)
    with caplog.at_level(logging.WARNING, "vtgdata"):
        found = letters.result(tmp_path, [True] * 7 + [False] * 2 + [True])
        assert found == letters.Letters(questions=10, before=8, after=8, by_chance=2.5, lost=1, gained=1)
        assert not caplog.text
        letters.result(tmp_path, [False] * 10)
    assert "8 of 10 questions with frames were answered rightly before, 0 now" in caplog.text
    assert letters.result(tmp_path / "none", [True]) is None


@pytest.mark.slow
def test_a_tiny_model_is_asked_before_and_after(tmp_path):
    pytest.importorskip("trl", reason="needs vtgdata[train]")
    base, out = save_base(tmp_path / "base"), tmp_path / "out"
    out.mkdir()
    given = {"prompts_per_step": 2, "rollouts": 2, "max_new_tokens": 8, "steps": 1, "stall": 0, "letter_questions": 5}
    place = session.Place(out=out / "model", kept=out)
    found = rl.fit(rl.Settings(**settings(base, out, **given)), several(6), PROMPTS, frames, place).letters
    assert found is not None and found.questions == 5
    assert (found.before, found.after) == (0, 0), "random weights say no letter"
