"""Whether files of a release are those that its release.json states: found by reading their bytes."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, outside

NAME = "release.json"


def check_files(folder: Path, stated: Mapping[str, tuple[str, int | None]]) -> None:
    """Read files and compare them with {name: (hash, size)}; raises VtgError that names the first that differs."""
    for name, (_, size) in stated.items():
        if not outside.is_file(folder / name):
            raise VtgError(f"{folder / name}: missing, and {NAME} names it. Copy the release again, or make it again.")
        if size is not None and (folder / name).stat().st_size != size:
            raise _changed(folder / name)
    found = fingerprint.of_all_bytes(folder / name for name in stated)
    for name, (sha256, _) in stated.items():
        if isinstance(hashed := found[folder / name], OSError):
            raise hashed
        if hashed != sha256:
            raise _changed(folder / name)


def stated_bytes(folder: Path, name: str, sha256: str) -> bytes:
    """The bytes of a file, hashed as they are returned; raises VtgError when they are not those that were released."""
    check_files(folder, {name: (sha256, None)})
    raw = outside.read_bytes(folder / name)
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise _changed(folder / name)
    return raw


def _changed(path: Path) -> VtgError:
    return VtgError(
        f"{path}: is not the file that was released (its bytes changed). Copy the release again, or release the change "
        "under a new version."
    )
