"""A proxy: a small copy of a video, or of a piece of it, whose times are those of the original.

A worker process decodes and encodes it with the libraries that PyAV includes, so no other program is needed. Only local
files in video containers are read, and a proxy is written whole or not at all.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from vtgdata.errors import VideoUnreadable
from vtgdata.files import outside
from vtgdata.records import VideoFacts
from vtgdata.video import containers, workers
from vtgdata.video.encode import Copy
from vtgdata.video.sampling import within
from vtgdata.video.store import DECODER

VERSION = 2
"""Version of the way in which proxies are made; a new number makes all of them again."""
_START_SECONDS = 300.0
"""Base of the time limit for writing a proxy, seeking included; each second of the piece adds ten seconds."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What a proxy looks like."""

    short_side: int
    """Pixels; smaller videos are not enlarged."""
    fps: float | None = None
    """Frames a second; None keeps the video's own frames and times."""
    quality: int = 23
    """CRF of H.264: at 18 losses are hardly visible, at 28 the picture is rough."""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a video, in seconds from its first frame."""

    start: float
    duration: float | None
    """None for all that follows."""


def make(path: Path, target: Path, shape: Shape, piece: Piece | None) -> VideoFacts:
    """Write the proxy of a video, or of a piece of it, and return the proxy's facts.

    Args:
        path: the video.
        target: the .mp4 to write, replaced if it exists.
        shape: size, frame rate and quality of the proxy.
        piece: the part to copy; the frame on screen at its start is the proxy's first. None for the whole video.

    Raises VideoUnreadable when the video cannot be read whole, or ends over a second before the piece does.
    """
    containers.check(path)
    facts = workers.shared().probe(DECODER, path)
    if facts.truncated:
        raise VideoUnreadable(path, f"truncated at {facts.duration:.1f} s")
    length = _length(path, facts, piece)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        copy = _copy(temporary, length, shape, piece, facts)
        made = workers.shared().copy(DECODER, path, copy, _START_SECONDS + 10 * length)
        _check(path, made, length, facts, shape)
        with outside.opened(temporary) as file:
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return made


def _length(path: Path, facts: VideoFacts, piece: Piece | None) -> float:
    """Seconds that the proxy will last."""
    if piece is None:
        return facts.duration
    left = facts.duration - piece.start
    if left <= 0 or (piece.duration is not None and left < piece.duration - 1):
        raise VideoUnreadable(path, f"its source ends at {facts.duration:.1f} s, before the piece does")
    return left if piece.duration is None else min(left, piece.duration)


def _copy(target: Path, length: float, shape: Shape, piece: Piece | None, facts: VideoFacts) -> Copy:
    # H.264 wants even sides.
    width, height = (max(2, side // 2 * 2) for side in within(facts.width, facts.height, shape.short_side))
    return Copy(
        target=os.fsencode(target.absolute()), width=width, height=height, fps=shape.fps, quality=shape.quality,
        start=piece.start if piece else 0.0, duration=length, ends=piece is not None and piece.duration is not None,
    )  # fmt: skip


def _check(path: Path, made: VideoFacts, length: float, facts: VideoFacts, shape: Shape) -> None:
    """Raise VideoUnreadable when the proxy has the wrong duration: it would silently show less than the video."""
    rates = [rate for rate in (facts.fps, shape.fps) if rate]
    allowed = max(0.25, 2 / min(rates) if rates else 0.0)
    if facts.variable:
        # The last frame may be on screen for long, and a file need not say for how long.
        allowed = max(allowed, 1.0)
    if abs(made.duration - length) > allowed:
        raise VideoUnreadable(path, f"its proxy lasts {made.duration:.1f} s of {length:.1f} s")
