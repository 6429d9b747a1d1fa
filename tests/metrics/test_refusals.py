"""Refusing: precision, recall and F1 of saying that there is no moment, beside grounding on what is there."""

import numpy as np
import pytest

from support.builders import make_answer, make_sample
from vtgdata.files import plugins
from vtgdata.metrics import refusals, sets
from vtgdata.metrics.answered import Answered
from vtgdata.metrics.breakdown import mean

HERE = [make_sample(f"t:{i}", video_id=f"v{i}", windows=[(3, 9)]) for i in range(3)]
ABSENT = [make_sample(f"t:{i}", video_id=f"v{i}", windows=[], none_is_right=True) for i in range(3, 6)]
SAMPLES = [*HERE, *ABSENT]
REFUSES, SILENT, SAYS = Answered(says_none=True), Answered(), Answered(windows=np.array([[3.0, 9.0]]))
ANSWERS = [SAYS, SILENT, REFUSES, REFUSES, SAYS, SILENT]
"""Right, nothing, refused falsely; refused rightly, a window that is not there, nothing."""


def test_counts_of_refusals():
    found = refusals.report(ANSWERS, SAMPLES, [s.video.video_id for s in SAMPLES])
    assert found is not None
    low, high = found.pop("f1_interval")
    assert low < found["f1"] < high
    assert found == {
        "n_absent": 3, "n_refused": 2, "right": 1, "precision": 0.5, "recall": pytest.approx(1 / 3),
        "f1": pytest.approx(0.4), "false_refusals": pytest.approx(1 / 3), "ignored": 1,
    }  # fmt: skip


def test_without_samples_that_have_no_moment_nothing_is_said_of_refusals():
    assert refusals.report(ANSWERS[:3], HERE, ["a", "b", "c"]) is None
    assert not set(refusals.SHARES) & set(sets.values("moments", ANSWERS[:3], HERE, ()))


@pytest.mark.parametrize("name", ["moments", "multi", "ranked", "didemo", "nextgqa"])
def test_grounding_is_that_of_samples_with_a_moment(name):
    found, there = sets.values(name, ANSWERS, SAMPLES, ()), sets.values(name, ANSWERS[:3], HERE, ())
    for metric, array in there.items():
        assert mean(found[metric]) == pytest.approx(mean(array), nan_ok=True), metric
    assert mean(found["false-refusals"]) == pytest.approx(1 / 3)
    assert all(share in sets.shown(name, found) for share in refusals.SHARES)


REFUSING = make_answer(status="no_answer", says_none=True)
TIMED = sorted(set(plugins.names("scores")) - {"answer", "format", "length"})


@pytest.mark.parametrize("name", TIMED)
def test_every_score_of_windows_gives_refusing_rightly_one_and_all_else_nothing(name):
    score = plugins.load("scores", name).score
    unread, claims = make_answer(), make_answer((3.0, 9.0))
    asked = [ABSENT[0], ABSENT[0], ABSENT[0], HERE[0]]
    assert score([REFUSING, unread, claims, REFUSING], asked).tolist() == [1.0, 0.0, 0.0, 0.0]


def test_refusal_asks_only_whether_the_moment_is_there():
    score = plugins.load("scores", "refusal").score
    wrong = make_answer((20.0, 25.0))
    unknown = make_sample(windows=[])
    found = score([wrong, wrong, REFUSING, make_answer(), REFUSING], [HERE[0], ABSENT[0], ABSENT[0], HERE[0], unknown])
    assert found[:4].tolist() == [1.0, 0.0, 1.0, 0.0] and np.isnan(found[4])


def test_ra_rft_s_reward_is_the_boundary_score():
    # FIELD2026 B5, T = 30, truth [5, 10]: 7 to 12 scores 0.4286 x 0.8711.
    sample, score = make_sample(windows=[(5, 10)], duration=30.0), plugins.load("scores", "tiou_boundary").score
    answers = [make_answer((5.0, 10.0)), make_answer((7.0, 12.0)), REFUSING]
    assert score(answers, [sample] * 3) == pytest.approx([1.0, 0.3733, 0.0], abs=5e-5)
    assert score([REFUSING, make_answer((2.0, 3.0))], ABSENT[:2]).tolist() == [1.0, 0.0]
