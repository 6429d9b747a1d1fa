"""Files of predictions of VUE-TR, ReXTime and TimeLens2, each told by its own rows."""

import json

import pytest

from support.builders import make_sample
from vtgdata.conversation.answer import Form
from vtgdata.metrics.judging import judge_predictions
from vtgdata.metrics.predictions.join import join
from vtgdata.metrics.predictions.read import read_predictions

SAMPLES = [
    make_sample(f"vue_tr:{i}", video_id="aB3_dE-6hIj", duration=61.375, query=f"a kite lands {i}", corpus="vue_tr")
    for i in range(5)
]


def row(number, answer, **more):
    known = {"query_id": number, "video_id": "aB3_dE-6hIj", "duration": 61.375, "query": f"a kite lands {number}"}
    return known | {"answer": answer, "task": "temporal_retrieval"} | more


def judged(path, rows, samples=SAMPLES):
    path.write_text(json.dumps(rows))
    file = read_predictions(path)
    joined = join(file, samples)
    return file, joined, judge_predictions(joined.found, samples, Form()).answers


def test_vue_tr_keeps_what_its_scorer_counts(tmp_path):
    rows = [row(0, [[11.4, 15.2], [40.0, 43.1]]), row(1, []), row(2, [[]]), row(3, [[9, 9], [8, 2]])]
    file, joined, answers = judged(tmp_path / "results.json", rows)
    assert file.format == "vue_tr" and len(joined.found) == 4 and not joined.extra
    assert answers[0].windows.tolist() == [[11.4, 15.2], [40.0, 43.1]] and not answers[0].ranked
    assert [answer.says_none for answer in answers] == [False, True, True, False, False]
    assert answers[3].raw.tolist() == [[9.0, 9.0], [8.0, 2.0]], "a point and a reversed window"


@pytest.mark.parametrize("wrong", [{"query_id": 9}, {"video_id": "aB3_dE-6hIk"}, {"query": "another one"}])
def test_a_row_about_something_else_answers_no_sample(wrong, tmp_path):
    _, joined, _ = judged(tmp_path / "results.json", [row(0, [[1, 2]]) | wrong, row(1, [[1, 2]])])
    assert len(joined.found) == 1 and len(joined.extra) == 1


def test_rextime_may_give_windows_an_option_or_both(tmp_path):
    samples = [make_sample(f"rextime:anet_val{i}", corpus="rextime") for i in range(3)]
    rows = [
        {"qid": "anet_val0", "pred_relevant_windows": [[30.0, 39.2]], "ans": "A"},
        {"qid": "anet_val1", "pred_relevant_windows": [[30.0, 39.2]]},
        {"qid": "anet_val2", "ans": "B"},
    ]
    file, _, answers = judged(tmp_path / "submission.json", rows, samples)
    assert file.format == "qvhighlights" and not file.broken
    assert [answer.option for answer in answers] == ["A", None, "B"]
    assert [len(answer.windows) for answer in answers] == [1, 1, 0]
    (tmp_path / "ans.json").write_text(json.dumps(rows[2:]))
    assert read_predictions(tmp_path / "ans.json").format == "qvhighlights"


def test_a_table_of_timelens2_s_evaluation_is_read(tmp_path):
    path = tmp_path / "TimeLens2_VUE_TR.tsv"
    lines = [f'{i}\taB3_dE-6hIj\ta kite lands {i}\t"[[{i}, 9.5]]"' for i in range(5)]
    path.write_text("index\tvideo\tquestion\tprediction\n" + "\n".join(lines) + "\n")
    file = read_predictions(path)
    joined = join(file, SAMPLES)
    answers = judge_predictions(joined.found, SAMPLES, Form(several=True)).answers
    assert file.format == "rows" and len(joined.found) == 5
    assert [answer.windows.tolist() for answer in answers] == [[[float(i), 9.5]] for i in range(5)]
