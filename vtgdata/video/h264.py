"""JPEGs as a video file of H.264, which every service that takes videos knows: encoded once more, at a high quality."""

from __future__ import annotations

import importlib
import io
from collections.abc import Sequence
from typing import Any

from vtgdata.files.video_files import PICTURES
from vtgdata.video import encode, motion_jpeg

QUALITY = 12
"""CRF: about two levels of 255 from the JPEGs in the mean."""


def file(jpegs: Sequence[bytes], rate: float) -> bytes:
    """An MP4 with H.264, frame i at i / rate seconds. Every frame is a key frame: none is made from its neighbours.

    Args:
        jpegs: the frames, all of one size; a side of an odd number of pixels is made one pixel smaller.
        rate: frames a second, above 0; the nearest that a file has exactly, see `motion_jpeg.rate_of`.

    Raises VtgError when this PyAV has no encoder for it.
    """
    from PIL import Image

    encode.ready()
    av: Any = importlib.import_module("av")
    exact = motion_jpeg.fraction(rate)
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as container:
        # One thread, since several give different bytes from run to run.
        options = {"preset": "veryfast", "crf": str(QUALITY), "threads": "1", "bf": "0"}
        stream = container.add_stream("libx264", rate=exact, options=options)
        stream.pix_fmt, stream.codec_context.gop_size = "yuv420p", 1
        stream.time_base = stream.codec_context.time_base = 1 / exact
        with Image.open(io.BytesIO(jpegs[0]), formats=PICTURES) as picture:
            stream.width, stream.height = picture.width // 2 * 2, picture.height // 2 * 2
        for number, jpeg in enumerate(jpegs):
            with Image.open(io.BytesIO(jpeg), formats=PICTURES) as picture:
                frame = av.VideoFrame.from_image(picture.convert("RGB"))
            frame = frame.reformat(stream.width, stream.height, "yuv420p")
            frame.pts, frame.time_base = number, 1 / exact
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return written.getvalue()
