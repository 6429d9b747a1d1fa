"""`meta.json` in an output folder: which command made the folder, from what, and the hashes of what it wrote."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from vtgdata.files import fingerprint, json_document, outside

META = "meta.json"
CHANGED = "changed while it was read"
"""In the place of the fingerprint of an input that did."""


class Meta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Contents of `meta.json`."""

    command: str
    version: str
    complete: bool
    """False when more rows failed than the threshold allows: the step then runs again, and asks only for these."""
    settings: dict[str, Any]
    code: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    summary: dict[str, Any]
    """The stage's summary as JSON values: other versions of the stage may have written other fields."""
    finished: str
    """ISO 8601, UTC."""
    how: dict[str, Any] = {}
    """Settings that say how the step was run and never change its result, as far as they were given: `vtgdata retry`
    runs it in the same way."""
    parser: str = ""
    """Fingerprint of the parser that read the answers which the step wrote; empty where it wrote none."""


def read_meta(folder: Path) -> Meta | None:
    """The folder's meta; None when there is none, or it is not ours (then the step is simply not done).

    One whose outputs lie outside of the folder is not ours: it may have come with the folder from anywhere.
    """
    try:
        meta = json_document.decode(outside.read_bytes(folder / META), type=Meta)
    except (OSError, msgspec.DecodeError):
        return None
    return meta if all(map(outside.is_inner, meta.outputs)) else None


def outputs_hold(folder: Path, meta: Meta) -> bool:
    """Whether every file that the meta names still exists with the same bytes."""
    return all(
        (folder / name).exists() and fingerprint.of_path(folder / name) == known for name, known in meta.outputs.items()
    )


def changed_inputs(inputs: Mapping[str, str]) -> list[str]:
    """Those of a meta's inputs whose bytes are no longer those that it names; folders that are only listed are none."""
    return [path for path, known in inputs.items() if not path.endswith("/") and _now(path) != known]


def _now(path: str) -> str:
    """The fingerprint of an input now; empty where it is gone."""
    try:
        return fingerprint.of_path(Path(path))
    except OSError:
        return ""


class Made(NamedTuple):
    """What made a file: a step, and the file's name among its outputs."""

    folder: Path
    """The step's output folder."""
    meta: Meta
    name: str
    """Path of the file in that folder, with `/`; empty for the whole folder."""


def maker(path: Path, known: str = "") -> Made | None:
    """The step that made a file or folder, by the nearest `meta.json` above it; None for one that no step made.

    Args:
        path: the file or folder.
        known: its fingerprint; if the step's output has another one now, it is not what the step made.
    """
    place = Path(os.path.normpath(path.absolute()))  # not resolved: a link lies where its name is
    for folder in (place, *place.parents):
        meta = read_meta(folder)
        if meta is None:
            continue
        name = "" if folder == place else place.relative_to(folder).as_posix()
        stated = meta.outputs.get(name)
        inside = not name or any(name.startswith(f"{output}/") for output in meta.outputs)
        if inside or (stated is not None and stated == (known or stated)):
            return Made(folder, meta, name)
    return None
