"""A proxy: a small copy of a video, or of a piece of it, whose times are those of the original.

Made by the ffmpeg program, through ffmpeg-python and without a shell. Only local files are read, only containers of
video, and what is written is there whole or not at all.
"""

from __future__ import annotations

import importlib
import os
import subprocess
from pathlib import Path
from typing import Any

import msgspec

from vtgdata import containers, plugins
from vtgdata.errors import VideoUnreadable
from vtgdata.records import VideoFacts
from vtgdata.video import workers
from vtgdata.video.sampling import within
from vtgdata.video.store import DECODER

VERSION = 1
"""Of how proxies are made; another one makes them all again."""
TICKS = 90_000
"""Times of a proxy are in so many parts of a second."""
_SEEK_SECONDS = 10.0
"""Decoding starts so long before a piece: a key frame lies in between, or the reader falls back to an earlier one."""
_NOISE_SECONDS = 0.0005
_START_SECONDS = 300.0
"""That the program may take in any case; ten seconds for each second of the piece come on top."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What a proxy looks like."""

    short_side: int
    """Pixels; smaller videos are not enlarged."""
    fps: float | None = None
    """Frames a second; None keeps those that there are, with their times."""
    quality: int = 23
    """CRF of H.264: 18 is hardly seen, 28 is rough."""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a video, in seconds from its first frame."""

    start: float
    duration: float | None
    """None goes on to the end."""


def make(path: Path, target: Path, shape: Shape, piece: Piece | None) -> VideoFacts:
    """Write the proxy of a video, or of a piece of it, and return the proxy's facts.

    Args:
        path: of the video.
        target: an .mp4, replaced when it is there.
        shape: of the proxy.
        piece: from the frame on show at its start, which is the proxy's first; None takes it all.

    Raises VideoUnreadable when the video cannot be read whole, or ends over a second before the piece does.
    """
    containers.check(path)
    facts = workers.shared().probe(DECODER, path)
    if facts.truncated:
        raise VideoUnreadable(path, f"truncated at {facts.duration:.1f} s")
    length = _length(path, facts, piece)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        _run(path, _command(path, temporary, shape, piece, facts), _START_SECONDS + 10 * length)
        made = workers.shared().probe(DECODER, temporary)
        _check(path, made, length, facts, shape)
        with temporary.open("rb") as file:
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


def _command(path: Path, target: Path, shape: Shape, piece: Piece | None, facts: VideoFacts) -> Any:
    # Untyped: it ships no types.
    ffmpeg: Any = importlib.import_module("ffmpeg")
    # The scheme is written out, so that neither a colon nor a dash in a name means anything.
    source = f"file:{containers.local(path)}"
    options: dict[str, Any] = {"protocol_whitelist": "file,pipe", "threads": 1, "max_pixels": containers.MAX_PIXELS}
    if piece is not None and piece.start > 2 * _SEEK_SECONDS:
        # By the file's own clock, to a key frame before; the exact place is found below.
        place = f"{facts.start_time + piece.start - _SEEK_SECONDS:.6f}"
        options |= {"noaccurate_seek": None, "seek_timestamp": 1, "ss": place}
    # The first that is no cover picture; times in fine ticks, so that little is lost.
    video = ffmpeg.input(source, **options)["V:0"].filter("settb", f"1/{TICKS}")
    video = video.filter("setpts", "PTS-STARTPTS") if piece is None else _cut(path, video, piece, facts)
    if shape.fps is not None:
        # The frame at a time is the last one shown at or before it.
        video = video.filter("fps", fps=shape.fps, round="up", start_time=0)
    width, height = (max(2, side // 2 * 2) for side in within(facts.width, facts.height, shape.short_side))
    video = video.filter("scale", width, height, flags="area").filter("format", "yuv420p")
    return video.output(
        f"file:{containers.local(target)}", format="mp4", vcodec="libx264", preset="veryfast", crf=shape.quality, g=48,
        threads=1, fps_mode="passthrough", enc_time_base=f"1/{TICKS}", video_track_timescale=TICKS,
        movflags="+faststart", map_metadata=-1, map_chapters=-1,
    ).global_args("-nostdin", "-hide_banner", "-loglevel", "error", "-copyts", "-y")  # fmt: skip


def _cut(path: Path, video: Any, piece: Piece, facts: VideoFacts) -> Any:
    """From the frame on show at the start, which is shown at 0 for as long as is left of it; the others follow."""
    (first,) = workers.shared().frames(DECODER, path, [piece.start])[1]
    begin = facts.start_time + piece.start
    bounds = {"start": f"{facts.start_time + first - _NOISE_SECONDS:.6f}"}
    if piece.duration is not None:
        bounds["end"] = f"{begin + piece.duration - _NOISE_SECONDS:.6f}"
    return video.filter("trim", **bounds).filter("setpts", f"if(eq(N,0),0,PTS-{begin:.6f}/TB)")


def _run(path: Path, command: Any, seconds: float) -> None:
    program = plugins.load("decoders", "ffmpeg").program()
    process = command.run_async(cmd=program, pipe_stderr=True)
    with process:
        try:
            _, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise VideoUnreadable(path, f"ffmpeg takes over {seconds:.0f} s for it") from error
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        lines = said.decode(errors="replace").replace(containers.local(path), "it").strip().splitlines()
        raise VideoUnreadable(path, f"ffmpeg fails on it ({lines[-1][:200] if lines else process.returncode})")


def _check(path: Path, made: VideoFacts, length: float, facts: VideoFacts, shape: Shape) -> None:
    """Raise VideoUnreadable when the proxy does not last as long as it should: it would show less without a word."""
    rates = [rate for rate in (facts.fps, shape.fps) if rate]
    allowed = max(0.25, 2 / min(rates) if rates else 0.0)
    if facts.variable:
        # The last frame may be shown for long, and how long is not kept.
        allowed = max(allowed, 1.0)
    if abs(made.duration - length) > allowed:
        raise VideoUnreadable(path, f"its proxy lasts {made.duration:.1f} s of {length:.1f} s")
