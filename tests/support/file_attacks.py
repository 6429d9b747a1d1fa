"""Attacks by files, each tried on every command of the table: what is planted, and which commands are exempt and why.

A new command is attacked by itself, through the inputs that `every_stage.RUNS` names. `python tests/support/attacks.py`
prints the exemptions.
"""

import functools
import gzip
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from support.every_stage import RUNS, read
from vtgdata.cli import commands

ATTACKS = {
    "A7": "small files that are huge once they are read, and files above a limit",
    "A11": "links in a folder of pictures that lead out of it",
    "A12": "pipes, sockets, devices and files of the kernel in the place of files",
    "A14": "documents and cells that nest too deep, and an output that is not UTF-8",
}
_NOTHING = "it reads no file that is named to it"
_HUB = "what it reads is on the Hub: tests/stages/test_pull.py"
_NO_VIDEO = "it opens no video"
EXEMPT: dict[str, dict[str, str]] = {
    "A7": {
        "demo-draw": _NOTHING,
        "demo-base": _NOTHING,
        "pull": _HUB,
    },
    "A12": {
        "demo-draw": _NOTHING,
        "demo-base": _NOTHING,
        "pull": _HUB,
    },
    "A14": {"demo-base": "its words are one line; it trains for minutes"},
    "A11": {
        **dict.fromkeys(
            (
                *("negatives", "compare-rates", "import rollouts", "select", "audit", "review", "remove", "release"),
                *("push", "pull", "diff", "demo-draw", "demo-base", "demo-report"),
            ),
            _NO_VIDEO,
        ),
        "rebuild": "its steps are these commands, in a process of their own",
        "export": "its frames come from the store that the asking commands fill",
        "train sft": "its frames come from the store that the asking commands fill; it needs torch",
        "train rl": "its frames come from the store that the asking commands fill; it needs torch",
        "train distill": "its frames come from the store that the asking commands fill; it needs torch",
    },
}
"""{attack: {command: why it is not tried there}}."""
SEES: dict[str, dict[str, Any]] = {
    "evaluate": {
        "model": ["scripted:samples/samples.parquet"], "videos": "videos", "num_frames": 2, "predictions": "",
        "baseline": "",
    },
}  # fmt: skip
"""Settings with which a command gets to see videos, where those of `every_stage.RUNS` show it none."""
PARQUET_FREE = {
    **dict.fromkeys(("demo-draw", "demo-base"), _NOTHING),
    "pull": "what it reads is on the Hub",
    "ingest": "of the corpora only `samples` reads them: tests/whole/test_hostile_files.py",
    "push": "it copies a release's files, whose hashes it checks, and reads no rows",
    "rebuild": "without answers and steps that are known it stops before it reads rows",
    "train sft": "tests/train: it loads torch first",
    "train rl": "tests/train: it loads torch first",
    "train distill": "tests/train: it loads torch first",
    "demo-report": "it stops at an evaluation without models",
}
"""Commands of the table that read no Parquet file with these settings, and why."""

TRAINED = {
    **dict.fromkeys(("train sft", "train rl", "train distill"), "they load torch first: minutes for their settings"),
    "demo-base": "it trains for minutes, whatever its settings are",
}
"""Commands of A12 whose settings are not tried one by one, and why."""


def attacked(attack: str) -> list[str]:
    """The commands on which an attack is tried."""
    return [name for name in commands.COMMANDS if name not in EXEMPT[attack]]


def inputs(command: str) -> list[Path]:
    """The files that a command's settings name, and of each folder those of each kind that it holds."""
    found: dict[Path, None] = {}
    for name in read(RUNS[command]):
        path = Path(name)
        kinds: set[tuple[Path, str]] = set()
        for each in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if each.is_file() and (each.parent, each.suffix) not in kinds:
                kinds.add((each.parent, each.suffix))
                found[each] = None
    return list(found)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def kernel(path: Path) -> None:
    path.symlink_to("/proc/kmsg")


def a_socket(path: Path) -> None:
    here = socket.socket(socket.AF_UNIX)
    before = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may not be long
    try:
        here.bind(path.name)
    finally:
        os.chdir(before)
        here.close()


def loop(path: Path) -> None:
    path.symlink_to(path.name)


SPECIAL: dict[str, Callable[[Path], None]] = {
    "pipe": pipe, "device": device, "kernel": kernel, "socket": a_socket, "loop": loop,
}  # fmt: skip


def bomb(path: Path) -> None:
    """A hundred MB of blanks in 100 KB."""
    path.write_bytes(_bomb())


@functools.cache
def _bomb() -> bytes:
    return gzip.compress(b" " * (100 << 20), 9)


def deep(path: Path) -> None:
    """Lists in lists, 200,000 deep."""
    path.write_bytes(b"[" * 200_000 + b"]" * 200_000)


def deep_object(path: Path) -> None:
    """An object in objects, deep enough to be read and too deep to be written."""
    path.write_bytes(b'{"steps": ' + b'{"a":' * 900 + b"1" + b"}" * 901)


def deep_cells(path: Path) -> None:
    """A Parquet file in which every text is JSON that nests deep, but those that other files refer to."""
    table = pq.read_table(path)
    kept = ("sample_id", "corpus", "split", "video_id", "video_file", "key", "measure", "task", "model_id", "prompt_id")
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type) and field.name not in kept:
            cells = pa.array(['{"a":' * 900 + "1" + "}" * 900] * len(table), pa.string())
            table = table.set_column(place, field, cells)
    pq.write_table(table, path)


PLANTED: dict[str, Callable[[Path], None]] = {"bomb": bomb}
DEEP: dict[str, Callable[[Path], None]] = {"deep": deep, "deep_object": deep_object}
