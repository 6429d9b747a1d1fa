"""The frame store: each video is decoded once per sampling and kept as JPEGs with their true times.

One file a video and sampling, `ab/cd/<frames_id>.frames`: 32 bytes of SHA-256, then MessagePack. Whoever asks first
makes it; a file that is torn or not ours is made again.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from vtgdata import fingerprint, plugins, tables
from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.records import FrameSampling, Video, VideoFacts
from vtgdata.video.find import find
from vtgdata.video.sampling import check, times

if TYPE_CHECKING:
    import numpy as np
    import PIL.Image

DECODER = "pyav"
"""The decoder plug-in that is used unless another is named."""
MEMORY_BYTES = 256 << 20
"""JPEGs kept in memory, so that the queries of one video do not read it again."""
_DECODED_BYTES = 512 << 20
"""Raw frames held at a time: an hour at one frame a second of full HD would be 22 GB."""
_QUALITY = 95


class Frames(msgspec.Struct, frozen=True, kw_only=True):
    """What a model sees of one video."""

    frames_id: str
    """Fingerprint of the video's bytes, the sampling and the decoder; empty when there are no frames."""
    times: tuple[float, ...]
    """Seconds from the first frame at which each image is really shown."""
    images: tuple[bytes, ...]
    """JPEGs, one for each time."""
    duration: float
    """Of the video, in seconds, as probed; 0 when it cannot be read."""
    status: str
    """`ok`, `missing` or `unreadable: reason`; then there are no times and no images."""


