import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtgdata.records import Window
from vtgdata.records.windows import as_pairs, from_pairs, tiou

bounds = st.tuples(st.floats(0, 1e4), st.floats(0.001, 1e4)).map(lambda pair: Window(pair[0], pair[0] + pair[1]))
several = st.lists(bounds, max_size=5)


@pytest.mark.parametrize(
    "start, end", [(5, 3), (3, 3), (-1, 3), (0, float("inf")), (float("nan"), 3), (0, float("nan"))]
)
def test_a_window_cannot_be_built_wrong(start: float, end: float) -> None:
    with pytest.raises(ValueError, match="is not 0 <= start < end"):
        Window(start, end)


def test_half_an_overlap_is_a_third() -> None:
    assert tiou(Window(0, 10), Window(5, 15)) == pytest.approx(1 / 3)


def test_touching_windows_do_not_overlap() -> None:
    assert tiou(Window(0, 5), Window(5, 9)) == 0.0


@given(bounds, bounds)
def test_tiou_is_symmetric_and_between_0_and_1(a: Window, b: Window) -> None:
    assert 0.0 <= tiou(a, b) <= 1.0
    assert tiou(a, b) == pytest.approx(tiou(b, a))
    assert tiou(a, a) == pytest.approx(1.0)


@given(bounds, bounds, st.floats(0, 1e4))
def test_tiou_does_not_change_when_both_move(a: Window, b: Window, by: float) -> None:
    moved = tiou(Window(a.start + by, a.end + by), Window(b.start + by, b.end + by))
    assert moved == pytest.approx(tiou(a, b), abs=1e-6)


@given(several)
def test_pairs_round_trip(windows: list[Window]) -> None:
    assert from_pairs(as_pairs(windows)) == tuple(windows)
    assert from_pairs(None) == ()
