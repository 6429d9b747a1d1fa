"""Parts of a run as tasks of a Ray cluster, whose machines all see the same folders. Ray is an optional dependency."""

import importlib
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from vtgdata.errors import VtgError
from vtgdata.files.working_process import made_by
from vtgdata.files.working_processes import Work, ahead

Part = TypeVar("Part")
R = TypeVar("R")


def on_ray(do: Callable[[Part], R], parts: Sequence[Part], workers: int) -> list[R]:
    """`do` of each part, in the order of the parts, each as a task with one CPU of a Ray cluster.

    Args:
        do: a function at the top of a module, or a `functools.partial` of one: it is sent to other machines.
        parts: what it is called with, small enough to be sent.
        workers: tasks at a time when Ray is started here; a cluster ($RAY_ADDRESS) decides by its CPUs.

    Raises VtgError when ray is not installed and, with the exit code of the first such part, when `do` raised one.
    """
    with _ray(workers) as ray:
        task: Any = ray.remote(num_cpus=1, max_retries=3)(_done)
        said: list[tuple[R | None, tuple[int, str] | None]] = ray.get(
            [task.remote(do, part, str(Path.cwd())) for part in parts]
        )
    for _, failed in said:
        if failed is not None:
            error = VtgError(failed[1])
            error.exit_code = failed[0]
            raise error
    return [result for result, _ in said]  # pyright: ignore[reportReturnType]


def in_order(
    work: Work, pieces: Iterable[Part], pack: Callable[[Part], bytes], workers: int
) -> Iterator[tuple[Part, Any]]:
    """`working_processes.in_order`, with tasks of a Ray cluster in the place of processes.

    Args: workers: tasks at a time when Ray is started here; a cluster ($RAY_ADDRESS) decides by its CPUs.
    """
    with _ray(workers) as ray:
        task: Any = ray.remote(num_cpus=1, max_retries=3)(_made)
        state: Any = ray.put(work.state)
        most = 2 * max(1, int(ray.cluster_resources().get("CPU", workers)))
        yield from ahead(pieces, lambda piece: task.remote(work.function, state, pack(piece)), ray.get, most)


def _made(function: str, state: bytes, packed: bytes) -> bytes | None:
    """What is made of a piece where Ray put it; None where that raises an error."""
    try:
        return _work(function, state)(packed)
    except Exception:  # who asked does such a piece itself, and meets the error
        return None


@lru_cache(maxsize=1)
def _work(function: str, state: bytes) -> Callable[[bytes], bytes]:
    return made_by(function)(state)


@contextmanager
def _ray(workers: int) -> Generator[Any]:
    """Ray, connected to its cluster; raises VtgError when it is not installed."""
    try:
        ray: Any = importlib.import_module("ray")  # untyped
    except ModuleNotFoundError as error:
        raise VtgError("--executor ray needs ray: pip install 'vtgdata[ray]'") from error
    mine = not ray.is_initialized()
    if mine:
        local: dict[str, Any] = (
            {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": workers, "include_dashboard": False}
        )
        ray.init(log_to_driver=False, **local)
    try:
        yield ray
    finally:
        if mine:
            ray.shutdown()


def _done(do: Callable[[Part], R], part: Part, folder: str) -> tuple[R | None, tuple[int, str] | None]:
    """Do one part where Ray put it: its result, or exit code and text of an error, as not every error can be sent."""
    os.chdir(folder)
    try:
        return do(part), None
    except VtgError as error:
        return None, (error.exit_code, str(error))


def spread(items: Sequence[Part], count: int) -> list[list[Part]]:
    """The items in `count` parts as equal as can be, in their order; none is empty.

    >>> spread("abcde", 3)
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    count = min(count, len(items))
    size, more = divmod(len(items), count) if count else (0, 0)
    starts = [place * size + min(place, more) for place in range(count + 1)]
    return [list(items[first:last]) for first, last in pairwise(starts)]
