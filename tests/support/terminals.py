"""A command on a terminal of its own: what it writes there, and what is typed."""

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from support import forked


def on_terminal(
    arguments: list[str], typed: str = "", term: str = "xterm", columns: int = 200, *, shows: str = "stderr"
) -> tuple[int, str]:
    """Run `python ARGUMENTS` with a terminal as stdin and as stderr, or as stdout where it `shows` that.

    Returns its exit code, and what it wrote to the terminal.
    """
    leader, follower = pty.openpty()
    pieces: list[bytes] = []

    def read() -> None:
        # The end of a terminal that nobody has open any more is an error.
        with contextlib.suppress(OSError):
            while piece := os.read(leader, 4096):
                pieces.append(piece)

    process = forked.start(
        arguments, stdin=follower,
        stderr=follower if shows == "stderr" else subprocess.DEVNULL,
        stdout=follower if shows == "stdout" else subprocess.DEVNULL,
        env=os.environ | {"TERM": term, "COLUMNS": str(columns)},
    )  # fmt: skip
    os.close(follower)
    reader = threading.Thread(target=read)
    reader.start()
    os.write(leader, typed.encode())
    code = process.wait(120)
    reader.join(20)
    os.close(leader)
    return code, b"".join(pieces).decode().replace("\r\n", "\n")


TICKING = """
import sys
from vtgdata.files import live
live.INTERVAL = live.PLAIN_SECONDS = 0.002
sys.argv[0] = "vtgdata"
from vtgdata.__main__ import main
main()
"""
"""`vtgdata` with a line every 2 ms, so that what takes no time has one, too."""


class Said(NamedTuple):
    """What a command said."""

    code: int
    text: str
    """On the terminal, or on stdout."""
    errors: str
    """On stderr, where that is no terminal."""


def said_by(
    words: list[str], folder: Path, env: Mapping[str, str], columns: int | None, also: tuple[str, ...] = ()
) -> Said:
    """Run `vtgdata WORDS`, with a line of progress at every moment.

    Args:
        words: the command line.
        folder: to run it in.
        env: its variables.
        columns: width of the terminal on which it runs; None for none, as under nohup.
        also: modules that the process need not import again.
    """
    env = {name: value for name, value in env.items() if name != "COLUMNS"} | {"TERM": "xterm-256color"}
    program = ["-c", TICKING, *words]
    if columns is None:
        with (folder.parent / "out").open("w+") as out, (folder.parent / "err").open("w+") as err:
            process = forked.start(program, cwd=folder, env=env, stdout=out.fileno(), stderr=err.fileno(), also=also)
            code = process.wait(900)
            out.seek(0), err.seek(0)
            return Said(code, out.read(), err.read())
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    pieces: list[bytes] = []

    def read() -> None:
        with contextlib.suppress(OSError):
            while piece := os.read(leader, 65536):
                pieces.append(piece)

    process = forked.start(
        program, cwd=folder, env=env, stdin=follower, stdout=follower, stderr=follower, also=also
    )  # fmt: skip
    os.close(follower)
    reader = threading.Thread(target=read)
    reader.start()
    code = process.wait(900)
    reader.join(20)
    os.close(leader)
    return Said(code, b"".join(pieces).decode(errors="replace").replace("\r\n", "\n"), "")
