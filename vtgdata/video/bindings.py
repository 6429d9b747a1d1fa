"""Bindings: which file of a folder each video is, by content hash, so that files may have any name and place.

`vtgdata-bindings.json` in the folder of videos maps each file name of a corpus to the hash of the file's bytes, the
file's size, and the path of a file with these bytes.
"""

import re
from pathlib import Path

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import json_document, outside
from vtgdata.files.disk_errors import DISK
from vtgdata.files.lease import changing
from vtgdata.files.video_files import BINDINGS
from vtgdata.files.whole import write_json

VERSION = 1
_SUM = re.compile(r"([0-9a-f]{64}) [ *](.+)")


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """Hash, size and path of one video's file."""

    content: str
    """SHA-256 (hex) of the file; for a folder of frames, computed over the names and hashes of its files."""
    bytes: int | None = None
    """Size of the file; None for a folder, and when unknown."""
    path: str = ""
    """Relative to the folder of videos; empty if no file there has these bytes."""


SEVERAL = Binding(content="")
"""Stands for a name under which several hashes are known."""


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    videos: dict[str, Binding]


def read(root: Path) -> dict[str, Binding]:
    """{file name: binding} of a folder of videos; empty if the folder has no bindings.

    Raises VtgError when the file of bindings cannot be read.
    """
    path = root / BINDINGS
    return _document(path) if outside.is_file(path) else {}


def add(root: Path, bound: dict[str, Binding]) -> Path:
    """Add bindings to those of a folder, and return their path.

    Others that bind in this folder at the same time lose none of theirs. Raises VtgError when the folder is not
    writable or its bindings cannot be read.
    """
    path = root / BINDINGS
    try:
        with changing(path) as place:
            write_json(place, _Document(version=VERSION, videos=dict(sorted((read(root) | bound).items()))))
    except OSError as error:
        if error.errno in DISK:
            raise
        raise VtgError(
            f"{path}: cannot be written ({error.strerror}). Make a folder that you may write to, with a link to this "
            "one in it, and give that one to --videos."
        ) from error
    return path


def known(path: Path) -> dict[str, Binding]:
    """{file name: binding} from an earlier `vtgdata-bindings.json`, or from lines as `sha256sum` writes them.

    A line's file is known by its name, and by its path as far as that is needed to tell files of one name apart: each
    end of it. A name that lines with different hashes share is `SEVERAL`. Raises VtgError when the file is neither.
    """
    try:
        text = outside.read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise VtgError(f"{path}: cannot be read as text; give bindings, or lines of sha256sum.") from error
    if text.lstrip().startswith("{"):
        return _document(path)
    found: dict[str, Binding] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = _SUM.fullmatch(line.strip())
        if match is None:
            raise VtgError(f"{path}:{number}: is no line of sha256sum, `<64 hex digits>  <name>`.")
        parts = [part for part in match[2].replace("\\", "/").split("/") if part not in ("", ".", "..")]
        bound = Binding(content=match[1])
        for name in ("/".join(parts[place:]) for place in range(len(parts))):
            found[name] = bound if found.get(name, bound) == bound else SEVERAL
    return found


def _document(path: Path) -> dict[str, Binding]:
    try:
        document = json_document.decode(outside.read_bytes(path), type=_Document)
    except (OSError, msgspec.DecodeError) as error:
        raise VtgError(f"{path}: is no file of bindings ({error}). Take it away, and bind again.") from error
    if document.version != VERSION:
        raise VtgError(f"{path}: has version {document.version}, this program writes {VERSION}. Bind again.")
    return document.videos
