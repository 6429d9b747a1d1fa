from support.builders import make_sample
from vtgdata.plugins.filters import window_length


def reasons(*windows: tuple[float, float], **settings: float) -> list[str]:
    left = window_length.keep([make_sample(windows=windows)], None, **settings)
    return [each.reason for each in left]


def test_a_window_below_a_second_is_too_short() -> None:
    assert reasons((3, 3.9)) == ["window_too_short"]
    assert reasons((3, 4)) == []


def test_one_bad_window_of_several_is_enough() -> None:
    assert reasons((0, 0.2), (3, 9)) == ["window_too_short"]
    assert reasons((0, 2), (3, 9), high=5) == ["window_too_long"]


def test_a_sample_without_windows_has_none_to_judge() -> None:
    assert reasons() == []
