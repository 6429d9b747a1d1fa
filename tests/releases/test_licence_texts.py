"""Licences whose texts must travel: a release holds the texts that it was given, and says which are missing."""

import logging
from pathlib import Path

import pytest

from support.release_builders import make_release, make_sample
from vtgdata import releases
from vtgdata.errors import VtgError
from vtgdata.files.samples import write_samples
from vtgdata.releases import licence_texts

MIT, CHARADES = "Copyright (c) 2026 Authors\nPermission is hereby granted", "Terms f\u00fcr Charades \r\n"


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, str]:
    """Samples of two corpora under three licences, one of which needs no text."""
    licences = ["MIT AND LicenseRef-Charades", "MIT", "CC-BY-4.0"]
    rows = [
        make_sample(number, corpus=("one", "two", "two")[number], license=licence)
        for number, licence in enumerate(licences)
    ]
    write_samples(tmp_path / "samples.parquet", rows)
    (tmp_path / "mit.txt").write_text(MIT)
    (tmp_path / "charades.txt").write_bytes(CHARADES.encode("cp1252"))
    return {"samples": str(tmp_path / "samples.parquet")}


def texts(tmp_path: Path, **named: str) -> dict[str, str]:
    return {name.replace("_", "-"): str(tmp_path / file) for name, file in named.items()}


def test_a_release_without_them_says_which_are_missing_and_what_to_do(tmp_path, inputs, caplog):
    with caplog.at_level(logging.WARNING, logger="vtgdata"):
        folder = make_release(tmp_path / "v1", inputs)
    (said,) = [record.getMessage() for record in caplog.records if "must travel" in record.getMessage()]
    assert "LicenseRef-Charades (one), https://" in said and "MIT (one, two)" in said and "CC-BY" not in said
    assert "--license-text MIT=FILE" in said
    for page in ("README.md", "LICENSES.md"):
        assert "are not here**: LicenseRef-Charades (one), MIT (one, two)" in (folder / page).read_text()


def test_the_texts_are_in_the_release_byte_for_byte_and_named_with_their_hashes(tmp_path, inputs, caplog):
    given = texts(tmp_path, MIT="mit.txt", LicenseRef_Charades="charades.txt")
    with caplog.at_level(logging.WARNING, logger="vtgdata"):
        folder = make_release(tmp_path / "v1", inputs, license_texts=given)
    assert not [record for record in caplog.records if "must travel" in record.getMessage()]
    assert (folder / "LICENSES/texts/LicenseRef-Charades.txt").read_bytes() == CHARADES.encode("cp1252")
    release = releases.open_release(str(folder))
    release.check_all()
    assert {"LICENSES/texts/MIT.txt", "LICENSES/texts/LicenseRef-Charades.txt"} <= set(release.document.files)
    assert [each["name"] for each in release.document.inputs["license_texts"]] == ["charades.txt", "mit.txt"]
    assert "`LICENSES/texts/MIT.txt`" in (folder / "LICENSES.md").read_text()


def test_a_text_of_a_corpus_counts_for_that_corpus_alone(tmp_path, inputs):
    folder = make_release(tmp_path / "v1", inputs, license_texts=texts(tmp_path, one="charades.txt"))
    document = releases.open_release(str(folder)).document
    assert licence_texts.missing(document, document.files) == {"MIT": ["two"]}


def test_the_texts_of_the_version_before_are_taken_over_while_a_row_needs_them(tmp_path, inputs):
    given = texts(tmp_path, MIT="mit.txt", one="charades.txt")
    first = make_release(tmp_path / "v1", inputs, license_texts=given)
    write_samples(tmp_path / "samples.parquet", [make_sample(1, corpus="two", license="MIT")])
    second = make_release(tmp_path / "v2", inputs, "2.0.0", previous=str(first))
    assert [path.name for path in (second / "LICENSES/texts").iterdir()] == ["MIT.txt"]
    assert (second / "LICENSES/texts/MIT.txt").read_text() == MIT


def test_a_text_for_a_licence_of_no_row_and_a_file_that_is_no_text_are_refused(tmp_path, inputs):
    with pytest.raises(VtgError, match=r"--license-text MTI=.*no row is of this licence or corpus; did you mean 'MIT'"):
        make_release(tmp_path / "v1", inputs, license_texts=texts(tmp_path, MTI="mit.txt"))
    (tmp_path / "mit.txt").write_bytes(b"PK\0\0")
    with pytest.raises(VtgError, match="is no text of a licence"):
        make_release(tmp_path / "v1", inputs, license_texts=texts(tmp_path, MIT="mit.txt"))
