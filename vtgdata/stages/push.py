"""Push: copy a release to a folder or to a dataset repository of the Hub, whole or not at all.

A target is a Hub repository when it is `org/name`: exactly one slash, no `.`, `/` or `~` in front, and no folder of
that name here. Anything else is a folder; write `./org/name` to mean one. Only files that release.json names travel.

On the Hub a version is one commit and the tag `v<version>`, which never moves. What was begun and broken off is taken
up by pushing again: the server remembers uploads, the commit happens or not, and a missing tag is added.

Rows under a licence that nobody read go to the Hub only when the user confirms that licence by name.
"""

import hashlib
import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from vtgdata import hub, licences, release_copy, releases
from vtgdata.errors import Conflict, EndpointRefused, LicenceRefused, VtgError
from vtgdata.meta import Summary
from vtgdata.releases import Document, Release

if TYPE_CHECKING:
    from huggingface_hub import HfApi

MOST_FILES = 50
"""Files that one commit may touch: more would be a release nobody can look over, and slow to commit."""
_OURS_TO_REPLACE = {".gitattributes", "README.md", "LICENSE"}
"""Files that a new repository of the Hub may have before any release."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to push where."""

    release: str
    """Folder of the release."""
    target: str
    """`org/name` on the Hub, or a folder (write ./NAME where it could be taken for the former)."""
    dry_run: bool = False
    """Say what would be done, and do nothing."""
    private: bool = True
    """Whether a repository that has to be created is private."""
    gated: Literal["", "auto", "manual"] = ""
    """On the Hub, who reads must ask first: `auto` lets everybody in who asks, `manual` whom you let in."""
    confirm_license: list[str] = []
    """Licence that is unverified and that you have read and may publish under; may be given several times."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be done to a target."""

    upload: list[str]
    delete: list[str]
    tag: bool = True
    """Whether the version's mark is still to be set."""
    create: bool = False
    """Whether the target is still to be made."""
    head: str | None = None
    """Commit that the plan was made for."""

    @property
    def nothing(self) -> bool:
        """Whether the target already holds this version."""
        return not (self.upload or self.delete or self.tag or self.create)


def is_hub(target: str) -> bool:
    """Whether a target is a repository of the Hub: `org/name` that is no folder here.

    >>> is_hub("org/name"), is_hub("./org/name"), is_hub("name"), is_hub("a/b/c")
    (True, False, False, False)
    """
    owner, slash, name = target.partition("/")
    plain = bool(slash and owner and name) and "/" not in name and not target.startswith((".", "/", "~"))
    return plain and not Path(target).exists()


def run(settings: Settings) -> Summary:
    """Push a release.

    Returns the summary: target, kind (`folder` or `hub`), version, tag, files, bytes (both to write), deleted,
    nothing_to_do, dry_run, and for the Hub url, commit and confirmed_licenses.
    Raises VtgError when the release is not whole, Conflict when the target holds another release of this version, a
    later one or something else, or changed meanwhile, LicenceRefused when rows for the Hub are under a licence that is
    unverified and not confirmed, and EndpointRefused when the Hub says no.
    """
    release = releases.open_release(settings.release)
    release.check_all()
    if is_hub(settings.target):
        _refuse_kept_back(release)
        _refuse_unconfirmed(release, settings)
        with hub.errors(settings.target, "push"):
            return _to_hub(release, settings)
    return _to_folder(release, Path(settings.target).expanduser(), settings)


def unverified(document: Document) -> dict[str, list[str]]:
    """{licence: corpora} of the rows whose licence nobody read, or whose corpus is not surely under it."""
    found: dict[str, list[str]] = {}
    for corpus, facts in document.corpora.items():
        for licence in facts["licenses"]:
            if facts.get("license_confidence") == "C" or not licences.find(licence).known:
                found.setdefault(licence, []).append(corpus)
    # Of a corpus that has drops and no samples only the raw rows are here, without a licence.
    dropped = document.counts.get("drops", {}).get("corpus", {})
    for corpus in sorted(set(dropped) - set(document.corpora)):
        found.setdefault(licences.UNVERIFIED, []).append(corpus)
    return found


