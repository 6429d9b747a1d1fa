"""Opens a published file as text: unpacks and decodes it, and refuses what is not data.

A failed download, a Git LFS pointer and an archive each raise a VtgError that says what to do.
"""

import gzip
import io
import os
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from vtgdata.annotations.unpacking import Unpacked
from vtgdata.errors import NotAFile, VtgError
from vtgdata.files import limits, outside

UTF_16 = (b"\xff\xfe", b"\xfe\xff")

_HEAD = 4096
_PIECE = 32 << 20
"""Unpacked bytes after which memory is looked at again."""
_BUFFER = 128 << 10
_COPIES = 2
"""A text is in memory as bytes, and as characters of at least a byte each."""
_ARCHIVES = (
    b"PK\x03\x04", b"PK\x05\x06", b"\x89HDF", b"\xfd7zXZ", b"BZh", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd", b"\x1f\x8b",
    b"\x1f\x9d", b"\x04\x22\x4d\x18", b"Rar!\x1a", b"LZIP\x01", b"!<arch>\n", b"\x5d\x00\x00",
)  # fmt: skip
"""How archives and packed files begin; what is within a gzip file may be packed once more."""
_TAR = slice(257, 262)
"""Where a tar archive says `ustar`, after bytes that are 0."""


def read_text(path: Path) -> str:
    """The text of a file: UTF-8 (or UTF-16 with a byte order mark), gzip unpacked, byte order mark taken off.

    Raises VtgError when the file is missing, empty, an HTML page, a Git LFS pointer, an archive or not text, and when
    it is too large or unpacks too far (`files.limits`).
    """
    try:
        data = _all(path)
        if not data[:_HEAD].strip() and not data.strip():
            raise VtgError(f"{path}: the file is empty. Download it again.")
        return decoded(path, data, "utf-16" if data.startswith(UTF_16) else "utf-8-sig", first_line=1)
    except MemoryError:
        raise limits.no_memory(path) from None


def _all(path: Path) -> bytes:
    """All bytes of a file, unpacked."""
    size = os.path.getsize(path) if outside.is_file(path) else 0  # noqa: PTH202
    if size > limits.UNPACKED.value:
        raise limits.UNPACKED.error(path, f"the file has {limits.shown(size)}")
    limits.check_memory(path, size * _COPIES)
    parts: list[bytes] = []
    with opened(path) as file:
        if not isinstance(getattr(file, "raw", None), Unpacked):
            return file.read()
        read = 0
        while part := file.read(_PIECE):
            parts.append(part)
            read += len(part)
            limits.check_memory(path, read * _COPIES)
    return b"".join(parts)


@contextmanager
def opened(path: Path) -> Generator[BinaryIO]:
    """A file's bytes, unpacked.

    Raises VtgError when the first bytes show that it is not data, even if the caller reads only a part of it.
    """
    try:
        with outside.opened(path) as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            with Unpacked(path, file) if packed else file as unpacked:
                reader = io.BufferedReader(cast(io.RawIOBase, unpacked), _BUFFER)
                _refuse_impostors(path, reader.peek(_HEAD)[:_HEAD])
                yield cast(BinaryIO, reader)
    except NotAFile:
        raise
    except FileNotFoundError:
        raise VtgError(f"{path}: no such file.") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise VtgError(f"{path}: a damaged gzip file ({error}). Download it again.") from error
    except OSError as error:
        raise VtgError(f"{path}: cannot be read ({error.strerror}).") from error


def head(path: Path, size: int = 4096) -> bytes:
    """The first bytes of a file, unpacked. Raises VtgError as `read_text` does."""
    with opened(path) as file:
        return file.read(size)


def decoded(path: Path, data: bytes, encoding: str, first_line: int) -> str:
    """The text of bytes that begin at line `first_line` of a file.

    Raises VtgError, with the line, when they are not text in that encoding.
    """
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = first_line + data.count(b"\n", 0, error.start)
        raise VtgError(
            f"{path}:{line}: not UTF-8 text (byte {error.start} is 0x{data[error.start]:02x}). "
            "Save it as UTF-8, or give the file that the corpus publishes."
        ) from error


def _refuse_impostors(path: Path, data: bytes) -> None:
    if not data:
        raise VtgError(f"{path}: the file is empty. Download it again.")
    head = data[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise VtgError(f"{path}: an HTML page, not data: the download failed. Open the link in a browser and save it.")
    if head.startswith(b"version https://git-lfs."):
        raise VtgError(f"{path}: a Git LFS pointer, not the file itself. Run `git lfs pull` where it came from.")
    if data.startswith(_ARCHIVES) or (data[_TAR] == b"ustar" and b"\0" in data[: _TAR.start]):
        raise VtgError(f"{path}: an archive or a binary file, not text. Unpack it first.")


def numbered_lines(path: Path) -> Iterator[list[tuple[int, str]]]:
    """The lines of a text file with their numbers from 1, some at a time, without line ends; blank lines are skipped.

    Raises VtgError for a line that is too long or not UTF-8, after the lines before it.
    """
    number, found = 0, False
    with opened(path) as file:
        if file.read(2) in UTF_16:
            pieces: Iterable[str] = (read_text(path),)
        else:
            file.seek(0)
            pieces = _decoded(path, cast(io.BufferedReader, file))
        for text in pieces:
            lines = text.removesuffix("\n").split("\n")
            if "\r" in text:
                lines = [part for line in lines for part in line.removesuffix("\r").split("\r")]
            if number == 0:
                lines[0] = lines[0].removeprefix("\ufeff")
            numbered = [(at, line) for at, line in enumerate(lines, number + 1) if line and not line.isspace()]
            number += len(lines)
            found = found or bool(numbered)
            yield numbered
    if not found:
        raise VtgError(f"{path}: the file is empty. Download it again.")


def _decoded(path: Path, file: io.BufferedReader) -> Iterator[str]:
    """The text of a file of UTF-8, in pieces of whole lines."""
    most, number = limits.LINE.value, 0
    held: list[bytes] = []
    size = 0
    """Bytes of the line that `held` begins."""
    while True:
        piece = file.read1(_BUFFER)
        end = piece.rfind(b"\n") + 1
        if end or not piece:
            lines = b"".join((*held, piece[:end]))
            yield from _of_lines(path, lines, number, most)
            number += lines.count(b"\n")
            held, size = [], 0
        if not piece:
            return
        held.append(piece[end:])
        size += len(held[-1])
        if size > most:
            raise _too_long(path, number + 1)


def _of_lines(path: Path, lines: bytes, number: int, most: int) -> Iterator[str]:
    """The text of lines, of which so many come before them."""
    if len(lines) <= most:
        with suppress(UnicodeDecodeError):
            text = lines.decode()
            yield from (text,) if text else ()
            return
    for at, line in enumerate(io.BytesIO(lines), number + 1):
        if len(line) > most:
            raise _too_long(path, at)
        yield decoded(path, line, "utf-8", at)  # raises the error that says where


def _too_long(path: Path, number: int) -> "LineTooLong":
    return LineTooLong(str(limits.LINE.error(f"{path}:{number}", "the line is too long")))


class LineTooLong(VtgError):
    """A line is above the limit: in a file that may be one JSON document, that alone is no fault."""
