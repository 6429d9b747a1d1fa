import pytest

from support.builders import make_sample
from vtgdata.errors import VtgError
from vtgdata.plugins.filters import licence

NAMES = ("MIT", "CC-BY-NC-4.0", "CC-BY-SA-4.0", "LicenseRef-TimeLens", "LicenseRef-Ego4D", "LicenseRef-whatever")
SAMPLES = [make_sample(name, license=name) for name in (*NAMES, "MIT AND LicenseRef-Ego4D")]


def reasons(**settings: str) -> dict[str, str]:
    return {left.sample_id: left.reason for left in licence.keep(SAMPLES, None, **settings)}


def test_by_default_what_hinders_publishing_is_dropped() -> None:
    assert reasons() == {
        "LicenseRef-Ego4D": "licence_no_redistribution",
        "LicenseRef-whatever": "licence_unverified",
        "MIT AND LicenseRef-Ego4D": "licence_no_redistribution",
    }


def test_what_nobody_read_is_refused_by_every_flag() -> None:
    assert reasons(refuse="non_commercial") == {
        "CC-BY-NC-4.0": "licence_non_commercial",
        "LicenseRef-TimeLens": "licence_non_commercial",
        "LicenseRef-Ego4D": "licence_unverified",
        "LicenseRef-whatever": "licence_unverified",
        "MIT AND LicenseRef-Ego4D": "licence_unverified",
    }


def test_a_region_is_refused_by_its_name() -> None:
    assert reasons(refuse="EU")["LicenseRef-TimeLens"] == "licence_eu"


def test_several_licences_must_all_be_allowed() -> None:
    kept = set(NAMES) - set(reasons(allow="mit+CC-BY-SA-4.0"))
    assert kept == {"MIT", "CC-BY-SA-4.0"}
    assert reasons(allow="MIT")["MIT AND LicenseRef-Ego4D"] == "licence_not_allowed"


def test_an_unread_licence_that_is_allowed_by_name_is_kept() -> None:
    assert "LicenseRef-whatever" not in reasons(allow="LicenseRef-whatever+MIT", refuse="unverified")


def test_a_flag_that_is_none_is_refused_with_the_nearest() -> None:
    with pytest.raises(VtgError, match="did you mean 'non_commercial'"):
        licence.keep([], None, refuse="noncommercial")
