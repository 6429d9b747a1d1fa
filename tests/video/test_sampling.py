import itertools
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtgdata.errors import VtgError
from vtgdata.records import FrameSampling, TokenBudget
from vtgdata.video import sampling
from vtgdata.video.sampling import sampling_id, times

durations = st.floats(0.01, 1e5)
samplings = st.builds(
    FrameSampling,
    frames=st.integers(1, 64),
    fps=st.none() | st.floats(0.01, 4.0),
    midpoint=st.booleans(),
)


def test_n_frames_start_the_n_equal_parts():
    assert times(10.0, FrameSampling(frames=4)) == (0.0, 2.5, 5.0, 7.5)


def test_midpoints_are_the_middles_of_the_parts():
    assert times(10.0, FrameSampling(frames=4, midpoint=True)) == (1.25, 3.75, 6.25, 8.75)


def test_frames_a_second_stop_before_the_end():
    assert times(2.0, FrameSampling(frames=None, fps=2.0)) == (0.0, 0.5, 1.0, 1.5)
    assert times(2.1, FrameSampling(frames=None, fps=2.0)) == (0.0, 0.5, 1.0, 1.5, 2.0)
    assert times(2.1, FrameSampling(frames=None, fps=2.0, midpoint=True)) == (0.25, 0.75, 1.25, 1.75)


def test_more_than_the_cap_become_the_cap_evenly_spaced():
    assert times(10.0, FrameSampling(frames=4, fps=1.0)) == times(10.0, FrameSampling(frames=4))
    assert times(4.0, FrameSampling(frames=4, fps=1.0)) == (0.0, 1.0, 2.0, 3.0)


def test_float_noise_in_the_duration_adds_no_frame():
    assert len(times(0.1 * 30, FrameSampling(frames=None, fps=1.0))) == 3


def test_a_video_shorter_than_one_interval_still_has_a_frame():
    assert times(0.2, FrameSampling(frames=None, fps=1.0)) == (0.0,)
    assert times(0.2, FrameSampling(frames=None, fps=1.0, midpoint=True)) == (0.1,)


@given(durations, samplings)
def test_times_rise_lie_in_the_video_and_are_no_more_than_asked(duration, sampling):
    found = times(duration, sampling)
    assert 1 <= len(found) <= sampling.frames
    assert all(a < b for a, b in itertools.pairwise(found))
    assert found[0] >= 0 and found[-1] < duration


@given(durations, st.integers(1, 64), st.booleans())
def test_the_parts_are_equal(duration, frames, midpoint):
    found = times(duration, FrameSampling(frames=frames, midpoint=midpoint))
    assert len(found) == frames
    for k, time in enumerate(found):
        assert math.isclose(time, (k + midpoint / 2) * duration / frames, abs_tol=1e-9)


@given(durations, st.floats(0.01, 4.0))
def test_uncapped_frames_a_second_leave_no_gap_at_the_end(duration, fps):
    found = times(min(duration, 500), FrameSampling(frames=None, fps=fps))
    assert min(duration, 500) - found[-1] <= 1 / fps + 1e-5


@pytest.mark.parametrize(
    "sampling",
    [FrameSampling(frames=None), FrameSampling(frames=0), FrameSampling(fps=0.0), FrameSampling(fps=math.nan)],
)
def test_a_sampling_without_frames_is_refused(sampling):
    with pytest.raises(VtgError):
        times(10.0, sampling)


@pytest.mark.parametrize("duration", [0.0, -1.0, math.inf, math.nan])
def test_a_video_without_length_is_refused(duration):
    with pytest.raises(VtgError, match="duration"):
        times(duration, FrameSampling())


def test_the_id_tells_samplings_apart():
    ids = {sampling_id(FrameSampling(frames=n, midpoint=m)) for n in (8, 16) for m in (True, False)}
    assert len(ids) == 4
    assert sampling_id(FrameSampling()) == sampling_id(FrameSampling())


def test_a_token_budget_is_never_passed_and_always_nearly_used():
    for width, height in ((640, 360), (1920, 1080), (360, 640), (1280, 720)):
        for name, duration in (("tvg_r1", 30.0), ("timelens", 20.0), ("timelens", 600.0), ("time_r1_eval", 100.0)):
            chosen = sampling.preset(name)
            count = len(times(duration, chosen))
            size = sampling.frame_size(width, height, count, chosen)
            tokens = chosen.tokens
            groups = -(-count // tokens.group)
            used = size[0] // tokens.patch * (size[1] // tokens.patch) * groups
            assert all(side % tokens.patch == 0 for side in size)
            assert used <= tokens.total
            enlarged = size[0] + tokens.patch > width
            assert enlarged or used > 0.6 * tokens.total


def test_where_the_least_tokens_do_not_fit_there_are_fewer_frames():
    assert len(times(600.0, sampling.preset("timelens"))) == 448
    tight = FrameSampling(frames=64, tokens=TokenBudget(total=256, least=16))
    assert len(times(60.0, tight)) == 16


def test_the_published_samplings_are_what_their_authors_wrote():
    assert times(10.0, sampling.preset("timelens")) == tuple(k / 2 for k in range(20))
    assert len(times(10.0, sampling.preset("tvg_r1"))) == 64
    # 50,176 pixels a frame: 64 tokens of 28 x 28 for each pair.
    width, height = sampling.frame_size(1920, 1080, 64, sampling.preset("tvg_r1"))
    assert width * height <= 50_176
    with pytest.raises(VtgError, match="did you mean 'timelens'"):
        sampling.preset("timelen")


def test_a_sampling_without_a_budget_keeps_its_fingerprint():
    assert msgspec.json.encode(FrameSampling()) == b'{"frames":32,"fps":null,"midpoint":false,"short_side":336}'
    written = msgspec.json.encode(sampling.preset("timelens"))
    assert msgspec.json.decode(written, type=FrameSampling) == sampling.preset("timelens")


@pytest.mark.parametrize(
    "budget", [{"total": 0}, {"total": 9, "least": 10}, {"total": 9, "patch": 0}, {"total": 9, "least": 3, "most": 2}]
)
def test_a_budget_that_means_nothing_is_refused(budget):
    with pytest.raises(VtgError, match="token budget"):
        times(10.0, FrameSampling(tokens=TokenBudget(**budget)))
