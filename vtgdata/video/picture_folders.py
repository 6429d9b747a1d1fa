"""A folder of pictures as a video: `<id>/times.json` says when each of its files is shown.

    {"files": ["0001.jpg", "0002.jpg"], "times": [0.0, 0.5], "duration": 1.0}

Times are seconds from the first frame. `files` may be missing: then all pictures of the folder count, sorted by name.
`duration` may be missing: then the last picture is shown as long as the one before, and a single one for 1 s.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.files import json_document, limits, outside
from vtgdata.files.video_files import FRAMES_LIST, PICTURES
from vtgdata.records import VideoFacts
from vtgdata.video import containers

if TYPE_CHECKING:
    import numpy as np

NAME = FRAMES_LIST
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
_NOISE_SECONDS = 1e-9


class _Listed(msgspec.Struct, frozen=True):
    times: tuple[float, ...]
    files: tuple[str, ...] = ()
    duration: float | None = None


def probe(folder: Path) -> VideoFacts:
    """Facts of a folder of frames; raises VideoUnreadable when its list is wrong or its first picture is unreadable."""
    paths, times, duration = _listed(folder)
    height, width = _picture(folder, paths[0]).shape[:2]
    return VideoFacts(
        duration=duration, fps=len(times) / duration, start_time=0.0, width=width, height=height, rotation=0,
        codec="pictures", n_frames=len(times), read_from={"duration": "index", "n_frames": "index"},
    )  # fmt: skip


def frames(folder: Path, times: Sequence[float]) -> tuple[list[np.ndarray], list[float]]:
    """The pictures on screen at the given times, and the times from which they are shown; as a decoder's `frames`."""
    paths, starts, _ = _listed(folder)
    places = [max(0, bisect.bisect_right(starts, time + _NOISE_SECONDS) - 1) for time in times]
    pictures = {place: _picture(folder, paths[place]) for place in sorted(set(places))}
    return [pictures[place] for place in places], [starts[place] for place in places]


def _listed(folder: Path) -> tuple[list[Path], tuple[float, ...], float]:
    try:
        listed = json_document.decode(outside.read_bytes(folder / NAME), type=_Listed)
    except (OSError, msgspec.DecodeError) as error:
        raise VideoUnreadable(folder, f"no readable {NAME} in this folder of frames") from error
    names = listed.files or sorted(path.name for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    times = listed.times
    rising = all(before < after for before, after in pairwise(times))
    if not times or len(names) != len(times) or times[0] != 0 or not rising:
        raise VideoUnreadable(folder, f"{NAME} must have one time for each picture, rising from 0")
    if any(Path(name).name != name for name in names):
        raise VideoUnreadable(folder, f"{NAME} names a file outside its folder")
    last = times[len(times) - 1]
    step = last - times[len(times) - 2] if len(times) > 1 else 1.0
    duration = last + step if listed.duration is None else listed.duration
    if duration <= last:
        raise VideoUnreadable(folder, f"{NAME}: the last picture comes after the duration")
    containers.check_duration(folder, duration)
    paths = [folder / name for name in names]
    inside = outside.resolved(folder)
    if any(outside.resolved(path).parent != inside or not outside.is_file(path) for path in paths):
        raise VideoUnreadable(folder, f"a picture of {NAME} is missing, no plain file, or a link out of the folder")
    return paths, times, duration


def _picture(folder: Path, path: Path) -> np.ndarray:
    import numpy as np
    from PIL import Image

    try:
        with Image.open(path, formats=PICTURES) as image:
            containers.check_size(folder, *image.size)
            return np.asarray(image.convert("RGB"))
    except VtgError:
        raise
    except Image.DecompressionBombError as error:
        reason = f"{path.name} has more pixels than the limit ({limits.PIXELS.variable})"
        raise VideoUnreadable(folder, reason) from error
    except Exception as error:  # a damaged picture may raise anything
        raise VideoUnreadable(folder, f"{path.name} is no readable picture") from error
