import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtgdata.records.times import TIME, format_time, parse_rate, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("83", 83.0), ("83.4", 83.4), (".5", 0.5), (" 7.0 ", 7.0), ("01:23", 83.0), ("1:23.4", 83.4),
        ("1:02:03", 3723.0), ("01:02:03.5", 3723.5), ("90:00", 5400.0), ("00:00", 0.0),
        ("00:00:12,500", 12.5), ("00:01:00.00", 60.0), ("12.5s", 12.5), ("12.5 sec.", 12.5), ("60 seconds", 60.0),
        ("1m05s", 65.0), ("1h 2m 3s", 3723.0), ("2 min", 120.0), ("1.5h", 5400.0), ("500ms", 0.5),
        ("PT1M0S", 60.0), ("pt1h2m3.5s", 3723.5), ("P0DT12S", 12.0),
    ],
)  # fmt: skip
def test_seconds_and_clock_forms_are_read(text: str, seconds: float) -> None:
    assert parse_time(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "-1",
        "1:60",
        "1:60:00",
        "1:2",
        "1:2:3",
        "1::2",
        "1e3",
        "nan",
        "1 2",
        "1:02:03:04",
        "PT",
        "s",
        "5s 3m",
        "30000/1001",
        "1d",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|60"):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "rate"), [("30000/1001", 29.97003), ("25", 25.0), ("29.97 fps", 29.97), ("25/1", 25.0), ("0/0", 0.0)]
)
def test_a_frame_rate_may_be_a_fraction(text: str, rate: float) -> None:
    assert parse_rate(text) == pytest.approx(rate)


def test_other_text_is_no_frame_rate() -> None:
    for text in ("", "fast", "1/2/3", "-25", "/2"):
        with pytest.raises(ValueError, match="frame rate"):
            parse_rate(text)


def test_a_time_is_written_in_the_prompt_s_format() -> None:
    assert (format_time(12), format_time(4, "04.1f", ""), format_time(83.456, ".2f", "s")) == (
        "12.0 s",
        "04.0",
        "83.46s",
    )


@given(st.floats(0, 1e5))
def test_what_is_written_is_read_back(seconds: float) -> None:
    assert parse_time(format_time(seconds, ".2f", "")) == pytest.approx(seconds, abs=0.0051)


@given(st.text(max_size=30) | st.from_regex(TIME, fullmatch=True))
def test_whatever_the_pattern_matches_is_a_time_or_has_minutes_or_seconds_of_60(text: str) -> None:
    for match in re.finditer(TIME, text):
        try:
            assert parse_time(match[0]) >= 0
        except ValueError as error:
            assert "60" in str(error)
