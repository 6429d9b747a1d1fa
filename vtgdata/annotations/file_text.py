"""Opens a published file as text: unpacks and decodes it, and refuses what is not data.

A failed download, a Git LFS pointer and an archive each raise a VtgError that says what to do.
"""

import gzip
import io
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from vtgdata.errors import VtgError

UTF_16 = (b"\xff\xfe", b"\xfe\xff")


_HEAD = 4096


def read_text(path: Path) -> str:
    """The text of a file: UTF-8 (or UTF-16 with a byte order mark), gzip unpacked, byte order mark taken off.

    Raises VtgError when the file is missing, empty, an HTML page, a Git LFS pointer, an archive or not text.
    """
    with opened(path) as file:
        data = file.read()
    if not data.strip():
        raise VtgError(f"{path}: the file is empty. Download it again.")
    return decoded(path, data, "utf-16" if data.startswith(UTF_16) else "utf-8-sig", first_line=1)


@contextmanager
def opened(path: Path) -> Generator[BinaryIO]:
    """A file's bytes, unpacked.

    Raises VtgError when the first bytes show that it is not data, even if the caller reads only a part of it.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            with gzip.GzipFile(fileobj=file) if packed else file as unpacked:
                reader = io.BufferedReader(cast(io.RawIOBase, unpacked))
                _refuse_impostors(path, reader.peek(_HEAD)[:_HEAD])
                yield cast(BinaryIO, reader)
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
    if data.startswith((b"PK\x03\x04", b"\x89HDF", b"\xfd7zXZ", b"BZh")) or head.startswith(b"7z\xbc"):
        raise VtgError(f"{path}: an archive or a binary file, not text. Unpack it first.")


def decoded_lines(path: Path, file: BinaryIO) -> Iterator[str]:
    """The lines of a file of UTF-8, with their ends."""
    for number, line in enumerate(file, 1):
        try:
            text = line.decode()
        except UnicodeDecodeError:
            text = decoded(path, line, "utf-8", number)  # raises the error that says where
        yield text
