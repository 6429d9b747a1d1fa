"""Writing a smaller copy of a video: H.264 in MP4, each frame at its own time. It runs in the calling process."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.files import plugins
from vtgdata.files.disk_errors import DISK
from vtgdata.video import containers

if TYPE_CHECKING:
    import av
    from av.filter import Graph

TICKS = 90_000
"""Time base of the copy: ticks per second."""
_CODEC = "libx264"
_KEY_FRAMES = 48
"""Most frames from one key frame to the next."""
_TURNS: dict[int, list[tuple[str, str | None]]] = {
    0: [],
    90: [("transpose", "cclock")],
    180: [("hflip", None), ("vflip", None)],
    270: [("transpose", "clock")],
}
"""{degrees: FFmpeg filters that turn a picture counter-clockwise by that angle}."""
_NOISE_TICKS = TICKS // 2000
"""A frame that begins at most this long (0.5 ms) before the end of a piece belongs to what follows the piece."""


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a video to write, and how."""

    target: bytes
    """Path of the file to write, replaced if it exists; in bytes, because a name need not be UTF-8."""
    width: int
    height: int
    """Pixels as shown, even numbers."""
    fps: float | None
    """Frames a second; None keeps the video's own frames and times."""
    quality: int
    """CRF of H.264."""
    start: float = 0.0
    """Start of the piece, in seconds from the first frame; the frame on screen then gets time 0 in the copy."""
    duration: float
    """Seconds that the copy should last."""
    ends: bool = False
    """Whether frames that begin after `duration` are left out."""


def ready() -> None:
    """Raise VtgError, saying what to install, when this PyAV lacks an H.264 encoder, as other builds of it may."""
    import av

    if _CODEC not in av.codecs_available:
        raise VtgError(
            f"this PyAV has no encoder {_CODEC}, with which videos are written: "
            "`pip install --force-reinstall --only-binary av av` brings one."
        )


def write(decoder: str, path: Path, copy: Copy) -> None:
    """Write a copy of a video, or of a piece of it, with a decoder plug-in that has `follow`.

    Raises VideoUnreadable when no frame can be decoded, or the frames cannot be written.
    """
    import av
    from av.error import FFmpegError

    where = containers.local(Path(os.fsdecode(copy.target)))
    options = {"movflags": "+faststart", "video_track_timescale": str(TICKS)}
    spans = _spans(plugins.load("decoders", decoder).follow(path, copy.start), copy)
    shown = spans if copy.fps is None else _evenly(spans, copy, copy.fps)
    try:
        with av.open(where, "w", format="mp4", options=options) as container:
            _encode(container, shown, copy)
    except FFmpegError as error:
        if error.errno in DISK:  # no fact of the video
            raise VtgError(
                f"{Path(where).parent}: {error.strerror}. Free some space, and run the same command again: what was "
                "made is kept."
            ) from error
        raise VideoUnreadable(path, f"no copy of it can be written ({error.strerror})") from error


class _Span(NamedTuple):
    """A frame and the ticks of the copy between which it is on screen."""

    begin: int
    end: int
    shown: Any
    """What the decoder gives: `frame`, and by how many degrees it is `turned`."""


def _spans(frames: Iterable[Any], copy: Copy) -> Iterator[_Span]:
    """Every frame of the piece with its ticks; spans never overlap, and each lasts at least one tick."""
    start, end = Fraction(copy.start), round(Fraction(copy.duration) * TICKS)
    on: _Span | None = None
    step = end
    for shown in frames:
        # The first frame is already on screen when the piece begins.
        begin = 0 if on is None else max(round((shown.start - start) * TICKS), on.begin + 1)
        if on is not None:
            if copy.ends and begin >= end - _NOISE_TICKS:
                yield on._replace(end=max(end, on.begin + 1))
                return
            step = begin - on.begin
            yield on._replace(end=begin)
        on = _Span(begin, begin, shown)
    if on is not None:
        # A file need not state the length of its last frame, and if frames are stored out of display order the stated
        # length may be that of another frame. So the copy ends no later than it should.
        length = round(on.shown.length * TICKS) or step
        last = round((on.shown.start - start) * TICKS) + length
        yield on._replace(end=max(min(last, end) if end > on.begin else last, on.begin + 1))


