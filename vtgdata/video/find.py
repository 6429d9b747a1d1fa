"""Finding videos under a root folder: by the corpus's file name, then by stem.

Only names that exist are looked up, so that no id, however it is written, leads out of the folder.
"""

import unicodedata
from pathlib import Path

import msgspec

from vtgdata.errors import VtgError
from vtgdata.video_files import SUFFIXES, video_files


class Videos(msgspec.Struct, frozen=True):
    """The video files under a root, by name and by stem; build it with `find`."""

    root: Path
    by_name: dict[str, list[Path]]
    by_stem: dict[str, list[Path]]

    def path(self, file: str, video_id: str = "") -> Path | None:
        """The one file of a video, or None when there is none.

        Args:
            file: name as the corpus gives it.
            video_id: looked up as a stem where no file has that name or its stem.

        Raises VtgError when two files match.
        """
        for index, key in ((self.by_name, file), (self.by_stem, _stem(file)), (self.by_stem, _stem(video_id))):
            found = index.get(unicodedata.normalize("NFC", key), [])
            if len(found) > 1:
                names = " and ".join(str(path.relative_to(self.root)) for path in found[:2])
                raise VtgError(
                    f"{self.root}: {len(found)} files match video {file!r}: {names}. Remove or rename all but one."
                )
            if found:
                return found[0]
        return None


def find(root: Path) -> Videos:
    """The index of a folder and all folders in it, links followed.

    Raises VtgError when the folder does not exist or holds no video.
    """
    if not root.is_dir():
        raise VtgError(f"{root}: no such folder. Give --videos the folder under which the videos lie.")
    by_name: dict[str, list[Path]] = {}
    by_stem: dict[str, list[Path]] = {}
    for path in video_files(root):
        name = unicodedata.normalize("NFC", path.name)
        by_name.setdefault(name, []).append(path)
        by_stem.setdefault(_stem(name), []).append(path)
    if not by_name:
        raise VtgError(
            f"no video files under {root} (looked for {', '.join(sorted(SUFFIXES))}). "
            "Give --videos the folder under which they lie, or leave it out where the command allows."
        )
    return Videos(root, by_name, by_stem)


def _stem(name: str) -> str:
    """The name without the suffix of a video; ids may hold dots of their own.

    >>> _stem("v_abc.mp4"), _stem("s13-d21.part.2")
    ('v_abc', 's13-d21.part.2')
    """
    stem, dot, suffix = name.rpartition(".")
    return stem if dot + suffix.lower() in SUFFIXES else name
