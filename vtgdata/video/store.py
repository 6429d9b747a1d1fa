"""The frame store: each video is decoded once per sampling and kept as JPEGs with their true times.

A video that is a part of a file (`records.file_parts`) has an entry of its own, and what lies before it is not decoded.

There is one Parquet file per video and sampling, `ab/cd/<frames_id>.parquet`, with the columns `time` and `jpeg`; its
metadata holds the duration and a hash of the whole entry. The first process that asks for an entry makes it; a damaged
or foreign file is replaced. Processes that fill one folder wait for each other, so that no video is decoded twice.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import struct
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.files import fingerprint, outside, parquet_limits
from vtgdata.files.whole import replacing
from vtgdata.records import Frames, FrameSampling, Video, VideoFacts
from vtgdata.records.file_parts import FilePart
from vtgdata.video import decode, workers
from vtgdata.video.find import find
from vtgdata.video.sampling import check
from vtgdata.video.store_limit import Room

if TYPE_CHECKING:
    pass

DECODER = "pyav"
"""The default decoder plug-in."""
MEMORY_BYTES = 256 << 20
"""Most bytes of JPEGs kept in memory, so that several queries of one video do not read it again."""

GLANCES = 10_000
"""Most videos whose times are kept in memory without images."""


class FrameStore:
    """Frames of the videos under one root, with one sampling. Threads may share it, and processes its folder."""

    def __init__(
        self,
        root: Path,
        sampling: FrameSampling,
        folder: Path | None = None,
        decoder: str = "",
        *,
        isolated: bool = True,
        limit: int | None = None,
    ) -> None:
        """Index the videos; nothing is decoded yet.

        Args:
            root: folder under which the videos lie.
            sampling: which frames, and how large.
            folder: where frames are stored; the user's cache folder when None.
            decoder: name of a decoder plug-in; empty for the default one.
            isolated: decode in processes of their own, so that no file can hang or crash this one.
            limit: most bytes that the folder may take; beyond it the least recently used entries are deleted. None for
                `$VTGDATA_FRAMES_GB`, which is 50 GB by default.

        Raises VtgError when the root holds no video, the sampling gives no frames, there is no such decoder, or
            something that the decoder needs is missing.
        """
        check(sampling)
        self.sampling = sampling
        self.videos = find(root)
        """The index that finds each video's file."""
        self._folder = folder if folder is not None else fingerprint.cache_folder() / "frames"
        self._decoder = decoder or DECODER
        decode.ready(self._decoder)
        self._eyes = workers.shared() if isolated else workers.Here()
        self.room = Room(self._folder, limit)
        self._ids: dict[tuple[Path, FilePart | None], str] = {}
        self._facts: dict[Path, VideoFacts] = {}
        self._recent: OrderedDict[str, Frames] = OrderedDict()
        self._recent_bytes = 0
        self._glanced: dict[str, Frames] = {}
        self._recent_lock = threading.Lock()
        self.decoded = 0
        """Number of videos that this process had to decode."""
        # All videos share a few locks: two threads never decode the same video, and rarely wait for a different one.
        self._locks = [threading.Lock() for _ in range(64)]

    def frames(self, video: Video) -> Frames:
        """The video's frames, at times that follow from its probed duration.

        For a video that is missing or unreadable, the status says so and there are no frames. Raises VtgError when two
        files match the video.
        """
        try:
            path, part = self._place(video)
            if path is None:
                return _without("missing")
            frames_id = self._id(path, part)
            with self._locks[int(frames_id[:8], 16) % len(self._locks)]:
                found = self._recall(frames_id) or self._read(frames_id) or self._make(path, part, frames_id)
                self._remember(found)
                return found
        except VideoUnreadable as error:
            return _without(error.status)

    def times(self, video: Video) -> Frames:
        """As `frames`, but a stored entry may come without images: much faster when only work keys are needed."""
        try:
            path, part = self._place(video)
            if path is None:
                return _without("missing")
            frames_id = self._id(path, part)
        except VideoUnreadable as error:
            return _without(error.status)
        return self._recall(frames_id) or self._glance(frames_id) or self.frames(video)

    def _glance(self, frames_id: str) -> Frames | None:
        """A stored entry without its images, or None. Its hash is checked only when the images are read."""
        with self._recent_lock:
            if frames_id in self._glanced:
                return self._glanced[frames_id]
        found = _glanced(self.file(frames_id))
        if found is None or found.frames_id != frames_id:
            return None
        with self._recent_lock:
            if len(self._glanced) >= GLANCES:
                self._glanced.clear()
            self._glanced[frames_id] = found
        return found

    def _place(self, video: Video) -> tuple[Path | None, FilePart | None]:
        """The video's file, None if there is none, and the part of it that the video is."""
        return self.videos.path(video.file, video.video_id), self.videos.whole(video.file)[1]

    def _make(self, path: Path, part: FilePart | None, frames_id: str) -> Frames:
        try:
            with self.room.held(frames_id):
                # Another process may have made the entry while this one waited.
                found = self._read(frames_id)
                if found is None:
                    found = self._decode(path, part, frames_id)
                    self._write(found)
                return found
        except OSError as error:
            raise VtgError(
                f"{self._folder}: frames cannot be kept here ({error.strerror}). Free some space, or name another "
                "folder with --frames."
            ) from error

    def _id(self, path: Path, part: FilePart | None) -> str:
        if (path, part) not in self._ids:
            try:
                content = fingerprint.of_path(path)
            except OSError as error:
                raise VideoUnreadable(path, f"cannot be opened ({error.strerror})") from error
            made_of = [content, self.sampling.chosen(), self._decoder, *([part] if part else [])]
            self._ids[path, part] = fingerprint.short(made_of)
        return self._ids[path, part]

    def _decode(self, path: Path, part: FilePart | None, frames_id: str) -> Frames:
        facts = self._facts_of(path) if part else None
        seen = self._eyes.look(self._decoder, path, self.sampling.chosen(), facts, part)
        with self._recent_lock:
            self.decoded += 1
        return Frames(frames_id=frames_id, times=seen.times, images=seen.images, duration=seen.duration, status="ok")

    def _facts_of(self, path: Path) -> VideoFacts:
        """Facts of a file of which parts are read: some files are read whole to find them, so it is done once."""
        if path not in self._facts:
            self._facts[path] = self._eyes.probe(self._decoder, path)
        return self._facts[path]

    def file(self, frames_id: str) -> Path:
        """Where an entry lies, or would lie."""
        return self._folder / frames_id[:2] / frames_id[2:4] / f"{frames_id}.parquet"

    def _read(self, frames_id: str) -> Frames | None:
        """The stored frames, or None if there is no entry or it is damaged or foreign."""
        path = self.file(frames_id)
        try:
            content = outside.read_bytes(path)
        except OSError:
            return None
        found = _unpacked(content)
        if found is None or found.frames_id != frames_id:
            return None
        self.room.used(path)
        return found

    def _write(self, frames: Frames) -> None:
        packed = _packed(frames)
        with replacing(self.file(frames.frames_id)) as file:
            file.write(packed)
        self.room.added(len(packed))

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


