"""What the rows of an export show: the frames of each video, found and measured once, and put into its folder."""

import io
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from vtgdata.files.video_files import PICTURES
from vtgdata.records import Frames, FrameSampling
from vtgdata.video import pictures, rates
from vtgdata.video.frame_source import FrameSource
from vtgdata.video.rates import Steps

_AT_ONCE = 1000
"""Videos that are looked for at a time."""
Row = Mapping[str, Any]
Key = tuple[str, str, str]


class Look(NamedTuple):
    """What is known of one video with one sampling."""

    status: str
    """`ok`, or what is wrong with the video."""
    frames: int
    steps: Steps
    """The steps by which its frames could be told as one video."""
    unlike: str | None
    """Why its frames cannot be told as one video, as a clause."""


class Seen:
    """The frames of rows."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self._looks: dict[Key, Look] = {}
        self._last: tuple[Key, Frames, tuple[int, int]] | None = None
        self._put: set[str] = set()

    def look(self, rows: Iterable[Row]) -> None:
        """Look for the video of every row; one that is not stored is decoded, once."""
        keys = self._new(rows)
        with ThreadPoolExecutor(2) as pool:
            while some := list(islice(keys, _AT_ONCE)):
                self._looks.update(zip(some, pool.map(self._of, some), strict=True))

    def _new(self, rows: Iterable[Row]) -> Iterator[Key]:
        asked: set[Key] = set()
        for row in rows:
            key = self._source.key(row)
            if key not in asked and key not in self._looks:
                asked.add(key)
                yield key

    def _of(self, key: Key) -> Look:
        found = self._source.times(key)
        if found.status != "ok":
            return Look(found.status, 0, rates.ANY, None)
        return Look("ok", len(found.times), rates.steps(found.times), rates.refused(found.times))

    def of(self, row: Row) -> Look:
        """What `look` found for a row's video."""
        return self._looks[self._source.key(row)]

    def frames(self, row: Row) -> tuple[Frames, tuple[int, int]]:
        """The frames of a row, and their width and height in pixels; the same again for the next row of the video."""
        key = self._source.key(row)
        if self._last is None or self._last[0] != key:
            found = self._source.stored(row)
            self._last = (key, found, _size(found.images[0]))
        return self._last[1:]

    def put(self, row: Row, folder: Path) -> tuple[list[str], pictures.Laid]:
        """The names of a row's frames below the folder of the export, into which a video's are put once."""
        frames, _ = self.frames(row)
        place = f"{frames.frames_id[:2]}/{frames.frames_id}"
        laid = pictures.Laid(0, 0, 0)
        if place not in self._put:
            self._put.add(place)
            laid = pictures.lay(self._source.store(row["frame_sampling"]), frames, folder / place)
        return [f"{place}/{pictures.file_name(n)}" for n in range(len(frames.times))], laid

    @property
    def samplings(self) -> list[FrameSampling]:
        """How the frames were sampled."""
        return [self._source.store(text).sampling for text in sorted({key[0] for key in self._looks})]


def _size(jpeg: bytes) -> tuple[int, int]:
    from PIL import Image

    with Image.open(io.BytesIO(jpeg), formats=PICTURES) as picture:
        return picture.size