def _confirmed(release: Release, settings: Settings) -> list[str]:
    """The unverified licences that the user confirmed, sorted."""
    said = {name.strip().lower() for name in settings.confirm_license}
    return sorted(licence for licence in unverified(release.document) if licence.lower() in said)


def _refuse_kept_back(release: Release) -> None:
    """No confirmation helps where a licence forbids that its rows are passed on."""
    found = {licence: corpus for corpus, facts in release.document.corpora.items() for licence in facts["licenses"]}
    kept = [name for name in sorted(found) if licences.combine([name]).not_redistributable]
    if kept:
        each = "; ".join(f"{name} ({found[name]}): {licences.find(name).note}" for name in kept)
        raise LicenceRefused(
            f"{release.path}: rows under a licence that does not let them be passed on: {each} Release without them: "
            "`vtgdata curate --filter licence --benchmarks-too` leaves them out. Pushing to a folder is not affected."
        )


def _refuse_unconfirmed(release: Release, settings: Settings) -> None:
    found = unverified(release.document)
    for name in _confirmed(release, settings):
        del found[name]
    if found:
        each = "; ".join(f"{licence} ({', '.join(corpora)})" for licence, corpora in sorted(found.items()))
        options = " ".join(f"--confirm-license {shlex.quote(licence)}" for licence in sorted(found))
        raise LicenceRefused(
            f"{settings.release}: nobody verified the licence of some rows: {each}. Read it at its source (LICENSES.md "
            f"and `vtgdata corpora NAME` say where); where you may publish the rows, push with {options}. Pushing to a "
            "folder needs no confirmation."
        )


def _summary(release: Release, settings: Settings, kind: str, plan: Plan, **more: Any) -> Summary:
    return {
        "target": settings.target,
        "kind": kind,
        "version": release.document.version,
        "tag": release.tag,
        "files": len(plan.upload),
        "bytes": sum(release.files[name].bytes for name in plan.upload),
        "deleted": len(plan.delete),
        "nothing_to_do": plan.nothing,
        "dry_run": settings.dry_run,
        **more,
    }


def _to_folder(release: Release, target: Path, settings: Settings) -> Summary:
    nothing = target.is_dir() and target.resolve() == release.path.resolve()
    if not nothing and (target.exists() or target.is_symlink()):
        nothing = release_copy.holds(release, target)
    plan = Plan(upload=[], delete=[], tag=False) if nothing else Plan(upload=list(release.files), delete=[])
    if not plan.nothing and not settings.dry_run:
        release_copy.copy(release, target)
    return _summary(release, settings, "folder", plan)


def _to_hub(release: Release, settings: Settings) -> Summary:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token

    if get_token() is None and not settings.dry_run:
        raise EndpointRefused("The Hub needs a token to write: run `hf auth login`, or set HF_TOKEN.")
    api, repository = HfApi(), settings.target
    plan = _plan(api, repository, release)
    facts = {
        "url": f"{api.endpoint}/datasets/{repository}/tree/{release.tag}",
        "confirmed_licenses": _confirmed(release, settings),
    }
    if settings.dry_run or plan.nothing:
        return _summary(release, settings, "hub", plan, **facts, commit=plan.head)
    if plan.create:
        api.create_repo(repository, repo_type="dataset", private=settings.private, exist_ok=True)
        plan = _plan(api, repository, release)
    if settings.gated:
        api.update_repo_settings(repository, repo_type="dataset", gated=settings.gated)
    commit = plan.head
    if plan.upload or plan.delete:
        additions = [CommitOperationAdd(name, str(release.path / name)) for name in plan.upload]
        api.preupload_lfs_files(repository, additions, repo_type="dataset", free_memory=False)
        done = api.create_commit(
            repository,
            [*additions, *(CommitOperationDelete(name) for name in plan.delete)],
            commit_message=f"Release {release.document.version}",
            commit_description=_description(release, settings),
            repo_type="dataset",
            parent_commit=plan.head,
        )
        commit = done.oid
    _check_remote(api, repository, release, str(commit))
    api.create_tag(repository, tag=release.tag, revision=commit, repo_type="dataset")
    raw = _remote_release(api, repository, release.tag)
    if raw is None or hashlib.sha256(raw).hexdigest() != release.files[releases.NAME].sha256:
        raise Conflict(
            f"{repository}: release.json at {release.tag} is not the one that was pushed. Look at its history."
        )
    return _summary(release, settings, "hub", plan, **facts, commit=commit)


