"""What answers about stretches say of the whole video."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from support.builders import make_sample
from vtgdata.annotations.stretches import stretch
from vtgdata.engine.stretch_answers import agreed, best, joined, looked, merged

WHOLE = make_sample("c:1", duration=600.0, windows=[(100.0, 120.0)])
WINDOWS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10)).map(lambda w: (w[0], w[0] + w[1])), max_size=4)


def answered(start, *answers, failed=0):
    rows = [{"error": None, "parse_status": "ok" if each else "unparsable", "windows": each} for each in answers]
    rows += [{"error": "timeout", "parse_status": None, "windows": None}] * failed
    return looked(stretch(WHOLE, start, start + 60.0), rows)


def covered(windows):
    """Whether each tenth of a second lies in a window."""
    times = np.arange(0, 60, 0.1) + 0.05
    return np.any([[start <= t < end for t in times] for start, end in windows] or [[False] * len(times)], axis=0)


@given(st.lists(WINDOWS, min_size=1, max_size=5))
def test_agreed_is_what_half_of_the_answers_cover(answers):
    wanted = 2 * np.sum([covered(each) for each in answers], axis=0) >= len(answers)
    wanted &= np.any([covered(each) for each in answers], axis=0)
    found = agreed(answers)
    assert (covered(found) == wanted).all()
    assert all(end < start for (_, end), (start, _) in pairwise(found)), "apart, in order"


def test_windows_go_back_to_the_clock_of_the_whole():
    found = answered(90.0, [(10, 30)], [], failed=1)
    assert (found.of, found.windows, found.share, found.n, found.n_failed) == ("c:1", [(100.0, 120.0)], 0.5, 2, 1)
    assert answered(90.0, failed=2).share is None


def test_an_unreadable_window_is_none():
    rows = [{"error": None, "parse_status": "out_of_range", "windows": [[1, 2]]}]
    assert looked(stretch(WHOLE, 0.0, 60.0), rows).share == 0.0


def test_a_sample_whose_id_looks_like_a_stretch_is_the_whole_of_its_video():
    odd = make_sample("c:1@60-90", duration=600.0)
    found = looked(odd, [{"error": None, "parse_status": "ok", "windows": [[1, 2]]}])
    assert (found.of, found.start, found.windows) == ("c:1@60-90", 0.0, [(1, 2)])


def test_the_best_have_most_answers_and_then_the_moment_whole():
    stretches = [
        answered(50.0, [(50, 60)]),
        answered(100.0, [(10, 20)]),
        answered(150.0, []),
        answered(200.0, failed=1),
    ]
    assert [each.start for each in best(stretches, 0.5, 9)] == [100.0, 50.0]
    split = [answered(0.0, [(1, 2)], []), answered(300.0, [(1, 2)], [(1, 2)])]
    assert [each.start for each in best(split, 0.5, 1)] == [300.0]
    assert [each.start for each in best(split, 0.6, 9)] == [300.0]


def test_neighbours_give_one_window_and_the_surest_comes_first():
    found = [answered(0.0, [(5, 8)], []), answered(50.0, [(50, 60)], [(50, 60)]), answered(100.0, [(0, 20)], [(0, 20)])]
    assert merged(found, 0.5, 0.0) == [[100.0, 120.0], [5.0, 8.0]]
    assert merged(found, 0.6, 0.0) == [[100.0, 120.0]]
    assert merged([answered(150.0, [])], 0.5, 0.0) == []


def test_windows_are_joined_over_a_gap():
    assert joined([(5, 6), (0, 2), (2.5, 4)], gap=0.5) == [(0, 4), (5, 6)]
    assert joined([(5, 6), (0, 2), (2.5, 4)], gap=1.0) == [(0, 6)]


def test_the_start_of_the_video_cuts_no_moment():
    assert not answered(0.0, [(0.5, 8)]).cut and answered(50.0, [(0.5, 8)]).cut and answered(0.0, [(50, 60)]).cut
