"""PyAV, the default decoder: exact on every file tried, AV1 included, and its wheel includes FFmpeg.

It reads forward and seeks only over long gaps. Each seek is verified: if it lands too late or leaves a gap (MPEG-TS
does both), the file is read from its start. A packet that does not decode is skipped, as players do; a truncated file
ends where it is cut off.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vtgdata.errors import VideoUnreadable
from vtgdata.files import limits
from vtgdata.records import VideoFacts
from vtgdata.video import containers

if TYPE_CHECKING:
    import av
    import numpy as np
    from av.container import InputContainer
    from av.video.reformatter import VideoReformatter
    from av.video.stream import VideoStream

FAR_SECONDS = 5.0
"""If a target is further ahead than this, seek to it instead of reading on: about the length of a group of pictures."""
HOLE_SECONDS = 1.0
"""If the frame after a seek lasts longer than this, frames may be missing, and the seek is not trusted."""
NOISE_SECONDS = 1e-9
"""Tolerance of times: above the rounding error of `k * duration / n`, far below a tick of any time base in use (90 kHz:
11 microseconds)."""
# Containers only: playlists (HLS, concat, DASH) and image patterns would make FFmpeg open further files.
_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,mxf,rm,dv,nut,ivf,gif",
}
_NO_LENGTH_OF_STREAMS = ("matroska,webm", "flv")
NEEDS = "av"
KNOWN_WRONG: dict[str, str] = {}
"""Tests that this decoder fails, with the file if only some files fail -> what goes wrong."""
_EVEN_SECONDS = 0.0015
"""On a clock of milliseconds, frames at a constant rate differ by 1 ms: only a larger difference is a variable rate."""


def probe(path: Path) -> VideoFacts:
    """Facts of a video file; it decodes the first frame, so that every file with facts also has a frame to show.

    Raises VideoUnreadable when there is no file, no video stream or no frame.
    """
    with _opened(path) as (container, stream):
        first = _Reel(container, stream).on
        if first is None:
            raise VideoUnreadable(path, "no frame decodes")
        rate = stream.average_rate or stream.guessed_rate
        turned = _rotation(first.frame)
        width, height = first.frame.width, first.frame.height
        length = _length(path, container, stream, first.ticks)
        containers.check_duration(path, float(length.seconds))
        return VideoFacts(
            duration=float(length.seconds),
            fps=float(rate) if rate else None,
            start_time=float(first.ticks * _tick(stream)),
            width=height if turned in (90, 270) else width,
            height=width if turned in (90, 270) else height,
            rotation=turned,
            codec=stream.codec_context.name,
            n_frames=stream.frames or None,
            variable=length.uneven,
            truncated=length.truncated,
            streams=tuple(_named(each) for each in container.streams),
            read_from={
                "duration": length.source, "fps": "stream", "n_frames": "stream", "start_time": "frame",
                "width": "frame", "height": "frame", "rotation": "frame", "codec": "stream", "streams": "container",
                "variable": length.uneven_source,
            },
        )  # fmt: skip


def _named(stream: Any) -> str:
    context = stream.codec_context
    return f"{stream.type} {context.name if context else 'unknown'}"


def frames(path: Path, times: Sequence[float]) -> tuple[list[np.ndarray], list[float]]:
    """The frames shown at the given times.

    Args:
        path: a local video file.
        times: seconds from the first frame of the file, in any order, repeats allowed. The frame at t is the last one
            shown at or before t, compared in the stream's own ticks; past the end it is the last frame.

    Returns:
        One (height, width, 3) uint8 RGB array per time, rotated as players show it (equal frames share one array), and
        the true start time of each frame, in seconds from the first frame.

    Raises VideoUnreadable when there is no file, no video stream or no frame.
    """
    found = _collect(path, times, seek=True)
    if found is None:
        found = _collect(path, times, seek=False)
    if found is None:
        raise VideoUnreadable(path, "no frame decodes")
    return [found[time].image for time in times], [found[time].time for time in times]


class Following(NamedTuple):
    """A frame as it is stored (not rotated), with its time."""

    start: Fraction
    """Seconds from the first frame of the file."""
    length: Fraction
    """Seconds; 0 if the file does not say it."""
    turned: int
    """Degrees counter-clockwise by which players rotate it."""
    frame: av.VideoFrame


def follow(path: Path, start: float) -> Iterator[Following]:
    """All frames in display order, beginning with the frame shown at `start` (seconds from the first frame).

    Raises VideoUnreadable when there is no file, no video stream or no frame.
    """
    for seek in (True, False):
        with _opened(path) as (container, stream):
            reel = _Reel(container, stream)
            if reel.on is None:
                break
            first, tick = reel.on.ticks, _tick(stream)
            target = _target(first, start, tick)
            if seek and reel.can_seek and reel.far(target) and not reel.jump(target):
                continue
            shown = reel.at(target)
            while shown is not None:
                length = (shown.frame.duration or 0) * tick
                yield Following((shown.ticks - first) * tick, length, _rotation(shown.frame), shown.frame)
                shown = reel.forward()
            return
    raise VideoUnreadable(path, "no frame decodes")


def _target(first: int, time: float, tick: Fraction) -> int:
    """The tick of `time`, which is in seconds from the first frame; `first` is the tick of that frame."""
    return first + math.floor((Fraction(time) + Fraction(NOISE_SECONDS)) / tick)


class _Shown(NamedTuple):
    ticks: int
    frame: av.VideoFrame


class _Picture(NamedTuple):
    image: np.ndarray
    time: float


class _Reel:
    """An open video that is read forward: its current frame (`on`) and the next one."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self._container, self._stream = container, stream
        # AVI stores no presentation times: a frame's place is known only by counting from the start.
        self.can_seek = container.format.name != "avi"
        self._start()

    def _start(self) -> None:
        self._frames = _shown(self._container, self._stream)
        self.on: _Shown | None = next(self._frames, None)
        self.next: _Shown | None = next(self._frames, None)

    def at(self, target: int) -> _Shown | None:
        """The last frame shown at or before the target, which must not lie before the current frame."""
        while self.next is not None and self.next.ticks <= target:
            self.forward()
        return self.on

    def forward(self) -> _Shown | None:
        """Move on to the next frame and return it; None at the end."""
        self.on, self.next = self.next, next(self._frames, None)
        return self.on

    def far(self, target: int) -> bool:
        """Whether seeking to the target may be cheaper than reading on."""
        return self.next is not None and (target - self.next.ticks) * _tick(self._stream) > FAR_SECONDS

    def jump(self, target: int) -> bool:
        """Seek to the key frame before the target; False if it fails, lands after the target or leaves a gap."""
        from av.error import FFmpegError

        try:
            self._container.seek(target, stream=self._stream)
        except FFmpegError:
            return False
        self._start()
        if self.on is None or self.on.ticks > target:
            return False
        return self.next is None or (self.next.ticks - self.on.ticks) * _tick(self._stream) <= HOLE_SECONDS