def _evenly(spans: Iterable[_Span], copy: Copy, fps: float) -> Iterator[_Span]:
    """Resample to `fps` frames a second: each has what is on screen at its time; the last one ends with the piece."""
    step, end, count = max(TICKS / Fraction(fps), Fraction(1)), round(Fraction(copy.duration) * TICKS), 0
    for span in spans:
        while (begin := round(count * step)) < span.end:
            count += 1
            yield _Span(begin, max(min(round(count * step), end), begin + 1), span.shown)


def _encode(container: Any, spans: Iterable[_Span], copy: Copy) -> None:
    first = last = None
    end = 0
    for packet, length in _packets(container, spans, copy):
        # The encoder does not set the duration, and that of the last packet would be a guess.
        packet.duration = length
        end = max(end, packet.pts + length)
        if last is None:
            first = packet.dts
        else:
            container.mux(last)
        last = packet
    if last is not None:
        # An MP4 lasts from its first packet to its last, in decoding order, plus the duration of the last.
        last.duration = max(1, end - (last.dts - first))
        container.mux(last)


def _packets(container: Any, spans: Iterable[_Span], copy: Copy) -> Iterator[tuple[Any, int]]:
    """Each packet, in decoding order, and for how many ticks its frame is shown."""
    from av.video.frame import PictureType

    reducer = _Reducer(copy)
    stream: Any = None
    lengths: dict[int, int] = {}
    for span in spans:
        frame = reducer.reduced(span.shown)
        if stream is None:
            stream = _stream(container, frame, copy)
        frame.pts, frame.time_base = span.begin, Fraction(1, TICKS)
        # Reset the picture type, or the encoder would have to keep the source's (key frame or not).
        frame.pict_type = PictureType.NONE
        lengths[span.begin] = span.end - span.begin
        for packet in stream.encode(frame):
            yield packet, lengths.pop(packet.pts)
    if stream is not None:
        for packet in stream.encode():
            yield packet, lengths.pop(packet.pts)


class _Reducer:
    """Makes frames small, upright and of one pixel format with FFmpeg's filters; colours stay as the file has them."""

    def __init__(self, copy: Copy) -> None:
        self._copy = copy
        self._kind: tuple[Any, ...] = ()
        self._graph: Graph | None = None

    def reduced(self, shown: Any) -> av.VideoFrame:
        """The frame as the copy will have it, without a time."""
        frame: av.VideoFrame = shown.frame
        # Any of these may change from one frame to the next, and a filter graph works for one combination.
        kind = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range, shown.turned)
        if self._graph is None or kind != self._kind:
            self._kind, self._graph = kind, self._filters(*kind)
        frame.pts = None
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _filters(self, width: int, height: int, pixels: str, colorspace: int, color_range: int, turned: int) -> Graph:
        from av.filter import Graph

        graph = Graph()
        graph.threads = 1  # one copy per core is made at a time
        of = f"video_size={width}x{height}:pix_fmt={pixels}:time_base=1/{TICKS}:colorspace={colorspace}"
        wide, high = self._copy.width, self._copy.height
        if turned in (90, 270):
            wide, high = high, wide
        steps = [("buffer", f"{of}:range={color_range}"), ("scale", f"{wide}:{high}:flags=area"), *_TURNS[turned]]
        graph.link_nodes(*(graph.add(*step) for step in (*steps, ("format", "yuv420p"), ("buffersink", None))))
        graph.configure()
        return graph


def _stream(container: Any, first: av.VideoFrame, copy: Copy) -> Any:
    # One thread, since several give different bytes from run to run. The rate has no effect: each frame has its time.
    options = {"preset": "veryfast", "crf": str(copy.quality), "threads": "1"}
    stream = container.add_stream(_CODEC, rate=25, options=options)
    stream.width, stream.height, stream.pix_fmt = first.width, first.height, "yuv420p"
    context = stream.codec_context
    context.time_base, context.gop_size = Fraction(1, TICKS), _KEY_FRAMES
    context.colorspace, context.color_range = first.colorspace, first.color_range
    context.color_primaries, context.color_trc = first.color_primaries, first.color_trc
    return stream
