"""Stretches cover a video, and what is asked about them goes back to where it was."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.builders import make_sample
from vtgdata.annotations import video_keys
from vtgdata.annotations.stretches import bounds, cropped, named, put_back, stretch, stretches
from vtgdata.errors import VtgError
from vtgdata.records import Window
from vtgdata.records.file_parts import whole_file
from vtgdata.records.windows import as_pairs

SECONDS = st.floats(1, 10_000).map(lambda value: round(value, 3))


@given(SECONDS, SECONDS, st.floats(0, 0.9))
def test_stretches_cover_the_video_with_their_overlap(duration, length, share):
    overlap = round(share * length, 3)
    if duration / (length - overlap) > 2000:
        return
    found = bounds(duration, length, overlap)
    assert found[0][0] == 0 and found[-1][1] == pytest.approx(duration)
    for (start, end), (after, _) in pairwise(found):
        assert start < after and end - after >= overlap - 1e-6
        assert end - start == pytest.approx(length)


@given(SECONDS, st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_moment_of_the_overlaps_length_lies_whole_in_a_stretch(duration, place):
    length, shared = 60.0, 10.0
    begin = place[0] * max(0.0, duration - shared)
    moment = Window(begin, min(duration, begin + shared * max(0.01, place[1])))
    whole = [
        put_back(as_pairs(cropped([moment], start, end)), start)
        for start, end in bounds(duration, length, shared)
        if start - 1e-6 <= moment.start and moment.end <= end + 1e-6
    ]
    assert whole and whole[0][0] == pytest.approx((moment.start, moment.end))


def test_a_stretch_knows_its_place():
    sample = make_sample(
        "c:1", video_id="game", duration=7200.0, windows=[(3590.0, 3610.0), (10.0, 20.0)], license="MIT"
    )
    found = stretch(sample, 3600.0, 3720.0)
    assert (found.sample_id, found.video.video_id, found.video.file) == (
        "c:1@3600-3720", "game_3600.00_3720.00", "game.mp4#t=3600,3720",
    )  # fmt: skip
    assert (found.windows, found.none_is_right, found.license) == ((Window(0.0, 10.0),), False, "MIT")
    assert named(found.sample_id) == ("c:1", (3600.0, 3720.0))
    assert stretch(sample, 100.0, 220.0).none_is_right
    inner = stretch(found, 5.0, 15.0)
    assert (inner.video.file, inner.video.video_id) == ("game.mp4#t=3605,3615", "game_3605.00_3615.00")
    assert (inner.video.source_id, inner.video.source_start) == ("game", 3605.0)
    assert inner.windows == (Window(0.0, 5.0),)
    assert inner.video.video_id == "game_3605.00_3615.00" and whole_file(inner.video)[0].video_id == "game"


@pytest.mark.parametrize("video_id", ["game", "aB3_dE-6hIj", "aB3_dE-6hIj_60_210"])
def test_it_is_known_as_a_part_of_its_video(video_id):
    """So that a stretch of a benchmark's video is found in a training set, and its time there."""
    sample = make_sample("c:1", video_id=video_id, duration=150.0)
    part = stretch(sample, 60.0, 90.0)
    assert video_keys.keys(sample) & video_keys.keys(part)
    assert video_keys.source(part) == video_keys.source(sample)
    assert video_keys.source_start(part) == video_keys.source_start(sample) + 60.0
    assert part.video.source == sample.video.source, "clusters of one source"


def test_what_is_not_labelled_or_has_no_moment_stays_so():
    hidden = stretch(make_sample("c:1", duration=100.0, windows=[], labelled=False), 0.0, 50.0)
    assert (hidden.labelled, hidden.none_is_right) == (False, False)
    empty = stretch(make_sample("c:1", duration=100.0, windows=[]), 0.0, 50.0)
    assert (empty.labelled, empty.none_is_right) == (True, False), "nobody knows where its moment is"
    assert stretch(make_sample("c:1", duration=100.0, windows=[], none_is_right=True), 0.0, 50.0).none_is_right


@pytest.mark.parametrize("duration", [None, 40.0, 60.0])
def test_a_short_video_is_its_own_stretch(duration):
    sample = make_sample("c:1", duration=duration)
    assert stretches(sample, 60.0, 10.0) == [sample]


def test_no_number_in_a_row_makes_stretches_without_end():
    with pytest.raises(VtgError, match=r"'c:1': its video is said to last 1e.12 s, above the limit of 86400 s"):
        stretches(make_sample("c:1", duration=1e12), 60.0, 10.0)


def test_stretches_that_differ_by_less_than_names_tell_are_one():
    """A probed duration has more decimals than the name of a stretch."""
    names = [each.sample_id for each in stretches(make_sample("c:1", duration=110.0003), 60.0, 10.0)]
    assert names == ["c:1@0-60", "c:1@50-110"]
