import pytest

from vtgdata.annotations import licences
from vtgdata.annotations.licences import combine, find


def test_an_unknown_licence_is_unverified_and_claims_nothing() -> None:
    found = find("LicenseRef-whatever")
    assert (found.known, found.non_commercial, found.redistribution) == (False, None, None)
    assert find("").id == "unverified"


def test_licences_that_hold_at_once_are_one_with_the_terms_of_all() -> None:
    both = find("CC-BY-NC-SA-4.0 AND LicenseRef-TimeLens")
    assert (both.non_commercial, both.share_alike, both.excluded) == (True, True, ("EU",))
    assert find("MIT AND LicenseRef-unstated").known is False


# mixture -> non-commercial, share-alike, unverified, not redistributable, excluded, conflict, publishable
TABLE = [
    (["MIT"], False, (), (), (), (), False, True),
    (["MIT", "CC-BY-NC-SA-4.0"], True, ("CC-BY-NC-SA-4.0",), (), (), (), False, True),
    (["MIT", "LicenseRef-unstated"], False, (), ("LicenseRef-unstated",), (), (), False, False),
    (["Apache-2.0 AND LicenseRef-Ego4D"], False, (), ("LicenseRef-Ego4D",), ("LicenseRef-Ego4D",), (), False, False),
    (["LicenseRef-TimeLens", "BSD-2-Clause"], True, (), (), (), ("EU",), False, True),
    (
        ["CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", "MIT"],
        True, ("CC-BY-NC-SA-4.0", "CC-BY-SA-4.0"), (), (), (), True, False,
    ),
    (
        ["MIT", "CC-BY-NC-SA-4.0", "unverified", "LicenseRef-Ego4D", "LicenseRef-TimeLens"],
        True, ("CC-BY-NC-SA-4.0",), ("LicenseRef-Ego4D", "unverified"), ("LicenseRef-Ego4D",), ("EU",), False, False,
    ),
]  # fmt: skip


@pytest.mark.parametrize("mixture", TABLE, ids=lambda row: "+".join(row[0]))
def test_a_mixture_has_the_strictest_of_each_term(mixture: tuple) -> None:
    names, non_commercial, share_alike, unverified, kept_back, excluded, conflict, publishable = mixture
    terms = combine(names)
    assert (terms.non_commercial, terms.share_alike, terms.unverified) == (non_commercial, share_alike, unverified)
    assert (terms.not_redistributable, terms.excluded) == (kept_back, excluded)
    assert (terms.conflict, terms.publishable) == (conflict, publishable)
    assert combine(reversed(names)) == terms


def test_a_card_names_one_licence_that_the_hub_knows_and_else_links_to_the_table() -> None:
    assert licences.card_fields(["MIT", "mit"]) == {"license": "mit"}
    assert licences.card_fields(["MIT AND CC-BY-4.0"])["license_name"] == "mixed-see-licenses"
