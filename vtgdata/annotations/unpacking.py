"""Unpacks gzip files, and stops where one unpacks to far more, or to far less, than a real file does.

A gzip file of 1 MB may hold 1 GB of zeros. The other way round, members that hold nothing, headers without an end and
padding keep a reader busy without ever giving a byte.
"""

import gzip
import io
from pathlib import Path
from typing import Any, BinaryIO, cast

from vtgdata.files import limits

_EMPTY = 1 << 20
"""Packed bytes that may come before the first unpacked one, and besides as many as are unpacked."""


class Unpacked(io.RawIOBase):
    """The bytes of a gzip file; reading raises VtgError when it is a bomb."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        """Wrap an open file; `path` is for errors."""
        self._path, self._packed = path, _Packed(path, file)
        self._file = gzip.GzipFile(fileobj=cast(Any, self._packed))
        self._limit, self._ratio = limits.UNPACKED.value, limits.RATIO.value

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """Whether one can go back to the start: yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to an unpacked byte, counted from the start."""
        self._packed.taken = self._packed.given = 0
        return self._file.seek(offset, whence)

    def readinto(self, buffer: Any, /) -> int:
        """Unpack the next bytes into a buffer."""
        count = cast(Any, self._file).readinto(buffer)
        self._packed.given = given = self._packed.given + count
        if given > self._limit:
            raise limits.UNPACKED.error(self._path, "it unpacks to more and more")
        if given > limits.FROM and given > self._ratio * self._packed.taken:
            raise limits.RATIO.error(
                self._path, f"{limits.shown(self._packed.taken)} unpack to {limits.shown(given)} and more"
            )
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


class _Packed:
    """Counts the bytes that are read of a packed file."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._file = path, file
        self.taken = self.given = 0
        """Packed bytes that were read, and unpacked bytes that they gave."""

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.taken += len(data)
        if self.taken > self.given + _EMPTY:
            raise gzip.BadGzipFile(f"{limits.shown(self.taken)} of it hold {limits.shown(self.given)}")
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
