"""Parts of files by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.builders import make_sample
from vtgdata.records.file_parts import FilePart, part_of, parted, whole_file

TIMES = st.integers(0, 100_000_000).map(lambda milliseconds: milliseconds / 1000)


@given(TIMES, st.integers(1, 10_000_000))
def test_a_name_says_exactly_which_part(start, milliseconds):
    end = round(start + milliseconds / 1000, 3)
    assert parted(part_of("a.b/c.mp4", start, end)) == ("a.b/c.mp4", FilePart(start, end))


@given(TIMES, st.integers(1, 10_000), st.integers(1, 10_000))
def test_a_part_of_a_part_is_a_part_of_the_file(start, inner, length):
    outer = part_of("v.mp4", start, start + 100)
    name, part = parted(part_of(outer, inner / 1000, (inner + length) / 1000))
    assert name == "v.mp4" and part is not None
    assert part.start == pytest.approx(start + inner / 1000) and part.duration == pytest.approx(length / 1000)


@pytest.mark.parametrize(
    "name",
    ["v.mp4", "v#t=1,2.mp4", "v.mp4#t=2,1", "v.mp4#t=1,1", "v.mp4#t=-1,2", "v.mp4#t=1e3,2e3", "v.mp4#t=1,2\n",
     "#t=1,2", "v.mp4#t=nan,2", "v.mp4#t=1,inf", "v.mp4#t=1", "v.mp4#t=1.2345,2", "v.mp4#t=٣,٤"],
)  # fmt: skip
def test_what_is_no_part_is_a_name(name):
    assert parted(name) == (name, None)


@pytest.mark.parametrize(("start", "end"), [(5, 5), (5, 5.0001), (-1, 3), (6, 5), (0, float("nan"))])
def test_an_empty_part_cannot_be_named(start, end):
    with pytest.raises(ValueError):
        part_of("v.mp4", start, end)


def test_the_file_of_a_part_is_a_video_of_its_own():
    whole = make_sample(video_id="v").video
    assert whole_file(whole) == (whole, 0.0)
    part = make_sample(video_id="v_60.00_90.00", duration=30.0).video
    part = type(part)(video_id=part.video_id, file="v.mp4#t=60,90", duration=30.0)
    found, begin = whole_file(part)
    assert (found.video_id, found.file, found.duration, begin) == ("v", "v.mp4", None, 60.0)
