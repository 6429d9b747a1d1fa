"""Rows of rollouts: what was said beside what it counts."""

from support.builders import make_sample
from vtgdata.conversation.answer import Form
from vtgdata.engine.rollouts import finalize
from vtgdata.engine.spool import WantedAnswer
from vtgdata.records import Reply, Sampling

ONE = Form("<answer>{start} to {end}</answer>", reasoning=False)
SEVERAL = Form("<answer>[({start}, {end}), ...]</answer>", reasoning=False)
SAMPLE = make_sample("s", windows=[(3.0, 9.0), (12.0, 14.0)])


def row(text, form):
    asked = WantedAnswer(key="k", sample_id="s", index=0, prompt_id="p", frames_id="f", frame_times=(), problem=None)
    reply = Reply(text=text)
    return finalize([asked], {"k": reply}, {"s": SAMPLE}, model_id="m", sampling=Sampling(), form=form)[0]


def test_two_windows_where_one_is_asked_are_kept_and_count_nothing():
    said = row("<answer>3.0 to 9.0, 12.0 to 14.0</answer>", ONE)
    assert (said["windows"], said["parse_status"]) == ([[3.0, 9.0], [12.0, 14.0]], "several_where_one")
    assert (said["iou"], said["strict_ok"]) == (0.0, False)
    assert said["scores"] == [{"name": "tiou", "value": 0.0}, {"name": "format", "value": 0.0}]


def test_where_several_are_asked_they_count_together():
    said = row("<answer>[(3.0, 9.0), (12.0, 14.0)]</answer>", SEVERAL)
    assert (said["parse_status"], said["iou"], said["strict_ok"]) == ("ok", 1.0, True)
