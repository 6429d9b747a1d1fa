"""The decoding process itself: answers one call after another through its pipes, and ends when they close."""

import contextlib
import importlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

from vtgdata.video import encode, look, wire


def _serve(memory: int) -> None:
    """Answer calls until the pipe closes."""
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # A library that prints must not write into the answers.
    os.dup2(2, 1)
    _limit_memory(memory)
    # Loaded before the clock of a first call runs, which a busy machine would else use up.
    for library in ("numpy", "PIL.Image", "av"):
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    _send(answers, wire.Ready())
    while head := asked.read(wire.HEAD):
        call = wire.call(asked.read(int.from_bytes(head, "little")))
        _alarm(call.limit + 1)
        try:
            answer = _answered(call, answers)
        except Exception as error:  # whatever it is, it is raised where it was asked for
            answer = wire.told(error)
        _alarm(0)
        _send(answers, answer)


def _answered(call: wire.Call, answers: Any) -> wire.Answer:
    path = wire.path_of(call)
    if call.name == "probe":
        return wire.answered(look.probe(call.decoder, path))
    if call.copy is not None:
        encode.write(call.decoder, path, call.copy)
        return wire.answered(look.probe(call.decoder, Path(os.fsdecode(call.copy.target))))
    if call.name == "frames" or call.sampling is None:
        return wire.answered(look.frames(call.decoder, path, call.times))
    facts = look.probe(call.decoder, path)
    _send(answers, wire.Probed(facts))
    _alarm(call.limit + facts.duration * wire.SECONDS_PER_SECOND + 1)
    return wire.answered(look.look(call.decoder, path, call.sampling, facts))


def _send(answers: Any, answer: wire.Answer) -> None:
    answers.write(wire.framed(answer))
    answers.flush()


def _alarm(seconds: float) -> None:
    """Die after so many seconds, inside a library too, and also when the parent is gone; 0 takes it back."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _limit_memory(memory: int) -> None:
    try:
        import resource
    except ModuleNotFoundError:
        return  # no limits on this system
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (memory, resource.getrlimit(resource.RLIMIT_DATA)[1]))


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
