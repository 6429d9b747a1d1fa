"""Starting a training command in several processes, by torchrun or accelerate, from one command or recipe step."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from vtgdata import errors
from vtgdata.errors import VtgError
from vtgdata.files import json_document
from vtgdata.files.whole import write_json
from vtgdata.train.settings import TrainSettings

MODULE = "vtgdata.train.process"
"""What each process runs."""
FAILED = "VTGDATA_FAILED"
"""Variable: the file in which a process says why it failed, since launchers pass on no exit code."""
_LAUNCHER = re.compile(r"^[EWI]\d{4} |^\[rank\d+\]:|^\s*$")
"""Lines that torchrun itself writes to stderr."""


class _Failure(msgspec.Struct, frozen=True):
    """Why a process failed."""

    kind: str
    """Name of the error's class."""
    words: str


def words(settings: TrainSettings, python: str = sys.executable) -> list[str]:
    """The launcher and its arguments; the module and its file follow them."""
    if settings.accelerate:
        processes = ["--num_processes", str(settings.launch)] if settings.launch else []
        launcher = [python, "-m", "accelerate.commands.launch", "--config_file", settings.accelerate]
        return [*launcher, *processes, "--module"]
    return [python, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(settings.launch), "-m"]


def start(command: str, settings: TrainSettings) -> None:
    """Run a training command in several processes and wait for it.

    Raises the error of the process that failed first; its exit code is that error's.
    """
    if settings.accelerate and not Path(settings.accelerate).is_file():
        raise VtgError(f"--accelerate {settings.accelerate}: no such file.")
    with tempfile.TemporaryDirectory() as folder:
        file, failed = Path(folder) / "settings.json", Path(folder) / "failed.json"
        inner = msgspec.structs.replace(settings, accelerate="", launch=settings.launch)
        write_json(file, {"command": command, "settings": msgspec.to_builtins(inner)})
        given = dict(os.environ) | {FAILED: str(failed), "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
        process = subprocess.Popen(
            [*words(settings), "vtgdata.train.process", str(file)], env=given, stderr=subprocess.PIPE, text=True
        )
        _pass_on(process, failed)
        if process.wait():
            raise _failure(failed, process.returncode)


def _pass_on(process: subprocess.Popen[str], failed: Path) -> None:
    """Write what the processes say to stderr; what the launcher says of a failure that is told already is left out."""
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if not _LAUNCHER.match(line) and not failed.exists():
                sys.stderr.write(line)
    except KeyboardInterrupt:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        raise


def _failure(failed: Path, code: int) -> Exception:
    try:
        stated = json_document.decode(failed.read_bytes(), type=_Failure)
    except (OSError, msgspec.DecodeError):
        return VtgError(f"training in several processes broke off with exit code {code}; what they said is above.")
    kind = getattr(errors, stated.kind, VtgError)
    return kind(stated.words)


def fail(error: VtgError) -> None:
    """Say to the process that started this one why it fails."""
    if name := os.environ.get(FAILED):
        with contextlib.suppress(FileExistsError), Path(name).open("xb") as file:
            file.write(msgspec.json.encode(_Failure(type(error).__name__, str(error))))
