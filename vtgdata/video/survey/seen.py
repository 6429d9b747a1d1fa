"""Everything of a file once: its packets, whether they decode, the frames that come out, the ends of its streams."""

import math
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.errors import VideoUnreadable
from vtgdata.video import containers

_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,mxf,rm,dv,nut,ivf,gif",
}
DENSE = frozenset(("h264", "hevc", "vp8", "vp9", "av1"))
"""Codecs whose packets never hold many zero bytes in a row."""
_ORDERED = frozenset(("mov", "matroska", "flv", "asf"))
"""Containers whose packets are in the order of decoding: one that comes too late is a copy of another part."""
_MOST_ERRORS = 100
"""After so many errors in a row nothing more is read."""
_CHUNK_HEAD = 8
_POINTS = 24
"""So many points in each direction tell how much a picture changed."""
ZEROS = bytes(512)
"""So many zeros in a packet of a dense codec were written over it."""


class Packet(msgspec.Struct, kw_only=True):
    """One packet of the video stream; times in seconds on the file's clock."""

    start: float
    length: float
    key: bool
    """Whether decoding can begin here."""
    size: int
    broken: bool = False
    """Whether it does not decode, or its bytes cannot be what an encoder wrote."""


class Shown(msgspec.Struct, kw_only=True):
    """One decoded frame."""

    start: float
    """Seconds on the file's clock."""
    size: tuple[int, int]
    """Width and height in pixels, as stored."""
    look: int
    """Checksum of its brightness: equal for equal pictures."""
    change: float = 0.0
    """Mean difference of its brightness from the frame before, at some points; 0 to 255."""
    broken: bool
    """Whether the decoder made up parts of it."""


