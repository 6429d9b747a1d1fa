import pytest

from support.builders import make_sample
from vtgdata.errors import VtgError
from vtgdata.plugins.filters import published_iou


def reasons(value: object, **settings: float) -> list[str]:
    return [each.reason for each in published_iou.keep([make_sample(extra={"mean_iou": value})], None, **settings)]


def test_time_r1_s_rule_is_above_0_up_to_0_7() -> None:
    assert reasons(0.0) == ["published_iou_too_low"]
    assert reasons(0.001) == reasons(0.7) == []
    assert reasons(0.7001) == ["published_iou_too_high"]


@pytest.mark.parametrize("value", [None, "high", 34.4, True, float("nan")])
def test_what_is_no_share_is_no_iou(value: object) -> None:
    assert reasons(value) == ["no_published_iou"]


def test_a_bound_in_per_cent_is_refused() -> None:
    with pytest.raises(VtgError, match="<= 1"):
        reasons(0.5, high=70)
