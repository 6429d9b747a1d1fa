"""Rows that a release or its push would refuse, found before a teacher or a student is asked and paid for them."""

import logging
from typing import Literal

import msgspec

from vtgdata.annotations import benchmarks, licences
from vtgdata.engine.shards import ShardedSettings
from vtgdata.errors import LicenceRefused, VtgError
from vtgdata.files.parquet import read_frame
from vtgdata.files.samples import SAMPLE_NEEDS, SampleTable
from vtgdata.files.schemas import Row

log = logging.getLogger("vtgdata")

_VIDEO = ("corpus", "split", "video_id", "source_id")


class TrainingSettings(ShardedSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a command that asks a model about samples to train on."""

    allow: list[Literal["benchmarks", "licences"]] = msgspec.field(
        default_factory=list[Literal["benchmarks", "licences"]]
    )
    """Ask although a release would refuse the rows: benchmarks (their videos are in a benchmark) or licences (their
    licences do not let them be published together). May be given several times."""


def refuse(settings: TrainingSettings, samples: SampleTable) -> None:
    """Raise an error, saying what to do, if a release of training rows on these samples would be refused.

    Raises VtgError if a row's video is in a benchmark of the same file, LicenceRefused if rows may not be passed on, or
    two licences each bind the whole; --allow lets either pass. What a push lets pass once the user confirms it
    (--confirm-license) is only said.
    """
    if "benchmarks" not in settings.allow:
        _refuse_leaks(settings, samples)
    if "licences" not in settings.allow:
        _refuse_licences(settings, samples)


def _refuse_leaks(settings: TrainingSettings, samples: SampleTable) -> None:
    known = read_frame(settings.samples, needs=SAMPLE_NEEDS)
    leaks = benchmarks.leaks(_distinct(samples.frame, _VIDEO), _distinct(known, _VIDEO))
    if not leaks:
        return
    row, corpus, split = leaks[0]
    videos = {(each.row["corpus"], each.row["video_id"]) for each in leaks}
    raise VtgError(
        f"{settings.samples}: {len(videos):,} of the videos asked about are in benchmarks, first {row['video_id']!r} "
        f"of {row['corpus']} (split {row['split']!r}), which is in {corpus}'s benchmark split {split!r}. A release "
        "refuses to train on them, so nothing was asked. Choose other rows with --where (as in --where "
        "\"split == 'train'\"), leave out what shares their videos (`vtgdata curate --filter contamination`), or say "
        "--allow benchmarks to ask all the same."
    )


def _refuse_licences(settings: TrainingSettings, samples: SampleTable) -> None:
    found: dict[str, set[str]] = {}
    for row in _distinct(samples.frame, ("license", "corpus")):
        found.setdefault(row["license"] or licences.UNVERIFIED, set()).add(row["corpus"])
    terms = licences.combine(found)
    if terms.not_redistributable:
        under = [name for name in found if licences.combine([name]).not_redistributable]
        why = f"rows are under a licence that does not let them be passed on: {_listed(under, found)}. Leave them out"
    elif terms.conflict:
        under = [name for name in found if licences.combine([name]).share_alike]
        why = (
            f"{_listed(under, found)} each want all rows under themselves, so they cannot be published as one dataset. "
            "Ask about each in a folder of its own"
        )
    else:
        if terms.unverified or terms.no_derivatives:
            waiting = [name for name in found if not licences.combine([name]).publishable]
            log.info(
                "a push to the Hub will wait for your word (--confirm-license) on rows under %s",
                _listed(waiting, found),
            )
        return
    raise LicenceRefused(
        f"{settings.samples}: {why} (`vtgdata curate --filter licence`, or --where \"corpus == '...'\"), or say "
        "--allow licences to ask all the same, for rows that stay with you. Nothing was asked."
    )


def _listed(names: list[str], found: dict[str, set[str]]) -> str:
    return "; ".join(f"{name} ({', '.join(sorted(found[name]))})" for name in sorted(names))


def _distinct(frame: object, columns: tuple[str, ...]) -> list[Row]:
    """The distinct rows of some columns of a polars frame, in order; a column that it lacks is null."""
    import polars as pl

    assert isinstance(frame, pl.DataFrame)
    there = [name for name in columns if name in frame.columns]
    rows = frame.select(there).unique(maintain_order=True).iter_rows(named=True)
    return [dict.fromkeys(columns) | row for row in rows]
