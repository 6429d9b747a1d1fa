"""Bindings: which file of a folder each video is, by its bytes, so that it may be called and lie as it likes.

`vtgdata-bindings.json` in the folder of videos has, for each file name of a corpus, the hash of the file's bytes, their
number, and where such a file lies.
"""

import re
from pathlib import Path

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files.video_files import BINDINGS
from vtgdata.files.whole import write_json

VERSION = 1
_SUM = re.compile(r"([0-9a-f]{64}) [ *](.+)")


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """One video's bytes, and where they are."""

    content: str
    """SHA-256 (hex) of the file; of a folder of frames, over the names and hashes of its files."""
    bytes: int | None = None
    """Size of the file; None where nobody said, and of a folder."""
    path: str = ""
    """Relative to the folder of videos; empty while no file there has these bytes."""


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    videos: dict[str, Bound]


def read(root: Path) -> dict[str, Bound]:
    """What is bound in a folder of videos, by file name; empty where nothing is.

    Raises VtgError when the file that says so cannot be read.
    """
    path = root / BINDINGS
    return _document(path) if path.is_file() else {}


def write(root: Path, bound: dict[str, Bound]) -> Path:
    """Write the bindings of a folder, and return their path; raises VtgError where it may not be written to."""
    path = root / BINDINGS
    try:
        write_json(path, _Document(version=VERSION, videos=dict(sorted(bound.items()))))
    except OSError as error:
        raise VtgError(
            f"{path}: cannot be written ({error.strerror}). Make a folder that you may write to, with a link to this "
            "one in it, and give that one to --videos."
        ) from error
    return path


def known(path: Path) -> dict[str, Bound]:
    """Hashes by file name: an earlier `vtgdata-bindings.json`, or lines as `sha256sum` writes them.

    Raises VtgError when the file is neither.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise VtgError(f"{path}: cannot be read as text; give bindings, or lines of sha256sum.") from error
    if text.lstrip().startswith("{"):
        return _document(path)
    found: dict[str, Bound] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = _SUM.fullmatch(line.strip())
        if match is None:
            raise VtgError(f"{path}:{number}: is no line of sha256sum, `<64 hex digits>  <name>`.")
        found[Path(match[2]).name] = Bound(content=match[1])
    return found


def _document(path: Path) -> dict[str, Bound]:
    try:
        document = msgspec.json.decode(path.read_bytes(), type=_Document)
    except (OSError, msgspec.DecodeError) as error:
        raise VtgError(f"{path}: is no file of bindings ({error}). Take it away, and bind again.") from error
    if document.version != VERSION:
        raise VtgError(f"{path}: has version {document.version}, this program writes {VERSION}. Bind again.")
    return document.videos
