"""A decoder that does on purpose what libraries do by accident, or when a video has taken them over."""

import contextlib
import ctypes
import os
import threading
from pathlib import Path

from vtgdata.plugins.decoders import pyav


def probe(path):
    if path.stem == "hang":
        # In native code, with the interpreter's lock held.
        ctypes.PyDLL(None).usleep(2_000_000_000)
    if path.stem == "wait":
        threading.Event().wait()
    if path.stem == "crash":
        ctypes.string_at(0)
    if path.stem == "greed":
        return bytearray(1 << 40)
    if path.stem in ("pickle", "endless", "foreign"):
        _say_to_the_run(path)
    if path.stem == "bug":
        raise ZeroDivisionError
    if path.stem == "speaks":
        raise AttributeError(f"{path}: <Stream at 0x7f00aa> has\nno attribute 'index_entries'")
    if path.stem == "absent":
        raise ImportError("cannot import name 'Index' from 'av.index'", name="av.index")
    return pyav.probe(path)


def frames(path, times):
    return pyav.frames(path, times)


def follow(path, start):
    if path.stem == "crash":
        ctypes.string_at(0)
    return pyav.follow(path, start)


def _say_to_the_run(path):
    """Write to every pipe of this process: a pickle that makes a file when it is loaded, a length, or other data."""

    class Harm:
        def __reduce__(self):
            return Path.touch, (path.with_suffix(".harmed"),)

    import pickle

    message = pickle.dumps(Harm()) if path.stem == "pickle" else b"\x81\xa4type\xa5Owner"
    head = (1 << 62 if path.stem == "endless" else len(message)).to_bytes(8, "little")
    for descriptor in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(descriptor, head + message)
