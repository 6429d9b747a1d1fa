"""Frames as JPEG files: each is written once beside its entry of the frame store, and linked to where it is needed.

The files of an entry lie in a folder of its name, `ab/cd/<frames_id>.pictures`. A link takes no space of its own, and
what the store deletes later stays where it is linked to. Where a link cannot be made (another disk, a file system
without links), the file is copied.
"""

import errno
import os
import shutil
from pathlib import Path
from typing import NamedTuple

from vtgdata.files import outside, temporary
from vtgdata.records import Frames
from vtgdata.video.store import FrameStore
from vtgdata.video.store_limit import PICTURES

_NO_LINK = (errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
"""What the system says where it makes no link: to another disk, on a file system without them, or one too many."""


class Laid(NamedTuple):
    """How the frames of a video were put somewhere."""

    linked: int
    copied: int
    bytes: int
    """Of all of them together."""


def file_name(number: int) -> str:
    """The name of a frame's file, by its place in the video from 0."""
    return f"{number:04d}.jpg"


def lay(store: FrameStore, frames: Frames, folder: Path) -> Laid:
    """Put the JPEGs of a video into a folder that does not exist yet.

    Args:
        store: the frame store that gave the frames.
        frames: of the video.
        folder: where the files go, `0000.jpg` and so on.
    """
    kept, size = store.file(frames.frames_id).with_suffix(PICTURES), sum(map(len, frames.images))
    linked, written = 0, False
    with store.room.held(frames.frames_id):
        if not _holds(kept, frames):
            _write(kept, frames)
            written = True
        folder.mkdir(parents=True)
        for number in range(len(frames.images)):
            linked += _link(kept / file_name(number), folder / file_name(number))
    if written:
        store.room.added(size)
    return Laid(linked, len(frames.images) - linked, size)


def _holds(kept: Path, frames: Frames) -> bool:
    """Whether a folder has exactly the frames' bytes: a file of it may have been changed where it is linked to."""
    try:
        if len(list(kept.iterdir())) != len(frames.images):
            return False
        return all(outside.read_bytes(kept / file_name(n)) == jpeg for n, jpeg in enumerate(frames.images))
    except OSError:
        return False


def _write(kept: Path, frames: Frames) -> None:
    with temporary.folder(kept) as draft:
        for number, jpeg in enumerate(frames.images):
            path = draft / file_name(number)
            path.write_bytes(jpeg)
            path.chmod(0o444)  # whoever writes into one of them would change it wherever it is linked to
        if kept.exists():
            shutil.rmtree(kept)
        draft.rename(kept)


def _link(source: Path, target: Path) -> bool:
    """Link a file, else copy it; whether it was linked."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        shutil.copyfile(source, target)
        return False
    return True
