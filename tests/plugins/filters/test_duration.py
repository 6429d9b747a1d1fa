import pytest

from support.builders import make_sample
from vtgdata.errors import VtgError
from vtgdata.plugins.filters import duration

SAMPLES = [make_sample(str(seconds), duration=seconds) for seconds in (4.99, 5.0, 500.0, 500.01, None)]


def reasons(**settings: object) -> dict[str, str]:
    return {left.sample_id: left.reason for left in duration.keep(SAMPLES, None, **settings)}  # type: ignore[arg-type]


def test_five_to_five_hundred_seconds_are_kept_as_timelens_does() -> None:
    assert reasons() == {"4.99": "video_too_short", "500.01": "video_too_long", "None": "duration_unknown"}


def test_a_video_of_unknown_length_may_be_kept() -> None:
    assert reasons(keep_unknown=True, low=0, high=1000) == {}


def test_the_detail_has_both_numbers() -> None:
    assert duration.keep(SAMPLES[:1], None)[0].detail == "4.99 s, below 5 s"


@pytest.mark.parametrize("limits", [{"low": 9, "high": 3}, {"low": -1}, {"low": float("nan")}])
def test_limits_that_are_none_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(VtgError, match="duration: low="):
        duration.keep([], None, **limits)
