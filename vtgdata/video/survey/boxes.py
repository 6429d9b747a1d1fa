"""The durations that the boxes of an MP4 state, each with what its other boxes add up to.

Players and libraries differ in which of them they believe: the movie's (mvhd), a track's (tkhd), its media's (mdhd).
"""

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from vtgdata.files import outside

MOST_BYTES = 256 << 20
"""A larger index is not read: it is no video of ours."""
_DEEPEST = 8
_WITH_BOXES = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"))


class Stated(NamedTuple):
    """One statement and what it should be, in seconds."""

    what: str
    stated: float
    true: float


def durations(path: Path) -> Iterator[Stated]:
    """The statements of an MP4; none for a fragmented one, whose index holds no frames, and for one that is broken."""
    raw = _index(path)
    try:
        yield from _statements(raw)
    except (struct.error, IndexError, ZeroDivisionError):
        return


def _statements(raw: bytes) -> Iterator[Stated]:
    boxes = list(_boxes(raw, 0, len(raw)))
    if any(kind == b"mvex" for kind, *_ in boxes):
        return
    movie = next((raw[start:end] for kind, start, end in boxes if kind == b"mvhd"), b"")
    if not movie:
        return
    scale, length = _header(movie, 12, 20)
    longest = 0.0
    for kind, start, end in boxes:
        if kind == b"trak":
            track = {name: raw[a:b] for name, a, b in _boxes(raw, start, end)}
            yield from _track(track, scale)
            longest = max(longest, _header(track[b"tkhd"], 20, 28, scaled=False)[1] / scale if b"tkhd" in track else 0)
    yield Stated("the container", length / scale, longest or length / scale)


def _track(track: Mapping[bytes, bytes], scale: int) -> Iterator[Stated]:
    if b"mdhd" not in track or b"stts" not in track:
        return
    media_scale, media = _header(track[b"mdhd"], 12, 20)
    entries = struct.unpack(">I", track[b"stts"][4:8])[0]
    steps = struct.unpack(f">{2 * entries}I", track[b"stts"][8 : 8 + 8 * entries])
    added = sum(count * step for count, step in zip(steps[::2], steps[1::2], strict=True)) / media_scale
    what = {b"vide": "the video track", b"soun": "the sound track"}.get(track.get(b"hdlr", b"")[8:12], "a track")
    if added:
        yield Stated(f"{what} (mdhd)", media / media_scale, added)
    if b"tkhd" in track and added:
        shown = _header(track[b"tkhd"], 20, 28, scaled=False)[1] / scale
        edited = _edited(track[b"elst"], scale) if b"elst" in track else added
        yield Stated(what, shown, edited)


def _edited(box: bytes, scale: int) -> float:
    """Seconds that an edit list plays."""
    wide, count = box[0] == 1, struct.unpack(">I", box[4:8])[0]
    size = 20 if wide else 12
    lengths = (struct.unpack_from(">Q" if wide else ">I", box, 8 + place * size)[0] for place in range(count))
    return sum(lengths) / scale


def _header(box: bytes, short: int, long: int, *, scaled: bool = True) -> tuple[int, int]:
    """(time scale, duration) of mvhd, mdhd or tkhd, whose duration lies behind version-dependent dates."""
    wide = box[0] == 1
    place = long if wide else short
    if scaled:
        scale, place = struct.unpack_from(">I", box, place)[0], place + 4
    else:
        scale = 1
    length = struct.unpack_from(">Q" if wide else ">I", box, place)[0]
    return scale, 0 if length in (2**32 - 1, 2**64 - 1) else length


def _index(path: Path) -> bytes:
    """The content of an MP4's moov box; empty if there is none."""
    size = path.stat().st_size
    with outside.opened(path) as file:
        place = 0
        while place + 8 <= size:
            file.seek(place)
            head = file.read(16)
            length, name = struct.unpack(">I", head[:4])[0], head[4:8]
            start = 8
            if length == 1 and len(head) == 16:
                length, start = struct.unpack(">Q", head[8:16])[0], 16
            if name == b"moov":
                file.seek(place + start)
                return file.read(min(length - start if length else size, MOST_BYTES))
            if length < 8:
                break
            place += length
    return b""


def _boxes(raw: bytes, start: int, end: int, depth: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, end of its content) of all boxes, those within others too."""
    while start + 8 <= end:
        length, name, head = struct.unpack_from(">I", raw, start)[0], raw[start + 4 : start + 8], 8
        if length == 1:
            length, head = struct.unpack_from(">Q", raw, start + 8)[0], 16
        stop = min(start + length, end) if length else end
        if stop < start + head:
            return
        yield name, start + head, stop
        if name in _WITH_BOXES and depth < _DEEPEST:
            yield from _boxes(raw, start + head, stop, depth + 1)
        start = stop
