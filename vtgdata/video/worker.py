"""The program of a decoding process: it answers one call after another through its pipes, and ends when they close."""

import contextlib
import importlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

from vtgdata.video import decode, encode, worker_messages
from vtgdata.video.survey import survey


def _serve(memory: int) -> None:
    """Answer calls until the pipe closes."""
    calls, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # A library that prints must not write into the answers.
    os.dup2(2, 1)
    _limit_memory(memory)
    # Load libraries before the time limit of the first call starts: on a busy machine, loading could use it up.
    for library in ("numpy", "PIL.Image", "av"):
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    _send(answers, worker_messages.Ready())
    while head := calls.read(worker_messages.HEAD):
        call = worker_messages.call(calls.read(int.from_bytes(head, "little")))
        _alarm(call.limit + 1)
        try:
            answer = _answered(call, answers)
        except Exception as error:  # any error is sent back and raised in the calling process
            answer = worker_messages.encode_error(error, worker_messages.path_of(call), call.decoder)
        _alarm(0)
        _send(answers, answer)


def _answered(call: worker_messages.Call, answers: Any) -> worker_messages.Answer:
    path = worker_messages.path_of(call)
    if call.name == "probe":
        return worker_messages.encode_result(decode.probe(call.decoder, path))
    if call.name == "survey":
        return worker_messages.Surveyed(survey(path))
    if call.copy is not None:
        encode.write(call.decoder, path, call.copy)
        return worker_messages.encode_result(decode.probe(call.decoder, Path(os.fsdecode(call.copy.target))))
    if call.name == "frames" or call.sampling is None:
        return worker_messages.encode_result(decode.frames(call.decoder, path, call.times))
    facts = call.facts or decode.probe(call.decoder, path)
    _send(answers, worker_messages.Probed(facts))
    _alarm(call.limit + facts.duration * worker_messages.SECONDS_PER_SECOND + 1)
    return worker_messages.encode_result(decode.look(call.decoder, path, call.sampling, facts, call.part))


def _send(answers: Any, answer: worker_messages.Answer) -> None:
    answers.write(worker_messages.framed(answer))
    answers.flush()


def _alarm(seconds: float) -> None:
    """Kill this process after so many seconds, even inside a library or without a parent; 0 cancels that."""
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
