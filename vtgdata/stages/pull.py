"""Pull: a release of the Hub, at its tag, becomes a folder with every hash checked, whole or not at all."""

from pathlib import Path

import msgspec

from vtgdata import releases
from vtgdata.errors import VtgError
from vtgdata.files.step import StepSettings
from vtgdata.releases import hub


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to pull, and where to."""

    source: str
    """`org/name@tag`, such as my-org/my-data@v1.0.0."""
    out: str
    """Folder of the copy; an earlier copy there is replaced, anything else is refused."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the folder now."""

    source: str
    """`org/name@tag`."""
    version: str
    commit: str
    """That the tag names."""
    configs: dict[str, dict[str, int]]
    """Rows by config and split."""
    files: int
    bytes: int
    nothing_to_do: bool
    """Whether all was there already."""
    out: str
    """Folder of the copy."""


def run(settings: Settings) -> Summary:
    """Pull a release.

    Raises VtgError when the source is no `org/name@tag` or a hash does not hold, Conflict when the folder holds
    something else, and EndpointRefused when the Hub says no.
    """
    found = hub.pinned(settings.source)
    if found is None:
        raise VtgError(f"{settings.source}: is not org/name@tag, such as my-org/my-data@v1.0.0. Name a version's tag.")
    fetched = hub.fetch(*found, Path(settings.out).expanduser(), replace=settings.replace)
    release = releases.open_release(str(Path(settings.out).expanduser()))
    return Summary(
        source=settings.source,
        version=release.document.version,
        commit=fetched.commit,
        configs={
            config: {split: data.rows for split, data in splits.items()}
            for config, splits in release.document.configs.items()
        },
        files=len(release.files),
        bytes=sum(file.bytes for file in release.files.values()),
        nothing_to_do=not fetched.written,
        out=settings.out,
    )
