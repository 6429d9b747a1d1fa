"""Which mixtures of licences may be published, and with which words they are refused."""

import msgspec
import pytest

from support.release_builders import make_release, make_sample
from vtgdata import releases
from vtgdata.errors import LicenceRefused
from vtgdata.files.samples import write_samples
from vtgdata.releases import card, permission

NAMES = {
    "m": "MIT", "s": "CC-BY-NC-SA-4.0", "a": "CC-BY-SA-4.0", "u": "unverified", "n": "LicenseRef-Ego4D",
    "e": "LicenseRef-TimeLens",
}  # fmt: skip
# mixture -> outcome; whether only for non-commercial use; whether not for use in the EU
TABLE = {
    "m": ("publish", False, False), "s": ("publish", True, False), "u": ("confirm", False, False),
    "n": ("keep", False, False), "e": ("publish", True, True),
    "ms": ("publish", True, False), "mu": ("confirm", False, False), "mn": ("keep", False, False),
    "me": ("publish", True, True), "su": ("confirm", True, False), "sn": ("keep", True, False),
    "se": ("publish", True, True), "un": ("keep", False, False), "ue": ("confirm", True, True),
    "ne": ("keep", True, True),
    "msu": ("confirm", True, False), "msn": ("keep", True, False), "mse": ("publish", True, True),
    "mun": ("keep", False, False), "mue": ("confirm", True, True), "mne": ("keep", True, True),
    "sun": ("keep", True, False), "sue": ("confirm", True, True), "sne": ("keep", True, True),
    "une": ("keep", True, True),
    "msun": ("keep", True, False), "msue": ("confirm", True, True), "msne": ("keep", True, True),
    "mune": ("keep", True, True), "sune": ("keep", True, True), "msune": ("keep", True, True),
    # Two share-alike licences.
    "a": ("publish", False, False), "ma": ("publish", False, False), "as": ("apart", True, False),
    "mas": ("apart", True, False), "asu": ("apart", True, False), "ase": ("apart", True, True),
    "asn": ("keep", True, False), "asune": ("keep", True, True),
}  # fmt: skip
SAID = {
    "keep": "does not let them be passed on: LicenseRef-Ego4D (corpus-n)",
    "apart": "CC-BY-NC-SA-4.0 (corpus-s) and CC-BY-SA-4.0 (corpus-a) each want all rows under themselves",
    "confirm": "nobody verified the licence of some rows: unverified (corpus-u)",
}


@pytest.fixture(scope="module")
def document(tmp_path_factory) -> releases.Document:
    folder = tmp_path_factory.mktemp("terms")
    write_samples(folder / "samples.parquet", [make_sample(1)])
    return releases.open_release(
        str(make_release(folder / "v1", {"samples": str(folder / "samples.parquet")}))
    ).document


def mixed(document: releases.Document, letters: str) -> releases.Document:
    """The document, as if one corpus of it stood under each licence."""
    corpora = {f"corpus-{each}": {"licenses": {NAMES[each]: 1}} for each in letters}
    return msgspec.structs.replace(document, corpora=corpora)


def outcome(document: releases.Document, confirmed: list[str]) -> str:
    try:
        permission.refuse(document, confirmed, "here")
    except LicenceRefused as error:
        assert error.exit_code == 6
        return next((word for word, said in SAID.items() if said in str(error)), str(error))
    return "publish"


def test_the_table_has_every_mixture_of_the_five():
    wanted = {"".join(c for i, c in enumerate("msune") if bits >> i & 1) for bits in range(1, 32)}
    assert wanted <= set(TABLE)


@pytest.mark.parametrize("letters", TABLE, ids=lambda letters: "+".join(NAMES[each] for each in letters))
def test_a_mixture_is_published_confirmed_first_split_or_kept(document, letters):
    word, non_commercial, without_eu = TABLE[letters]
    assert outcome(mixed(document, letters), []) == word
    # A confirmation answers for what nobody read, and for nothing else.
    assert outcome(mixed(document, letters), ["Unverified"]) == ("publish" if word == "confirm" else word)
    terms = permission.licences.combine(NAMES[each] for each in letters)
    assert (terms.non_commercial, terms.excluded) == (non_commercial, ("EU",) if without_eu else ())
    assert terms.publishable == (word == "publish")


def test_a_row_under_two_share_alike_licences_at_once_is_refused(document):
    facts = {"licenses": {"CC-BY-SA-4.0 AND CC-BY-NC-SA-4.0": 3}}
    with pytest.raises(LicenceRefused, match="Make one release per licence"):
        permission.refuse(msgspec.structs.replace(document, corpora={"both": facts}), [], "here")


def test_rows_that_may_not_be_adapted_wait_for_the_user_s_word(document):
    corpora = {"mine": {"licenses": {"CC-BY-NC-ND-4.0": 1}}}
    mine = msgspec.structs.replace(document, corpora=corpora)
    with pytest.raises(LicenceRefused, match=r"no adapted version.*--confirm-license CC-BY-NC-ND-4\.0"):
        permission.refuse(mine, [], "here")
    permission.refuse(mine, ["cc-by-nc-nd-4.0"], "here")
    assert permission.confirmed(mine, ["cc-by-nc-nd-4.0"]) == ["CC-BY-NC-ND-4.0"]


def test_two_licences_never_share_a_file_in_a_release(document):
    names = ["CC BY 4.0", "CC-BY-4.0", "LicenseRef-a/b", "LicenseRef-a b", "LicenseRef-A-B", "MIT OR ISC"]
    files = card.licence_files(msgspec.structs.replace(document, corpora={"c": {"licenses": dict.fromkeys(names, 1)}}))
    assert sorted(licence.id for licence in files.values()) == sorted(names)
    assert len({file.casefold() for file in files}) == len(names)
    assert files["LICENSES/CC-BY-4.0.txt"].id == "CC-BY-4.0"
