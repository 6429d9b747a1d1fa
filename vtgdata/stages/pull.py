"""Pull: copy a release from the Hub, at its tag, to a folder: complete and with every hash checked, or not at all."""

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
    """Folder for the copy; an earlier copy there is replaced, a folder with anything else is refused."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What the folder contains now."""

    source: str
    """`org/name@tag`."""
    version: str
    commit: str
    """Commit that the tag points to."""
    configs: dict[str, dict[str, int]]
    """{config: {split: number of rows}}."""
    files: int
    bytes: int
    nothing_to_do: bool
    """Whether the folder already had all files."""
    out: str
    """Folder of the copy."""


def run(settings: Settings) -> Summary:
    """Pull a release.

    Raises VtgError when the source is not `org/name@tag` or a hash does not match, Conflict when the folder holds
    something else, and EndpointRefused when the Hub denies access.
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
