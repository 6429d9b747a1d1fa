"""Raw files of a step: files that no step made, and where a rebuild puts them for the step to find."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from vtgdata.files import fingerprint, outside, plugins
from vtgdata.releases.document import NAME as RELEASE
from vtgdata.releases.document import named, read_document
from vtgdata.releases.rebuild import record as rebuild_record
from vtgdata.releases.rebuild.paths import FOLDERS, anonymous
from vtgdata.releases.rebuild.record import RawFile


class RawInput(NamedTuple):
    """An input that no step made."""

    path: str
    """As the step named it."""
    here: Path | None
    """Where it lies now; None if it is gone, or has other bytes than were read."""
    sha256: str


def places(step: str, command: str, settings: Mapping[str, Any], found: Sequence[RawInput]) -> dict[str, str]:
    """{normal path: its place under `raw/`} of the inputs, and of folders in settings in which they lie."""
    folders = _named_folders(settings)
    roots: dict[str, tuple[str, str]] = {}
    for each in found:
        path = os.path.normpath(each.path)
        folder = max((name for name in folders if path.startswith(f"{name}/")), key=len, default="")
        above = folder or str(PurePath(path).parent)
        roots[path] = (above, f"{PurePath(folder).name}/{path[len(folder) + 1 :]}" if folder else "")
    inner = {path: inside or PurePath(path).name for path, (_, inside) in roots.items()}
    # What lies beside a corpus's file may be read with it, so its folders stay apart; for others names alone count.
    apart = command == "ingest" or len(set(inner.values())) < len(inner)
    order = sorted(
        {above for above, _ in roots.values()},
        key=lambda above: sorted((inner[path], _hash(found, path)) for path, (own, _) in roots.items() if own == above),
    )
    made: dict[str, str] = {}
    for path, (above, inside) in roots.items():
        number = f"/{order.index(above) + 1}" if apart and len(order) > 1 else ""
        base = f"{rebuild_record.RAW}/{step}{number}"
        made[path] = anonymous(f"{base}/{inner[path]}")
        if inside:
            made[above] = anonymous(f"{base}/{PurePath(above).name}/").rstrip("/")
    return made


def _hash(found: Sequence[RawInput], path: str) -> str:
    return next(each.sha256 for each in found if os.path.normpath(each.path) == path)


def _named_folders(settings: Mapping[str, Any]) -> set[str]:
    named = [text for name, value in settings.items() if name in FOLDERS for text in rebuild_record.texts(value)]
    return {os.path.normpath(text) for text in named if text}


def records(step: str, command: str, settings: Mapping[str, Any], found: Sequence[RawInput]) -> list[RawFile]:
    """The raw files of a step; a folder gives one for each file in it."""
    where = places(step, command, settings, found)
    source, licence = _published(command, settings)
    made: list[RawFile] = []
    for each in found:
        place = where[os.path.normpath(each.path)]
        for name, sha256, size in _files(each):
            at = os.path.normpath(f"{place}/{name}")
            own = PurePath(at).name
            made.append(RawFile(place=at, name=own, sha256=sha256, bytes=size, source=source, license=licence))
    return made


def _files(each: RawInput) -> list[tuple[str, str, int | None]]:
    """Name in the folder (empty for a file), hash and size of an input's files."""
    if each.here is None:
        return [("", each.sha256, None)]
    if each.here.is_dir():
        files = sorted(path for path in each.here.rglob("*") if outside.is_file(path) and not path.name.startswith("."))
        return [(path.relative_to(each.here).as_posix(), *_facts(path)) for path in files]
    if each.here.name == RELEASE:
        # A release before this one: all of it is read, though only its own page was hashed as an input.
        folder = each.here.parent
        others = sorted(named(read_document(outside.read_bytes(each.here), str(each.here))) - {RELEASE})
        return [("", *_facts(each.here)), *((f"../{name}", *_facts(folder / name)) for name in others)]
    return [("", each.sha256, each.here.stat().st_size)]


def _facts(path: Path) -> tuple[str, int]:
    return fingerprint.of_bytes(path), path.stat().st_size


def _published(command: str, settings: Mapping[str, Any]) -> tuple[str, str]:
    """Where the raw files of an ingest are published, and their licence; empty for what nobody knows."""
    corpus = str(settings.get("corpus") or "")
    if command != "ingest" or corpus not in plugins.names("corpora"):
        return "", ""
    facts = plugins.load("corpora", corpus).CORPUS
    return facts.download or facts.homepage, str(settings.get("license") or facts.license)
