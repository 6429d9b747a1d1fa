"""Looking at one video by one sampling: facts, times, pictures. It runs in the process of whoever calls it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vtgdata.errors import VideoUnreadable
from vtgdata.files import plugins
from vtgdata.records import FrameSampling, VideoFacts
from vtgdata.video.sampling import frame_size, times, within

if TYPE_CHECKING:
    import numpy as np

DECODED_BYTES = 512 << 20
"""Raw frames held at a time: an hour at one frame a second of full HD would be 22 GB."""
_QUALITY = 95


class Look(NamedTuple):
    """What a video shows."""

    duration: float
    """Seconds, as probed."""
    times: tuple[float, ...]
    """Seconds from the first frame at which each image is really shown."""
    images: tuple[bytes, ...]
    """JPEGs, one for each time."""


def ready(decoder: str) -> None:
    """Raise VtgError when there is no such decoder plug-in, or its own `ready` says that it cannot work here."""
    getattr(plugins.load("decoders", decoder), "ready", lambda: None)()


def probe(decoder: str, path: Path) -> VideoFacts:
    """Facts of a file, or of a folder of frames, by a decoder plug-in's name.

    Raises VideoUnreadable when nothing can be seen.
    """
    return _decoder(decoder, path).probe(path)


def frames(decoder: str, path: Path, times: Sequence[float]) -> tuple[list[np.ndarray], list[float]]:
    """Raw pictures at the given times and their true times; as a decoder's own `frames`."""
    return _decoder(decoder, path).frames(path, times)


def look(decoder: str, path: Path, sampling: FrameSampling, facts: VideoFacts | None = None) -> Look:
    """Decode a video by a sampling; its facts are probed where they are not given.

    Raises VideoUnreadable when it cannot be read, or ends before it should.
    """
    module = _decoder(decoder, path)
    facts = probe(decoder, path) if facts is None else facts
    if facts.truncated:
        raise VideoUnreadable(path, f"truncated at {facts.duration:.1f} s")
    wanted = times(facts.duration, sampling)
    size = frame_size(facts.width, facts.height, len(wanted), sampling)
    at_once = max(1, DECODED_BYTES // (facts.width * facts.height * 3))
    images: list[bytes] = []
    shown: list[float] = []
    for start in range(0, len(wanted), at_once):
        pictures, true_times = module.frames(path, wanted[start : start + at_once])
        images.extend(jpeg(picture, size) for picture in pictures)
        shown.extend(true_times)
    return Look(facts.duration, tuple(shown), tuple(images))


def _decoder(name: str, path: Path) -> Any:
    if path.is_dir():
        from vtgdata.video import picture_folders

        return picture_folders
    return plugins.load("decoders", name)


def jpeg(picture: np.ndarray, size: int | tuple[int, int]) -> bytes:
    """A picture as JPEG (quality 95, full colour), reduced by area.

    Args:
        picture: (height, width, 3) uint8 RGB.
        size: (width, height) in pixels; or the short side alone, to which a smaller picture is not enlarged.
    """
    from PIL import Image

    image = Image.fromarray(picture)
    wanted = within(*image.size, size) if isinstance(size, int) else size
    if image.size != wanted:
        image = image.resize(wanted, Image.Resampling.BOX)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return buffer.getvalue()
