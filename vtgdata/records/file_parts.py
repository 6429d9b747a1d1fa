"""A part of a video file, read in place: `game.mp4#t=3600,3720` is two minutes of game.mp4, from its first hour on.

The part stands behind the file's name, as W3C's Media Fragments URI has it (section 4.2.1, in seconds from the first
frame). Such a video is a video of its own: its times, its windows and its duration count from the start of the part.
"""

import re
from typing import NamedTuple

import msgspec

from vtgdata.records.sample import Video

_PART = re.compile(r"(.+)#t=(\d{1,9}(?:\.\d{1,3})?),(\d{1,9}(?:\.\d{1,3})?)", re.ASCII | re.DOTALL)


class FilePart(NamedTuple):
    """A part of a file: `0 <= start < end`, seconds from the file's first frame, in whole milliseconds."""

    start: float
    end: float

    @property
    def duration(self) -> float:
        """Length in seconds, above 0."""
        return round(self.end - self.start, 3)

    @property
    def suffix(self) -> str:
        """What the id of a part has behind the id of the whole video, as in `_3600.00_3720.00`."""
        return f"_{self.start:.2f}_{self.end:.2f}"


def parted(file: str) -> tuple[str, FilePart | None]:
    """The name of the file, and which part of it a video is; None for the whole file.

    >>> parted("game.mp4#t=3600,3720")
    ('game.mp4', FilePart(start=3600.0, end=3720.0))
    >>> parted("game.mp4"), parted("game.mp4#t=9,3")
    (('game.mp4', None), ('game.mp4#t=9,3', None))
    """
    if "#t=" not in file:
        return file, None
    found = _PART.fullmatch(file)
    if found is None or float(found[2]) >= float(found[3]):
        return file, None
    return found[1], FilePart(float(found[2]), float(found[3]))


def whole_file(video: Video) -> tuple[Video, float]:
    """The video that a video is a part of, of unknown duration, and where in it the part begins, in seconds.

    A video that is a whole file is returned as it is.
    """
    name, part = parted(video.file)
    if part is None:
        return video, 0.0
    video_id = video.video_id.removesuffix(part.suffix)
    return msgspec.structs.replace(video, video_id=video_id, file=name, duration=None), part.start


def part_of(file: str, start: float, end: float) -> str:
    """The name of a part of a video, by seconds from the video's start; a part of a part is a part of the file.

    >>> part_of("game.mp4", 60, 180.5), part_of("game.mp4#t=60,180.5", 10, 20)
    ('game.mp4#t=60,180.5', 'game.mp4#t=70,80')

    Raises ValueError unless 0 <= start < end once both are rounded to milliseconds.
    """
    name, outer = parted(file)
    first, last = (round(time + (outer.start if outer else 0.0), 3) for time in (start, end))
    if not 0 <= first < last < 1e9:
        raise ValueError(f"{first} to {last} s is no part of a file")
    return f"{name}#t={_text(first)},{_text(last)}"


def _text(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")
