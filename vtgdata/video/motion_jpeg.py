"""JPEGs as a video file whose frames are these very JPEGs: nothing is encoded again."""

from __future__ import annotations

import importlib
import io
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from vtgdata.files.video_files import PICTURES

MOST = 100_000
"""Largest denominator of a rate."""


def rate_of(rate: float) -> float:
    """The rate nearest to one, in frames a second, that a file has exactly."""
    return float(fraction(rate))


def file(jpegs: Sequence[bytes], rate: float) -> bytes:
    """An MP4 with Motion JPEG, frame i at i / rate seconds.

    Args:
        jpegs: the frames, all of one size.
        rate: frames a second, above 0.
    """
    from PIL import Image

    av: Any = importlib.import_module("av")
    exact = fraction(rate)
    with Image.open(io.BytesIO(jpegs[0]), formats=PICTURES) as picture:
        width, height = picture.size
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as container:
        stream = container.add_stream("mjpeg", rate=exact)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuvj444p"
        stream.time_base = stream.codec_context.time_base = 1 / exact
        for number, jpeg in enumerate(jpegs):
            packet = av.Packet(jpeg)
            packet.stream, packet.time_base = stream, 1 / exact
            packet.pts = packet.dts = number
            packet.duration, packet.is_keyframe = 1, True
            container.mux(packet)
    return written.getvalue()


def fraction(rate: float) -> Fraction:
    """The same rate, exactly."""
    return Fraction(rate).limit_denominator(MOST)
