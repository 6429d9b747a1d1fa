"""The program of a working process: it does one piece after another through its pipes, and ends when they close."""

import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import BinaryIO

HEAD = 8
"""Bytes before each message that state its length."""
DONE, RAISED = b"\x01", b"\x00"
"""First byte of an answer: what was made follows, or the words of an error."""


def framed(message: bytes) -> list[bytes]:
    """A message for a pipe: its length, then its bytes."""
    return [len(message).to_bytes(HEAD, "little"), message]


def _serve(function: str) -> None:
    """Do pieces until the pipe closes. Args: function: `module:name` of one that makes the work of its state."""
    pieces, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get into the answers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one, which ends it
    do = made_by(function)(_message(pieces) or b"")
    try:
        while (piece := _message(pieces)) is not None:
            try:
                said = DONE + do(piece)
            except Exception as error:  # the process that started this one does such a piece itself
                said = RAISED + repr(error).encode(errors="replace")
            answers.writelines(framed(said))
            answers.flush()
    except BrokenPipeError:
        os._exit(1)  # nobody waits for an answer any more


def made_by(function: str) -> Callable[[bytes], Callable[[bytes], bytes]]:
    """The function of ours that makes the work of its state. Args: function: `module:name`."""
    module, _, name = function.partition(":")
    return getattr(importlib.import_module(module), name)


def _message(pipe: BinaryIO) -> bytes | None:
    """The next message; None where the pipe is closed."""
    head = pipe.read(HEAD)
    size = int.from_bytes(head, "little")
    message = pipe.read(size) if len(head) == HEAD else b""
    return message if len(head) == HEAD and len(message) == size else None


if __name__ == "__main__":
    _serve(sys.argv[1])
