"""Diff: compare two releases, each a folder or `org/name@tag`; writes nothing but the file given with --out."""

import re
from pathlib import Path

import msgspec

from vtgdata import releases
from vtgdata.errors import Conflict
from vtgdata.files import claims, outside
from vtgdata.files.step import StepSettings
from vtgdata.files.whole import write_text
from vtgdata.releases import diff, hub

_OURS = re.compile(rb"(### )?\d+\.\d+\.\d+ against \d+\.\d+\.\d+\n")
"""First line of a comparison that this command wrote."""


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which two releases to compare."""

    a: str
    """The earlier release: a folder, or `org/name@tag`."""
    b: str
    """The later one."""
    markdown: bool = False
    """Write the comparison as Markdown, for a changelog."""
    out: str = ""
    """File to write the comparison to, besides printing it."""


class Summary(diff.Difference, frozen=True, kw_only=True):
    """What differs, with the text for people."""

    text: str


def run(settings: Settings) -> Summary:
    """Compare two releases.

    Raises VtgError when one is not a release or is incomplete; Conflict when the output file exists and is not a
    comparison.
    """
    if settings.out:
        _claim(settings)
    first, second = (releases.open_release(hub.local(name)) for name in (settings.a, settings.b))
    found = diff.compare(first, second)
    said = (diff.markdown if settings.markdown else diff.text)(found)
    if settings.out:
        write_text(Path(settings.out), said)
    return Summary(**msgspec.structs.asdict(found), text=said)


def _claim(settings: Settings) -> None:
    """Raise Conflict when the output file exists and is not a comparison; VtgError when it is in an input release."""
    out = Path(settings.out)
    claims.claim(out, [settings.a, settings.b])
    if out.is_dir() or (out.exists() and not _OURS.match(outside.read_bytes(out))):
        if not settings.replace:
            raise Conflict(
                f"--out {out}: is there, and is no comparison of this command. Name a new file, or set that one aside "
                "with --replace."
            )
        claims.set_aside(out)
