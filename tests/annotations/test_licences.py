import re

import msgspec
import pytest

from vtgdata.annotations import licence_register, licences
from vtgdata.annotations.licences import combine, find
from vtgdata.errors import VtgError


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


@pytest.mark.parametrize("terms", ["BY", "BY-SA", "BY-NC", "BY-NC-SA", "BY-ND", "BY-NC-ND"])
@pytest.mark.parametrize("version", ["1.0", "2.0", "2.5", "3.0", "4.0"])
def test_every_creative_commons_licence_says_its_own_terms(terms: str, version: str) -> None:
    found = find(f"CC-{terms}-{version}")
    assert (found.known, found.non_commercial, found.share_alike) == (True, "NC" in terms, "SA" in terms)
    assert combine([found.id]).no_derivatives == ((found.id,) if "ND" in terms else ())
    assert combine([found.id]).publishable == ("ND" not in terms)


def test_licences_of_data_are_known_with_their_terms() -> None:
    assert find("ODC-By-1.0").attribution and not find("PDDL-1.0").attribution
    assert combine(["ODbL-1.0", "ODC-By-1.0"]).share_alike == ("ODbL-1.0",)
    assert licences.card_fields(["ODC-By-1.0"]) == {"license": "odc-by"}
    assert licences.card_fields(["CC-BY-NC-ND-4.0"]) == {"license": "cc-by-nc-nd-4.0"}
    assert combine(["CC-BY-SA-3.0", "CC-BY-SA-4.0"]).share_alike == ("CC-BY-SA-4.0",)


def test_a_choice_is_read_as_the_licence_with_the_fewest_conditions() -> None:
    assert find("CC-BY-NC-4.0 OR MIT").non_commercial is False
    assert find("(LicenseRef-unstated OR CC-BY-NC-4.0) AND MIT").non_commercial is True
    assert find("GPL-2.0-only WITH Classpath-exception-2.0").share_alike is True
    assert licences.joined(["MIT OR ISC", "CC-BY-4.0 AND MIT"]) == "(MIT OR ISC) AND CC-BY-4.0 AND MIT"
    assert combine(["MIT OR LicenseRef-Ego4D"]).publishable


def test_terms_without_a_clause_on_derivatives_are_written_as_before() -> None:
    assert "no_derivatives" not in msgspec.to_builtins(combine(["MIT"]))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("CC BY 4.0", "CC-BY-4.0"),
        ("cc by-nc-sa 3.0", "CC-BY-NC-SA-3.0"),
        ("Creative Commons Attribution-NonCommercial-NoDerivatives 4.0 International", "CC-BY-NC-ND-4.0"),
        ("CC_BY_4.0", "CC-BY-4.0"),
        ("CC-BY", "CC-BY-4.0"),
        ("Apache 2.0", "Apache-2.0"),
        ("The MIT License", "MIT"),
        ("odc-by", "ODC-By-1.0"),
        ("ODC-By v1.0", "ODC-By-1.0"),
        ("odbl", "ODbL-1.0"),
        ("BSD 3 Clause", "BSD-3-Clause"),
        ("CC BY 4.0 AND MIT", "CC-BY-4.0 AND MIT"),
    ],
)
def test_a_licence_in_other_words_is_refused_with_the_id_that_was_meant(said: str, meant: str) -> None:
    with pytest.raises(VtgError, match=f"did you mean '{re.escape(meant)}'"):
        licences.checked(said)


@pytest.mark.parametrize(
    "said", ["my own licence", "MIT AND", "MIT OR", "(MIT", "none", "see LICENSE", "MIT, ISC", " "]
)
def test_what_is_no_expression_is_refused(said: str) -> None:
    with pytest.raises(VtgError, match="LicenseRef-unstated"):
        licences.checked(said)


@pytest.mark.parametrize(
    "said",
    ["MIT", "cc-by-4.0", "MIT OR Apache-2.0", "LicenseRef-Charades AND CC-BY-4.0", "GPL-3.0-only", "CC-BY-NC-ND-4.0",
     "GPL-2.0-only WITH Classpath-exception-2.0", "(MIT OR ISC) AND ODC-By-1.0", "LicenseRef-unstated"],
)  # fmt: skip
def test_a_licence_expression_of_spdx_is_taken_as_it_is(said: str) -> None:
    assert licences.checked(said) == said


@pytest.mark.parametrize("licence", licence_register.LICENCES, ids=lambda licence: licence.id)
def test_every_licence_of_the_register_is_an_expression(licence: licences.Licence) -> None:
    assert licences.checked(licence.id) == licence.id
