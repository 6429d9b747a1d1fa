"""PyAV, with a line in `$VTGDATA_CACHE/decoded.txt` when it begins to decode a video and when it has decoded it.

The frames that it decoded, those included that it only went through, are in `frames.txt` there: a number a line.
"""

import os
import threading
import time
from functools import partial
from pathlib import Path
from unittest import mock

from vtgdata.plugins.decoders import pyav
from vtgdata.plugins.decoders.pyav import probe  # noqa: F401 (the contract of a decoder)

ALONE = threading.Lock()
"""Two threads that decode at once would each count the other's frames."""


def frames(path, times):
    note(f"begin {path.stem}")
    time.sleep(0.02)  # so that a kill finds one in the middle
    counts = []
    with ALONE, mock.patch.object(pyav, "_decoded", partial(_counted, pyav._decoded, counts)):
        found = pyav.frames(path, times)
    note(str(len(counts)), "frames.txt")
    note(f"end {path.stem}")
    return found


def _counted(decoded, counts, *given):
    for frame in decoded(*given):
        counts.append(1)
        yield frame


def note(line, name="decoded.txt"):
    with Path(os.environ["VTGDATA_CACHE"], name).open("a") as file:
        file.write(f"{line}\n")


def total():
    """Frames decoded so far by all processes."""
    path = Path(os.environ["VTGDATA_CACHE"], "frames.txt")
    return sum(map(int, path.read_text().split())) if path.exists() else 0
