"""Pushing files to a repository of the Hub, a dataset's or a model's: whole or not at all.

A version is one commit and the tag `v<version>`, which never moves. One file, the mark, says of a commit what it is:
its version, its content and its other files. What was begun and broken off is taken up by pushing again: the server
remembers uploads, the commit happens or not, and a missing tag is added.
"""

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from vtgdata import releases
from vtgdata.errors import Conflict, EndpointRefused, VtgError
from vtgdata.releases import hub

if TYPE_CHECKING:
    from huggingface_hub import HfApi

MOST_FILES = 50
"""Files that one commit may touch: more would be a release nobody can look over, and slow to commit."""
_OURS_TO_REPLACE = {".gitattributes", "README.md", "LICENSE"}
"""Files that a new repository of the Hub may have before any release."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What the mark of a commit says."""

    version: str
    content: str
    """SHA-256: equal for two that hold the same."""
    names: set[str]
    """Every file that belongs to it, the mark included."""


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be pushed."""

    kind: Literal["dataset", "model"]
    where: str
    """Folder that it comes from, for errors."""
    mark: str
    """Name of the file that says what a commit is."""
    says: Mark
    """What that file says here."""
    paths: Mapping[str, Path]
    """{name in the repository: file here}."""
    files: Mapping[str, releases.ReleaseFile]
    """{name in the repository: size and hash}."""
    read_mark: Callable[[bytes, str], Mark]
    """Reads a mark's bytes; the second argument is what an error names."""
    description: str = ""
    """Of the commit, below its first line."""

    @property
    def tag(self) -> str:
        """The git tag of this version."""
        return f"v{self.says.version}"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be done to a target."""

    upload: list[str]
    delete: list[str]
    tag: bool = True
    """Whether the version's mark is still to be set."""
    create: bool = False
    """Whether the target was not there when the push began."""
    head: str | None = None
    """Commit that the plan was made for."""
    before: str = ""
    """Version that main holds; empty when none."""
    before_content: str = ""
    """Its content (SHA-256)."""

    @property
    def nothing(self) -> bool:
        """Whether the target already holds this version."""
        return not (self.upload or self.delete or self.tag or self.create)


def push(
    repository: str, parcel: Parcel, *, private: bool, gated: Literal["", "auto", "manual"], dry_run: bool
) -> tuple[Plan, str | None]:
    """Push; returns the plan and the commit that the version is. With `dry_run` only the plan is made.

    Raises Conflict when the repository holds something else or changed meanwhile, EndpointRefused when the Hub says
    no, VtgError when it cannot be reached.
    """
    from huggingface_hub import HfApi, get_token

    if get_token() is None and not dry_run:
        raise EndpointRefused("The Hub needs a token to write: run `hf auth login`, or set HF_TOKEN.")
    with hub.errors(repository, "push"):
        api = HfApi()
        plan = make_plan(api, repository, parcel)
        if dry_run or plan.nothing:
            return plan, plan.head
        if plan.create:
            api.create_repo(repository, repo_type=parcel.kind, private=private, exist_ok=True)
            plan = msgspec.structs.replace(make_plan(api, repository, parcel), create=True)
        if gated:
            api.update_repo_settings(repository, repo_type=parcel.kind, gated=gated)
        commit = _commit(api, repository, parcel, plan) if plan.upload or plan.delete else str(plan.head)
        _check_remote(api, repository, parcel, commit)
        api.create_tag(repository, tag=parcel.tag, revision=commit, repo_type=parcel.kind)
        raw = _remote_mark(api, repository, parcel, parcel.tag)
        if raw is None or hashlib.sha256(raw).hexdigest() != parcel.files[parcel.mark].sha256:
            raise Conflict(
                f"{repository}: {parcel.mark} at {parcel.tag} is not the one that was pushed. Look at its history."
            )
    return plan, commit


