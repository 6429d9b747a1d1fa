"""Releases on the Hub: makes a checked local copy of `org/name@tag`."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from vtgdata import releases
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, live, outside, temporary
from vtgdata.files.whole import write_text
from vtgdata.releases.copy import put
from vtgdata.releases.hub.patience import Patient
from vtgdata.releases.hub.refusals import Asked, errors, redacted

_PINNED = re.compile(r"([\w-][\w.-]*/[\w-][\w.-]*)@(\w[\w.-]*)", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}\Z", re.ASCII)


class Fetched(NamedTuple):
    """The result of `fetch`."""

    written: bool
    """False if the folder already held the whole release."""
    commit: str
    """The commit that the tag names, in hex."""


def pinned(text: str) -> tuple[str, str] | None:
    """(repository, tag) of `org/name@tag`; None for anything else, and if there is a local folder of that name.

    >>> pinned("org/name@v1.0.0"), pinned("./org/name@v1.0.0"), pinned("org/name")
    (('org/name', 'v1.0.0'), None, None)
    """
    found = _PINNED.fullmatch(text)
    return (found[1], found[2]) if found and not Path(text).exists() else None


def endpoint() -> str:
    """The address of the Hub: `$HF_ENDPOINT` if it is set, without a login in it."""
    return Asked("", "pull").hub


def local(text: str) -> str:
    """A folder that holds a release: the named folder, or for `org/name@tag` a checked copy in the user's cache.

    A tag never moves, so a complete copy is not downloaded again. Raises what `fetch` raises.
    """
    found = pinned(text)
    if found is None:
        return text
    folder, noted = _cached(*found)
    try:
        releases.open_release(str(folder)).check_all()
    except VtgError:
        noted.unlink(missing_ok=True)
    if not commit(text):
        write_text(noted, fetch(*found, folder).commit + "\n")
    return str(folder)


def commit(text: str) -> str:
    """The commit of the copy that `local` made of `org/name@tag`; empty for anything else."""
    found = pinned(text)
    try:
        said = outside.read_text(_cached(*found)[1]).strip() if found else ""
    except (OSError, UnicodeDecodeError):
        return ""
    return said if _COMMIT.match(said) else ""


def _cached(name: str, tag: str) -> tuple[Path, Path]:
    """Folder of a copy, and the file that notes its commit: beside the folder, which may hold only the release."""
    folder = fingerprint.cache_folder() / "releases" / name.replace("/", "--") / tag
    return folder, folder.with_name(f".{tag}.commit")


def fetch(name: str, tag: str, folder: Path, *, replace: bool = False) -> Fetched:
    """Copy a release from the Hub to a folder, whole or not at all.

    All files come from the one commit that the tag names, and their hashes must match its release.json. Raises VtgError
    when they do not or the Hub cannot be reached, Conflict when the folder holds something else (which `replace` sets
    aside), Locked when another process writes to the folder, and EndpointRefused when the Hub denies access.
    """
    from huggingface_hub import HfApi

    folder.parent.mkdir(parents=True, exist_ok=True)
    with temporary.folder(folder) as place:
        with errors(name, "pull"):
            commit = _download(Patient(HfApi(), Asked(name, "pull")), name, tag, str(place))
        release = releases.open_release(str(place))
        release.check_all()
        written = put(release, folder, replace=replace)
    return Fetched(written=written, commit=commit)


def _commit_of(client: Any, name: str, tag: str) -> str:
    """The commit that a tag names. A tag that the repository lists was just made, and is waited for."""
    from huggingface_hub.errors import RevisionNotFoundError

    try:
        return str(client.repo_info(name, repo_type="dataset", revision=tag).sha)
    except RevisionNotFoundError:
        if tag not in {ref.name for ref in client.list_repo_refs(name, repo_type="dataset").tags}:
            raise
    client.just_made()
    return str(client.repo_info(name, repo_type="dataset", revision=tag).sha)


def _download(client: Any, name: str, tag: str, place: str) -> str:
    """Download every file of a release at its tag into a folder; returns the commit."""
    from huggingface_hub.errors import RemoteEntryNotFoundError

    commit = _commit_of(client, name, tag)

    def get(file: str) -> str:
        return client.hf_hub_download(name, file, repo_type="dataset", revision=commit, local_dir=place)

    try:
        raw = outside.read_bytes(Path(get(releases.NAME)))
        others = sorted(releases.named(releases.read_document(raw, f"{name}@{tag}")) - {releases.NAME})
        for file in live.each(others, len(others), "pull", "files"):
            get(file)
    except RemoteEntryNotFoundError as error:
        said = redacted(str(error).splitlines()[0])
        raise VtgError(
            f"{name}@{tag}: a file of a release is missing there ({said}). Is it a dataset that `vtgdata push` made?"
        ) from error
    return commit
