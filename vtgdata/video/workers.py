"""Decoding in worker processes: a library that hangs, crashes or takes all memory costs one video, never the run.

A worker is started when it is first needed, answers one call after another through its pipes, and ends when they close.
It is a new Python process, not a fork: it shares no locks and no threads, and the calling script needs no
`if __name__ == "__main__"`.
"""

from __future__ import annotations

import contextlib
import functools
import os
import select
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.files import child_processes, limits, temporary
from vtgdata.records import Finding, FrameSampling, VideoFacts
from vtgdata.records.file_parts import FilePart
from vtgdata.video import decode, worker_messages
from vtgdata.video.encode import Copy

if TYPE_CHECKING:
    import numpy as np

SURVEY_SECONDS = 60.0
"""Time limit of a survey; the video's duration is added."""
LONGEST_SECONDS = 24 * 3600.0
"""Most seconds that a video's own statement of its duration may add to a time limit, since it may be false."""
MEMORY_BYTES = 8 << 30
"""Memory limit of a worker."""
_LAST_SECONDS = 60.0
"""Extra time for the rest of an answer whose first bytes came in time: it only has to be copied."""
_START_SECONDS = 120.0
"""Time limit for starting Python and loading libraries, on a busy machine."""


class Workers:
    """A pool of decoding processes, shared by all threads of this process. A call waits for a free one."""

    def __init__(self, count: int | None = None, *, seconds: float | None = None, memory: int = MEMORY_BYTES) -> None:
        """Nothing is started yet.

        Args:
            count: most processes; the number of cores when None.
            seconds: time limit of a probe, which usually takes milliseconds, `limits.PROBE_SECONDS` when None; for
                decoding, the video's duration is added.
            memory: memory limit of each process, in bytes.
        """
        self._seconds, self._memory = limits.PROBE_SECONDS.value if seconds is None else seconds, memory
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()
        self._free = threading.Semaphore(count or os.cpu_count() or 1)

    def probe(self, decoder: str, path: Path) -> VideoFacts:
        """`decode.probe` in a worker; VideoUnreadable also if it takes too long or too much memory, or crashes."""
        return self._call(path, self._seconds, "probe", decoder, path)

    def look(
        self,
        decoder: str,
        path: Path,
        sampling: FrameSampling,
        facts: VideoFacts | None = None,
        part: FilePart | None = None,
    ) -> decode.SampledFrames:
        """`decode.look` in a worker; VideoUnreadable also if it takes too long or too much memory, or crashes."""
        return self._call(path, self._seconds, "look", decoder, path, sampling, facts, part)

    def frames(self, decoder: str, path: Path, times: Sequence[float]) -> tuple[list[np.ndarray], list[float]]:
        """`decode.frames` in a worker: for a few pictures only, since they come back raw; failures as in `look`."""
        limit = self._seconds + self.probe(decoder, path).duration * worker_messages.SECONDS_PER_SECOND
        return self._call(path, limit, "frames", decoder, path, times)

    def survey(self, path: Path, duration: float) -> tuple[Finding, ...]:
        """`survey.survey` in a worker; `duration` is what the file states, for the time limit; failures as in `look`.

        PyAV does it, whichever decoder is used otherwise: it alone tells what does not decode.
        """
        limit = SURVEY_SECONDS + min(duration, LONGEST_SECONDS) * worker_messages.SECONDS_PER_SECOND
        return self._call(path, limit, "survey", "", path)

    def copy(self, decoder: str, path: Path, copy: Copy, seconds: float) -> VideoFacts:
        """Write a copy of a video within so many seconds, and return the copy's facts; failures as in `look`.

        After a failure the caller must remove what was written of the copy.
        """
        return self._call(path, seconds, "copy", decoder, path, copy)

    def close(self) -> None:
        """End the idle processes."""
        with self._lock:
            workers, self._idle = self._idle, []
        for worker in workers:
            worker.stop()

    def _call(self, path: Path, limit: float, name: str, *values: Any) -> Any:
        with self._free:
            try:
                return self._once(path, limit, name, *values)
            except _Crashed:
                # An earlier video may have damaged the process: try once more in a new one.
                with contextlib.suppress(_Crashed):
                    return self._once(path, limit, name, *values, fresh=True)
        raise VideoUnreadable(path, "the decoder crashes on it")

    def _once(self, path: Path, limit: float, name: str, *values: Any, fresh: bool = False) -> Any:
        worker = None if fresh else self._take()
        worker = worker or _Worker(self._memory)
        try:
            worker.ask(worker_messages.encode_call(limit, name, *values))
            found = worker.answer(limit)
            if name == "look" and isinstance(found, worker_messages.Probed):
                # The facts come first and quickly, so that a file that hangs a library is noticed soon.
                limit += min(found.facts.duration, LONGEST_SECONDS) * worker_messages.SECONDS_PER_SECOND
                found = worker.answer(limit)
            result = _result(path, found)
        except _Late as error:
            raise VideoUnreadable(path, f"the decoder hangs on it (over {limit:.0f} s)") from error
        except VtgError:
            self._give_back(worker)
            raise
        except BaseException:
            worker.stop()
            raise
        self._give_back(worker)
        return result

    def _give_back(self, worker: _Worker) -> None:
        with self._lock:
            self._idle.append(worker)

    def _take(self) -> _Worker | None:
        with self._lock:
            return self._idle.pop() if self._idle else None


