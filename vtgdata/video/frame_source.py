"""Frames of the rows of a release, each with the row's own sampling."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vtgdata.errors import VtgError
from vtgdata.files import json_document
from vtgdata.files.video_files import PICTURES
from vtgdata.records import Frames, FrameSampling, Video
from vtgdata.video.store import FrameStore

if TYPE_CHECKING:
    import PIL.Image


class FrameSource:
    """Frames of the rows of a release, each with the row's own sampling: a model is trained on what was asked about."""

    def __init__(self, videos: str, folder: str = "") -> None:
        """Name where the videos lie and the frames are stored (empty for the user's cache folder)."""
        self._videos, self._folder = videos, folder
        self._stores: dict[str, FrameStore] = {}

    def key(self, row: Mapping[str, Any]) -> tuple[str, str, str]:
        """What the frames of a row depend on: sampling, video id and file name."""
        return row["frame_sampling"], row["video_id"], row.get("video_file") or row["video_id"]

    def status(self, key: tuple[str, str, str]) -> str:
        """`ok` if the frames are stored or can be decoded, which is done then; else what is wrong with the video."""
        return self.times(key).status

    def times(self, key: tuple[str, str, str]) -> Frames:
        """The stored frames, maybe without images, decoded if they are not stored; see `FrameStore.times`."""
        return self.store(key[0]).times(Video(video_id=key[1], file=key[2]))

    def stored(self, row: Mapping[str, Any]) -> Frames:
        """The frames of a row, as JPEGs; raises VtgError when its video is missing or unreadable."""
        sampling, video_id, name = self.key(row)
        found = self.store(sampling).frames(Video(video_id=video_id, file=name))
        if found.status != "ok":
            raise VtgError(f"{self._videos}: video {name!r} of sample {row['sample_id']!r} is {found.status}.")
        return found

    def __call__(self, row: Mapping[str, Any]) -> tuple[Sequence[float], Sequence[PIL.Image.Image]]:
        """The times (seconds) and pictures of a row; raises VtgError when its video is missing or unreadable."""
        times, images = self._opened(row)
        return times, [image.convert("RGB") for image in images]

    def sizes(self, row: Mapping[str, Any]) -> tuple[Sequence[float], tuple[tuple[int, int], ...]]:
        """The times (seconds) of a row and the (width, height) of its pictures, which are not decoded."""
        times, images = self._opened(row)
        return times, tuple(image.size for image in images)

    def _opened(self, row: Mapping[str, Any]) -> tuple[Sequence[float], list[PIL.Image.Image]]:
        from PIL import Image

        found = self.stored(row)
        return found.times, [Image.open(io.BytesIO(image), formats=PICTURES) for image in found.images]

    def store(self, sampling: str) -> FrameStore:
        """The frame store of a sampling, which is JSON as in the column `frame_sampling`."""
        if sampling not in self._stores:
            taken = json_document.cell(sampling, "frame_sampling", FrameSampling)
            folder = Path(self._folder) if self._folder else None
            self._stores[sampling] = FrameStore(Path(self._videos), taken, folder)
        return self._stores[sampling]
