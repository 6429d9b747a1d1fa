"""The pictures of cards: axes and scales, nothing outside, the same bytes every time, no markup from texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.pictures_drawn import inside
from vtgdata.releases.pictures import Scale, Timeline, funnel, histogram, timelines

COUNTS = st.lists(st.one_of(st.just(0), st.integers(1, 10**8)), min_size=1, max_size=24).filter(any)


@given(COUNTS)
def test_every_count_that_is_there_is_to_be_seen_and_more_is_longer(counts):
    scale = Scale.of(counts)
    shares = [scale.share(count) for count in counts]
    assert all(0 < share <= 1 if count else share == 0 for count, share in zip(counts, shares, strict=True))
    assert [share for _, share in sorted(zip(counts, shares, strict=True))] == sorted(shares)
    assert all(0 <= scale.share(tick) <= 1 for tick in scale.ticks) and 1 <= len(scale.ticks) <= 9


@pytest.mark.parametrize(("counts", "log"), [([1, 99], False), ([1, 100], True), ([0, 500, 900], False), ([7], False)])
def test_a_scale_is_logarithmic_where_counts_span_decades(counts, log):
    assert bool(Scale.of(counts).words) == log


def test_a_histogram_leaves_out_empty_ends_and_keeps_the_values_at_the_edges():
    drawn = inside(histogram("Samples", [0, 0, 4, 0, 9, 0], ["0", "1", "2", "3", "4", "5", "6"], ("size", "samples")))
    assert len(drawn.bars) == 3 and [text for text in drawn.texts if text in "0123456"][-4:] == ["2", "3", "4", "5"]
    assert {"size", "samples", "Samples"} <= set(drawn.texts)


@given(COUNTS)
def test_a_histogram_and_a_funnel_have_all_their_numbers_inside(counts):
    shown = [f"{count:,}" for count in counts if count]
    ticks = [str(number) for number in range(len(counts) + 1)]
    for svg in (
        histogram("Heading", counts, ticks, ("values", "samples")),
        funnel("Heading", {f"left out: {number}": count for number, count in enumerate(counts)}, "left", "rows"),
    ):
        assert set(shown) <= set(inside(svg).texts)


def test_long_labels_and_headings_are_cut():
    bars = {"left out: " + "a_very_long_reason_" * 5: 10_000_000, "b": 1, "none": 0}
    drawn = inside(funnel("word " * 60, bars, "left out", "rows"))
    assert drawn.wide < 1000 and sum(text.endswith("…") for text in drawn.texts) == 2
    assert {"10,000,000", "rows, log scale"} <= set(drawn.texts)


HOSTILE = [
    "<script>alert(1)</script>",
    "a \x1b[31m\x00 b",
    "x" * 100_000,
    "\u202eback",
    '&amp; "quoted"',
    "视频" * 80,
]


@pytest.mark.parametrize("query", HOSTILE)
def test_timelines_show_windows_on_one_axis_and_any_text_as_text(query):
    rows = [
        Timeline(sample_id="a", query=query, duration=30.0, windows=[[3.0, 9.0], [20.0, 45.0]]),
        Timeline(sample_id="b", query="b", duration=600.0, windows=[[599.9, 600.0]]),
    ]
    svg = timelines("A few", rows)
    drawn = inside(svg) if query.isascii() else None
    assert drawn is None or len(drawn.bars) == 3
    assert "<script" not in svg and "\x1b" not in svg and len(svg) < 5_000
    assert svg == timelines("A few", rows)
