"""Rewards, pass rates, cold start and evaluation read a text alike: windows, status and scores, cut off or not."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.builders import make_sample
from vtgdata.conversation.answer import Form, parse
from vtgdata.engine.rollouts import finalize
from vtgdata.engine.spool import WantedAnswer
from vtgdata.files import plugins
from vtgdata.metrics.judging import judge_predictions, judge_rows
from vtgdata.metrics.predictions.record import Prediction
from vtgdata.records import Reply, Sampling
from vtgdata.records.windows import as_pairs
from vtgdata.train.rewards import reward

PROBES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "conversation/probes/answers.jsonl").read_text().splitlines()
]
TEXTS = PROBES[:: max(1, len(PROBES) // 50)][:50]
"""Fifty texts from all families; each is read whole and cut off."""
END = 7
"""A token that ends a text."""
SCORES = ("tiou", "format", "tiou_boundary", "giou")


@pytest.mark.parametrize("finish_reason", ["stop", "length"])
@pytest.mark.parametrize("probe", TEXTS, ids=lambda probe: probe["id"])
def test_all_four_read_a_text_alike(probe: dict[str, Any], finish_reason: str) -> None:
    form = Form(template=probe["form"], reasoning=probe["reasoning"], several=probe.get("several", False))
    text, duration = probe["text"], probe["duration"]
    sample = make_sample("s", duration=duration, windows=[(12.0, 17.0)])
    right = parse(text, duration=duration, form=form, finish_reason=finish_reason)

    reply = Reply(text=text, finish_reason=finish_reason, tokens_in=1, tokens_out=1)
    one = WantedAnswer(key="k", sample_id="s", index=0, prompt_id="p", frames_id="f", frame_times=(), problem=None)
    rows = finalize(
        [one], {"k": reply}, {"s": sample}, model_id="m", sampling=Sampling(), form=form, scores=SCORES
    )  # pass rates and cold start go by these rows
    by_row = {score["name"]: score["value"] for score in rows[0]["scores"]}

    said = Prediction(keys=("s",), where="f:1", text=text, finish_reason=finish_reason)
    judged = judge_predictions({"s": said}, [sample], form)
    again = judge_rows(rows, [sample])

    assert rows[0]["parse_status"] == judged.rows[0]["parse_status"] == right.parse_status
    assert rows[0]["windows"] == judged.rows[0]["windows"] == as_pairs(right.windows)
    assert rows[0]["strict_ok"] == judged.rows[0]["strict_ok"] == right.strict_ok
    assert np.array_equal(judged.answers[0].windows, again.answers[0].windows)
    for name in SCORES:
        value = float(plugins.load("scores", name).score([right], [sample])[0])
        rewarded = reward(name, {"s": sample}, {"s": form}, {END})(
            completions=[text], sample_id=["s"], completion_ids=[[1, END if finish_reason == "stop" else 2]]
        )[0]
        if np.isnan(value):  # it does not apply, as tiou_boundary where no duration is known
            assert rewarded is None and name not in by_row
        else:
            assert rewarded == value == by_row[name], name


def test_a_completion_that_is_cut_off_earns_what_evaluation_gives_it():
    sample = make_sample("s", windows=[(5.0, 10.0)])
    text = "<think>x</think><answer>5.0 to 10.0"
    function = reward("tiou", {"s": sample}, {"s": Form()}, {END})
    earned = function(completions=[text] * 2, sample_id=["s"] * 2, completion_ids=[[1, 2], [1, END]])
    assert earned == [0.0, 1.0]


def test_either_letter_of_two_equal_options_is_right_for_the_reward_and_the_metric():
    sample = make_sample("s", windows=[(5.0, 10.0)], options=("red", "blue", "red"), answer="A")
    texts = [f"<answer>{letter}</answer>" for letter in "ABC"]
    form = {"s": Form(template="<answer>{option}</answer>", reasoning=False)}
    earned = reward("answer", {"s": sample}, form)(completions=texts, sample_id=["s"] * 3)
    assert earned == [1.0, 0.0, 1.0]
