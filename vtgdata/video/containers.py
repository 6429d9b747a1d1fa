"""Detecting a file's container by its first bytes: only video containers are ever opened, and only as local files.

Playlists (HLS, DASH), concat scripts and the like would make a library open whatever they name; a web page saved as
.mp4 or a pointer of Git LFS is not a video. So the first bytes decide, and the file's name is never used.
"""

import os
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from vtgdata.errors import NotAFile, VideoUnreadable
from vtgdata.files import limits, outside

_HEAD_BYTES = 4096
_MP4_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"moof", b"sidx"}
_MAGIC = (
    (b"\x1a\x45\xdf\xa3", "matroska"), (b"OggS", "ogg"), (b"FLV\x01", "flv"), (b"GIF8", "gif"),
    (b"\x00\x00\x01\xba", "mpeg"), (b"\x00\x00\x01\xb3", "mpegvideo"), (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (b".RMF", "rm"), (b"DKIF", "ivf"), (b"nut/multimedia container", "nut"), (b"\x06\x0e\x2b\x34\x02\x05", "mxf"),
    (b"\x1f\x07\x00", "dv"),
)  # fmt: skip
_NOT_VIDEOS = (
    (b"<!doctype html", "an HTML page"), (b"<html", "an HTML page"), (b"#extm3u", "a playlist"),
    (b"ffconcat", "a concat script"), (b"version https://git-lfs", "a pointer of Git LFS"), (b"<?xml", "XML"),
    (b"<mpd", "a playlist"), (b"[playlist]", "a playlist"), (b"file ", "a concat script"),
)  # fmt: skip


def check(path: Path) -> str:
    """The container of a file: mov, matroska, avi, mpegts and so on.

    Raises VideoUnreadable when there is no such file, or its bytes do not begin like a container of video.
    """
    try:
        with outside.opened(path) as file:
            head = file.read(_HEAD_BYTES)
    except NotAFile as error:
        raise VideoUnreadable(path, f"not a video ({error.strerror})") from error
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise VideoUnreadable(path, "no such file") from error
    except OSError as error:
        raise VideoUnreadable(path, f"cannot be opened ({error.strerror})") from error
    found = _container(head)
    if found is None:
        raise VideoUnreadable(path, f"not a video ({_told(head)})")
    return found


def _container(head: bytes) -> str | None:
    if head[4:8] in _MP4_BOXES:
        return "mov"
    if head[:4] == b"RIFF" and head[8:12] in (b"AVI ", b"AVIX"):
        return "avi"
    # MPEG-TS: packets of 188 bytes, or of 192 with a time stamp in front.
    for start, size in ((0, 188), (4, 192)):
        places = range(start, min(len(head), 5 * size), size)
        if len(head) > start + size and all(head[place] == 0x47 for place in places):
            return "mpegts"
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def _told(head: bytes) -> str:
    if not head:
        return "an empty file"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next((what for start, what in _NOT_VIDEOS if text.startswith(start)), "no known container")


def check_size(path: Path, width: int, height: int) -> None:
    """Raise VideoUnreadable when a frame has more pixels than `limits.PIXELS`."""
    if width * height > limits.PIXELS.value:
        variable = limits.PIXELS.variable
        raise VideoUnreadable(path, f"frames of {width} x {height} pixels are above the limit ({variable})")


def check_duration(path: Path, seconds: float) -> None:
    """Raise VideoUnreadable when a video is longer than `limits.VIDEO_SECONDS`."""
    most = limits.VIDEO_SECONDS
    if not seconds <= most.value:
        raise VideoUnreadable(path, f"{seconds:.0f} s are above the limit of {most.value} s ({most.variable})")


def cut_short(path: Path, container: str) -> bool:
    """Whether a file is shorter than its own top-level headers say; False if they do not say.

    Args:
        path: the file.
        container: as `check` found it.
    """
    size = path.stat().st_size
    with outside.opened(path) as file:
        if container == "mov":
            return _boxes_end(file, size) > size
        if container == "avi":
            # Chunks of odd size are padded by a byte; some writers count that byte but do not write it.
            return int.from_bytes(file.read(8)[4:], "little") + 8 > size + 1
        return container == "matroska" and _segment_end(file) > size


def avi_length(path: Path) -> Fraction:
    """Seconds that the head of an AVI states for its video stream; 0 if it does not say."""
    with outside.opened(path) as file:
        head = file.read(_HEAD_BYTES)
    place = head.find(b"strh")
    while place >= 0 and head[place + 8 : place + 12] != b"vids":
        place = head.find(b"strh", place + 4)
    scale, rate, _, frames = (int.from_bytes(head[place + at : place + at + 4], "little") for at in (28, 32, 36, 40))
    return Fraction(scale * frames, rate) if place >= 0 and rate else Fraction(0)


def fragment_cut(path: Path) -> bool:
    """Whether the box of an MP4 that says it ends behind the file's end holds frames, or their index."""
    size = path.stat().st_size
    with outside.opened(path) as file:
        return _boxes_end(file, size) > size and _last_box(file, size) in (b"mdat", b"moof")


def _last_box(file: BinaryIO, size: int) -> bytes:
    """Name of the box in which a file ends."""
    file.seek(0)
    place, name = 0, b""
    while place + 8 <= size:
        file.seek(place)
        head = file.read(16)
        length, name = int.from_bytes(head[:4], "big"), head[4:8]
        place += max(8, int.from_bytes(head[8:16], "big") if length == 1 else length)
    return name


def _boxes_end(file: BinaryIO, size: int) -> int:
    """Byte offset at which the last box of an MP4 says that it ends."""
    end = 0
    while end + 8 <= size:
        file.seek(end)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if not head[4:8].isalnum() and head[4:8] not in _MP4_BOXES:
            break  # not a box: bytes after the last box are ignored
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8:
            break  # 0 means "up to the end of the file"; other values are invalid
        end += length
    return end


def _segment_end(file: BinaryIO) -> int:
    """Byte offset at which the segment of a Matroska file says that it ends; 0 if its size is not stated."""
    head = file.read(_HEAD_BYTES)
    header_size, place = _vint(head, 4)
    place += header_size
    if head[place : place + 4] != b"\x18\x53\x80\x67":
        return 0
    size, start = _vint(head, place + 4)
    return start + size if size >= 0 else 0


def _vint(data: bytes, place: int) -> tuple[int, int]:
    """(value, offset after it) of an EBML variable-length integer; the value is -1 for "unknown"."""
    first = data[place] if place < len(data) else 0
    length = 9 - first.bit_length()
    if not 1 <= length <= 8:
        return -1, place
    value = int.from_bytes(data[place : place + length], "big") & ((1 << 7 * length) - 1)
    return (-1 if value == (1 << 7 * length) - 1 else value), place + length


def local(path: Path) -> str:
    """An absolute path as text: it begins with `/`, so no library takes it for an option, an address or a protocol."""
    return os.path.abspath(path)  # noqa: PTH100 (links stay: their names have the suffix)