class FrameStore:
    """Frames of the videos under one root, by one sampling. May be shared by threads and, on disk, by processes."""

    def __init__(self, root: Path, sampling: FrameSampling, folder: Path | None = None, decoder: str = DECODER) -> None:
        """Index the videos; nothing is decoded yet.

        Args:
            root: folder under which the videos lie.
            sampling: which frames, and how large.
            folder: where frames are kept; the user's cache folder when None.
            decoder: name of a decoder plug-in.

        Raises VtgError when the root holds no video, the sampling gives no frames, or there is no such decoder.
        """
        check(sampling)
        self.sampling = sampling
        self._videos = find(root)
        self._folder = folder if folder is not None else fingerprint.cache_folder() / "frames"
        self._decoder_name, self._decoder = decoder, plugins.load("decoders", decoder)
        self._ids: dict[Path, str] = {}
        self._recent: OrderedDict[str, Frames] = OrderedDict()
        self._recent_bytes = 0
        self._recent_lock = threading.Lock()
        # Some locks for all videos: two threads never decode one video, and rarely wait for another's.
        self._locks = [threading.Lock() for _ in range(64)]

    def frames(self, video: Video) -> Frames:
        """The video's frames, at times that follow from its probed duration.

        A video that is missing or cannot be read has a status that says so, and no frames. Raises VtgError when two
        files match it.
        """
        path = self._videos.path(video.file, video.video_id)
        if path is None:
            return _without("missing")
        try:
            frames_id = self._id(path)
            with self._locks[int(frames_id[:8], 16) % len(self._locks)]:
                found = self._recall(frames_id) or self._read(frames_id)
                if found is None:
                    found = self._decode(path, frames_id)
                    self._write(found)
                self._remember(found)
                return found
        except VideoUnreadable as error:
            return _without(f"unreadable: {error.reason}")

    def _id(self, path: Path) -> str:
        if path not in self._ids:
            try:
                content = fingerprint.of_file(path)
            except OSError as error:
                raise VideoUnreadable(path, f"cannot be opened ({error.strerror})") from error
            self._ids[path] = fingerprint.short([content, self.sampling, self._decoder_name])
        return self._ids[path]

    def _decode(self, path: Path, frames_id: str) -> Frames:
        facts: VideoFacts = self._decoder.probe(path)
        wanted = times(facts.duration, self.sampling)
        at_once = max(1, _DECODED_BYTES // (facts.width * facts.height * 3))
        images: list[bytes] = []
        shown: list[float] = []
        for start in range(0, len(wanted), at_once):
            pictures, true_times = self._decoder.frames(path, wanted[start : start + at_once])
            images.extend(jpeg(picture, self.sampling.short_side) for picture in pictures)
            shown.extend(true_times)
        return Frames(
            frames_id=frames_id, times=tuple(shown), images=tuple(images), duration=facts.duration, status="ok"
        )

    def _file(self, frames_id: str) -> Path:
        return self._folder / frames_id[:2] / frames_id[2:4] / f"{frames_id}.frames"

    def _read(self, frames_id: str) -> Frames | None:
        """The stored frames, or None where there are none, or none that can be trusted."""
        try:
            content = self._file(frames_id).read_bytes()
        except OSError:
            return None
        digest, packed = content[:32], content[32:]
        if hashlib.sha256(packed).digest() != digest:
            return None
        try:
            found = msgspec.msgpack.decode(packed, type=Frames)
        except msgspec.DecodeError:
            return None
        return found if found.frames_id == frames_id and len(found.times) == len(found.images) > 0 else None

    def _write(self, frames: Frames) -> None:
        packed = msgspec.msgpack.encode(frames)
        try:
            with tables.replacing(self._file(frames.frames_id)) as file:
                file.write(hashlib.sha256(packed).digest())
                file.write(packed)
        except OSError as error:
            raise VtgError(
                f"{self._folder}: frames cannot be kept here ({error.strerror}). Free some space, or name another "
                "folder with --frames."
            ) from error

    def _recall(self, frames_id: str) -> Frames | None:
        with self._recent_lock:
            found = self._recent.get(frames_id)
            if found is not None:
                self._recent.move_to_end(frames_id)
            return found

    def _remember(self, frames: Frames) -> None:
        with self._recent_lock:
            if frames.frames_id not in self._recent:
                self._recent[frames.frames_id] = frames
                self._recent_bytes += _size(frames)
            while self._recent_bytes > MEMORY_BYTES and len(self._recent) > 1:
                self._recent_bytes -= _size(self._recent.popitem(last=False)[1])


def _size(frames: Frames) -> int:
    return sum(len(image) for image in frames.images)


def _without(status: str) -> Frames:
    return Frames(frames_id="", times=(), images=(), duration=0.0, status=status)


def jpeg(picture: np.ndarray, short_side: int) -> bytes:
    """A picture as JPEG (quality 95, full colour), reduced by area until its short side has so many pixels.

    Args:
        picture: (height, width, 3) uint8 RGB.
        short_side: pixels; a smaller picture is not enlarged.
    """
    from PIL import Image

    height, width = picture.shape[:2]
    scale = short_side / min(height, width)
    image = Image.fromarray(picture)
    if scale < 1:
        image = image.resize((max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BOX)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return buffer.getvalue()


def frame_source(
    videos: str, folder: str = ""
) -> Callable[[Mapping[str, Any]], tuple[Sequence[float], Sequence[PIL.Image.Image]]]:
    """What trainers ask for the pictures of a row of a release: a function from the row to its times and images.

    Args:
        videos: folder under which the videos lie.
        folder: where frames are kept; empty for the user's cache folder.

    The function reads the row's `frame_sampling` (JSON), so that a model is trained on what was asked about; it raises
    VtgError when the row's video cannot be seen.
    """
    stores: dict[FrameSampling, FrameStore] = {}

    def source(row: Mapping[str, Any]) -> tuple[Sequence[float], Sequence[PIL.Image.Image]]:
        from PIL import Image

        sampling = msgspec.json.decode(row["frame_sampling"], type=FrameSampling)
        if sampling not in stores:
            stores[sampling] = FrameStore(Path(videos), sampling, Path(folder) if folder else None)
        name = row.get("video_file") or row["video_id"]
        found = stores[sampling].frames(Video(video_id=row["video_id"], file=name))
        if found.status != "ok":
            raise VtgError(f"{videos}: video {name!r} of sample {row['sample_id']!r} is {found.status}.")
        return found.times, [Image.open(io.BytesIO(image)).convert("RGB") for image in found.images]

    return source
