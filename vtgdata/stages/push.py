"""Push: copy a release to a folder or to a dataset repository of the Hub, whole or not at all.

A target is a Hub repository when it is `org/name`: exactly one slash, no `.`, `/` or `~` in front, and no folder of
that name here. Anything else is a folder; write `./org/name` to mean one. Only files that release.json names travel.

On the Hub a version is one commit and the tag `v<version>`, which never moves. What was begun and broken off is taken
up by pushing again: the server remembers uploads, the commit happens or not, and a missing tag is added.

Rows under a licence that nobody read go to the Hub only when the user confirms that licence by name.
"""

from pathlib import Path
from typing import Any, Literal

import msgspec

from vtgdata import hub, hub_push, release_copy, release_terms, releases
from vtgdata.hub_push import Mark, Parcel, Plan
from vtgdata.meta import Summary
from vtgdata.releases import Document, Release


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
        release_terms.refuse(release.document, settings.confirm_license, str(release.path))
        return _to_hub(release, settings)
    return _to_folder(release, Path(settings.target).expanduser(), settings)


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
    confirmed = release_terms.confirmed(release.document, settings.confirm_license)
    parcel = _parcel(release, confirmed)
    plan, commit = hub_push.push(
        settings.target, parcel, private=settings.private, gated=settings.gated, dry_run=settings.dry_run
    )
    url = f"{hub.endpoint()}/datasets/{settings.target}/tree/{release.tag}"
    return _summary(release, settings, "hub", plan, url=url, confirmed_licenses=confirmed, commit=commit)


def _parcel(release: Release, confirmed: list[str]) -> Parcel:
    lines = [f"Content: {release.content}", *([f"Confirmed licences: {', '.join(confirmed)}"] if confirmed else [])]
    files = release.files
    return Parcel(
        kind="dataset",
        where=str(release.path),
        mark=releases.NAME,
        says=_mark(release.document),
        paths={name: release.path / name for name in files},
        files=files,
        read_mark=lambda raw, where: _mark(releases.read_document(raw, where)),
        description="\n".join(lines),
    )


def _mark(document: Document) -> Mark:
    return Mark(version=document.version, content=releases.content(document), names=releases.named(document))
