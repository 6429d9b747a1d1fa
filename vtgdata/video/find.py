"""Finding videos under a root folder: by their binding, else by the corpus's file name, else by stem.

Names are looked up in an index of the folder, so no id, however it is written, leads out of the folder. A video that is
a part of a file (`records.file_parts`) is found by the file's own name.
"""

import unicodedata
from collections.abc import Iterable
from pathlib import Path

import msgspec

from vtgdata.errors import VideoAmbiguous, VideoChanged, VtgError
from vtgdata.files import fingerprint, outside
from vtgdata.files.video_files import SUFFIXES, video_files
from vtgdata.records.file_parts import FilePart, parted
from vtgdata.video import bindings
from vtgdata.video.bindings import Binding


class Videos(msgspec.Struct, frozen=True):
    """The video files under a root, by name and by stem; build it with `find`."""

    root: Path
    by_name: dict[str, list[Path]]
    by_stem: dict[str, list[Path]]
    bound: dict[str, Binding] = {}
    """{file name: what `vtgdata videos bind` found}; a binding takes precedence over names."""

    def path(self, file: str, video_id: str = "") -> Path | None:
        """The file of a video, or None when there is none; a bound file is read, and has the bytes that were bound.

        Args:
            file: name as the corpus gives it.
            video_id: looked up as a stem if no file has that name or its stem.

        Raises VideoAmbiguous when two files match, and VideoChanged when the bound file has other bytes.
        """
        found = self.place(file, video_id)
        bound = self.bound.get(self.whole(file)[0])
        if found is not None and bound is not None:
            try:
                content = fingerprint.of_path(found, fingerprint.of_bytes)
            except OSError:
                return None
            if content != bound.content:
                raise VideoChanged(found)
        return found

    def whole(self, file: str) -> tuple[str, FilePart | None]:
        """The name of a video's file, and which part of it the video is; None for all of it.

        A file that really has such a name is no part of another one.
        """
        name, part = parted(file)
        if part is None or file in self.bound or _form(stem(file.rpartition("/")[2])) in self.by_stem:
            return file, None
        return name, part

    def place(self, file: str, video_id: str = "") -> Path | None:
        """As `path`, but a bound file is not read: only its size is compared."""
        name = self.whole(file)[0]
        if name in self.bound:
            return self._bound(self.bound[name])
        found = self.named(file, video_id)
        if len(found) > 1:
            names = " and ".join(str(path.relative_to(self.root)) for path in found[:2])
            raise VideoAmbiguous(
                self.root,
                f"{self.root}: {len(found)} files match video {file!r}: {names}. Remove or rename all but one, or bind "
                "it with `vtgdata videos bind`.",
            )
        return found[0] if found else None

    def named(self, file: str, video_id: str = "") -> list[Path]:
        """The files with that name, else with its stem, else with the id as their stem.

        A name with folders is that of a file in these folders alone: others of its name are other videos.
        """
        file, part = self.whole(file)
        if part is not None:
            video_id = video_id.removesuffix(part.suffix)
        folder, _, name = file.rpartition("/")
        for index, key in ((self.by_name, name), (self.by_stem, stem(name)), (self.by_stem, stem(video_id))):
            found = index.get(_form(key), [])
            if folder:
                found = [path for path in found if self._below(path).endswith(f"/{_form(folder)}")]
            if found:
                return found
        return []

    def _below(self, path: Path) -> str:
        """The folder of a file below the root, as `/a/b`."""
        return _form(f"/{path.parent.relative_to(self.root).as_posix()}")

    def _bound(self, bound: Binding) -> Path | None:
        path = self.root / bound.path
        # No other file ever replaces the bound one.
        if not bound.path or path not in self.by_name.get(_form(path.name), []):
            return None
        try:
            changed = not path.is_dir() and path.stat().st_size != bound.bytes
        except OSError:
            return None
        if changed:
            raise VideoChanged(path)
        return path


def find(root: Path, read: Iterable[str] = ()) -> Videos:
    """Index the videos of a folder and all folders in it, following links.

    Args:
        root: the folder.
        read: names of files; those that are bound are read now, several at a time, since `path` reads one by one.

    Raises VtgError when the folder does not exist or holds no video.
    """
    if not root.is_dir():
        raise VtgError(f"{root}: no such folder. Give --videos the folder under which the videos lie.")
    by_name: dict[str, list[Path]] = {}
    by_stem: dict[str, list[Path]] = {}
    for path in video_files(root):
        name = _form(path.name)
        by_name.setdefault(name, []).append(path)
        by_stem.setdefault(stem(name), []).append(path)
    if not by_name:
        raise VtgError(
            f"no video files under {root} (looked for {', '.join(sorted(SUFFIXES))}). "
            "Give --videos the folder under which they lie, or leave it out where the command allows."
        )
    bound = bindings.read(root)
    places = (root / bound[file].path for file in read if file in bound)
    fingerprint.of_all_bytes(path for path in places if outside.is_file(path))
    return Videos(root, by_name, by_stem, bound)


def _form(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def stem(name: str) -> str:
    """The name without a video's suffix; other dots stay, since ids may contain dots.

    >>> stem("v_abc.mp4"), stem("s13-d21.part.2")
    ('v_abc', 's13-d21.part.2')
    """
    stem, dot, suffix = name.rpartition(".")
    return stem if dot + suffix.lower() in SUFFIXES else name
