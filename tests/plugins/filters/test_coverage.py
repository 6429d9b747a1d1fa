import pytest

from support.builders import make_sample
from vtgdata.errors import VtgError
from vtgdata.plugins.filters import coverage


def reasons(*windows: tuple[float, float], duration: float | None = 30.0, **settings: float) -> list[str]:
    left = coverage.keep([make_sample(windows=windows, duration=duration)], None, **settings)
    return [each.reason for each in left]


def test_a_window_over_the_whole_video_tells_nothing() -> None:
    assert reasons((0, 30)) == ["covers_too_much"]
    assert reasons((0, 28.5)) == []


def test_windows_that_overlap_count_once() -> None:
    assert reasons((0, 20), (10, 28)) == []
    assert reasons((0, 20), (10, 29)) == ["covers_too_much"]


def test_a_small_share_goes_when_asked() -> None:
    assert reasons((0, 1), low=0.05) == ["covers_too_little"]


def test_without_a_duration_there_is_no_share() -> None:
    assert reasons((0, 1), duration=None) == ["duration_unknown"]
    assert reasons((0, 1), duration=None, keep_unknown=True) == []
    assert reasons(duration=None) == []


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(VtgError, match="<= 1"):
        coverage.keep([], None, high=95)
