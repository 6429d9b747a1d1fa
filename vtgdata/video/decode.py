"""Decoding one video with one frame sampling: facts, times, pictures. All of it runs in the calling process."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vtgdata.errors import VideoUnreadable
from vtgdata.files import plugins
from vtgdata.records import FrameSampling, VideoFacts
from vtgdata.records.file_parts import FilePart
from vtgdata.video.sampling import frame_size, times, within

if TYPE_CHECKING:
    import numpy as np

DECODED_BYTES = 512 << 20
"""Most bytes of raw frames in memory at a time: an hour of full HD at one frame a second would be 22 GB."""
LATE_SECONDS = 1.0
"""Seconds by which a part may lie beyond the end of its file; less is what two statements of a length differ by."""
_QUALITY = 95


class SampledFrames(NamedTuple):
    """The sampled frames of a video."""

    duration: float
    """Seconds, as probed."""
    times: tuple[float, ...]
    """Seconds from the first frame at which each image is really shown."""
    images: tuple[bytes, ...]
    """JPEGs, one for each time."""


def ready(decoder: str) -> None:
    """Raise VtgError when there is no such decoder plug-in, or its own `ready` raises that it cannot work here."""
    getattr(plugins.load("decoders", decoder), "ready", lambda: None)()


def probe(decoder: str, path: Path) -> VideoFacts:
    """Facts of a file, or of a folder of frames, found by the named decoder plug-in.

    Raises VideoUnreadable when no frame can be decoded.
    """
    return _decoder(decoder, path).probe(path)


def frames(decoder: str, path: Path, times: Sequence[float]) -> tuple[list[np.ndarray], list[float]]:
    """Raw pictures at the given times, and the times at which they are really shown; as a decoder's own `frames`."""
    return _decoder(decoder, path).frames(path, times)


def look(
    decoder: str,
    path: Path,
    sampling: FrameSampling,
    facts: VideoFacts | None = None,
    part: FilePart | None = None,
) -> SampledFrames:
    """Decode a video, or a part of a file, with a sampling; the file is probed if its facts are not given.

    Of a part, times count from its start, and the frame that is on screen then is at 0; decoders seek, so that what
    lies before it is not decoded. Raises VideoUnreadable when the video cannot be read, or ends before it should.
    """
    module = _decoder(decoder, path)
    facts = probe(decoder, path) if facts is None else facts
    if facts.truncated:
        raise VideoUnreadable(path, f"truncated at {facts.duration:.1f} s")
    begin, duration = (0.0, facts.duration) if part is None else (part.start, length(path, facts.duration, part))
    wanted = times(duration, sampling, facts.fps)
    size = frame_size(facts.width, facts.height, len(wanted), sampling)
    at_once = max(1, DECODED_BYTES // (facts.width * facts.height * 3))
    images: list[bytes] = []
    shown: list[float] = []
    for start in range(0, len(wanted), at_once):
        pictures, true_times = module.frames(path, [begin + time for time in wanted[start : start + at_once]])
        images.extend(jpeg(picture, size) for picture in pictures)
        shown.extend(true_times if part is None else (max(0.0, time - begin) for time in true_times))
    return SampledFrames(duration, tuple(shown), tuple(images))


def length(path: Path, whole: float, part: FilePart) -> float:
    """Seconds of a part of a file that lasts `whole` seconds.

    Raises VideoUnreadable when the file ends over a second before the part does.
    """
    if part.start >= whole or part.end > whole + LATE_SECONDS:
        raise VideoUnreadable(path, f"it ends at {whole:.1f} s, before its part from {part.start:g} to {part.end:g} s")
    return min(part.end, whole) - part.start


def _decoder(name: str, path: Path) -> Any:
    if path.is_dir():
        from vtgdata.video import picture_folders

        return picture_folders
    return plugins.load("decoders", name)


def jpeg(picture: np.ndarray, size: int | tuple[int, int]) -> bytes:
    """A picture as JPEG (quality 95, full colour), reduced by averaging areas, or enlarged by cubic interpolation.

    Args:
        picture: (height, width, 3) uint8 RGB.
        size: (width, height) in pixels; or the short side alone, and then a smaller picture is not enlarged.
    """
    from PIL import Image

    image = Image.fromarray(picture)
    wanted = within(*image.size, size) if isinstance(size, int) else size
    if image.size != wanted:
        larger = wanted[0] > image.width or wanted[1] > image.height
        image = image.resize(wanted, Image.Resampling.BICUBIC if larger else Image.Resampling.BOX)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return buffer.getvalue()
