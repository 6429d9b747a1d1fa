"""The facts in release.json about a release's samples: facts of each corpus, and overlaps between splits."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vtgdata.annotations import overlap
from vtgdata.annotations.overlap import Shared
from vtgdata.annotations.source_columns import VIDEO, named, video_of
from vtgdata.files import plugins
from vtgdata.files.pieces import ROW, in_order, to_frame, to_table
from vtgdata.files.sample_checks import suspects
from vtgdata.files.samples import read_sample
from vtgdata.files.schemas import ABSENT, SAMPLES
from vtgdata.records import Sample
from vtgdata.releases.sample_index import SampleIndex

_FACTS = ("title", "homepage", "citation", "grid", "license_confidence")
_TOGETHER = 100_000
"""Samples that are compared at a time; more where one source has more."""


def corpora(licences: Mapping[tuple[str, str], int]) -> dict[str, dict[str, Any]]:
    """{corpus: its facts for the card}: rows, licences, and the facts in its plug-in if there is one.

    Args:
        licences: {(corpus, licence): rows}.
    """
    facts: dict[str, dict[str, Any]] = {}
    for name in sorted({corpus for corpus, _ in licences}):
        own = {licence: rows for (corpus, licence), rows in sorted(licences.items()) if corpus == name}
        facts[name] = {
            "rows": sum(own.values()), "licenses": own, "license_confidence": None, "title": name, "homepage": "",
            "citation": "", "grid": None,
        }  # fmt: skip
        if name in plugins.names("corpora"):
            corpus = plugins.load("corpora", name).CORPUS
            facts[name] |= {key: getattr(corpus, key) for key in _FACTS}
    return facts


def contamination(samples: SampleIndex, scratch: Path) -> list[dict[str, Any]]:
    """The overlap of each two splits that share videos.

    Args:
        samples: all samples.
        scratch: a folder for files that do not stay.

    Raises VtgError, which names the file of the samples, when a row is not a valid sample.
    """
    if len({corpus for corpus, _ in samples.licences}) * len(samples.splits) < 2:
        return []
    found: dict[tuple[overlap.Group, overlap.Group], list[Shared]] = {}
    for some in _together(samples, scratch):
        for pair in overlap.Index(overlap.grouped(some)).pairs():
            if pair.sources:
                found.setdefault((pair.first, pair.second), []).append(pair)
    return [
        {
            "first": str(first), "second": str(second), "sources": sum(each.sources for each in parts),
            "queries": sum(each.queries for each in parts), "duplicates": sum(each.duplicates for each in parts),
            "contaminates": parts[0].contaminates,
        }
        for (first, second), parts in sorted(found.items())
    ]  # fmt: skip


def _together(samples: SampleIndex, scratch: Path) -> Iterator[list[Sample]]:
    """Yield the samples whose source is in two splits or more, all of one source together."""
    import polars as pl

    videos = _shared_videos(samples)
    if videos.is_empty():
        return
    numbers: list[Any] = []
    for frame in samples.frames():
        numbers.append(video_of(frame).join(videos, on=VIDEO, how="left", maintain_order="left")["source"])
    places = pl.concat(numbers)
    begun = 0

    def tables() -> Iterator[Any]:
        nonlocal begun
        for frame in samples.frames():
            shared = places.slice(begun, frame.height).is_not_null()
            begun += frame.height
            yield to_table(frame.filter(shared), SAMPLES | ABSENT)

    for table in in_order(tables(), places.drop_nulls().to_numpy().astype(np.int64), scratch, _TOGETHER):
        yield [read_sample(samples.path, row) for row in to_frame(table).sort(ROW).iter_rows(named=True)]


def _shared_videos(samples: SampleIndex) -> Any:
    """The videos whose source is in two splits or more: a frame with the columns VIDEO and the source's number.

    Raises VtgError when a row is not a valid sample.
    """
    import polars as pl

    parts: list[Any] = []
    for frame in samples.frames():
        for row in suspects(frame).iter_rows(named=True):
            read_sample(samples.path, row)
        parts.append(video_of(frame).with_columns(frame["split"].fill_null("")).unique())
    rows = pl.concat(parts).unique()
    videos = named(rows).select(*VIDEO, pl.col("source").rank("dense"))
    groups = rows.join(videos, on=VIDEO).group_by("source").agg(groups=pl.struct("corpus", "split").n_unique())
    return videos.join(groups.filter(pl.col("groups") > 1), on="source", how="semi")
