"""Limits on what is read from outside: one table, each limit a setting with a generous default.

A file from the internet may be small and become huge once it is read. Every limit is far above what published corpora
have, and an environment variable raises it: `VTGDATA_MAX_LINE=200M vtgdata ingest ...` (K, M, G and T are powers of
1024). A file above a limit is refused with an error that names the file, the limit and the variable.
"""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from vtgdata.errors import VtgError

_NUMBER = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)([KMGT]?)B?", re.IGNORECASE | re.ASCII)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


class Limit(NamedTuple):
    """The most of something that is read."""

    variable: str
    """Environment variable that sets it."""
    default: int
    unit: str
    of: str
    """What it limits, for the documentation."""

    @property
    def value(self) -> int:
        """The limit: what the variable says, or the default. Raises VtgError when the variable is no number above 0."""
        said = os.environ.get(self.variable)
        return self.default if not said else _number(said, self.variable)

    def error(self, where: object, what: str) -> VtgError:
        """The error for something above the limit.

        Args:
            where: the file, with its line where there is one.
            what: what is too much there, as a clause: `a line is too long`.
        """
        most = shown(self.value) if self.unit == "bytes" else f"{self.value:,} {self.unit}"
        return VtgError(
            f"{where}: {what}: above the limit of {most}. If the file is as it should be, set a higher "
            f"{self.variable} in the environment."
        )


def _number(said: str, name: str) -> int:
    found = _NUMBER.fullmatch(said.strip())
    value = 0 if found is None else int(float(found[1]) * 1024 ** _POWERS[found[2].upper()])
    if value < 1:
        raise VtgError(f"{name}={said!r}: is no number above 0. Write it as in 500000, 64M or 8G.")
    return value


UNPACKED = Limit("VTGDATA_MAX_UNPACKED", 8 << 30, "bytes", "a file of annotations, packed ones unpacked")
RATIO = Limit("VTGDATA_MAX_RATIO", 200, "bytes a packed byte", "how far a packed file unpacks, from 64 MiB on")
LINE = Limit("VTGDATA_MAX_LINE", 64 << 20, "bytes", "a line of a file of lines, and a cell of a csv")
DOCUMENT = Limit("VTGDATA_MAX_DOCUMENT", 512 << 20, "bytes", "a JSON file of ours, such as release.json")
YAML = Limit("VTGDATA_MAX_YAML", 1 << 20, "bytes", "a YAML file: a recipe, a list of prices, the head of a prompt")
PICKLE = Limit("VTGDATA_MAX_PICKLE", 256 << 20, "bytes", "a pickle")
DEPTH = Limit("VTGDATA_MAX_DEPTH", 200, "levels", "lists and objects in each other, in JSON and YAML")
COLUMNS = Limit("VTGDATA_MAX_COLUMNS", 10_000, "columns", "a csv, tsv or Parquet file")
ROW_GROUP = Limit("VTGDATA_MAX_ROW_GROUP", 4 << 30, "bytes", "a row group of a Parquet file, unpacked")
ROW_GROUPS = Limit("VTGDATA_MAX_ROW_GROUPS", 1_000_000, "parts", "row groups times columns of a Parquet file")
TABLE = Limit("VTGDATA_MAX_TABLE", 64 << 30, "bytes", "the values of a Parquet file that is read whole")
PIXELS = Limit("VTGDATA_MAX_PIXELS", 8192 * 8192, "pixels", "a picture, or a frame of a video")
VIDEO_SECONDS = Limit("VTGDATA_MAX_VIDEO_SECONDS", 24 * 3600, "seconds", "the length of a video")
PROBE_SECONDS = Limit("VTGDATA_MAX_PROBE_SECONDS", 8, "seconds", "the time for finding a video's facts")
MEMORY = Limit("VTGDATA_MAX_MEMORY", 1 << 50, "bytes", "memory for one file; what the process may still take, if less")

ALL = {name: value for name, value in list(globals().items()) if isinstance(value, Limit)}
"""{name: limit} of every limit; the documentation and the tests are made from it."""
FROM = 64 << 20
"""Bytes below which neither ratio nor memory is looked at: so much may always be tried."""


def check_memory(where: object, size: int) -> None:
    """Raise VtgError when reading something takes more memory than this process may have.

    Args:
        where: the file, for the error.
        size: bytes that it takes at the least.
    """
    if size <= FROM:
        return
    limit, free = MEMORY.value, free_memory()
    if size > min(limit, free):
        here = f"{MEMORY.variable} allows {shown(limit)}" if limit < free else f"{shown(free)} are free for it here"
        raise VtgError(
            f"{where}: takes at least {shown(size)} of memory to read, and {here}. Split the file, or read it where "
            "there is more."
        )


def no_memory(where: object) -> VtgError:
    """The error for a file whose reading ended with a MemoryError."""
    return VtgError(
        f"{where}: takes more memory to read than there is. Split the file, or read it where there is more."
    )


def is_limited() -> bool:
    """Whether this process has a limit of memory of its own (`ulimit -v`), at which a library may end it."""
    with suppress(ImportError):
        import resource

        return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY
    return False


def save_addresses() -> None:
    """Where this process has a limit of memory (`ulimit -v`), keep its libraries from reserving far more than they use.

    The limit is one of addresses. The C library reserves 64 MB of them for each thread, Arrow 1 GB at once.
    """
    if not is_limited():
        return
    for name, value in _SAVING.items():
        os.environ.setdefault(name, value)
    with suppress(OSError, AttributeError, ImportError):  # another C library
        import ctypes

        ctypes.CDLL(None).mallopt(_ARENA_MAX, int(_SAVING["MALLOC_ARENA_MAX"]))


_ARENA_MAX = -8
"""Number of the parameter in glibc's malloc.h; the variable is read only when a process starts."""
_SAVING = {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system", "POLARS_MAX_THREADS": "1"}


def free_memory() -> int:
    """Bytes that this process may still take: by its own limit (`ulimit -v`), by its container's, by the machine's."""
    found = [MEMORY.default]
    with suppress(ImportError, OSError, ValueError, IndexError):
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            found.append(max(0, limit - pages * resource.getpagesize()))
    with suppress(OSError, ValueError):
        found.append(int(Path("/sys/fs/cgroup/memory.max").read_text()))  # without a limit it says `max`
    with suppress(OSError, ValueError, IndexError):
        said = Path("/proc/meminfo").read_text()
        found.append(int(said.split("MemAvailable:")[1].split()[0]) * 1024)
    return min(found)


def shown(size: int) -> str:
    """A number of bytes for people.

    >>> shown(64 << 20), shown(1536 << 20), shown(900)
    ('64 MiB', '1.5 GiB', '900 bytes')
    """
    for power, unit in ((4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB")):
        if size >= 1024**power:
            return f"{size / 1024**power:.4g} {unit}"
    return f"{size} bytes"
