"""Videos whose names repeat in several folders: `train/0001.mp4` and `test/0001.mp4` are two videos.

Where each name stands in one folder only, a video is named by its file's name, as ever. Where a name repeats, the part
of the path that tells the videos apart is their name, in samples and in a search under `--videos`.
"""

import os
import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

from vtgdata.annotations import ids
from vtgdata.annotations.file_text import opened

_CHUNK = 1 << 20
_PATH = re.compile(r"[/\\:?]|\A\.{0,2}\Z")
"""What a link has, a path of several parts, or one that names no file."""


def has_folders(path: Path) -> bool:
    """Whether a file holds a slash of either kind: without one, no name in it has a folder."""
    with opened(path) as file:
        while chunk := file.read(_CHUNK):
            if b"/" in chunk or b"\\" in chunk:
                return True
    return False


def naming(keys: Iterable[str], name: Callable[[str], ids.Named] = ids.named) -> Callable[[str], ids.Named]:
    """What the video's key of a record stands for, given the keys of all records.

    >>> apart = naming(["data/train/0001.mp4", "data/test/0001.mp4", "data/test/0002.mp4"])
    >>> apart("data/test/0001.mp4")[:2], apart("data/test/0002.mp4")[:2]
    (('test/0001', 'test/0001.mp4'), ('0002', '0002.mp4'))
    """
    places: dict[str, set[str]] = {}
    for key in keys:
        place = path(key)
        if place:
            places.setdefault(ids.stem(place), set()).add(place)
    repeated = {place for found in places.values() if len(found) > 1 and not _one(found) for place in found}
    if not repeated:
        return name
    shared = os.path.commonpath([os.path.dirname(place) for place in repeated])  # noqa: PTH120 (names, not paths)

    def apart(key: str) -> ids.Named:
        place = path(key)
        if place not in repeated:
            return name(key)
        below = place[len(shared) + 1 :] if shared else place
        plain = name(key)
        extension = ids.base(key).removeprefix(ids.stem(key)) or ".mp4"
        return plain._replace(video_id=below, file=below + extension)

    return apart


def path(key: str) -> str:
    """A key as a path without extension, and without what leads to its root: `../`, `./`, `/` or a drive.

    Links have none: they name a video wherever it lies.

    >>> path("../data/test/0001.mp4"), path("0001"), path("https://youtu.be/aB3_dE-6hIj")
    ('data/test/0001', '0001', '')
    """
    if not _PATH.search(key):
        return ids.stem(key)  # by far the most common case
    if ids.is_link(key):
        return ""
    parts = [part for part in key.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    if parts and parts[0].endswith(":"):
        parts = parts[1:]
    return "/".join([*parts[:-1], ids.stem(parts[-1])]) if parts else ""


def may_agree(one: str, other: str) -> bool:
    """Whether the folders of two paths may be the same: one names no folder, or fewer of the same ones.

    >>> may_agree("data/test/0001", "test/0001"), may_agree("test/0001", "0001"), may_agree("a/0001", "b/0001")
    (True, True, False)
    """
    longer, shorter = sorted((one.rpartition("/")[0], other.rpartition("/")[0]), key=len, reverse=True)
    return not shorter or f"/{longer}".endswith(f"/{shorter}")


def _one(paths: Iterable[str]) -> bool:
    """Whether each path is the end of the next longer one: `0001` and `test/0001` are one video, written two ways."""
    ordered = sorted(paths, key=len)
    return all(longer.endswith(f"/{shorter}") for shorter, longer in pairwise(ordered))
