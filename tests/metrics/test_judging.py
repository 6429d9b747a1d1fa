from support.builders import make_sample
from vtgdata.conversation.answer import Form
from vtgdata.files.schemas import ROLLOUTS
from vtgdata.metrics.judging import judge_predictions, judge_rows
from vtgdata.metrics.predictions.record import Prediction


def test_an_answer_of_two_windows_where_one_is_wanted_counts_as_none() -> None:
    text = "<answer>3.0 to 9.0</answer>"
    sample, form = make_sample("a"), Form(reasoning=False)
    both = text.replace("</answer>", " and 20 to 25</answer>")
    for said, iou in ((text, 1.0), (both, 0.0)):
        judged = judge_predictions({"a": Prediction(keys=("a",), where="file:1", text=said)}, [sample], form)
        (answer,) = judged.answers
        assert (len(answer.windows), len(judged.rows[0]["windows"])) == (1 if iou else 0, 1 if iou else 2)
    kept = {"sample_id": "a", "windows": [[3.0, 9.0], [20.0, 25.0]], "parse_status": "several_where_one", "error": None}
    (answer,) = judge_rows([{**dict.fromkeys(ROLLOUTS), **kept}], [sample]).answers
    assert len(answer.windows) == 0
