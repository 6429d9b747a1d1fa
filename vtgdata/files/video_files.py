"""Which files under a folder are videos: one rule for finding them by name and for fingerprints of the folder."""

import os
from pathlib import Path

# fmt: off
SUFFIXES = frozenset({
    ".3gp", ".asf", ".avi", ".divx", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts",
    ".mxf", ".ogg", ".ogv", ".rm", ".rmvb", ".ts", ".vob", ".webm", ".wmv",
})
# fmt: on
FRAMES_LIST = "times.json"
"""A folder with this file is a video too: it says when each of the folder's pictures is shown."""

BINDINGS = "vtgdata-bindings.json"
"""Name of a file in a folder of videos. It says which file each video is, recognised by bytes, whatever its name."""


def video_files(root: Path) -> list[Path]:
    """The video files and folders of frames under a folder, links followed, hidden ones left out, in a fixed order."""
    found: list[Path] = []
    seen: set[str] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            # A link back to a folder above would lead round in circles.
            folders.clear()
            continue
        seen.add(real)
        if FRAMES_LIST in names:
            # A folder of frames is one video; its pictures are not searched.
            found.append(Path(folder))
            folders.clear()
            continue
        # In a fixed order, so that a folder that is linked twice is always found under the same name.
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found.extend(
            Path(folder, name)
            for name in sorted(names)
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122 (millions)
        )
    return found


PICTURES = ("JPEG", "PNG", "WEBP", "BMP")
"""Picture formats that are opened, as Pillow names them. Others may start programs (EPS) or are rarely tried."""
