"""What holds for scores whatever the windows are; 10,000 examples each by `make deep`."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from support.builders import make_answer, make_sample
from vtgdata.conversation.answer import Form, parse
from vtgdata.files import plugins
from vtgdata.metrics.window_table import tiou_array
from vtgdata.plugins.scores.center_distance import centre_array
from vtgdata.plugins.scores.giou import giou_array
from vtgdata.plugins.scores.tiou_boundary import tiou_boundary_array
from vtgdata.records import Answer, Sample

DURATION = 100.0
ALL = plugins.names("scores")
REASONS = "The dog stands at the door, then jumps over the fence and runs away."
# Symmetric for sets; the others look for the best true window of a single one.
SYMMETRIC = ("union_iou", "support_f1")
DOES_NOT_SEE_CUTS = ("union_iou", "tiou_boundary", "giou", "center_distance")
PAIRS = {
    "tiou": lambda a, b: tiou_array(a, b),
    "tiou_boundary": lambda a, b: tiou_boundary_array(a, b, np.array([DURATION])),
    "giou": lambda a, b: giou_array(a, b),
    "center_distance": lambda a, b: centre_array(a, b, np.array([DURATION])),
}

Pair = tuple[float, float]
lengths = st.floats(0.05, 60) | st.integers(1, 60).map(float)
starts = st.floats(0, 99.9) | st.integers(0, 99).map(float)
# Ends may lie past the video.
windows = st.tuples(starts, lengths).map(lambda pair: (pair[0], pair[0] + pair[1]))
several = st.lists(windows, min_size=1, max_size=5)


def score(name: str, said: Sequence[Pair], true: Sequence[Pair]) -> float:
    return float(plugins.load("scores", name).score([answer(said)], [question(true)])[0])


def question(true: Sequence[Pair]) -> Sample:
    """A sample that every score applies to: one with windows, a duration and a right option."""
    return make_sample(windows=true, duration=DURATION, task="grounded_qa", options=("yes", "no"), answer="B")


def answer(said: Sequence[Pair]) -> Answer:
    """An answer that is right in all but perhaps its windows; without any, one that says nothing."""
    return make_answer(*said, option="B", reasoning=REASONS) if said else make_answer()


def array(window: Pair) -> np.ndarray:
    return np.array([window])


@given(st.lists(windows, max_size=5), several)
def test_every_score_is_in_zero_to_one(said, true):
    for name in ALL:
        assert 0.0 <= score(name, said, true) <= 1.0, name


@given(several)
def test_the_truth_itself_scores_one(true):
    # A window said twice is one window, and the parser says so.
    true = list(dict.fromkeys(true))
    for name in ALL:
        assert score(name, true, true) == pytest.approx(1.0), name


@given(several)
def test_no_window_scores_zero(true):
    for name in ALL:
        assert score(name, [], true) == 0.0, name


@given(windows, windows)
def test_one_window_against_another_is_symmetric(a, b):
    for name, function in PAIRS.items():
        assert function(array(a), array(b)) == pytest.approx(function(array(b), array(a))), name
        assert score(name, [a], [b]) == pytest.approx(float(function(array(a), array(b))[0])), name


@given(several, several)
def test_sets_of_windows_are_symmetric(a, b):
    for name in SYMMETRIC:
        assert score(name, a, b) == pytest.approx(score(name, b, a)), name


@given(several, several, st.randoms(use_true_random=False))
def test_the_order_of_windows_changes_nothing(said, true, random):
    mixed, mixed_true = random.sample(said, len(said)), random.sample(true, len(true))
    for name in ALL:
        assert score(name, said, true) == pytest.approx(score(name, mixed, mixed_true)), name


@given(several, several, st.floats(0.01, 0.99))
def test_where_an_answer_is_cut_changes_nothing(said, true, share):
    start, end = said[0]
    middle = start + share * (end - start)
    assume(start < middle < end)
    cut = [(start, middle), (middle, end), *said[1:]]
    for name in DOES_NOT_SEE_CUTS:
        assert score(name, cut, true) == pytest.approx(score(name, said, true)), name


@given(windows, several, st.floats(0.01, 0.99))
def test_the_covered_time_of_support_f1_does_not_see_a_cut(whole, true, share):
    start, end = whole
    middle = start + share * (end - start)
    assume(start < middle < end)
    # Against one true window, one match is all there is: only the number of windows said changes the other factor.
    once, twice = (score("support_f1", said, true[:1]) for said in ([whole], [(start, middle), (middle, end)]))
    assert twice * 3 == pytest.approx(once * 2)


@given(windows, st.floats(0.1, 20), st.floats(0.01, 20), st.floats(0.1, 20))
def test_a_disjoint_answer_scores_more_the_nearer_it_comes(true, gap, step, length):
    near = (true[1] + gap, true[1] + gap + length)
    far = (near[0] + step, near[1] + step)
    assert score("giou", [far], [true]) < score("giou", [near], [true]) < 0.5
    assert score("center_distance", [far], [true]) <= score("center_distance", [near], [true]) + 1e-12
    assert score("tiou", [far], [true]) == score("tiou", [near], [true]) == 0.0


@given(st.lists(windows, min_size=2, max_size=3), windows, st.floats(0.01, 5))
def test_a_disjoint_set_scores_more_the_nearer_it_comes(said, true, step):
    far = [(start + true[1] + step, end + true[1] + step) for start, end in said]
    near = [(start - step, end - step) for start, end in far]
    assert score("giou", far, [true]) < score("giou", near, [true]) + 1e-12


@given(windows, windows)
def test_what_lies_past_the_video_is_cut_off_first(said, true):
    cut = [(start, min(end, DURATION)) for start, end in (said, true)]
    for name in ("tiou_boundary", "center_distance"):
        assert score(name, [said], [true]) == pytest.approx(score(name, [cut[0]], [cut[1]])), name


@given(st.lists(st.tuples(st.lists(windows, max_size=3), several), min_size=1, max_size=6))
def test_a_table_is_its_rows(rows):
    answers = [answer(said) for said, _ in rows]
    samples = [question(true) for _, true in rows]
    for name in ALL:
        values = plugins.load("scores", name).score(answers, samples)
        assert values == pytest.approx([score(name, said, true) for said, true in rows]), name


numbers = st.floats(-50, 150).map(lambda value: f"{value:.2f}") | st.sampled_from(
    ["NaN", "nan", "Infinity", "-Infinity", "inf", "1e999", "9" * 400, "null", "true", "-0.0", "0", "5", "5.0"]
)
shapes = st.sampled_from(
    ["<answer>{} to {}</answer>", "<time>[{}, {}]</time>", '{{"start": {}, "end": {}}}', "From {} s to {} s."]
)


@given(shapes, numbers, numbers)
def test_reversed_empty_and_not_a_number_never_reach_a_score(shape, start, end):
    said = parse(shape.format(start, end), duration=DURATION, form=Form())
    for window in said.counted:
        assert 0 <= window.start < window.end < math.inf and window.start < DURATION
    if said.parse_status != "ok":
        assert said.counted == ()
        sample = question([(3, 9)])
        assert [plugins.load("scores", name).score([said], [sample])[0] for name in ALL] == [0.0] * len(ALL)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("<answer>9 to 3</answer>", "reversed"),
        ("<answer>3 to 3</answer>", "zero_length"),
        ("<answer>-3 to 3</answer>", "out_of_range"),
        ("<answer>100 to 101</answer>", "out_of_range"),
        ("<time>[NaN, 3]</time>", "unparsable"),
        ('{"start": 3, "end": Infinity}', "unparsable"),
        ("<answer>3 to 4, 5 to 6</answer>", "several_where_one"),
    ],
)
def test_the_parser_s_status_keeps_what_is_no_window_from_every_score(text, status):
    said = parse(text, duration=DURATION, form=Form())
    sample = question([(3, 9)])
    assert (said.parse_status, said.counted) == (status, ())
    assert [plugins.load("scores", name).score([said], [sample])[0] for name in ALL] == [0.0] * len(ALL)
