"""Types for a corpus: its facts, its rows as published, and its small test."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from vtgdata.records.sample import Repair, Task

Bound = float | str
"""A start or an end as published: a number, or a clock time as text (`01:23.5`)."""


Unit = Literal["seconds", "milliseconds", "frames", "chunks", "clips", "fraction"]
"""What published bounds count: `frames` at the row's fps; `chunks` of 5 s, first and last inclusive; `clips` of 2 s,
the end exclusive; `fraction` of the duration."""


class RawRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One annotated query or event as a reader finds it, before any repair."""

    origin: str
    raw: Any
    """The row's own text, or its JSON value: kept for drops."""
    video_id: str
    file: str
    query: str
    windows: Sequence[tuple[Bound, Bound]]
    """Pairs as published, in the row's unit; may be reversed, empty or past the end. All of them are true moments."""
    split: str
    corpus: str = ""
    """The corpus of this row, if a file holds rows of several corpora; empty for the reader's own corpus."""
    source_corpus: str = ""
    """The corpus that a collection took this row from: its licence applies too."""
    license: str = ""
    """The row's own licence, if the file states one; empty for the corpus's licence."""
    unit: Unit = "seconds"
    fps: float | None = None
    """Frames a second, for `unit="frames"`."""
    opinions: Sequence[tuple[Bound, Bound]] = ()
    """Each annotator's window, in the row's unit, if several annotators marked one moment; then `windows` is empty."""
    source_clock: bool = False
    """Whether bounds count from the start of the source video instead of the file, which begins at `source_start`."""
    repairs: tuple[Repair, ...] = ()
    """Repairs made at an earlier ingest, if the file is one of ours."""
    video_status: str | None = None
    """Status found by an earlier probe, if the file is one of ours."""
    annotation_set: str = ""
    """Which set of annotations this is (`val_1`, `val_2`), if a corpus publishes several."""
    published_id: str | None = None
    """The corpus's own id of this query, if it has one that is unique in the corpus."""
    duration: float | None = None
    source_id: str | None = None
    source_start: float | None = None
    read_at: str = ""
    """Where this row was read, like `origin`, if `origin` names the file of an earlier ingest."""
    read_in_place: bool = False
    """Whether the corpus's loader reads `duration` seconds from `source_start` on: the file may be the whole source."""
    labelled: bool = True
    none_is_right: bool = False
    """Whether the corpus says that the video has no such moment; then there are no windows."""
    task: Task = "moment_retrieval"
    options: tuple[str, ...] = ()
    answer: str | None = None
    label_version: str = "original"
    problem: tuple[str, str] | None = None
    """(reason, detail) if the row cannot be read at all and becomes a drop."""
    extra: dict[str, Any] = {}


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """Published facts of one split of a corpus."""

    name: str
    files: tuple[str, ...]
    """Published file names, or patterns of them (`instruct_*.json`)."""
    rows: int | None = None
    """Published number of annotated queries or events, as this project counts rows; None if none was verified."""
    videos: int | None = None
    """Published number of videos that the rows are about, counted by file name without extension."""
    benchmark: bool = False
    copies: dict[int, str] = {}
    """{row count of a copy that others publish: why it differs from `rows`}."""


RecordShape = Literal["", "text", "lines", "list", "object", "table"]
"""What a file is: lines of text, JSON lines, one JSON list, one JSON object, csv or tsv; empty for any of them."""


class Records(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows a corpus's reader makes of the records of a file; `annotations.record_count` counts these."""

    shape: RecordShape = ""
    at: str = ""
    """Where the records lie in nested JSON, as in `database/*/annotations/*`; empty for lines, rows and elements."""
    rows: Literal["as many", "at least", "at most", "windows"] = "as many"
    """As many rows as records, or at least or at most so many; or as many `windows` as records, in all rows together,
    where a row without any counts as one."""
    why: str = ""
    """Why rows are not as many as records, in words."""


class Corpus(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of a corpus, as its paper and page state them."""

    name: str
    title: str
    summary: str
    splits: tuple[Split, ...]
    license: str
    """SPDX identifier or `LicenseRef-...`."""
    license_link: str
    license_confidence: Literal["A", "B", "C"]
    """A: text read; B: official page or card seen; C: unverified, publishing needs a confirmation."""
    homepage: str
    citation: str
    grid: float | None
    """Annotation grid in seconds, if there is one."""
    clock: str = "seconds from the start of the file"
    usage: str = ""
    """The files to name after `vtgdata ingest NAME`."""
    download: str = ""
    """Where to download the files, in words or as a link; empty if that is the homepage."""
    overlaps: tuple[str, ...] = ()
    """Known overlaps with other corpora's splits, in words; `check` names them when the other split is not at hand."""
    family: Literal["", "moments", "captions", "conversations", "samples"] = ""
    """File form shared with other corpora: the keys of a file tell the form, but not which corpus it is."""
    records: tuple[Records, ...] = ()
    """What the records of its files are, for each shape of file; not needed for a shape whose records are one row each.
    Lines of text that have commas or tabs, but no header, need `Records(shape="text")`: they look like a table."""
    split_in_rows: bool = False
    """Whether a file holds several splits and each row names its own."""
    youtube: bool = False
    """Whether eleven characters that name one of its videos are a YouTube id; a reader hands it to `ids.named`."""

    def benchmark(self, split: str) -> bool:
        """Whether papers report scores on the named split."""
        return any(known.benchmark for known in self.splits if known.name == split)


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A corpus's own small test: invented rows in its real syntax, and what they become."""

    files: dict[str, str]
    """File name -> text, written by us."""
    samples: list[tuple[str, str, list[list[float]]]]
    """(video_id, query, [[start, end], ...]) of every sample, in order, after normalisation."""
    drops: list[str] = []
    """Reasons of the drops, in order."""
    split: str | None = None
    """The `--split` to read the files with."""
