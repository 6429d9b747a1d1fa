"""Small videos whose frames carry their own number, written as ten bright or dark squares."""

import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

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


def real(name: str) -> Path:
    """A real video by name, or skip."""
    folder = os.environ.get("VTGDATA_TEST_DATA")
    if not folder or not (Path(folder) / "videos").is_dir():
        pytest.skip("needs the folder of real videos: set VTGDATA_TEST_DATA to the one that holds videos/")
    return Path(folder) / "videos" / name
