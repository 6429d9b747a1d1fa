"""Which files a command may write: its output folder is apart from what it reads, and holds only what its runs made.

`meta.json` names the command and its outputs. While a command fills the folder piece by piece (`videos proxy`), the
folder has a mark, `.vtgdata.json`, which names them too. Anything that neither names belongs to somebody else and stays
as it is.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from vtgdata.errors import Conflict, VtgError
from vtgdata.files import fingerprint, json_document, outside

MARK = ".vtgdata.json"
JOURNAL = "journal.sqlite"
"""File of the answers, in the folder of a command that asks a model; the engine fills it."""
_BESIDE = re.compile(r"journal\.sqlite.*|shard-\d+-of-\d+|meta\.json")
"""Names beside a command's outputs that are ours too: its journal, the folders of its shards, its meta."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Contents of the mark: the command has not finished yet."""

    command: str
    outputs: dict[str, str] = {}
    """Outputs of the command's earlier runs: {name: fingerprint}."""


def claim(out: str | Path, inputs: Iterable[str | Path], option: str = "--out") -> None:
    """Refuse an output that is an input, contains one, or lies in one, whatever names lead there.

    Folders are compared by what they are, not by their names alone: one may be mounted at two places.

    Args:
        out: file or folder to write, as it will be opened; need not exist.
        inputs: files and folders that are read, as they are opened; those that do not exist are ignored.
        option: the option that gave the output, for the message.

    Raises VtgError, naming both.
    """
    target = outside.resolved(out)
    for given in inputs:
        source = outside.resolved(given)
        if not source.exists():
            continue
        if _same(target, source):
            how = "is"
        elif any(_same(target, parent) for parent in source.parents):
            how = "holds"
        elif any(_same(parent, source) for parent in target.parents):
            how = "lies in"
        else:
            continue
        raise VtgError(f"{option} {out}: {how} {given}, which is read. Name a place apart from it.")


def _same(one: Path, other: Path) -> bool:
    """Whether two paths without links are the same place; of files only the name counts, as one is never changed."""
    if one == other:
        return True
    try:
        return one.is_dir() and one.samefile(other)
    except OSError:
        return False


def read_mark(folder: Path) -> Mark | None:
    """The mark of a folder; None if it has no readable one, or one whose outputs lie outside of the folder."""
    try:
        mark = json_document.decode(outside.read_bytes(folder / MARK), type=Mark)
    except (OSError, msgspec.DecodeError):
        return None
    return mark if all(map(outside.is_inner, mark.outputs)) else None


def holds_answers(folder: Path) -> bool:
    """Whether a folder holds a journal of answers, or shards that do."""
    return any(_is_journal(path) for path in (folder / JOURNAL, *folder.glob(f"shard-*-of-*/{JOURNAL}")))


def _is_journal(path: Path) -> bool:
    try:
        with outside.opened(path) as file:
            return file.read(16) in (b"SQLite format 3\0", b"")
    except OSError:
        return False


def foreign(folder: Path, outputs: Iterable[str]) -> list[str]:
    """Paths below a folder that are not its outputs, sorted; hidden files and a journal do not count.

    Everything in a folder that is itself an output counts as an output.
    """
    ours, found = set(outputs), list[str]()
    pending = [folder] if folder.is_dir() else []
    while pending:
        for path in sorted(pending.pop().iterdir()):
            name = path.relative_to(folder).as_posix()
            if name in ours or path.name.startswith(".") or ("/" not in name and _BESIDE.fullmatch(name)):
                continue
            if path.is_dir() and not path.is_symlink() and any(each.startswith(f"{name}/") for each in ours):
                pending.append(path)
            else:
                found.append(name)
    return sorted(found)


def refuse_foreign(folder: Path, outputs: Iterable[str], option: str = "--out") -> None:
    """Raise Conflict when a folder holds files that are not its outputs; they stay as they are."""
    if names := foreign(folder, outputs):
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise Conflict(
            f"{option} {folder}: holds {names[0]}{more}, which this command did not make. Name a new folder, or set "
            "that one aside with --replace."
        )


def refuse_other(folder: Path, made_by: str, command: str, option: str = "--out") -> None:
    """Raise Conflict when another command made the folder."""
    if made_by != command:
        raise Conflict(
            f"{option} {folder}: was made by `vtgdata {made_by}`. Name another folder, or set "
            "that one aside with --replace."
        )


def set_aside(path: Path) -> Path:
    """Rename a file or folder to NAME.replaced-1, or the next free number; returns its new path.

    Raises VtgError when it cannot be renamed.
    """
    number = 1
    while (aside := path.with_name(f"{path.name}.replaced-{number}")).exists() or aside.is_symlink():
        number += 1
    try:
        path.rename(aside)
    except OSError as error:
        raise VtgError(f"{path}: cannot be renamed to {aside.name} ({error.strerror}). Move it away.") from error
    return aside


def remove_stale(folder: Path, earlier: Mapping[str, str], outputs: Iterable[str]) -> None:
    """Delete files that an earlier run wrote and this one did not, unless their bytes have changed since."""
    for name in set(earlier) - set(outputs):
        path = folder / name
        if path.is_symlink() or not outside.stays_in(folder, name) or not outside.is_file(path):
            continue
        if fingerprint.of_bytes(path) == earlier[name]:
            path.unlink()
