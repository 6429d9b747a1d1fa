"""A command on a terminal of its own: what it writes there, and what is typed."""

import contextlib
import os
import pty
import subprocess
import threading

from support import forked


def on_terminal(arguments: list[str], typed: str = "", term: str = "xterm") -> tuple[int, str]:
    """Run `python ARGUMENTS` with a terminal as stdin and stderr; its exit code, and what it wrote to stderr."""
    leader, follower = pty.openpty()
    pieces: list[bytes] = []

    def read() -> None:
        # The end of a terminal that nobody has open any more is an error.
        with contextlib.suppress(OSError):
            while piece := os.read(leader, 4096):
                pieces.append(piece)

    process = forked.start(
        arguments, stdin=follower, stderr=follower, stdout=subprocess.DEVNULL,
        env=os.environ | {"TERM": term, "COLUMNS": "200"},
    )  # fmt: skip
    os.close(follower)
    reader = threading.Thread(target=read)
    reader.start()
    os.write(leader, typed.encode())
    code = process.wait(120)
    reader.join(20)
    os.close(leader)
    return code, b"".join(pieces).decode().replace("\r\n", "\n")
