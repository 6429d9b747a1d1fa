"""Small videos whose frames carry their own number, written as ten bright or dark squares."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import av.filter
import numpy as np
import pytest
from av.video.frame import PictureType
from av.video.stream import VideoStream

SIDE, SQUARE = 64, 16


def draw(
    path: Path,
    count: int,
    rate: str | int = 5,
    *,
    start: int = 0,
    times: Sequence[float] | None = None,
    codec: str = "libx264",
    gop: int = 12,
    size: tuple[int, int] = (SIDE, SIDE),
) -> Path:
    """Write `count` frames (at most 1024), B-frames included; `start` is the first one's time on the file's clock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fps = Fraction(rate)
    tick = 1 / fps if times is None and start == 0 else Fraction(1, 90000)
    options = {"preset": "ultrafast", "threads": "1", "g": str(gop), "bf": "2"} if codec == "libx264" else {}
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = tick
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(picture(number, size), format="rgb24").reformat(format="yuv420p")
            seconds = Fraction(times[number]) if times is not None else number / fps
            frame.time_base, frame.pts = tick, round((seconds + start) / tick)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def picture(number: int, size: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray:
    image = np.full((size[1], size[0], 3), 16, np.uint8)
    for bit in range(10):
        if number >> bit & 1:
            top, left = bit // 4 * SQUARE, bit % 4 * SQUARE
            image[top : top + SQUARE, left : left + SQUARE] = 235
    return image


def number(image: np.ndarray) -> int:
    """The number that a decoded frame carries."""
    half = SQUARE // 2
    bright = [image[bit // 4 * SQUARE + half, bit % 4 * SQUARE + half].mean() > 128 for bit in range(10)]
    return sum(1 << bit for bit in range(10) if bright[bit])


def repacked(source: Path, target: Path, later: int) -> Path:
    """The packets of all streams in another container, so many seconds later on its clock."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        streams = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        for packet in old.demux():
            if packet.dts is None:
                continue
            offset = round(later / packet.time_base)
            packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
            packet.stream = streams[packet.stream.index]
            new.mux(packet)
    return target


def encoded(
    source: Path,
    target: Path,
    filters: str,
    *,
    codec: str = "libx264",
    options: Mapping[str, str] | None = None,
    bit_rate: int | None = None,
    rate: int | None = None,
    start: float = 0.0,
    length: float | None = None,
) -> Path:
    """The pictures from `start` on, for so many seconds, through FFmpeg's filters into a new file without sound.

    The first frame at or after the start is the new one's beginning. Times are kept, or with a rate made even; an AVI,
    which has no times, gets the source's rate.
    """
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        before = old.streams.video[0]
        even = rate or (before.average_rate if target.suffix == ".avi" else None)
        graph = av.filter.Graph()
        wanted = [each.partition("=") for each in (filters, *([f"fps={even}"] if even else []))]
        steps = [graph.add(name, given) for name, _, given in wanted]
        graph.link_nodes(graph.add_buffer(template=before), *steps, graph.add("buffersink")).configure()
        writer: list[VideoStream] = []

        def begun(frame: av.VideoFrame) -> VideoStream:
            if not writer:
                # More than one thread gives other bytes from run to run.
                given = {"threads": "1", **(options or {})}
                writer.append(new.add_stream(codec, rate=even or before.average_rate, options=given))
                writer[0].width, writer[0].height, writer[0].pix_fmt = frame.width, frame.height, "yuv420p"
                writer[0].codec_context.time_base = frame.time_base
                if bit_rate:
                    writer[0].bit_rate = bit_rate
            return writer[0]

        def write(frame: av.VideoFrame | None) -> None:
            graph.vpush(frame)
            with suppress(BlockingIOError, EOFError):
                while True:
                    found = graph.vpull()
                    found.pict_type = PictureType.NONE  # else the source's key frames are forced on the encoder
                    new.mux(begun(found).encode(found))

        first: int | None = None
        for frame in old.decode(before):
            seconds = float(frame.pts * frame.time_base) - float((before.start_time or 0) * before.time_base)
            if seconds < start - 1e-6:
                continue
            if length is not None and seconds >= start + length - 1e-6:
                break
            first = frame.pts if first is None else first
            frame.pts -= first
            write(frame)
        write(None)
        new.mux(writer[0].encode())
    return target


def real(name: str) -> Path:
    """A real video by name, or skip."""
    folder = os.environ.get("VTGDATA_TEST_DATA")
    if not folder or not (Path(folder) / "videos").is_dir():
        pytest.skip("needs the folder of real videos: set VTGDATA_TEST_DATA to the one that holds videos/")
    return Path(folder) / "videos" / name
