"""Copying a release to a folder, whole or not at all."""

import errno
import logging
import shutil
from pathlib import Path

from vtgdata import releases
from vtgdata.errors import Conflict, VtgError
from vtgdata.files import claims, outside, temporary
from vtgdata.files.crash_points import crash_here, full_here
from vtgdata.files.lease import Lease
from vtgdata.files.whole import replacing
from vtgdata.releases.document import Release

log = logging.getLogger("vtgdata")


def holds(release: Release, target: Path) -> bool:
    """Whether a folder already holds this whole release; raises Conflict when the release must not replace it."""
    if not target.exists() and not target.is_symlink():
        return False
    if target.is_symlink() or not target.is_dir():
        raise Conflict(f"{target}: is not a folder. Name another target, or set it aside with --replace.")
    present = {
        path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir() or path.is_symlink()
    }
    if not present:
        return False
    own = target / releases.NAME
    if not outside.is_file(own):
        raise Conflict(
            f"{target}: holds files and no release.json, so it is no release. Name another folder, or set this one "
            "aside with --replace."
        )
    document = releases.read_document(outside.read_bytes(own), str(own))
    theirs = releases.content(document)
    releases.refuse_older(release.document.version, release.content, document.version, theirs, str(target))
    foreign = sorted(present - releases.named(document))
    if foreign:
        raise Conflict(
            f"{target}: holds {len(foreign)} file(s) of no release, first {foreign[0]}. Move them away, or set the "
            "folder aside with --replace."
        )
    if theirs != release.content:
        return False
    try:
        releases.open_release(str(target)).check_all()
    except VtgError:
        return False  # the same release, damaged: copied again
    return True


def put(release: Release, target: Path, *, replace: bool = False) -> bool:
    """Copy a release to a folder, unless the folder already holds the whole release; returns whether it was copied.

    Args:
        release: an open release.
        target: need not exist; an older version of the release is replaced.
        replace: set anything else that lies there aside, as TARGET.replaced-1, rather than refuse it.

    Raises Conflict when the target is refused, and Locked when another process writes to it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    lease = Lease(target.with_name(f".{target.name}"), target)
    try:
        try:
            _recover(target)
            if holds(release, target):
                return False
        except Conflict:
            if not replace:
                raise
            log.warning("%s: what it held is now in %s", target, claims.set_aside(target))
        _copy(release, target)
        return True
    finally:
        lease.release()


def _recover(target: Path) -> None:
    """Put back, or delete, the old release that a killed copy had moved away."""
    aside = _aside(target)
    if aside.exists():
        _clear(None, aside, target)


def _copy(release: Release, target: Path) -> None:
    """Replace a folder by the release with a rename, so that readers see the old or the new release, never a part.

    However it ends, even by Ctrl-C between two renames, the target holds the old release or the new one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    building, aside = temporary.beside(target), _aside(target)
    try:
        try:
            full_here(building)
            building.mkdir()
            for name in release.files:
                with replacing(building / name) as file, outside.opened(release.path / name) as source:
                    shutil.copyfileobj(source, file)
            releases.open_release(str(building)).check_all()
            building.chmod(0o755)  # mkdtemp makes folders that only their owner can enter
            if target.exists():
                target.rename(aside)
            crash_here("output-moved")
            building.rename(target)
        finally:
            _clear(building, aside, target)
    except OSError as error:
        advice = "Free some space" if error.errno == errno.ENOSPC else "See to its rights"
        old = f" The old one lies in {aside}." if aside.exists() and not target.exists() else ""
        raise VtgError(
            f"{target}: the release could not be copied ({error.strerror}). {advice}, then push again.{old}"
        ) from error


def _aside(target: Path) -> Path:
    """Where the old release lies while the new one takes its place; the next copy puts it back after a kill."""
    return target.with_name(f".{target.name}.vtgdata.old")


def _clear(building: Path | None, aside: Path, target: Path) -> None:
    """Delete the temporary folders of a copy; first put the old release back if no new one took its place."""
    if aside.exists() and not target.exists():
        aside.rename(target)
    shutil.rmtree(aside, ignore_errors=True)
    if building is not None:
        shutil.rmtree(building, ignore_errors=True)
