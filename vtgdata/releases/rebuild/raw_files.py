"""Finds the raw files of a release in folders that a user names: by their bytes, whatever they are called there."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, outside
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
        """Name, size and hash as text for people."""
        size = "of unknown size" if self.bytes is None else f"{self.bytes:,} bytes"
        return f"{self.name} ({size}, SHA-256 {self.sha256})"

    @property
    def origin(self) -> str:
        """Where it is from, as text for people."""
        if self.bytes is None:
            return "it was gone or written over when the release was made"
        return f"published at: {self.source}" if self.source else "no command of vtgdata made it"


def seek(wanted: Sequence[RawFile], places: Iterable[Path], out: Path, release: Path) -> list[Sought]:
    """Each raw file with what was found of it; only files that may be one of them are read.

    Args:
        wanted: the raw files.
        places: folders that are looked through at any depth, and files.
        out: folder of the result; it is passed over.
        release: folder of the release; it is looked through too, for prompts, texts of licences and removed.json.

    Raises VtgError when a place does not exist.
    """
    own = outside.resolved(out)
    given = [path for place in places for path in _files(place) if own not in outside.resolved(path).parents]
    by_size: dict[int, list[Path]] = {}
    for path in [*given, *_files(release)]:
        by_size.setdefault(path.stat().st_size, []).append(path)
    by_name: dict[str, list[Path]] = {}
    for path in given:
        by_name.setdefault(path.name, []).append(path)
    same = {each.place: _same(each, by_size, by_name) for each in wanted}
    return [_sought(each, same[each.place], by_name, set(same.values())) for each in wanted]


def _files(place: Path) -> list[Path]:
    if outside.is_file(place):
        return [place]
    if not place.is_dir():
        raise VtgError(f"--raw {place}: no such file or folder; name the one in which the raw files lie.")
    return sorted(path for path in place.rglob("*") if outside.is_file(path))


def _same(wanted: RawFile, by_size: dict[int, list[Path]], by_name: dict[str, list[Path]]) -> Path | None:
    """The file with the bytes of a raw file, whatever it is called; None if there is none."""
    likely = by_name.get(wanted.name, []) if wanted.bytes is None else by_size.get(wanted.bytes, [])
    likely = sorted(likely, key=lambda path: path.name != wanted.name)
    return next((path for path in likely if fingerprint.of_bytes(path) == wanted.sha256), None)


def _sought(wanted: RawFile, same: Path | None, by_name: dict[str, list[Path]], taken: set[Path | None]) -> Sought:
    namesake = next((path for path in by_name.get(wanted.name, []) if path not in taken), None)
    here = same or namesake
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
