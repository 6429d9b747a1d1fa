"""Diff: what differs between two releases, each a folder or `org/name@tag`; writes nothing but what is asked for."""

from pathlib import Path

import msgspec

from vtgdata import hub, release_diff, releases, tables
from vtgdata.meta import Summary


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which two releases to compare."""

    a: str
    """The earlier release: a folder, or `org/name@tag`."""
    b: str
    """The later one."""
    markdown: bool = False
    """Say it in Markdown, for a changelog."""
    out: str = ""
    """Also write it to this file."""


def run(settings: Settings) -> Summary:
    """Compare two releases.

    Returns first, second, configs ({config: added, removed, changed, columns} of those that differ), licenses,
    removed_for_good, files, level (none, patch, minor, major), proposed (the version that follows the first) and text
    (for people).
    Raises VtgError when one is no release, or not whole.
    """
    first, second = (releases.open_release(hub.local(name)) for name in (settings.a, settings.b))
    found = release_diff.compare(first, second)
    said = (release_diff.markdown if settings.markdown else release_diff.text)(found)
    if settings.out:
        tables.write_text(Path(settings.out), said)
    return {**release_diff.as_json(found), "text": said}
