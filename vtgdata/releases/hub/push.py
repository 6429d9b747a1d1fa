"""Pushing files to a repository of the Hub, a dataset's or a model's: whole or not at all.

A version is one commit and the tag `v<version>`, which never moves. One file, the mark, describes a commit: its
version, the hash of its content and the names of its files. An interrupted push is continued by pushing again: the
server keeps uploaded files, a commit is made as a whole or not at all, and a missing tag is added.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from vtgdata import releases
from vtgdata.errors import Conflict, EndpointRefused, VtgError
from vtgdata.files import live, outside, temporary
from vtgdata.releases import hub
from vtgdata.releases.hub.card_check import CARD, check_card
from vtgdata.releases.hub.patience import Patient, Unsure
from vtgdata.releases.hub.refusals import Asked

MOST_FILES = 50
"""Most files of one push: more would be hard to review and slow to commit."""
_OURS_TO_REPLACE = {".gitattributes", "README.md", "LICENSE"}
"""Files that a new repository of the Hub may have before any release, and that a push may replace."""


class VersionMark(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a commit's mark."""

    version: str
    content: str
    """SHA-256, equal for two versions with the same content."""
    names: set[str]
    """Every file that belongs to the version, the mark included."""


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """The files to push, and their description."""

    kind: Literal["dataset", "model"]
    where: str
    """Folder of the files, for errors."""
    mark: str
    """Name of the file that is the mark."""
    says: VersionMark
    """Content of the mark."""
    paths: Mapping[str, Path]
    """{name in the repository: local file}."""
    files: Mapping[str, releases.ReleaseFile]
    """{name in the repository: size and hash}."""
    read_mark: Callable[[bytes, str], VersionMark]
    """Decodes a mark from its bytes; the second argument is the place that errors name."""
    description: str = ""
    """Description of the commit, below its first line."""

    @property
    def tag(self) -> str:
        """The git tag of this version."""
        return f"v{self.says.version}"


class PushPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be done to a target."""

    upload: list[str]
    delete: list[str]
    tag: bool = True
    """Whether the version's tag is still to be created."""
    create: bool = False
    """Whether the target did not exist when the push began."""
    head: str | None = None
    """Commit for which the plan was made."""
    before: str = ""
    """Version that the main branch holds; empty if none."""
    before_content: str = ""
    """SHA-256 of that version's content."""

    @property
    def nothing(self) -> bool:
        """Whether the target already holds this version."""
        return not (self.upload or self.delete or self.tag or self.create)


def push(
    repository: str, parcel: Parcel, *, private: bool, gated: Literal["", "auto", "manual"], dry_run: bool
) -> tuple[PushPlan, str | None]:
    """Push a version; returns the plan and the version's commit. With `dry_run` only the plan is made.

    Raises Conflict when the repository holds something else or changed meanwhile, EndpointRefused when the Hub denies
    access, VtgError when it cannot be reached.
    """
    from huggingface_hub import HfApi, get_token

    if get_token() is None and not dry_run:
        raise EndpointRefused("The Hub needs a token to write: run `hf auth login`, or set HF_TOKEN.")
    with hub.errors(repository, "push", parcel.kind):
        api = Patient(HfApi(), Asked(repository, "push", parcel.kind))
        plan = make_plan(api, repository, parcel)
        if dry_run or plan.nothing:
            return plan, plan.head
        if CARD in plan.upload:
            check_card(api, parcel.paths[CARD], parcel.kind)
        if plan.create:
            api.create_repo(repository, repo_type=parcel.kind, private=private, exist_ok=True)
            api.just_made()
            plan = msgspec.structs.replace(make_plan(api, repository, parcel), create=True)
        if gated:
            api.update_repo_settings(repository, repo_type=parcel.kind, gated=gated)
        return plan, _carry_out(api, repository, parcel, plan)


def _carry_out(api: Patient, repository: str, parcel: Parcel, plan: PushPlan) -> str:
    """Do what a plan says; returns the version's commit. After a failure that may have made it, what is there counts.

    Raises Conflict when the tag does not hold what was pushed.
    """
    while True:
        try:
            commit = _commit(api, repository, parcel, plan) if plan.upload or plan.delete else str(plan.head)
            api.just_made()
            _check_remote(api, repository, parcel, commit)
            if plan.tag:
                api.create_tag(repository, tag=parcel.tag, revision=commit, repo_type=parcel.kind)
                api.just_made()
            break
        except Unsure as error:
            api.again(error)
            plan = make_plan(api, repository, parcel)
    raw = _remote_mark(api, repository, parcel, parcel.tag)
    if raw is None or hashlib.sha256(raw).hexdigest() != parcel.files[parcel.mark].sha256:
        raise Conflict(
            f"{repository}: {parcel.mark} at {parcel.tag} is not the one that was pushed. Look at its history."
        )
    return commit


