"""What a program that we start gets to know: how to run, and none of the user's secrets."""

import os
import sys
import sysconfig
import threading
from pathlib import Path

from vtgdata.files import limits

_PASSED = {
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT", "VIRTUAL_ENV"),
    *("PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "PYTHONFAULTHANDLER", "OMP_NUM_THREADS", "OMP_WAIT_POLICY"),
    *("MALLOC_ARENA_MAX", "VTGDATA_CACHE", "VTGDATA_FAIL_POINT"),
    *(limit.variable for limit in limits.ALL.values()),
}
"""Variables that are passed on. Everything else may be a secret, and no program of ours needs it."""

_ENDS = "VTGDATA_ENDS_WITH_ITS_INPUT"
"""Set for a command that we start: it is not to outlive us, however we end."""


def environment() -> dict[str, str]:
    """The environment of a child process: a fixed list of harmless variables, and locale settings."""
    return {name: value for name, value in os.environ.items() if name in _PASSED or name.startswith("LC_")}


_MACHINE = ("CUDA_", "NCCL_", "GLOO_", "TORCH_", "PYTORCH_", "OMP_", "MKL_", "VLLM_", "TRITON_", "HF_HOME", "HF_HUB_")
"""Beginnings of the names of further variables that say how a machine computes."""


def computing() -> dict[str, str]:
    """The environment of a child process that computes with a model: how to run, on which devices, and no secrets."""
    return environment() | {name: value for name, value in os.environ.items() if name.startswith(_MACHINE)}


def python(module: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Command and environment of a Python process that runs one of our modules.

    It imports from where this process does, but never from the current folder, where a downloaded dataset may lie.
    """
    folders = [entry for entry in sys.path if entry and not is_stray(entry)]
    command = [sys.executable, "-P", "-m", module, *arguments]
    return command, environment() | {"PYTHONPATH": os.pathsep.join(folders)}


def that_ends_with_us(command: list[str], environment: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """The same for a command of ours whose standard input is a pipe: it ends when that closes, as after our kill."""
    return command, environment | {_ENDS: "1"}


def end_with_parent() -> None:
    """In a command that `that_ends_with_us` started: end this process as soon as its standard input closes."""
    if os.environ.pop(_ENDS, None):
        threading.Thread(target=_wait_for_the_end, name="parent", daemon=True).start()


def _wait_for_the_end() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


def is_stray(entry: str) -> bool:
    """Whether an entry of sys.path is the current folder, and neither this package nor Python itself lies there."""
    here, ours = Path.cwd().resolve(), Path(__file__).resolve().parents[2]
    known = {ours, *(Path(path).resolve() for path in sysconfig.get_paths().values())}
    return Path(entry).resolve() == here and here not in known
