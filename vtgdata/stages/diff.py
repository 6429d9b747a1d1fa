"""Diff: what differs between two releases, each a folder or `org/name@tag`; writes nothing but what is asked for."""

import re
from pathlib import Path

import msgspec

from vtgdata import releases
from vtgdata.errors import Conflict
from vtgdata.files import claims
from vtgdata.files.step import StepSettings
from vtgdata.files.whole import write_text
from vtgdata.releases import diff, hub

_OURS = re.compile(rb"(### )?\d+\.\d+\.\d+ against \d+\.\d+\.\d+\n")
"""How the text of a comparison begins."""


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which two releases to compare."""

    a: str
    """The earlier release: a folder, or `org/name@tag`."""
    b: str
    """The later one."""
    markdown: bool = False
    """Say it in Markdown, for a changelog."""
    out: str = ""
    """Also write it to this file."""


class Summary(diff.Difference, frozen=True, kw_only=True):
    """What differs, with the text for people."""

    text: str


def run(settings: Settings) -> Summary:
    """Compare two releases.

    Raises VtgError when one is no release, or not whole; Conflict when the file to write is there and is no comparison.
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
    """Refuse to write over, or into, what is not ours."""
    out = Path(settings.out)
    claims.claim(out, [settings.a, settings.b])
    if out.is_dir() or (out.exists() and not _OURS.match(out.read_bytes())):
        if not settings.replace:
            raise Conflict(
                f"--out {out}: is there, and is no comparison of this command. Name a new file, or set that one aside "
                "with --replace."
            )
        claims.set_aside(out)