def _commit(api: "HfApi", repository: str, parcel: Parcel, plan: Plan) -> str:
    """All changes as one commit on top of the one that the plan was made for; large files go up before it."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    additions = [CommitOperationAdd(name, str(parcel.paths[name])) for name in plan.upload]
    api.preupload_lfs_files(repository, additions, repo_type=parcel.kind, free_memory=False)
    done = api.create_commit(
        repository,
        [*additions, *(CommitOperationDelete(name) for name in plan.delete)],
        commit_message=f"Release {parcel.says.version}",
        commit_description=parcel.description,
        repo_type=parcel.kind,
        parent_commit=plan.head,
    )
    return done.oid


def make_plan(api: "HfApi", repository: str, parcel: Parcel) -> Plan:
    """Compare what is to be pushed with what the repository's main branch and tags hold."""
    from huggingface_hub.errors import RepositoryNotFoundError

    local = parcel.files
    if len(local) > MOST_FILES:
        raise VtgError(f"{parcel.where}: has {len(local)} files; a push takes {MOST_FILES}. Release fewer splits.")
    try:
        head = api.repo_info(repository, repo_type=parcel.kind).sha
    except RepositoryNotFoundError:
        return Plan(upload=list(local), delete=[], create=True)
    tags = {ref.name for ref in api.list_repo_refs(repository, repo_type=parcel.kind).tags}
    if parcel.tag in tags:
        return _tagged(api, repository, parcel, head)
    remote = _tree(api, repository, parcel, head)
    stale, before = _held(api, repository, parcel, head, remote)
    version, content = (before.version, before.content) if before else ("", "")
    changed = [name for name in local if name not in remote or not _same(remote[name], parcel.paths[name], local[name])]
    return Plan(upload=changed, delete=stale, head=head, before=version, before_content=content)


def _tagged(api: "HfApi", repository: str, parcel: Parcel, head: str | None) -> Plan:
    """Nothing to do where the tag names this very version; Conflict where it names another."""
    raw = _remote_mark(api, repository, parcel, parcel.tag)
    if raw is not None:
        mark = parcel.read_mark(raw, f"{repository}@{parcel.tag}")
        if mark.content == parcel.says.content:
            return Plan(upload=[], delete=[], tag=False, head=head, before=mark.version, before_content=mark.content)
    raise Conflict(
        f"{repository}: the tag {parcel.tag} already names another release, and a tag never moves. Make this one "
        "with a higher --version."
    )


def _held(
    api: "HfApi", repository: str, parcel: Parcel, head: str | None, remote: Mapping[str, Any]
) -> tuple[list[str], Mark | None]:
    """Files of the version on main that this one has no more, and its mark; Conflict where main is not ours."""
    if parcel.mark in remote:
        raw = _remote_mark(api, repository, parcel, str(head)) or b""
        mark = parcel.read_mark(raw, repository)
        releases.refuse_older(parcel.says.version, parcel.says.content, mark.version, mark.content, repository)
        return sorted(mark.names & set(remote) - set(parcel.files)), mark
    if foreign := sorted(set(remote) - _OURS_TO_REPLACE):
        raise Conflict(f"{repository}: holds {foreign[0]} and no {parcel.mark}, so it is none of ours. Push elsewhere.")
    return [], None


def _check_remote(api: "HfApi", repository: str, parcel: Parcel, commit: str) -> None:
    """Raise Conflict, before a tag names it, when a commit does not hold each file as it is here."""
    remote = _tree(api, repository, parcel, commit)
    for name, stated in parcel.files.items():
        if name not in remote or not _same(remote[name], parcel.paths[name], stated):
            raise Conflict(f"{repository}: {name} at commit {commit} is not what was pushed. Look at its history.")


def _tree(api: "HfApi", repository: str, parcel: Parcel, revision: str | None) -> dict[str, Any]:
    from huggingface_hub.hf_api import RepoFile

    tree = api.list_repo_tree(repository, recursive=True, revision=revision, repo_type=parcel.kind)
    return {file.path: file for file in tree if isinstance(file, RepoFile)}


def _same(remote: Any, path: Path, local: releases.ReleaseFile) -> bool:
    if remote.lfs is not None:
        return remote.lfs.sha256 == local.sha256
    if remote.size != local.bytes:
        return False
    raw = path.read_bytes()
    return hashlib.sha1(b"blob %d\x00" % len(raw) + raw, usedforsecurity=False).hexdigest() == remote.blob_id


def _remote_mark(api: Any, repository: str, parcel: Parcel, revision: str) -> bytes | None:
    """The mark at a revision, past any cache (the folder is new); None when there is none."""
    from huggingface_hub.errors import RemoteEntryNotFoundError

    with tempfile.TemporaryDirectory() as folder:
        try:
            path = api.hf_hub_download(
                repository, parcel.mark, repo_type=parcel.kind, revision=revision, local_dir=folder
            )
        except RemoteEntryNotFoundError:
            return None
        return Path(path).read_bytes()