class Seen(msgspec.Struct, kw_only=True):
    """What was seen of a file."""

    path: Path
    kind: str
    """Container, as `containers.check` names it."""
    codec: str
    label: str = ""
    """Four letters by which the container calls the codec; unreadable ones where it has another way."""
    packets: list[Packet] = []
    """In the order of their times; without those that an edit list hides."""
    shown: list[Shown] = []
    streams: list[str] = []
    """Of every stream what it is: `video`, `picture` (a cover), `audio` and so on."""
    index: int = 0
    """Place of the video stream among them."""
    stated: float = 0.0
    """Duration that the container states, in seconds; 0 if none."""
    stated_stream: float = 0.0
    """The same of the video stream."""
    first: float = 0.0
    """Earliest start and latest end of the packets of any stream, on the file's clock."""
    last: float = 0.0
    lost: list[tuple[float, float]] = []
    """Spans of frames that an AVI's index names and that are not found; those behind them are read too early."""
    stopped: bool = False
    """Whether reading the container ended with an error."""
    unread: float = 0.0
    """Share of the file behind the last packet that was read."""

    @property
    def origin(self) -> float:
        """Start of the first frame on the file's clock: all findings count from there."""
        return self.shown[0].start

    @property
    def step(self) -> float:
        """The middle one of the steps between frames, in seconds; 0 with fewer than two frames."""
        steps = sorted(after.start - before.start for before, after in zip(self.shown, self.shown[1:], strict=False))
        return steps[len(steps) // 2] if steps else 0.0

    @property
    def end(self) -> float:
        """End of the last packet of the video, at least of its last frame, on the file's clock."""
        last = max((packet.start + (packet.length or self.step) for packet in self.packets), default=0.0)
        return max(last, self.shown[-1].start + self.step)


def read(path: Path) -> Seen:
    """Read and decode all of a file.

    Raises VideoUnreadable when no frame decodes, as probing does.
    """
    kind = containers.check(path)
    with _opened(path) as (container, stream):
        found = Seen(
            path=path,
            kind=kind,
            codec=stream.codec_context.codec.canonical_name,
            label=stream.codec_context.codec_tag,
            streams=["picture" if _is_cover(each) else each.type for each in container.streams],
            index=stream.index,
            stated=(container.duration or 0) / 1_000_000,
            stated_stream=float((stream.duration or 0) * stream.time_base),
        )
        _Reader(found, stream).run(container)
    if not found.shown:
        raise VideoUnreadable(path, "no frame decodes")
    found.packets.sort(key=lambda packet: packet.start)
    found.shown.sort(key=lambda shown: shown.start)
    return found


@contextmanager
def _opened(path: Path) -> Generator[tuple[Any, Any]]:
    import av
    from av.error import FFmpegError

    try:
        container = av.open(containers.local(path), options=_OPTIONS, metadata_errors="ignore")
    except (FFmpegError, OSError, ValueError) as error:
        raise VideoUnreadable(path, f"not a readable video ({error})") from error
    with container:
        stream: Any = next((each for each in container.streams.video if not _is_cover(each)), None)
        if stream is None or stream.codec_context is None:
            raise VideoUnreadable(path, "no decoder for its codec" if stream else "no video stream")
        containers.check_size(path, stream.codec_context.width, stream.codec_context.height)
        stream.codec_context.thread_count = 1
        # A decoder that finds nonsense in a packet shows what came of it all the same, and with this says so as well.
        stream.codec_context.options = {"err_detect": "explode"}
        yield container, stream


def _is_cover(stream: Any) -> bool:
    return bool(stream.type == "video" and stream.disposition & stream.disposition.attached_pic)


class _Reader:
    """Reads one container to its end."""

    def __init__(self, found: Seen, stream: Any) -> None:
        self.found, self.stream = found, stream
        self.tick: Fraction = stream.time_base
        # AVI stores no presentation times: frames come in the order of decoding.
        self.counted = found.kind == "avi"
        # Broadcasts may be stuffed with zeros between pictures; what is written over them loses its packets anyway.
        self.dense = found.codec in DENSE and found.kind not in ("mpegts", "mpeg")
        self.points: Any = None
        self.latest = -math.inf
        self.last = 0.0
        self.read = 0
        self.ends: list[tuple[float, float]] = []
        self.places: set[int] = set()
        self.index: dict[int, float] = {}

    def run(self, container: Any) -> None:
        """Read all packets, and note what was found."""
        if self.counted:
            entries = [self.stream.index_entries[place] for place in range(len(self.stream.index_entries))]
            self.index = {each.pos: float(each.timestamp * self.tick) for each in entries if each.size}
        for packet in self._packets(container):
            if packet.dts is not None or packet.pts is not None:
                self._extent(packet)
            self.read = max(self.read, (packet.pos or 0) + packet.size)
            if packet.stream_index == self.found.index and packet.size:
                self._decode(packet)
        self._show(None)
        self._lost()
        self.found.unread = 1 - self.read / max(1, self.found.path.stat().st_size)
        if self.ends:
            self.found.first = min(start for start, _ in self.ends)
            self.found.last = max(end for _, end in self.ends)

    def _packets(self, container: Any) -> Iterator[Any]:
        """All packets that can be read. Reading goes on behind an error: of a broadcast more may come there."""
        from av.error import FFmpegError

        errors = 0
        while errors < _MOST_ERRORS:
            try:
                for packet in container.demux():
                    errors = 0 if packet.size else errors
                    yield packet
                return
            except FFmpegError:
                errors += 1
        self.found.stopped = True

    def _lost(self) -> None:
        """Note the frames that an AVI's index names, if it is one that tells: others count places differently."""
        # The index names the head of a chunk, a packet its content.
        gone = [start for place, start in self.index.items() if not {place, place + _CHUNK_HEAD} & self.places]
        if gone and len(gone) < 0.9 * len(self.index):
            step = float(self.tick)
            self.found.lost = [(start, start + step) for start in gone]

    def _extent(self, packet: Any) -> None:
        if self.found.streams[packet.stream_index] in ("video", "audio", "subtitle") and packet.time_base:
            start = float((packet.pts if packet.pts is not None else packet.dts) * packet.time_base)
            self.ends.append((start, start + float((packet.duration or 0) * packet.time_base)))

    def _decode(self, packet: Any) -> None:
        place = packet.dts if self.counted or packet.pts is None else packet.pts
        start = float(place * self.tick) if place is not None else self.last
        if packet.pos is not None:
            self.places.add(packet.pos)
            start = self.index.get(packet.pos - _CHUNK_HEAD, start)
        self.last = max(self.last, start)
        zeros = self.dense and ZEROS in bytes(packet)
        misplaced = packet.dts is not None and packet.dts < self.latest and self.found.kind in _ORDERED
        self.latest = max(self.latest, packet.dts if packet.dts is not None else self.latest)
        one = Packet(
            start=start, length=float((packet.duration or 0) * self.tick), key=packet.is_keyframe, size=packet.size,
            broken=bool(packet.is_corrupt or zeros or misplaced),
        )  # fmt: skip
        if not packet.is_discard:
            self.found.packets.append(one)
        one.broken |= not self._show(packet)

    def _show(self, packet: Any) -> bool:
        """Decode a packet, or with None what the decoder still holds; whether it decodes."""
        from av.error import FFmpegError

        try:
            for frame in self.stream.decode(packet):
                self._frame(frame)
        except FFmpegError:
            return False
        return True

    def _frame(self, frame: Any) -> None:
        shown = self.found.shown
        place = frame.dts if self.counted else frame.pts
        start = float(place * self.tick) if place is not None else None
        if start is None or (shown and start <= shown[-1].start):
            start = shown[-1].start + float((frame.duration or 1) * self.tick) if shown else 0.0
        size, broken = (frame.width, frame.height), bool(frame.is_corrupt)
        look, change = self._looked(frame) if frame.planes else (0, 0.0)
        shown.append(Shown(start=start, size=size, look=look, change=change, broken=broken))

    def _looked(self, frame: Any) -> tuple[int, float]:
        """Checksum of a frame's brightness, and how much it changed since the frame before."""
        import numpy as np

        plane = frame.planes[0]
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        points = rows[:: max(1, plane.height // _POINTS), :: max(1, plane.line_size // _POINTS)].astype(np.int16)
        before, self.points = self.points, points
        change = np.abs(points - before).mean() if before is not None and before.shape == points.shape else 0.0
        return zlib.crc32(memoryview(plane)), float(change)