def _packed(frames: Frames) -> bytes:
    """An entry as the bytes of a Parquet file; the JPEGs are not compressed again."""
    pa, parquet = _arrow()
    facts = {"frames_id": frames.frames_id, "duration": repr(frames.duration), "sha256": _digest(frames)}
    columns = {"time": pa.array(frames.times, pa.float64()), "jpeg": pa.array(frames.images, pa.binary())}
    table = pa.table(columns).replace_schema_metadata(facts)
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, compression="none", use_dictionary=False, write_statistics=False)
    return buffer.getvalue()


def _unpacked(content: bytes) -> Frames | None:
    """The entry in the bytes of a Parquet file; None if they are damaged or not an entry."""
    try:
        table = parquet_limits.opened("", content).read(use_threads=False)
        facts = _facts(table.schema.metadata)
        found = Frames(
            frames_id=facts["frames_id"],
            times=tuple(table["time"].to_pylist()),
            images=tuple(table["jpeg"].to_pylist()),
            duration=float(facts["duration"]),
            status="ok",
        )
        whole = bool(found.images) and _digest(found) == facts["sha256"]
    except (VtgError, _arrow()[0].ArrowException, OSError, KeyError, ValueError, TypeError):
        return None
    return found if whole else None


def _glanced(path: Path) -> Frames | None:
    """An entry without images, read from the file's footer and `time` column; None if damaged or not an entry."""
    try:
        with parquet_limits.opened(path) as file:
            facts = _facts(file.schema_arrow.metadata)
            times = tuple(file.read(columns=["time"], use_threads=False)["time"].to_pylist())
        duration = float(facts["duration"])
        return Frames(frames_id=facts["frames_id"], times=times, images=(), duration=duration, status="ok")
    except (VtgError, _arrow()[0].ArrowException, OSError, KeyError, ValueError, TypeError):
        return None


def _facts(metadata: dict[bytes, bytes] | None) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in (metadata or {}).items()}


def _digest(frames: Frames) -> str:
    """A hash of the whole entry: duration, times, images and frames_id."""
    found = hashlib.sha256(struct.pack(f"<{len(frames.times) + 1}d", frames.duration, *frames.times))
    for image in frames.images:
        found.update(len(image).to_bytes(8, "little") + image)
    found.update(frames.frames_id.encode())
    return found.hexdigest()


def _arrow() -> tuple[Any, Any]:
    """Pyarrow and its parquet module, untyped: it ships no types."""
    return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
