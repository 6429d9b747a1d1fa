"""report: one HTML file that shows what a stage, a recipe's whole run or a release made.

The file needs no network and opens from disk: samples with their timelines, answers and frames, plots, reviews.
"""

from pathlib import Path
from typing import Annotated

import msgspec

from vtgdata.errors import Conflict, VtgError
from vtgdata.files import claims, outside
from vtgdata.files.step import StepSummary
from vtgdata.files.whole import replacing
from vtgdata.releases.pages import content, document
from vtgdata.releases.pages.settings import PageSettings

MEGABYTE = 1_000_000


class Settings(PageSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of report."""

    out: str
    """HTML file to write."""
    megabytes: Annotated[int, msgspec.Meta(ge=1)] = 60
    """Most megabytes of the file: beyond them, fewer samples have frames and full texts."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """What the file shows."""

    samples: int
    """Rows of its table."""
    answers: int
    """Answers on its timelines."""
    detailed: int
    """Samples with frames and full texts."""
    bytes: int
    """Length of the file."""
    out: str
    """The file."""


def run(settings: Settings) -> Summary:
    """Write the page.

    Raises VtgError when nothing of the path can be shown, or the file would be too large even without frames; Conflict
    when the output exists and is no page of this command.
    """
    out = Path(settings.out)
    if not settings.out:
        raise VtgError("`vtgdata report` needs a file to write: --out is empty.")
    claims.claim(out, [each for each in (settings.path, settings.samples, settings.videos) if each])
    _refuse_others(out, settings)
    page = content.make(settings)
    most = settings.megabytes * MEGABYTE
    fixed = sum(len(piece.encode()) for piece in document.pieces(*page.parts(0), document.policy()))
    if fixed > most:
        raise VtgError(
            f"{settings.path}: {page.rows.samples.height:,} samples take {fixed / MEGABYTE:.0f} MB without any frame, "
            f"above --megabytes {settings.megabytes}. Show less of them, or all with `vtgdata view`."
        )
    number = page.fitting(most - fixed)
    with replacing(out) as file:
        length = sum(file.write(piece.encode()) for piece in document.pieces(*page.parts(number), document.policy()))
    return Summary(
        samples=page.rows.samples.height, answers=page.rows.answers.height, detailed=number, bytes=length,
        out=settings.out,
    )  # fmt: skip


def _refuse_others(out: Path, settings: Settings) -> None:
    """Raise Conflict when a file is there that is no page of this command."""
    ours = outside.is_file(out) and document.is_ours(out)
    if out.exists() and not ours:
        if not settings.replace:
            raise Conflict(
                f"--out {out}: is there, and is no page of this command. Name a new file, or set that one aside with "
                "--replace."
            )
        claims.set_aside(out)
