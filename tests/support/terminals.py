"""A command on a terminal of its own: what it writes there, and what is typed."""

import contextlib
import os
import pty
import subprocess
import threading

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