def _collect(path: Path, times: Sequence[float], *, seek: bool) -> dict[float, _Picture] | None:
    """Each wanted time -> its picture; None if a seek went wrong or nothing decodes."""
    from av.video.reformatter import VideoReformatter

    found: dict[float, _Picture] = {}
    images: dict[int, np.ndarray] = {}
    # One converter for all frames, because creating one is slow.
    convert = VideoReformatter()
    with _opened(path) as (container, stream):
        reel = _Reel(container, stream)
        if reel.on is None:
            return None
        first, tick = reel.on.ticks, _tick(stream)
        for time in sorted(set(times)):
            target = _target(first, time, tick)
            if seek and reel.can_seek and reel.far(target) and not reel.jump(target):
                return None
            shown = reel.at(target)
            if shown is None:
                return None
            if shown.ticks not in images:
                images[shown.ticks] = _upright(path, shown.frame, convert)
            found[time] = _Picture(images[shown.ticks], float((shown.ticks - first) * tick))
    return found


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    import av
    from av.error import FFmpegError

    containers.check(path)
    try:
        # Tags need not be UTF-8 (HMDB51's are not).
        container = av.open(containers.local(path), options=_OPTIONS, metadata_errors="ignore")
    except (FFmpegError, OSError, ValueError) as error:
        raise VideoUnreadable(path, _reason(error)) from error
    with container:
        stream = next((s for s in container.streams.video if not s.disposition & s.disposition.attached_pic), None)
        if stream is None:
            raise VideoUnreadable(path, "no video stream")
        context: Any = stream.codec_context
        if context is None:
            raise VideoUnreadable(path, "no decoder for its codec")
        containers.check_size(path, context.width, context.height)
        context.thread_count = 1
        context.options = {"max_pixels": str(limits.PIXELS.value)}  # frames may be larger than the container says
        yield container, stream


def _reason(error: Exception) -> str:
    said = str(getattr(error, "strerror", None) or error).strip()
    if said == "End of file":
        # The container could be opened, but ended before any stream.
        return "no video stream"
    return f"not a readable video ({said[:1].lower()}{said[1:]})"


def _shown(container: InputContainer, stream: VideoStream) -> Iterator[_Shown]:
    """Frames in display order, each with its time in ticks; times always increase."""
    counted = container.format.name == "avi"
    last: int | None = None
    for frame in _decoded(container, stream):
        ticks = frame.dts if counted else frame.pts
        if last is None:
            ticks = ticks or 0
        elif ticks is None or ticks <= last:
            ticks = last + (frame.duration or 1)
        last = ticks
        yield _Shown(ticks, frame)


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    from av.error import FFmpegError

    for packet in _packets(container, stream):
        try:
            yield from stream.decode(packet)
        except FFmpegError:
            continue


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[av.Packet[VideoStream] | None]:
    """The stream's packets; the last one is empty or None, which makes a decoder return the frames it still holds."""
    from av.error import FFmpegError

    try:
        yield from container.demux(stream)
    except FFmpegError:
        yield None


