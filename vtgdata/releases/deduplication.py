"""How many bytes a push of a new version uploads, and how many of them the Hub does not have yet."""

import hashlib
import itertools
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from vtgdata.files import outside
from vtgdata.releases.document import Release

STORED = ".parquet"
"""Suffix of files that the Hub stores in chunks; all other files are part of the commit, whole."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate of what a push sends; see `expected`."""

    bytes: int
    """Size of the files to upload."""
    new: int
    """How many of these bytes will probably be sent."""
    how: str
    """How this was estimated, for people."""


def expected(before: Release | None, after: Release, upload: Collection[str]) -> Expected:
    """Estimate how many bytes of the files that a push uploads must really be sent.

    Both versions must be on this machine. The estimate leaves out that the client packs what it sends into fewer bytes,
    that the Hub may know chunks from other repositories, and that chunks stored too scattered there are sent again.

    Args:
        before: the version that the Hub has; None if it has none.
        after: the version to push.
        upload: names of the files of `after` that are to be uploaded.
    """
    files = after.files
    stored = [name for name in upload if name.endswith(STORED)]
    old = [before.path / name for name in before.files if name.endswith(STORED)] if before and stored else []
    found = share(old, [after.path / name for name in stored])
    whole = sum(files[name].bytes for name in upload if name not in stored)
    against = f"those of version {before.document.version}" if before else "no version before"
    return Expected(
        bytes=found.bytes + whole,
        new=found.new + whole,
        how=f"{found.chunks:,} chunks of Parquet cut by content, {MEAN >> 10} KiB on average as the Hub's "
        f"storage cuts them, compared with {against}; other files count whole",
    )


LEAST, MEAN, MOST = 8 << 10, 64 << 10, 128 << 10
"""Least, mean and largest size of a chunk, in bytes. On average a cut is allowed after one byte in MEAN."""


_WINDOW = 64


_BLOCK = 1 << 15
"""Bytes that are hashed together; small enough that all arrays for them stay in a processor's cache."""


_READ = 8 << 20
"""Bytes of a file that are in memory at a time."""


_ALLOWED = np.uint64((1 << 64) // MEAN)
"""A hash below this allows a cut."""


_GEAR = np.random.default_rng(64).integers(0, 1 << 64, 256, dtype=np.uint64)


class NewBytes(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a list of files is new."""

    bytes: int
    new: int
    """Bytes of the chunks that did not occur before."""
    chunks: int


def boundaries(data: Any) -> np.ndarray:
    """Offsets of the bytes after which a cut is allowed, rising.

    Whether a cut is allowed depends only on the 64 bytes up to it (a gear hash), so cuts move with the content.

    Args:
        data: (n,) uint8.
    """
    found: list[np.ndarray] = []
    values, shifted = (np.empty(_BLOCK + _WINDOW, dtype=np.uint64) for _ in range(2))
    for start in range(0, len(data), _BLOCK):
        begun = max(0, start - _WINDOW + 1)
        part = data[begun : start + _BLOCK]
        value, older = values[: len(part)], shifted[: len(part)]
        np.take(_GEAR, part, out=value)
        for width in (1, 2, 4, 8, 16, 32):
            # Double the number of bytes in each hash, by adding the shifted hash of the bytes before.
            np.left_shift(value[:-width], np.uint64(width), out=older[width:])
            value[width:] += older[width:]
        places = np.flatnonzero(value < _ALLOWED) + begun
        found.append(places[places >= start])
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def ends(data: Any, *, whole: bool = True) -> Iterator[int]:
    """Yield the end offset of each chunk of some bytes, the last one included; nothing if there are no bytes.

    If the bytes are not the whole rest of a file, the chunks whose end the bytes after them decide are left out.
    """
    allowed, start = boundaries(data), 0
    while start < len(data) and (whole or start + MOST <= len(data)):
        place = int(np.searchsorted(allowed, start + LEAST - 1))
        end = int(allowed[place]) + 1 if place < len(allowed) else len(data)
        start = min(end, start + MOST, len(data))
        yield start


def chunks(path: Path, *, read: int = _READ) -> Iterator[tuple[bytes, int]]:
    """Yield (hash, size) of each chunk of a file, of which `read` bytes are read at a time."""
    held = b""
    with outside.opened(path) as file:
        while more := file.read(read):
            held += more
            cut = 0
            for start, end in itertools.pairwise([0, *ends(np.frombuffer(held, dtype=np.uint8), whole=False)]):
                yield hashlib.sha256(held[start:end]).digest(), end - start
                cut = end
            held = held[cut:]
    for start, end in itertools.pairwise([0, *ends(np.frombuffer(held, dtype=np.uint8))]):
        yield hashlib.sha256(held[start:end]).digest(), end - start


def share(before: Iterable[Path], files: Iterable[Path]) -> NewBytes:
    """How many bytes of `files` are in chunks that neither `before` nor an earlier place in `files` has."""
    known = {name for path in before for name, _ in chunks(path)}
    whole = new = count = 0
    for path in files:
        for name, size in chunks(path):
            whole, count = whole + size, count + 1
            new += 0 if name in known else size
            known.add(name)
    return NewBytes(bytes=whole, new=new, chunks=count)
