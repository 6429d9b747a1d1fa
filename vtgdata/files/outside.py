"""Opens files that come from outside: the one place in the package that does, for whatever is read by Python itself.

Only regular files are opened. A named pipe would be waited for, a device such as /dev/zero never ends, and so does a
file of the kernel such as /proc/kmsg. `regular` is the same check for a library that opens a file by its name.
"""

import contextlib
import errno
import io
import os
import shutil
import stat
from pathlib import Path
from typing import Any, BinaryIO, cast

from vtgdata.errors import NotAFile
from vtgdata.files import limits

_KINDS = (
    (stat.S_ISFIFO, "a pipe"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"), (stat.S_ISSOCK, "a socket"),
)  # fmt: skip
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)
_PIECE = 1 << 20
_KERNELS = ("/proc/", "/sys/", "/dev/")


def regular(path: str | Path) -> Path:
    """The path of a regular file, links followed; a folder passes, since what opens it says what is wrong.

    Raises NotAFile when something else lies there, and OSError when nothing does.
    """
    place = Path(path)
    _refuse(place, _status(place))
    return place


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NotAFile(path, "a link that leads back to itself") from error
        raise


def resolved(path: str | Path) -> Path:
    """A path without links, whether anything lies there or not; of a link that leads back to itself, its own path.

    `Path.resolve` raises a RuntimeError for such a link.
    """
    return Path(os.path.realpath(path))


def stays_in(folder: Path, name: str) -> bool:
    """Whether a file of a folder, by its relative name, lies in that folder, links to folders on the way followed.

    The last part of the name may itself be a link: it is not followed.
    """
    return is_inner(name) and resolved(folder) in (place := resolved((folder / name).parent), *place.parents)


def is_inner(name: str) -> bool:
    """Whether a name is a relative path that leads out of no folder, as far as the name alone tells.

    >>> is_inner("videos/a.mp4"), is_inner("../a.mp4"), is_inner("/a.mp4"), is_inner("")
    (True, False, False, False)
    """
    path = Path(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def at_home(value: Any) -> Any:
    """A setting in which `~` as the first part of a path is the user's home, in lists and dicts too."""
    if isinstance(value, str):
        return os.path.expanduser(value) if value == "~" or value.startswith("~/") else value  # noqa: PTH111
    if isinstance(value, list):
        return [at_home(each) for each in cast(list[Any], value)]
    if isinstance(value, dict):
        return {name: at_home(each) for name, each in cast(dict[Any, Any], value).items()}
    return value


def is_file(path: str | Path) -> bool:
    """Whether a regular file lies at a path; False where there is a folder or nothing.

    Raises NotAFile where something else lies, which is no file either, but there: `no such file` would be untrue.
    """
    place = Path(path)
    if place.is_file():
        return True
    with contextlib.suppress(FileNotFoundError, NotADirectoryError, ValueError):
        _refuse(place, _status(place))
    return False


def opened(path: str | Path) -> io.BufferedReader:
    """A regular file, open for reading bytes.

    Raises NotAFile, without waiting, when it is a pipe, a device or a socket; OSError as `open` does.
    """
    place = regular(path)  # before it is opened: a device may do something on that
    return open(place, "rb", opener=_open)


def _open(path: str, flags: int) -> int:
    """Open a file without waiting, and look again at what was opened: the name may have changed hands."""
    file = os.open(path, flags | _FLAGS)
    try:
        _refuse(Path(path), os.fstat(file))
    except BaseException:
        os.close(file)
        raise
    return file


def _refuse(path: Path, found: os.stat_result) -> None:
    kind = next((name for test, name in _KINDS if test(found.st_mode)), "")
    if not kind and not found.st_size and os.path.realpath(path).startswith(_KERNELS):
        kind = "a file of the kernel"
    if kind:
        raise NotAFile(path, kind)


def read_bytes(path: str | Path, limit: limits.Limit = limits.DOCUMENT) -> bytes:
    """The bytes of a regular file.

    Raises NotAFile when it is none, OSError when it cannot be read, VtgError when it is above the limit.
    """
    with opened(path) as file:
        return whole(path, file, limit)


def whole(path: str | Path, file: BinaryIO, limit: limits.Limit) -> bytes:
    """All bytes of an open file of known size; raises VtgError when they are above the limit, or above the memory."""
    size = os.fstat(file.fileno()).st_size
    if size > limit.value:
        raise limit.error(path, f"the file has {limits.shown(size)}")
    limits.check_memory(path, size)
    try:
        data = file.read(size + 1)
        while len(data) > size and (more := file.read(_PIECE)):  # it has grown since
            data += more
            if len(data) > limit.value:
                raise limit.error(path, "the file is too long")
    except MemoryError:
        raise limits.no_memory(path) from None
    return data


def read_text(path: str | Path, limit: limits.Limit = limits.DOCUMENT, encoding: str = "utf-8") -> str:
    """The text of a regular file, its lines ended as Python has it; errors as `read_bytes`, and UnicodeDecodeError."""
    return io.TextIOWrapper(io.BytesIO(read_bytes(path, limit)), encoding=encoding).read()


def copy(source: str | Path, target: str | Path) -> None:
    """Copy the bytes of a regular file to a new file; raises NotAFile when it is none, OSError as `open` does."""
    with opened(source) as file, Path(target).open("wb") as copied:
        shutil.copyfileobj(file, copied)