def _tick(stream: VideoStream) -> Fraction:
    if stream.time_base is None:
        raise ValueError(f"stream {stream.index} has no time base")
    return stream.time_base


def _rotation(frame: av.VideoFrame) -> int:
    return round(frame.rotation / 90) * 90 % 360


def _upright(path: Path, frame: av.VideoFrame, convert: VideoReformatter) -> np.ndarray:
    import numpy as np
    from av.error import FFmpegError

    try:
        image = convert.reformat(frame, format="rgb24", threads=1).to_ndarray()
    except FFmpegError as error:
        raise VideoUnreadable(path, f"no way from pixel format {frame.format.name} to RGB") from error
    return np.ascontiguousarray(np.rot90(image, _rotation(frame) // 90))


class _Length(NamedTuple):
    seconds: Fraction
    source: str
    truncated: bool
    uneven: bool
    uneven_source: str


class _Scan(NamedTuple):
    """Times found in all packets without decoding them; in ticks."""

    last: int
    """Start of the last frame."""
    length: int
    """Length of the last frame; 0 if its packet does not say it."""
    spread: int
    """Longest minus shortest step between frames."""


def _length(path: Path, container: InputContainer, stream: VideoStream, first: int) -> _Length:
    """Seconds from the first frame to the end of the last: as the stream states it, else as its packets show it."""
    tick, kind = _tick(stream), containers.check(path)
    # If a container stores no length per stream, FFmpeg may have copied the container's, which is on another clock.
    stated = None if container.format.name in _NO_LENGTH_OF_STREAMS else stream.duration
    cut = containers.cut_short(path, kind)
    steps = _index_spread(stream) if kind == "mov" else None
    if stated and not cut and steps is not None:
        return _Length(stated * tick, "stream", False, _uneven(steps, tick), "index")
    scan = _scan(path, first)
    uneven = _uneven(scan.spread, tick)
    if stated and not cut:
        # A recording that begins in the middle of a broadcast shows nothing before its first key frame.
        late = first - (stream.start_time or 0) if kind in ("mpegts", "mpeg") else 0
        return _Length((stated - late if 0 < late < stated else stated) * tick, "stream", False, uneven, "scan")
    length = scan.length or (round(1 / (stream.average_rate * tick)) if stream.average_rate else 0)
    shown = max(scan.last - first + length, 1) * tick
    whole = Fraction(container.duration or 0, 1_000_000)
    if cut:
        # Of an AVI without its end, FFmpeg estimates the length from what is left.
        claim = (containers.avi_length(path) if kind == "avi" else (stated or 0) * tick) or whole
        # What is stated of a video in fragments is no more than what they hold.
        lost = kind == "mov" and not stream.frames and containers.fragment_cut(path)
        return _Length(shown, "scan", lost or not claim or claim - shown > length * tick, uneven, "scan")
    # WebM states an exact length, while its packets are in whole milliseconds; but the length may count from the start
    # of the container's clock, and may be that of a longer soundtrack.
    claimed = min(whole, whole - first * tick, key=lambda claim: abs(claim - shown))
    if whole and (not length or abs(claimed - shown) <= length * tick):
        return _Length(claimed, "container", False, uneven, "scan")
    return _Length(shown, "scan", False, uneven, "scan")


def _uneven(spread: int, tick: Fraction) -> bool:
    return spread > 1 and spread * tick > _EVEN_SECONDS


def _index_spread(stream: VideoStream) -> int | None:
    """Longest minus shortest step between frames in an MP4's index, in ticks; None if the index lacks frames."""
    entries = stream.index_entries
    if not stream.frames or len(entries) != stream.frames:
        return None
    return _spread([entries[place].timestamp for place in range(len(entries))])


def _spread(starts: Sequence[int]) -> int:
    steps = {after - before for before, after in pairwise(starts)}
    return max(steps) - min(steps) if steps else 0


def _scan(path: Path, first: int) -> _Scan:
    starts: list[int] = []
    last = length = 0
    with _opened(path) as (container, stream):
        counted = container.format.name == "avi"
        for packet in _packets(container, stream):
            start = None if packet is None else packet.dts if counted else packet.pts
            if packet is None or start is None:
                continue
            starts.append(start)
            if start >= last:
                last, length = start, packet.duration or 0
    return _Scan(last, length, _spread(sorted(start for start in starts if start >= first)))
