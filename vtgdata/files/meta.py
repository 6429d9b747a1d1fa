"""`meta.json` in an output folder: which command made the folder, from what, and the hashes of what it wrote."""

from pathlib import Path
from typing import Any

import msgspec

from vtgdata.files import fingerprint

META = "meta.json"


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


def read_meta(folder: Path) -> Meta | None:
    """The folder's meta; None when there is none, or it is not ours (then the step is simply not done)."""
    try:
        return msgspec.json.decode((folder / META).read_bytes(), type=Meta)
    except (OSError, msgspec.DecodeError):
        return None


def outputs_hold(folder: Path, meta: Meta) -> bool:
    """Whether every file that the meta names still exists with the same bytes."""
    return all(
        (folder / name).exists() and fingerprint.of_path(folder / name) == known for name, known in meta.outputs.items()
    )
