"""A new result lies in a hidden folder beside the finished one until it is whole, and then takes its place.

`.vtgdata.new` holds all that a run writes. Its own `meta.json`, written last, says that nothing is missing: from then
on a killed run is completed by whoever holds the folder next; without it the draft is thrown away.
"""

import shutil
from pathlib import Path

from vtgdata.errors import Conflict
from vtgdata.files import claims, fingerprint, outside
from vtgdata.files.crash_points import crash_here
from vtgdata.files.meta import META, read_meta

DRAFT = ".vtgdata.new"


def fresh(folder: Path) -> Path:
    """An empty draft in a folder."""
    discard(folder)
    (folder / DRAFT).mkdir()
    return folder / DRAFT


def output(name: str, draft: Path, folder: Path) -> Path:
    """An output by its name: in the draft, or in the folder itself where it was written piece by piece."""
    return draft / name if (draft / name).exists() else folder / name


def discard(folder: Path) -> None:
    """Delete a folder's draft, if it has one."""
    if (folder / DRAFT).exists():
        shutil.rmtree(folder / DRAFT)


def settle(folder: Path) -> None:
    """Move a whole draft to the place of the earlier result, whose own files go; delete one that is not whole.

    A file that is in the way and that no run of ours wrote is renamed, not replaced. Only the holder of the folder may
    call this. Raises Conflict when an output would lie behind a link that leads out of the folder.
    """
    draft = folder / DRAFT
    staged, made, mark = read_meta(draft), read_meta(folder), claims.read_mark(folder)
    if staged is not None and not all(outside.stays_in(draft, name) for name in staged.outputs):
        staged = None  # no draft of ours has such a link: it came with the folder
    if staged is not None:
        earlier = (mark.outputs if mark else {}) | (made.outputs if made else {})
        for number, name in enumerate(staged.outputs):
            if not outside.stays_in(folder, name):
                raise Conflict(f"{folder / name}: lies behind a link that leads out of {folder}. Move the link away.")
            _place(draft / name, folder / name, earlier.get(name), draft / f".earlier-{number}")
            crash_here("output-moved")
        claims.remove_stale(folder, earlier, staged.outputs)
        (folder / claims.MARK).unlink(missing_ok=True)
        (draft / META).replace(folder / META)
        crash_here("meta-moved")
    discard(folder)


def _place(new: Path, target: Path, earlier: str | None, away: Path) -> None:
    """Move one output to its place; what it replaces goes to `away` if it still has the hash `earlier`."""
    if not new.exists():
        return  # it lies in its place already: a run was killed after it had moved it, or wrote it there
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() or target.is_symlink():
        if new.is_dir() and target.is_dir() and not target.is_symlink() and fingerprint.of_path(target) != earlier:
            for path in sorted(new.rglob("*")):
                if not path.is_dir():
                    _place(path, target / path.relative_to(new), None, away)
            return
        if earlier is None and fingerprint.of_path(target) != fingerprint.of_path(new):
            claims.set_aside(target)
        else:
            target.rename(away)
    new.rename(target)