def _description(release: Release, settings: Settings) -> str:
    """What the commit says for good: the release's content, and which unverified licences its user answers for."""
    confirmed = _confirmed(release, settings)
    lines = [f"Content: {release.content}", *([f"Confirmed licences: {', '.join(confirmed)}"] if confirmed else [])]
    return "\n".join(lines)


def _check_remote(api: "HfApi", repository: str, release: Release, commit: str) -> None:
    """Raise Conflict, before a tag names it, when a commit does not hold each file of the release as it is here."""
    remote = _tree(api, repository, commit)
    for name, stated in release.files.items():
        if name not in remote or not _same(remote[name], release.path / name, stated):
            raise Conflict(f"{repository}: {name} at commit {commit} is not what was pushed. Look at its history.")


def _tree(api: "HfApi", repository: str, revision: str | None) -> dict[str, Any]:
    from huggingface_hub.hf_api import RepoFile

    tree = api.list_repo_tree(repository, recursive=True, revision=revision, repo_type="dataset")
    return {file.path: file for file in tree if isinstance(file, RepoFile)}


def _plan(api: "HfApi", repository: str, release: Release) -> Plan:
    """Compare the release with what the repository's main branch and tags hold."""
    from huggingface_hub.errors import RepositoryNotFoundError

    local = release.files
    if len(local) > MOST_FILES:
        raise VtgError(f"{release.path}: has {len(local)} files; a push takes {MOST_FILES}. Release fewer splits.")
    try:
        head = api.repo_info(repository, repo_type="dataset").sha
    except RepositoryNotFoundError:
        return Plan(upload=list(local), delete=[], create=True)
    tags = {ref.name for ref in api.list_repo_refs(repository, repo_type="dataset").tags}
    if release.tag in tags:
        raw = _remote_release(api, repository, release.tag)
        if raw is not None:
            document = releases.read_document(raw, f"{repository}@{release.tag}")
            if releases.content(document) == release.content:
                return Plan(upload=[], delete=[], tag=False, head=head)
        raise Conflict(
            f"{repository}: the tag {release.tag} already names another release, and a tag never moves. Make this one "
            "with a higher --version."
        )
    remote = _tree(api, repository, head)
    stale: list[str] = []
    if releases.NAME in remote:
        raw = _remote_release(api, repository, str(head)) or b""
        document = releases.read_document(raw, repository)
        release_copy.refuse_older(release, document, repository)
        stale = sorted(releases.named(document) & set(remote) - set(local))
    elif foreign := sorted(set(remote) - _OURS_TO_REPLACE):
        raise Conflict(f"{repository}: holds {foreign[0]} and no release.json, so it is no release. Push elsewhere.")
    changed = [
        name for name in local if name not in remote or not _same(remote[name], release.path / name, local[name])
    ]
    return Plan(upload=changed, delete=stale, head=head)


def _same(remote: Any, path: Path, local: releases.ReleaseFile) -> bool:
    if remote.lfs is not None:
        return remote.lfs.sha256 == local.sha256
    if remote.size != local.bytes:
        return False
    raw = path.read_bytes()
    return hashlib.sha1(b"blob %d\x00" % len(raw) + raw, usedforsecurity=False).hexdigest() == remote.blob_id


def _remote_release(api: "HfApi", repository: str, revision: str) -> bytes | None:
    """release.json at a revision, past any cache; None when there is none."""
    from huggingface_hub.errors import EntryNotFoundError

    with tempfile.TemporaryDirectory() as folder:
        try:
            path = api.hf_hub_download(
                repository, releases.NAME, repo_type="dataset", revision=revision, local_dir=folder, force_download=True
            )
        except EntryNotFoundError:
            return None
        return Path(path).read_bytes()
