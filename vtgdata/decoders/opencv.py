"""OpenCV: reads every frame from the start, for its jumps land elsewhere; times are in whole pictures of its clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vtgdata import containers
from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.records import VideoFacts

if TYPE_CHECKING:
    import numpy as np

NEEDS = "cv2"
KNOWN_WRONG: dict[str, str] = {}
"""Test or file that it gets wrong: what it does there."""
_NOISE_SECONDS = 1e-6
"""Its clock is in milliseconds, as a 64-bit float."""


def probe(path: Path) -> VideoFacts:
    """Facts of a video file; its length is found by passing over all frames, for the header's count may be wrong.

    Raises VideoUnreadable when it cannot be opened or shows no frame.
    """
    library = _library()
    with _opened(path) as video:
        good, first = video.read()
        if not good:
            raise VideoUnreadable(path, "no frame decodes")
        starts = [_now(video)]
        while video.grab():
            starts.append(_now(video))
        fps = video.get(library.CAP_PROP_FPS)
        step = starts[-1] - starts[-2] if len(starts) > 1 else 1 / fps if fps else 1.0
        turned = round(video.get(library.CAP_PROP_ORIENTATION_META)) % 360
        count = int(video.get(library.CAP_PROP_FRAME_COUNT))
    return VideoFacts(
        # Its clock is counted up in floating point.
        duration=round(starts[-1] - starts[0] + step, 6),
        fps=fps or None,
        start_time=starts[0],
        width=int(first.shape[1]),
        height=int(first.shape[0]),
        rotation=-turned % 360,
        codec="unknown",
        n_frames=count if count > 0 else None,
        read_from={"duration": "scan", "start_time": "frame", "fps": "stream", "n_frames": "stream"},
    )


def frames(path: Path, times: Sequence[float]) -> tuple[list[np.ndarray], list[float]]:
    """The frames shown at the given times and their true times; as `decoders.pyav.frames`."""
    # To turn a frame into a picture costs as much as to decode it: at first only those near a time are.
    found = _collect(path, times, near=True) or _collect(path, times, near=False)
    if found is None:
        raise VideoUnreadable(path, "no frame decodes")
    return [found[time][0] for time in times], [found[time][1] for time in times]


def _collect(path: Path, times: Sequence[float], *, near: bool) -> dict[float, tuple[Any, float]] | None:
    """Each time's picture and when it is really shown; None when one was passed over, or nothing decodes."""
    found: dict[float, tuple[Any, float]] = {}
    pending = sorted(set(times))
    with _opened(path) as video:
        fps = video.get(_library().CAP_PROP_FPS)
        reach = 2 / fps if near and fps else float("inf")
        shown = first = None
        on: Any = None
        while pending and video.grab():
            now = _now(video)
            first = now if first is None else first
            while pending and shown is not None and pending[0] + _NOISE_SECONDS < now - first:
                found[pending.pop(0)] = (on, shown)
            shown = now - first
            on = _picture(video) if pending and pending[0] - shown < reach else None
        found |= dict.fromkeys(pending, (on, shown or 0.0))
    return None if any(image is None for image, _ in found.values()) else found


def _picture(video: Any) -> Any:
    good, image = video.retrieve()
    return image[:, :, ::-1].copy() if good else None


def _now(video: Any) -> float:
    return video.get(_library().CAP_PROP_POS_MSEC) / 1000


def _library() -> Any:
    try:
        import cv2
    except ModuleNotFoundError as error:
        raise VtgError("the decoder opencv needs its library: pip install opencv-python-headless") from error
    return cv2


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    library = _library()
    containers.check(path)
    video = library.VideoCapture(containers.local(path), library.CAP_FFMPEG, [library.CAP_PROP_N_THREADS, 1])
    try:
        if not video.isOpened():
            raise VideoUnreadable(path, "OpenCV cannot open it")
        sides = [int(video.get(prop)) for prop in (library.CAP_PROP_FRAME_WIDTH, library.CAP_PROP_FRAME_HEIGHT)]
        containers.check_size(path, *sides)
        yield video
    finally:
        video.release()
