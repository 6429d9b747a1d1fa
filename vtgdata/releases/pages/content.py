"""Gathers what a page shows: rows, details, plots and notes, from the files under a path."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.files import outside
from vtgdata.files.outside_text import masked
from vtgdata.releases.pages import compare, details, numbers, payload, reviews, runs, strips, tables
from vtgdata.releases.pages.document import json_script
from vtgdata.releases.pages.numbers import Plot
from vtgdata.releases.pages.rows import Rows, gather
from vtgdata.releases.pages.settings import PageSettings
from vtgdata.releases.pages.tables import Found

log = logging.getLogger("vtgdata")
NONE = "none"
"""The setting `videos` of whoever wants no frames."""
DROPS = 2_000
"""Most rows left out that a page lists."""


class Page(msgspec.Struct, kw_only=True):
    """Everything that a page shows."""

    found: Found
    rows: Rows
    table: dict[str, Any]
    facts: dict[str, Any]
    details: list[tuple[int, Any]]
    """(row, its details), the most wanted first."""

    def fitting(self, room: int) -> int:
        """How many of the details fit into so many bytes."""
        for number, (_, each) in enumerate(self.details):
            room -= len(json_script(each).encode()) + 8
            if room < 0:
                return number
        return len(self.details)

    def parts(self, number: int) -> tuple[Any, Any, Iterator[Any], str]:
        """Facts, table, details and title of a page with so many details, as `document.pieces` takes them."""
        shown = self.details[:number]
        facts = self.facts | {"detailed": [row for row, _ in shown]}
        return facts, self.table, (each for _, each in shown), self.facts["title"]


def make(wanted: PageSettings) -> Page:
    """Gather it; errors are those of `tables.find` and `rows.gather`."""
    found, rows, compared = shown(wanted)
    videos = folder_of_videos(wanted, found)
    chosen = strips.choose(rows.samples, wanted.detailed, wanted.seed, videos)
    pictures = {}
    if videos and chosen:
        store = strips.store(videos, wanted.frames, wanted.num_frames, wanted.short_side)
        pictures = strips.strips(rows.samples, chosen, store)
    return Page(
        found=found, rows=rows, table=payload.table(rows), facts=facts(found, rows, videos, compared),
        details=list(details.details(found, rows, chosen, pictures)),
    )  # fmt: skip


def shown(wanted: PageSettings) -> tuple[Found, Rows, list[Plot]]:
    """The files and the rows of a page; where two paths are compared, also a plot of what changed."""
    found = tables.find(wanted.path)
    rows = gather(found, wanted.samples)
    if not wanted.against:
        rows.samples = compare.none(rows.samples)
        return found, rows, []
    rows, plot = compare.beside(rows, gather(tables.find(wanted.against), wanted.samples))
    return found, rows, [plot]


def folder_of_videos(wanted: PageSettings, found: Found) -> str:
    """The folder of the videos: the one that is named, else the one that a step read; empty for none."""
    if wanted.videos:
        return "" if wanted.videos == NONE else wanted.videos
    if folder := tables.setting(found, "videos"):
        log.info("videos: %s, as its meta.json says; --videos names others, --videos %s takes none", folder, NONE)
    return folder


def facts(found: Found, rows: Rows, videos: str, compared: Sequence[Plot] = ()) -> dict[str, Any]:
    """What a page says besides its samples.

    Args:
        found: the files.
        rows: the samples.
        videos: their folder, empty for none.
        compared: plots of what changed.
    """
    scores, told = runs.evaluations(found)
    sections: list[dict[str, Any]] = [
        {"title": "changes", "plots": list(compared)},
        {"title": "from rows to splits", "plots": [*runs.funnel(found), *runs.costs(found)]},
        {"title": "evaluation", "plots": scores, "tables": told},
        {"title": "training", "plots": runs.trainings(found)},
        {"title": "samples", "plots": numbers.samples(rows)},
        {"title": "answers", "plots": numbers.answers(rows)},
    ]
    return {
        "title": f"vtgdata: {masked(outside.resolved(found.root).name)}",
        "models": [payload.short(name) for name in rows.models],
        "measure": rows.rates.measure,
        "notes": _notes(found, rows),
        "steps": [_step(found, folder, meta) for folder, meta in found.metas],
        "sections": [each for each in sections if each["plots"] or each.get("tables")],
        "drops": drops(found.of("drops")),
        "review": reviews.queue(found, rows, videos),
        "served": None,
        "detailed": [],
    }


def _notes(found: Found, rows: Rows) -> list[str]:
    unknown = [masked(str(path.relative_to(found.root))) for path in found.unknown]
    notes = [f"Not shown, for their columns are of no kind known here: {', '.join(unknown)}"] if unknown else []
    names = [payload.short(student.name, 60) for student in rows.rates.students]
    if len(names) > 1:
        earlier = ", ".join(names[:-1])
        notes.append(f"Pass rates, {rows.rates.measure}: {names[-1]} was measured last; before it {earlier}.")
    if rows.rates.left_out:
        notes.append(f"The pass rates of {rows.rates.left_out} students that were measured earlier are not shown.")
    return notes


def _step(found: Found, folder: Path, meta: Any) -> list[str]:
    """A row of the table of steps: folder, command, when, and the counts of its summary."""
    told = [f"{name.replace('_', ' ')} {value:,}" for name, value in meta.summary.items() if type(value) is int]
    name = "." if folder == found.root else str(folder.relative_to(found.root))
    done = meta.finished if meta.complete else f"{meta.finished}, some rows failed"
    return [masked(name), meta.command, done.replace("T", " ").replace("+00:00", " UTC"), ", ".join(told[:6])]


def drops(files: Sequence[Path]) -> dict[str, Any]:
    """The rows that were left out: how many for each reason, and the first of them."""
    import polars as pl

    from vtgdata.files.parquet import read_frame

    wanted = ["corpus", "reason", "detail", "origin", "raw"]
    parts = [read_frame(path, needs=wanted).select(wanted).cast(pl.String) for path in files]
    if not parts:
        return {"total": 0, "rows": [], "reasons": []}
    frame = pl.concat(parts).unique(maintain_order=True)
    counted = frame["reason"].fill_null("").value_counts(sort=True, name="count")
    return {
        "total": frame.height,
        "reasons": [{"label": reason, "count": count, "lost": True} for reason, count in counted.iter_rows()],
        "rows": [[payload.short(cell or "") for cell in row] for row in frame.head(DROPS).iter_rows()],
    }
