"""Compares a rebuilt release with the one that was published: every Parquet file, and the release as a whole."""

from typing import Literal

import msgspec

from vtgdata.files import parquet_limits
from vtgdata.releases import document
from vtgdata.releases.document import DataFile, Release

Sameness = Literal["same", "same rows", "differs", "missing", "new"]
DATA_TOO = ("prompts/", "removed.json", "LICENSES/texts/")
"""Files that count as data: vtgdata copies them, and does not word them."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same, and what is not."""

    same: bool
    """Whether every Parquet file, prompt, licence text and removed.json has the same bytes: the data are the same."""
    identical: bool
    """Whether the whole release is the same, pages for people included: another version of vtgdata may word these
    otherwise."""
    parquet: dict[str, Sameness]
    """{file: its state}; `same rows`: equal rows in other bytes, as another version of the Parquet library writes."""
    content: str
    """SHA-256 of the rebuilt release.json without its date."""
    published: str
    """The same of the published release."""
    fields: list[str]
    """Fields of release.json that differ."""
    files: list[str]
    """Other files whose bytes differ, or that only one of the two has."""

    @property
    def data_said(self) -> str:
        """The data that differ, as text for people; empty if none do."""
        data = [f"{name} ({state})" for name, state in self.parquet.items() if state != "same"]
        return ", ".join([*data, *(name for name in self.files if name.startswith(DATA_TOO))])

    @property
    def pages_said(self) -> str:
        """What differs besides, as text for people; empty if nothing does."""
        pages = [name for name in self.files if not name.startswith(DATA_TOO)]
        return ", ".join([*pages, *(f"release.json: {field}" for field in self.fields if field != "files")])


def compare(published: Release, rebuilt: Release) -> Comparison:
    """Compare a rebuilt release with the published one."""
    before, after = _data(published), _data(rebuilt)
    parquet: dict[str, Sameness] = {
        name: _state(name, before, after, published, rebuilt) for name in sorted({*before, *after})
    }
    old, new = (msgspec.to_builtins(each.document) for each in (published, rebuilt))
    fields = [name for name in old if name != "created" and old[name] != new[name]]
    others = [
        name
        for name in sorted({*published.document.files, *rebuilt.document.files})
        if published.document.files.get(name) != rebuilt.document.files.get(name)
    ]
    contents = document.content(rebuilt.document), document.content(published.document)
    return Comparison(
        same=set(parquet.values()) <= {"same"} and not any(name.startswith(DATA_TOO) for name in others),
        identical=contents[0] == contents[1],
        parquet=parquet,
        content=contents[0],
        published=contents[1],
        fields=fields,
        files=others,
    )


def _data(release: Release) -> dict[str, DataFile]:
    return {data.file: data for splits in release.document.configs.values() for data in splits.values()}


def _state(
    name: str, before: dict[str, DataFile], after: dict[str, DataFile], published: Release, rebuilt: Release
) -> Sameness:
    if name not in after:
        return "missing"
    if name not in before:
        return "new"
    if before[name].sha256 == after[name].sha256:
        return "same"

    one, two = (parquet_limits.frame(release.path / name) for release in (published, rebuilt))
    return "same rows" if one.equals(two) else "differs"
