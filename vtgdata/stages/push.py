"""Push: copy a release to a folder or a dataset repository on the Hub, or a trained model to a model repository there.

The copy is complete or not made at all, even if the push is interrupted.

A target is a Hub repository if it is `org/name`: exactly one slash, no `.`, `/` or `~` in front, and no local folder of
that name. Anything else is a folder; write `./org/name` for a local one. Only files that release.json names are copied.

On the Hub a version is one commit and the tag `v<version>`, which never moves. To resume an interrupted push, push
again: the server remembers uploads, the commit is made as a whole or not at all, and a missing tag is added.

Rows under an unverified licence (nobody has read it) go to the Hub only if the user confirms that licence by name.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from vtgdata import releases
from vtgdata.errors import Conflict, VtgError
from vtgdata.files import claims, outside, temporary
from vtgdata.files.meta import Meta
from vtgdata.files.step import StepSettings
from vtgdata.releases import Document, Release, ReleaseFile, deduplication, hub, licence_texts, permission
from vtgdata.releases.copy import holds, put
from vtgdata.releases.hub.push import Parcel, PushPlan, VersionMark, push
from vtgdata.releases.hub.push_model import ModelStatement, pack, trained

log = logging.getLogger("vtgdata")


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to push, and where to."""

    release: str
    """Folder of the release, or of a model that `vtgdata train` made from one."""
    target: str
    """`org/name` on the Hub, or a folder (write ./org/name for a folder with such a name)."""
    dry_run: bool = False
    """Print what would be pushed and how many bytes would be sent; push nothing."""
    previous: str = ""
    """With --dry-run: the release that the Hub has now, as a folder or `org/name@tag`, to compare with; by default it
    is fetched."""
    private: bool = True
    """Whether a repository that has to be created is private."""
    gated: Literal["", "auto", "manual"] = ""
    """On the Hub, readers must request access: `auto` grants every request, `manual` only those that you approve."""
    confirm_license: list[str] = msgspec.field(default_factory=list[str])
    """Unverified licence that you have read and may publish under; may be given several times."""
    version: str = ""
    """For a model: its version X.Y.Z; by default that of the release it was trained on."""
    dataset: str = ""
    """For a model: `org/name@tag` to which the release it was trained on was pushed, or that release's folder if it
    was moved."""
    base_model: str = ""
    """For a model: name on the Hub of the base model that training started from; by default the one given to the
    training."""
    evaluation: str = ""
    """For a model: output folder of the `vtgdata evaluate` that scored it; by default one beside the model's folder."""


