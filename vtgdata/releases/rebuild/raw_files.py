"""Finds the raw files of a release in folders that a user names: by their bytes, whatever they are called there."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint
from vtgdata.releases.rebuild.record import RawFile


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """A raw file, and whether it is there."""

    place: str
    """Where the steps look for it: `raw/...`."""
    name: str
    sha256: str
    """SHA-256 of the file that was read when the release was made."""
    bytes: int | None
    source: str
    """Where it is published; empty if nobody knows."""
    license: str
    state: Literal["found", "changed", "missing"]
    """`changed`: a file of this name is there, and has other bytes."""
    here: str = ""
    """The file that was found, changed or not."""

    @property
    def said(self) -> str:
        """Name, size, hash and source as text for people."""
        size = "unknown size" if self.bytes is None else f"{self.bytes:,} bytes"
        source = f", from {self.source}" if self.source else ", which no command of vtgdata made"
        if self.bytes is None:
            source = ", which was gone or written over when the release was made"
        return f"{self.name} ({size}, SHA-256 {self.sha256}{source})"


def seek(wanted: Sequence[RawFile], folders: Iterable[Path], release: Path) -> list[Sought]:
    """Each raw file with what was found of it under these folders; only files that may be one of them are read.

    The release itself is looked through too, for prompts and lists of removed samples. Raises VtgError when a folder
    does not exist.
    """
    by_size: dict[int, list[Path]] = {}
    by_name: dict[str, list[Path]] = {}
    for folder in folders:
        if not folder.is_dir():
            raise VtgError(f"--raw {folder}: no such folder; name the one in which the raw files lie.")
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            by_size.setdefault(path.stat().st_size, []).append(path)
            by_name.setdefault(path.name, []).append(path)
    for path in sorted(path for path in release.rglob("*") if path.is_file()):
        by_size.setdefault(path.stat().st_size, []).append(path)
    return [_sought(each, by_size, by_name) for each in wanted]


def _sought(wanted: RawFile, by_size: dict[int, list[Path]], by_name: dict[str, list[Path]]) -> Sought:
    namesakes = by_name.get(wanted.name, [])
    likely = by_size.get(wanted.bytes, []) if wanted.bytes is not None else namesakes
    likely = sorted(likely, key=lambda path: path.name != wanted.name)
    same = next((path for path in likely if fingerprint.of_file(path) == wanted.sha256), None)
    here = same or next(iter(namesakes), None)
    return Sought(
        place=wanted.place,
        name=wanted.name,
        sha256=wanted.sha256,
        bytes=wanted.bytes,
        source=wanted.source,
        license=wanted.license,
        state="found" if same else "changed" if here else "missing",
        here="" if here is None else str(here),
    )
