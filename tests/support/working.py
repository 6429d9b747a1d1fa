"""Work for processes of one's own: what a piece says is done to it, or to the process."""

import os
import signal
import sys
import time
from collections.abc import Callable


def making(state: bytes) -> Callable[[bytes], bytes]:
    """The work: answers state and piece, after 10 ms for each letter `z` in the piece."""

    def do(piece: bytes) -> bytes:
        time.sleep(piece.count(b"z") / 100)
        if piece == b"raise":
            raise ValueError("a wrong piece")
        if piece == b"die":
            os.kill(os.getpid(), signal.SIGKILL)
        if piece == b"leave":
            sys.exit("it had enough")
        if piece == b"environment":
            return repr((dict(os.environ), sys.path, sorted(sys.modules))).encode()
        sys.stdout.write("what a library prints\n")
        return b"%d %s %s" % (os.getpid(), state, piece)

    return do
