"""What is reported of groups of samples: their size, what a blind guess scores there, and what two of them share."""

from typing import Any

import msgspec
import numpy as np

from vtgdata.annotations import overlap
from vtgdata.annotations.overlap import Group
from vtgdata.metrics.blind_guess import BlindGuess, blind_guess


class GroupReport(msgspec.Struct, frozen=True, kw_only=True):
    """A split of a corpus."""

    corpus: str
    split: str
    benchmark: bool
    """Whether papers report scores on it: then it may not be trained on."""
    rows: int
    videos: int
    label_versions: dict[str, int]
    """{version: rows}."""
    blind_guess: BlindGuess | None
    """None where no row has a window and a duration."""


class PairReport(msgspec.Struct, frozen=True, kw_only=True):
    """What two groups have in common; see `overlap.Shared`."""

    first: str
    second: str
    """Corpus and split."""
    sources: int
    youtube: int
    queries: int
    duplicates: int
    contaminates: bool


def group_report(group: Group, rows: Any) -> GroupReport:
    """The report on the rows of one group, a Polars frame with the columns of `schemas.SAMPLES`."""
    versions = dict(rows["label_version"].value_counts().rows())
    return GroupReport(
        corpus=group.corpus,
        split=group.split,
        benchmark=group.benchmark,
        rows=rows.height,
        videos=rows["video_file"].n_unique(),
        label_versions=dict(sorted(versions.items())),
        blind_guess=_blind_guess(rows),
    )


def _blind_guess(rows: Any) -> BlindGuess | None:
    import polars as pl

    usable = rows.filter((pl.col("windows").list.len() > 0) & (pl.col("duration") != 0))
    bounds = usable["windows"].explode().explode().to_numpy().reshape(-1, 2)
    sizes = usable["windows"].list.len().to_numpy().astype(np.int64)
    return blind_guess(bounds, sizes, usable["duration"].to_numpy())


def pair_report(pair: overlap.Shared) -> PairReport:
    """The report on what two groups share."""
    return PairReport(
        first=str(pair.first),
        second=str(pair.second),
        sources=pair.sources,
        youtube=pair.youtube,
        queries=pair.queries,
        duplicates=pair.duplicates,
        contaminates=pair.contaminates,
    )
