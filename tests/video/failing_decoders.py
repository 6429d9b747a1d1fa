"""A decoder that does on purpose what libraries do by accident: it hangs, crashes, or takes all memory."""

import ctypes
import threading

from vtgdata.decoders import pyav


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
    if path.stem == "bug":
        raise ZeroDivisionError
    return pyav.probe(path)


def frames(path, times):
    return pyav.frames(path, times)