def is_hub(target: str) -> bool:
    """Whether a target is a repository on the Hub: `org/name`, and no local folder has that name.

    >>> is_hub("org/name"), is_hub("./org/name"), is_hub("name"), is_hub("a/b/c")
    (True, False, False, False)
    """
    owner, slash, name = target.partition("/")
    plain = bool(slash and owner and name) and "/" not in name and not target.startswith((".", "/", "~"))
    return plain and not Path(target).exists()


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What was pushed, or would be."""

    target: str
    kind: Literal["folder", "hub"]
    version: str
    tag: str
    files: int
    """Number of files to write."""
    bytes: int
    """Total size of these files."""
    deleted: int
    """Number of files deleted."""
    nothing_to_do: bool
    """Whether the target already has this version."""
    dry_run: bool
    before: str | UnsetType = UNSET
    """Version that the Hub had before, empty if none. This field and the next four are set only for the Hub."""
    creates: bool | UnsetType = UNSET
    """Whether the repository is new."""
    private: bool | UnsetType = UNSET
    """Whether a new repository is private."""
    url: str | UnsetType = UNSET
    commit: str | UnsetType | None = UNSET
    """Commit of this version; None in a dry run."""
    confirmed_licenses: list[str] | UnsetType = UNSET
    """The unverified licences that the user confirmed; only for a release on the Hub."""
    bytes_new: int | UnsetType | None = UNSET
    """The part of `bytes` expected to be sent after deduplication; None if the version before cannot be read. Only for
    a dry run of a release on the Hub, like `estimate`."""
    estimate: str | UnsetType = UNSET
    """How `bytes_new` was estimated, or why not."""


def run(settings: Settings) -> Summary:
    """Push a release, or a trained model.

    Raises VtgError when the release is incomplete, Conflict when the target holds another release of this version, a
    later one or something else, or changed meanwhile, LicenceRefused when rows for the Hub are under a licence that is
    unverified and not confirmed, and EndpointRefused when the Hub denies access.
    """
    if settings.previous and not settings.dry_run:
        raise VtgError(f"--previous {settings.previous}: is for --dry-run, which compares with it.")
    if settings.replace and is_hub(settings.target):
        raise VtgError("--replace is for a folder: on the Hub earlier versions stay.")
    made = trained(Path(settings.release))
    if made is not None:
        return _model(settings, made)
    for name in ("version", "dataset", "base_model", "evaluation"):
        if getattr(settings, name):
            raise VtgError(f"--{name.replace('_', '-')} is for trained models, and {settings.release} is none.")
    release = releases.open_release(settings.release)
    release.check_all()
    if is_hub(settings.target):
        permission.refuse(release.document, settings.confirm_license, str(release.path))
        if advice := licence_texts.advice(release.document, release.document.files):
            log.warning("%s: %s", settings.release, advice)
        return _to_hub(release, settings)
    return _to_folder(release, Path(settings.target).expanduser(), settings)


def _summary(
    settings: Settings, kind: Literal["folder", "hub"], version: str, files: Mapping[str, ReleaseFile], plan: PushPlan
) -> Summary:
    return Summary(
        target=settings.target,
        kind=kind,
        version=version,
        tag=f"v{version}",
        files=len(plan.upload),
        bytes=sum(files[name].bytes for name in plan.upload),
        deleted=len(plan.delete),
        nothing_to_do=plan.nothing,
        dry_run=settings.dry_run,
    )


def _to_folder(release: Release, target: Path, settings: Settings) -> Summary:
    nothing = target.is_dir() and outside.resolved(target) == outside.resolved(release.path)
    if not nothing:
        claims.claim(target, [release.path], "TARGET")
        nothing = (
            _held(release, target, settings) if settings.dry_run else not put(release, target, replace=settings.replace)
        )
    plan = PushPlan(upload=[], delete=[], tag=False) if nothing else PushPlan(upload=list(release.files), delete=[])
    return _summary(settings, "folder", release.document.version, release.files, plan)


def _held(release: Release, target: Path, settings: Settings) -> bool:
    """Whether a push would find the whole release in the target; raises Conflict when it would be refused."""
    try:
        return holds(release, target)
    except Conflict:
        if not settings.replace:
            raise
        return False


def _to_hub(release: Release, settings: Settings) -> Summary:
    confirmed = permission.confirmed(release.document, settings.confirm_license)
    plan, summary = _send(settings, _parcel(release, confirmed))
    summary = replace(summary, confirmed_licenses=confirmed)
    if not settings.dry_run:
        return summary
    new, how = _estimate(release, plan, settings)
    return replace(summary, bytes_new=new, estimate=how)


def _send(settings: Settings, parcel: Parcel) -> tuple[PushPlan, Summary]:
    plan, commit = push(
        settings.target, parcel, private=settings.private, gated=settings.gated, dry_run=settings.dry_run
    )
    kind = "datasets/" if parcel.kind == "dataset" else ""
    url = f"{hub.endpoint()}/{kind}{settings.target}/tree/{parcel.tag}"
    summary = _summary(settings, "hub", parcel.says.version, parcel.files, plan)
    there = replace(
        summary, before=plan.before, creates=plan.create, private=settings.private, url=url, commit=commit
    )  # fmt: skip
    return plan, there


def _estimate(release: Release, plan: PushPlan, settings: Settings) -> tuple[int | None, str]:
    """Bytes of the upload that the Hub is expected not to have yet (None if unknown), and how they were estimated."""
    try:
        before = _before(plan, settings) if plan.upload else None
    except VtgError as error:
        if settings.previous:
            raise
        return None, f"none, since version {plan.before} could not be read: {error}"
    found = deduplication.expected(before, release, plan.upload)
    return found.new, found.how


def _before(plan: PushPlan, settings: Settings) -> Release | None:
    """The release that the Hub has now, as local files: --previous, or a copy in the cache; None if it has none.

    Raises VtgError when --previous is another release than the Hub's.
    """
    if not plan.before:
        return None
    named = settings.previous or f"{settings.target}@v{plan.before}"
    found = releases.open_release(hub.local(named))
    if found.content != plan.before_content:
        raise VtgError(f"{named}: is not what {settings.target} holds as version {plan.before}.")
    return found


def _model(settings: Settings, made: Meta) -> Summary:
    """Push a trained model; this reads the release that it was trained on."""
    if not is_hub(settings.target):
        raise VtgError(
            f"{settings.target}: a model is pushed to org/name on the Hub; its folder can be copied as it is."
        )
    source = settings.dataset or str(made.settings["release"])
    pinned = hub.pinned(source)
    if pinned is None and settings.dataset and not Path(source).is_dir():
        raise VtgError(f"--dataset {source}: is no org/name@tag, such as my-org/my-data@v1.0.0, and no folder.")
    release = releases.open_release(hub.local(source))
    stated = ModelStatement(
        name=settings.target.partition("/")[2],
        version=settings.version,
        base_model=settings.base_model,
        repository=pinned[0] if pinned else "",
        tag=pinned[1] if pinned else "",
        commit=hub.commit(source),
        evaluation=settings.evaluation,
    )
    with temporary.folder() as place:
        parcel = pack(Path(settings.release), made, release, stated, place)
        return _send(settings, parcel)[1]


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


def _mark(document: Document) -> VersionMark:
    return VersionMark(version=document.version, content=releases.content(document), names=releases.named(document))
