"""Work that is spread over Python processes of its own: pieces go out, and what is made of each comes back in order.

A process is started as those that decode are: it gets none of the user's secrets, looks for no module in the current
folder, and ends when its pipes close, as they do however we end. Threads of this process wait for the others.
"""

import contextlib
import signal
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

from vtgdata.errors import VtgError
from vtgdata.files import child_processes, temporary
from vtgdata.files.working_process import DONE, HEAD, framed

P = TypeVar("P")
T = TypeVar("T")
R = TypeVar("R")
_LAST_SECONDS = 10.0
"""Time limit for the end of a process whose pipe is closed."""


class Work(NamedTuple):
    """What the processes do."""

    function: str
    """`module:name` of a function of ours: called with `state`, it returns the function from a piece to its result."""
    state: bytes


def in_order(work: Work, pieces: Iterable[P], pack: Callable[[P], bytes], count: int) -> Iterator[tuple[P, Any]]:
    """Yield each piece with the bytes that were made of it, in order; None where that raised an error.

    The caller does such a piece itself, so that it meets the error as one process would.

    Args:
        work: what is done.
        pieces: read one by one as processes become free, not all at once.
        pack: a piece as bytes.
        count: number of processes.

    Raises VtgError when a process ends by itself.
    """
    free: SimpleQueue[_Process] = SimpleQueue()
    processes: list[_Process] = []

    def done(packed: bytes) -> bytes | None:
        process = free.get()
        try:
            return process.done(packed)
        finally:
            free.put(process)

    pool = ThreadPoolExecutor(count)
    try:
        for _ in range(count):
            processes.append(_Process(work))
            free.put(processes[-1])
        yield from ahead(pieces, lambda piece: pool.submit(done, pack(piece)), _result, 2 * count)
    finally:
        for process in processes:
            process.stop()
        pool.shutdown(cancel_futures=True)


def _result(begun: "Future[bytes | None]") -> bytes | None:
    return begun.result()


def ahead(pieces: Iterable[P], begin: Callable[[P], T], end: Callable[[T], R], most: int) -> Iterator[tuple[P, R]]:
    """Yield each piece with its result, in order, while the work on later ones has begun.

    Args:
        pieces: read one by one; an error of theirs is raised in its turn, for what came before it may be wrong, too.
        begin: begins the work on a piece.
        end: waits for its result.
        most: most pieces that are begun and not yet given back.
    """
    waiting: deque[tuple[P, T]] = deque()
    failed: Exception | None = None
    each = iter(pieces)
    while failed is None:
        try:
            piece = next(each)
            waiting.append((piece, begin(piece)))
        except StopIteration:
            break
        except Exception as error:
            failed = error
        if len(waiting) >= most:
            first, begun = waiting.popleft()
            yield first, end(begun)
    while waiting:
        first, begun = waiting.popleft()
        yield first, end(begun)
    if failed is not None:
        raise failed


class _Process:
    """One process; used by one thread at a time."""

    def __init__(self, work: Work) -> None:
        command, environment = child_processes.python("vtgdata.files.working_process", work.function)
        self._words = tempfile.TemporaryFile(dir=temporary.system())  # noqa: SIM115 (`stop` closes it)
        self._state: bytes | None = work.state
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._words, env=environment
        )

    def done(self, packed: bytes) -> bytes | None:
        """What it makes of a piece; None where that raises an error. Raises VtgError when it ends instead."""
        pipe: Any = self._process.stdin
        try:
            if self._state is not None:
                pipe.writelines(framed(self._state))
                self._state = None
            pipe.writelines(framed(packed))
            pipe.flush()
            said = self._read(int.from_bytes(self._read(HEAD), "little"))
        except (OSError, EOFError, ValueError) as error:
            raise VtgError(
                f"A working process {self._ended()}, so this run has ended, too. Run the same command again; where "
                "memory is short, with fewer processes: --workers 1 needs none."
            ) from error
        return said[1:] if said[:1] == DONE else None

    def _read(self, size: int) -> bytes:
        pipe: Any = self._process.stdout
        found = pipe.read(size)
        if len(found) < size:
            raise EOFError
        return found

    def _ended(self) -> str:
        """How it ended; its pipe is closed, so that it does so now."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_SECONDS)
        code = self._process.poll()
        if code is None:
            return "sends nothing more"
        if code < 0:
            return f"was ended by signal {-code} ({signal.strsignal(-code)})"
        self._words.seek(0)
        lines = self._words.read().decode(errors="replace").strip().splitlines()
        return f"ended with exit code {code}" + (f" ({lines[-1][:200]})" if lines else "")

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._words):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        self._process.wait()
