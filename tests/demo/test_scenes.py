"""What clips show, what is asked of them and what their teacher says."""

import random

import numpy as np
import pytest

from vtgdata.demo import scenes
from vtgdata.demo.scenes import PAIRS, SHAPES, STEPS, Segment

CLIP = (
    Segment(colour="green", shape="square", start=0.0, end=3.0),
    Segment(colour="blue", shape="cross", start=3.0, end=9.0),
    Segment(colour="blue", shape="ring", start=9.0, end=15.0),
)
TIMES = (0.0, 3.0, 6.0, 9.0, 12.0)


def answer(error: scenes.Error, query: str = "a blue cross") -> str:
    return scenes.trace(CLIP, query, TIMES, 15.0, error).split("</think>")[1]


def test_a_trace_names_every_frame_and_then_answers():
    assert scenes.trace(CLIP, "a blue cross", TIMES, 15.0) == (
        "<think>00.0 green square no; 03.0 blue cross yes; 06.0 blue cross yes; 09.0 blue ring no; 12.0 blue ring no; "
        "15.0</think><answer>03.0 to 09.0</answer>"
    )


def test_teachers_err_in_three_ways():
    assert answer("early") == "<answer>03.0 to 06.0</answer>"
    assert answer("late") == "<answer>06.0 to 09.0</answer>"
    assert answer("wrong_object") == "<answer>09.0 to 15.0</answer>"


def test_an_event_of_one_frame_cannot_be_cut_shorter():
    assert answer("early", "a green square") == answer("late", "a green square") == "<answer>00.0 to 03.0</answer>"


def test_a_query_for_what_is_not_shown_gets_an_empty_answer():
    text = scenes.trace(CLIP, "a red ring", TIMES, 15.0)
    assert "yes" not in text
    assert text.endswith("<answer></answer>")


def test_true_times_a_little_early_count_for_the_segment_they_are_rounded_to():
    assert "03.0 blue cross yes" in scenes.trace(CLIP, "a blue cross", (0.0, 2.97), 15.0)


def test_errors_come_in_their_shares():
    rng = random.Random(1)
    draws = [scenes.draw_error(rng) for _ in range(4000)]
    shares = {error: draws.count(error) / len(draws) for error in set(draws)}
    assert shares == pytest.approx({"early": 0.65, "late": 0.10, "wrong_object": 0.10, "none": 0.15}, abs=0.03)
    assert {scenes.draw_error(rng, level=2) for _ in range(100)} == {"none"}


@pytest.mark.parametrize("level", [0, 1, 2])
def test_clips_are_covered_once_and_have_the_level_they_were_made_for(level):
    rng = np.random.default_rng(5)
    for _ in range(200):
        spans = scenes.compose(level, rng)
        pairs = [pair for pair, _, _ in spans]
        covered = sorted(k for _, first, last in spans for k in range(first, last))
        assert covered == list(range(STEPS))
        assert len(set(pairs)) == len(pairs)
        assert scenes.level_of(pairs[0], pairs) == level


def test_level_0_events_share_neither_colour_nor_shape_and_all_level_1_segments_share_one():
    rng = np.random.default_rng(6)
    for _ in range(100):
        for level in (0, 1):
            (main, *_), *others = scenes.compose(level, rng)
            shares = [
                main // len(SHAPES) == pair // len(SHAPES) or main % len(SHAPES) == pair % len(SHAPES)
                for pair, _, _ in others
            ]
            assert all(shares) if level else not any(shares)


def test_images_differ_by_pair_and_stay_in_range():
    rng = np.random.default_rng(0)
    images = np.stack([scenes.draw_image(pair, scenes.STYLES[0], rng) for pair in range(len(PAIRS))])
    assert images.shape == (18, 28, 28, 3)
    assert images.dtype == np.uint8
    red, blue = images[PAIRS.index(("red", "square"))], images[PAIRS.index(("blue", "square"))]
    assert tuple(red[14, 14]) == (220, 40, 40)
    assert tuple(blue[14, 14]) == (60, 80, 240)