def _commit(api: Patient, repository: str, parcel: Parcel, plan: PushPlan) -> str:
    """Make one commit of all changes, on top of the plan's commit; large files are uploaded before."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    additions = [CommitOperationAdd(name, str(parcel.paths[name])) for name in plan.upload]
    size = sum(parcel.paths[name].stat().st_size for name in plan.upload)
    live.phase(f"sending {len(additions):,} files, {size / 1e6:,.1f} MB")
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


def make_plan(api: Patient, repository: str, parcel: Parcel) -> PushPlan:
    """Compare the files to push with the repository's main branch and tags."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    local = parcel.files
    if len(local) > MOST_FILES:
        raise VtgError(f"{parcel.where}: has {len(local)} files; a push takes {MOST_FILES}. Release fewer splits.")
    try:
        head = api.repo_info(repository, repo_type=parcel.kind).sha
    except GatedRepoError:  # for the client it is a kind of RepositoryNotFoundError, but it is there
        raise
    except RepositoryNotFoundError:
        return PushPlan(upload=list(local), delete=[], create=True)
    tags = {ref.name for ref in api.list_repo_refs(repository, repo_type=parcel.kind).tags}
    if parcel.tag in tags:
        return _tagged(api, repository, parcel, head)
    remote = _tree(api, repository, parcel, head)
    stale, before = _held(api, repository, parcel, head, remote)
    version, content = (before.version, before.content) if before else ("", "")
    changed = [name for name in local if name not in remote or not _same(remote[name], parcel.paths[name], local[name])]
    return PushPlan(upload=changed, delete=stale, head=head, before=version, before_content=content)


def _tagged(api: Patient, repository: str, parcel: Parcel, head: str | None) -> PushPlan:
    """A plan with nothing to do if the existing tag names this same version; raises Conflict if it names another."""
    raw = _remote_mark(api, repository, parcel, parcel.tag)
    if raw is not None:
        mark = parcel.read_mark(raw, f"{repository}@{parcel.tag}")
        if mark.content == parcel.says.content:
            return PushPlan(
                upload=[], delete=[], tag=False, head=head, before=mark.version, before_content=mark.content
            )
    raise Conflict(
        f"{repository}: the tag {parcel.tag} already names another release, and a tag never moves. Make this one "
        "with a higher --version."
    )


def _held(
    api: Patient, repository: str, parcel: Parcel, head: str | None, remote: Mapping[str, Any]
) -> tuple[list[str], VersionMark | None]:
    """Files of main's version that the new one lacks, and main's mark; raises Conflict if main is not a release."""
    if parcel.mark in remote:
        raw = _remote_mark(api, repository, parcel, str(head)) or b""
        mark = parcel.read_mark(raw, repository)
        releases.refuse_older(parcel.says.version, parcel.says.content, mark.version, mark.content, repository)
        return sorted(mark.names & set(remote) - set(parcel.files)), mark
    if foreign := sorted(set(remote) - _OURS_TO_REPLACE):
        raise Conflict(f"{repository}: holds {foreign[0]} and no {parcel.mark}, so it is none of ours. Push elsewhere.")
    return [], None


def _check_remote(api: Patient, repository: str, parcel: Parcel, commit: str) -> None:
    """Raise Conflict when a commit does not hold every file as it is here; checked before the tag is created."""
    remote = _tree(api, repository, parcel, commit)
    for name, stated in parcel.files.items():
        if name not in remote or not _same(remote[name], parcel.paths[name], stated):
            raise Conflict(f"{repository}: {name} at commit {commit} is not what was pushed. Look at its history.")


def _tree(api: Patient, repository: str, parcel: Parcel, revision: str | None) -> dict[str, Any]:
    from huggingface_hub.hf_api import RepoFile

    tree = api.list_repo_tree(repository, recursive=True, revision=revision, repo_type=parcel.kind)
    return {file.path: file for file in tree if isinstance(file, RepoFile)}


def _same(remote: Any, path: Path, local: releases.ReleaseFile) -> bool:
    if remote.lfs is not None:
        return remote.lfs.sha256 == local.sha256
    if remote.size != local.bytes:
        return False
    raw = outside.read_bytes(path)
    return hashlib.sha1(b"blob %d\x00" % len(raw) + raw, usedforsecurity=False).hexdigest() == remote.blob_id


def _remote_mark(api: Patient, repository: str, parcel: Parcel, revision: str) -> bytes | None:
    """The mark at a revision, downloaded into a new folder so that no cache is used; None if there is no mark."""
    from huggingface_hub.errors import RemoteEntryNotFoundError

    with temporary.folder() as folder:
        try:
            path = api.hf_hub_download(
                repository, parcel.mark, repo_type=parcel.kind, revision=revision, local_dir=folder
            )
        except RemoteEntryNotFoundError:
            return None
        return outside.read_bytes(Path(path))
