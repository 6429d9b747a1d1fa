"""PyAV, with a line in `$VTGDATA_CACHE/decoded.txt` when it begins to decode a video and when it has decoded it."""

import os
import time
from pathlib import Path

from vtgdata.plugins.decoders import pyav
from vtgdata.plugins.decoders.pyav import probe  # noqa: F401 (the contract of a decoder)


def frames(path, times):
    note(f"begin {path.stem}")
    time.sleep(0.02)  # so that a kill finds one in the middle
    found = pyav.frames(path, times)
    note(f"end {path.stem}")
    return found


def note(line):
    with Path(os.environ["VTGDATA_CACHE"], "decoded.txt").open("a") as file:
        file.write(f"{line}\n")
