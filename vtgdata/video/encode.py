"""Writing a video anew, small: H.264 in MP4, each frame at its own time. It runs in the process of whoever calls it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.files import plugins
from vtgdata.video import containers

if TYPE_CHECKING:
    import av
    from av.filter import Graph

TICKS = 90_000
"""Times of what is written are in so many parts of a second."""
_CODEC = "libx264"
_KEY_FRAMES = 48
"""A key frame at least every so many."""
_TURNS: dict[int, list[tuple[str, str | None]]] = {
    0: [],
    90: [("transpose", "cclock")],
    180: [("hflip", None), ("vflip", None)],
    270: [("transpose", "clock")],
}
"""Filters that turn a picture so many degrees counter-clockwise."""
_NOISE_TICKS = TICKS // 2000
"""A frame that begins so shortly before the end of a piece belongs to what comes after it."""


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """What to write of a video, and how."""

    target: bytes
    """File, replaced when it is there; as the file system has its name, which need not be UTF-8."""
    width: int
    height: int
    """Pixels as shown, even numbers."""
    fps: float | None
    """Frames a second; None keeps those that there are, with their times."""
    quality: int
    """CRF of H.264."""
    start: float = 0.0
    """Of the piece, in seconds from the first frame; the frame on show then is shown at 0, the others follow."""
    duration: float
    """Seconds that the copy should last."""
    ends: bool = False
    """Whether frames that begin later are left out."""


def ready() -> None:
    """Raise VtgError, with what to install, where nothing can be written: a PyAV built by others may lack H.264."""
    import av

    if _CODEC not in av.codecs_available:
        raise VtgError(
            f"this PyAV has no encoder {_CODEC}, with which proxies are written: "
            "`pip install --force-reinstall --only-binary av av` brings one."
        )


def write(decoder: str, path: Path, copy: Copy) -> None:
    """Write a copy of a video, or of a piece of it, by a decoder plug-in that can `follow`.

    Raises VideoUnreadable when nothing can be seen, or what is seen cannot be written.
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
        raise VideoUnreadable(path, f"no copy of it can be written ({error.strerror})") from error


class _Span(NamedTuple):
    """What is on show from one tick of the copy to another."""

    begin: int
    end: int
    shown: Any
    """The decoder's: `frame`, and how it is `turned`."""


def _spans(frames: Iterable[Any], copy: Copy) -> Iterator[_Span]:
    """Every frame of the piece with its ticks; they never overlap, and none is empty."""
    start, end = Fraction(copy.start), round(Fraction(copy.duration) * TICKS)
    on: _Span | None = None
    step = end
    for shown in frames:
        # The first is on show already when the piece begins.
        begin = 0 if on is None else max(round((shown.start - start) * TICKS), on.begin + 1)
        if on is not None:
            if copy.ends and begin >= end - _NOISE_TICKS:
                yield on._replace(end=max(end, on.begin + 1))
                return
            step = begin - on.begin
            yield on._replace(end=begin)
        on = _Span(begin, begin, shown)
    if on is not None:
        # A file need not say for how long its last frame is shown, and where frames are stored in another order than
        # they are shown it may say it of another one: no further than the whole should last.
        length = round(on.shown.length * TICKS) or step
        last = round((on.shown.start - start) * TICKS) + length
        yield on._replace(end=max(min(last, end) if end > on.begin else last, on.begin + 1))


def _evenly(spans: Iterable[_Span], copy: Copy, fps: float) -> Iterator[_Span]:
    """So many frames a second: at each of their times, what is on show; the last one ends with the piece."""
    step, end, count = max(TICKS / Fraction(fps), Fraction(1)), round(Fraction(copy.duration) * TICKS), 0
    for span in spans:
        while (begin := round(count * step)) < span.end:
            count += 1
            yield _Span(begin, max(min(round(count * step), end), begin + 1), span.shown)


def _encode(container: Any, spans: Iterable[_Span], copy: Copy) -> None:
    first = last = None
    end = 0
    for packet, length in _packets(container, spans, copy):
        # The encoder leaves it open, and the last one's would be a guess.
        packet.duration = length
        end = max(end, packet.pts + length)
        if last is None:
            first = packet.dts
        else:
            container.mux(last)
        last = packet
    if last is not None:
        # In the order of decoding, an MP4 lasts from the first packet to the last one, and for that one's time.
        last.duration = max(1, end - (last.dts - first))
        container.mux(last)


def _packets(container: Any, spans: Iterable[_Span], copy: Copy) -> Iterator[tuple[Any, int]]:
    """Each packet, in the order of decoding, and for how many ticks its frame is shown."""
    from av.video.frame import PictureType

    reducer = _Reducer(copy)
    stream: Any = None
    lengths: dict[int, int] = {}
    for span in spans:
        frame = reducer.reduced(span.shown)
        if stream is None:
            stream = _stream(container, frame, copy)
        frame.pts, frame.time_base = span.begin, Fraction(1, TICKS)
        # Its kind in the source, key frame or not, would be forced on the encoder.
        frame.pict_type = PictureType.NONE
        lengths[span.begin] = span.end - span.begin
        for packet in stream.encode(frame):
            yield packet, lengths.pop(packet.pts)
    if stream is not None:
        for packet in stream.encode():
            yield packet, lengths.pop(packet.pts)


class _Reducer:
    """Makes frames small, upright and of one kind, their colours as the file has them; by FFmpeg's filters."""

    def __init__(self, copy: Copy) -> None:
        self._copy = copy
        self._kind: tuple[Any, ...] = ()
        self._graph: Graph | None = None

    def reduced(self, shown: Any) -> av.VideoFrame:
        """The frame as the copy has it, without a time."""
        frame: av.VideoFrame = shown.frame
        # A file may change any of it from one frame to the next; filters are made for one kind.
        kind = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range, shown.turned)
        if self._graph is None or kind != self._kind:
            self._kind, self._graph = kind, self._filters(*kind)
        frame.pts = None
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _filters(self, width: int, height: int, pixels: str, colorspace: int, color_range: int, turned: int) -> Graph:
        from av.filter import Graph

        graph = Graph()
        graph.threads = 1  # as many copies as there are cores are made at a time
        of = f"video_size={width}x{height}:pix_fmt={pixels}:time_base=1/{TICKS}:colorspace={colorspace}"
        wide, high = self._copy.width, self._copy.height
        if turned in (90, 270):
            wide, high = high, wide
        steps = [("buffer", f"{of}:range={color_range}"), ("scale", f"{wide}:{high}:flags=area"), *_TURNS[turned]]
        graph.link_nodes(*(graph.add(*step) for step in (*steps, ("format", "yuv420p"), ("buffersink", None))))
        graph.configure()
        return graph


def _stream(container: Any, first: av.VideoFrame, copy: Copy) -> Any:
    # One thread: several give other bytes from run to run. The rate means nothing: every frame brings its own time.
    options = {"preset": "veryfast", "crf": str(copy.quality), "threads": "1"}
    stream = container.add_stream(_CODEC, rate=25, options=options)
    stream.width, stream.height, stream.pix_fmt = first.width, first.height, "yuv420p"
    context = stream.codec_context
    context.time_base, context.gop_size = Fraction(1, TICKS), _KEY_FRAMES
    context.colorspace, context.color_range = first.colorspace, first.color_range
    context.color_primaries, context.color_trc = first.color_primaries, first.color_trc
    return stream