def _result(path: Path, found: worker_messages.Answer) -> Any:
    """Return what the function of `decode` would have returned, or raise what it would have raised."""
    if isinstance(found, worker_messages.Probed):
        return found.facts
    if isinstance(found, worker_messages.Surveyed):
        return found.findings
    if isinstance(found, worker_messages.Sampled):
        return decode.SampledFrames(found.duration, found.times, found.images)
    if isinstance(found, worker_messages.Shown):
        try:
            return worker_messages.pictures(found)
        except ValueError as error:
            raise _Crashed from error
    if isinstance(found, worker_messages.Unreadable):
        raise VideoUnreadable(path, found.reason)
    if isinstance(found, worker_messages.Refused):
        raise VtgError(found.words)
    if isinstance(found, worker_messages.Broke):
        memory = found.kind == "MemoryError"
        said = ": ".join(filter(None, (found.kind, found.words)))
        raise VideoUnreadable(
            path, "it takes more memory than a decoder may have" if memory else f"the decoder fails: {said}"
        )
    raise _Crashed


class _Crashed(Exception):
    """The process has ended, or sends something that is not an answer."""


class _Late(Exception):
    pass


class _Worker:
    """One process; used by one thread at a time."""

    def __init__(self, memory: int) -> None:
        # What its libraries print is thrown away once it has started: what matters comes back as an error.
        command, environment = child_processes.python("vtgdata.video.worker", str(memory))
        with tempfile.TemporaryFile(dir=temporary.system()) as words:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                bufsize=0,
                env=environment,
            )
            try:
                ready = isinstance(self.answer(_START_SECONDS), worker_messages.Ready)
            except _Crashed:
                ready = False
            if not ready:
                words.seek(0)
                raise RuntimeError(f"a decoding process did not start: {words.read().decode(errors='replace')}")

    def ask(self, call: worker_messages.Call) -> None:
        """Send a call; raises _Crashed when the process has ended."""
        try:
            self._process.stdin.write(worker_messages.framed(call))  # type: ignore[union-attr]
        except OSError as error:
            self.stop()
            raise _Crashed from error

    def answer(self, limit: float) -> worker_messages.Answer:
        """The answer within so many seconds; raises _Late, or _Crashed when the process has ended or sends nonsense."""
        until = time.monotonic() + limit
        try:
            size = int.from_bytes(self._read(worker_messages.HEAD, until), "little")
            if size > worker_messages.MOST_BYTES:
                raise ValueError(size)
            return worker_messages.answer(self._read(size, until + _LAST_SECONDS))
        except (EOFError, OSError, ValueError) as error:
            self.stop()
            raise (_Late if self._process.returncode == -signal.SIGALRM else _Crashed) from error

    def _read(self, size: int, until: float) -> bytes:
        # The pipe is unbuffered, so that `select` sees all that has arrived.
        pipe: Any = self._process.stdout
        read: list[bytes] = []
        while size:
            if not select.select([pipe], [], [], max(0.0, until - time.monotonic()))[0]:
                self.stop()
                raise _Late
            piece = pipe.read(min(size, 1 << 20))
            if not piece:
                raise EOFError
            read.append(piece)
            size -= len(piece)
        return b"".join(read)

    def stop(self) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        self._process.wait()


class Isolated:
    """A decoder plug-in, given by name, that runs in the shared workers."""

    def __init__(self, decoder: str) -> None:
        self._decoder = decoder

    def probe(self, path: Path) -> VideoFacts:
        """The decoder's `probe`."""
        return shared().probe(self._decoder, path)

    def frames(self, path: Path, times: Sequence[float]) -> tuple[list[np.ndarray], list[float]]:
        """The decoder's `frames`."""
        return shared().frames(self._decoder, path, times)


class Here:
    """The same calls in this process: no process has to start, but a library that hangs or crashes ends the run."""

    def probe(self, decoder: str, path: Path) -> VideoFacts:
        """`decode.probe`."""
        return decode.probe(decoder, path)

    def look(
        self,
        decoder: str,
        path: Path,
        sampling: FrameSampling,
        facts: VideoFacts | None = None,
        part: FilePart | None = None,
    ) -> decode.SampledFrames:
        """`decode.look`."""
        return decode.look(decoder, path, sampling, facts, part)


def shared() -> Workers:
    """The workers of this process. A fork gets its own, because two processes must not use the same pipes."""
    return _of_process(os.getpid())


@functools.cache
def _of_process(process: int) -> Workers:
    del process
    return Workers()
