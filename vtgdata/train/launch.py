"""Starting a training command in several processes, by torchrun or accelerate, from one command or recipe step."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec

from vtgdata.errors import VtgError, of_process
from vtgdata.files import child_processes, json_document, outside, temporary
from vtgdata.files.whole import write_json
from vtgdata.train import launch_config
from vtgdata.train.settings import TrainSettings

MODULE = "vtgdata.train.process"
"""What each process runs."""
FAILED = "VTGDATA_FAILED"
"""Variable: the file in which a process says why it failed, since launchers pass on no exit code."""
GRACE = 30.0
"""Seconds that processes have to end when the command is interrupted; then they are killed."""
_LAUNCHER = re.compile(
    r"^[EWI]\d{4} |^\[rank\d+\]:\[W\d{4} |^\s*$|^\*{20,}$|^Setting OMP_NUM_THREADS|torch/distributed/(elastic|run)"
    r"|^The following values were not passed to `accelerate launch`|^\t`--|^To avoid this warning pass in values"
)
"""Lines that launchers themselves write."""


class _Failure(msgspec.Struct, frozen=True):
    """Why a process failed."""

    kind: str
    """Name of the error's class."""
    words: str


def words(settings: TrainSettings, python: str = sys.executable) -> list[str]:
    """The launcher and its arguments; the module and its file follow them.

    On several machines the same command is given on each: NODE_RANK says which one it is, MASTER_ADDR and MASTER_PORT
    where the first one is.
    """
    if not settings.accelerate:
        return [python, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(settings.launch), "-m"]
    file = launch_config.find(settings.accelerate)
    more = ["--num_processes", str(settings.launch)] if settings.launch else []
    if launch_config.read(file).machines > 1:
        places = {"machine_rank": "NODE_RANK", "main_process_ip": "MASTER_ADDR", "main_process_port": "MASTER_PORT"}
        for option, name in places.items():
            more += [f"--{option}", os.environ[name]] if os.environ.get(name) else []
    return [python, "-m", "accelerate.commands.launch", "--config_file", str(file), *more, "--module"]


def started_here() -> bool:
    """Whether this process is one that `start` started: it must not start any itself."""
    return FAILED in os.environ


def start(command: str, settings: TrainSettings) -> None:
    """Run a training command in several processes and wait for it.

    Raises the error of the process that failed first; its exit code is that error's.
    """
    _check_machines(settings.accelerate)
    with temporary.folder() as folder:
        file, failed = folder / "settings.json", folder / "failed.json"
        wanted = settings.launch
        if settings.accelerate:
            wanted = wanted or launch_config.read(launch_config.find(settings.accelerate)).processes
        inner = msgspec.structs.replace(settings, accelerate="", launch=wanted)
        quiet = not logging.getLogger("vtgdata").isEnabledFor(logging.INFO)
        write_json(file, {"command": command, "settings": msgspec.to_builtins(inner), "quiet": quiet})
        given = dict(os.environ) | {FAILED: str(failed), "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
        # From where this process imports, but never from the current folder, where something downloaded may lie.
        given |= {"PYTHONPATH": child_processes.python(MODULE)[1]["PYTHONPATH"], "PYTHONSAFEPATH": "1"}
        # Their input is a pipe from here: it closes however this process ends, and they end with it.
        line, given = child_processes.that_ends_with_us([*words(settings), MODULE, str(file)], given)
        process = subprocess.Popen(
            line,
            env=given,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        try:
            _pass_on(process, failed)
            code = process.wait()
        except BaseException:  # Ctrl-C and signals, too: no process outlives the command
            _end(process)
            raise
        if code:
            raise _failure(failed, code)


def _check_machines(name: str) -> None:
    """Raise VtgError when one of our files is for several machines, and nothing says which one this is."""
    lacking = [variable for variable in ("NODE_RANK", "MASTER_ADDR") if not os.environ.get(variable)]
    if name in launch_config.names() and launch_config.read(launch_config.find(name)).machines > 1 and lacking:
        raise VtgError(
            f"--accelerate {name}: {' and '.join(lacking)} must be set: the number of this machine, from 0, and the "
            "address of the first one. Give the same command on each machine."
        )


def _pass_on(process: subprocess.Popen[str], failed: Path) -> None:
    """Write what the processes say to stderr; what the launcher says of a failure that is told already is left out."""
    assert process.stdout is not None
    for line in process.stdout:
        if not _LAUNCHER.search(line) and not failed.exists():
            sys.stderr.write(line)


def _end(process: subprocess.Popen[str]) -> None:
    """End the launcher, which ends its processes."""
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _failure(failed: Path, code: int) -> VtgError:
    try:
        stated = json_document.decode(outside.read_bytes(failed), type=_Failure)
    except (OSError, msgspec.DecodeError):
        return VtgError(f"training in several processes broke off with exit code {code}; what they said is above.")
    return of_process(stated.kind, stated.words)


def fail(error: VtgError) -> None:
    """Say to the process that started this one why it fails."""
    if name := os.environ.get(FAILED):
        with contextlib.suppress(FileExistsError), Path(name).open("xb") as file:
            file.write(msgspec.json.encode(_Failure(type(error).__name__, str(error))))
