"""Where a run keeps what it needs to go on after it was killed, and which of its checkpoints are whole.

The folder is hidden in the output folder and named after the run's settings and inputs, so that the same command finds
it again and another one leaves it alone. It goes when the model is finished.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import json_document, outside
from vtgdata.files.whole import write_json

log = logging.getLogger("vtgdata")
NAME = ".vtgdata.training-"
WHOLE = "vtgdata.json"
"""File in a checkpoint, written last: the sizes of all its other files."""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint that is whole."""

    path: Path
    step: int
    carried: dict[str, Any]
    """What a run carries from step to step besides the trainer's own state."""


class _Whole(msgspec.Struct, frozen=True, kw_only=True):
    """Contents of the file that is written last."""

    step: int
    files: dict[str, int]
    carried: dict[str, Any] = {}


def folder(out: Path, identity: str) -> Path:
    """The folder of a run; made if it is not there. Folders of runs with other settings are left, and named."""
    mine = out / f"{NAME}{identity[:12]}"
    for other in sorted(out.glob(f"{NAME}*")):
        if other != mine:
            log.warning(
                "%s: checkpoints of a run with other settings or inputs, which goes on from there when its own command "
                "is given again. Delete the folder if you do not need it.",
                other,
            )
    mine.mkdir(parents=True, exist_ok=True)
    return mine


def seal(path: Path, step: int, carried: Mapping[str, Any]) -> None:
    """Mark a checkpoint as whole, once all of its files are on the disk."""
    files = {file.relative_to(path).as_posix(): file for file in sorted(path.rglob("*")) if outside.is_file(file)}
    for file in files.values():
        with file.open("rb") as written:
            os.fsync(written.fileno())
    sizes = {name: file.stat().st_size for name, file in files.items() if name != WHOLE}
    write_json(path / WHOLE, _Whole(step=step, files=sizes, carried=dict(carried)))


def last(kept: Path) -> Checkpoint | None:
    """The last whole checkpoint of a run; None if it has none."""
    found = [whole for path in kept.glob("checkpoint-*") if (whole := _read(path)) is not None]
    return max(found, key=lambda checkpoint: checkpoint.step, default=None)


def _read(path: Path) -> Checkpoint | None:
    try:
        stated = json_document.decode(outside.read_bytes(path / WHOLE), type=_Whole)
    except (OSError, msgspec.DecodeError):
        return None
    if any(
        not outside.is_file(path / name) or (path / name).stat().st_size != size for name, size in stated.files.items()
    ):
        return None
    return Checkpoint(path=path, step=stated.step, carried=stated.carried)


def tidy(kept: Path, keep: int, but: Path | None = None) -> None:
    """Delete a run's own checkpoints that are not whole, and the oldest whole ones beyond `keep`."""
    found = {path: _read(path) for path in kept.glob("checkpoint-*")}
    whole = sorted((one for one in found.values() if one is not None), key=lambda one: -one.step)
    stays = {one.path for one in whole[:keep]} | ({but} if but else set())
    for path in found:
        if path not in stays:
            shutil.rmtree(path)


def cut_log(path: Path, step: int) -> None:
    """Leave in a log only the lines up to a step: the run goes on from there."""
    if not path.exists():
        return
    lines = outside.read_bytes(path).splitlines(keepends=True)
    kept: list[bytes] = []
    for line in lines:
        try:
            entry = msgspec.json.decode(line)
        except msgspec.DecodeError:
            break  # the run was killed while it wrote this line
        if entry.get("step", 0) <= step:
            kept.append(line)
    try:
        path.write_bytes(b"".join(kept))
    except OSError as error:
        raise VtgError(f"{path}: cannot be written ({error.strerror}).") from error


def table(step: int) -> str:
    """Name of the table of completions of a step."""
    return f"step-{step:06d}.parquet"


def cut_tables(folder: Path, step: int) -> None:
    """Delete a run's own tables of completions of steps after `step`: the run writes them again."""
    for path in folder.glob("step-*.parquet"):
        if path.stem.removeprefix("step-").isdecimal() and path.name > table(step):
            path.unlink()
