"""Curate: drop samples with filters, applied one after another; each dropped sample is written with its reason.

    --filter duration:low=5,high=500 --filter audio_query --filter repaired:codes=end_far_past_video+duplicate
    --filter clip_relevance:model=PATH --videos DIR

Rows of benchmark splits are not filtered unless --benchmarks-too is given: scores are divided by their published
number.
"""

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np

from vtgdata.annotations import filtering, video_keys
from vtgdata.annotations.filtered_rows import batches, benchmark_splits, of_splits
from vtgdata.annotations.filtering import Benchmarks, Filter
from vtgdata.annotations.left_out import Filtered, Gone, by_filter, counted
from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files import cluster, live, plugins, schemas
from vtgdata.files.pieces import write_table
from vtgdata.files.samples import open_samples, read_sample
from vtgdata.files.schemas import ABSENT, SAMPLES
from vtgdata.files.step import Step, StepSummary
from vtgdata.records import Sample, Video
from vtgdata.video.frame_settings import FrameSettings, PositiveInt
from vtgdata.video.parallel import warm
from vtgdata.video.store import DECODER, FrameStore

log = logging.getLogger("vtgdata")

BATCH = 20_000
"""Samples held in memory at a time; more if a video crosses the limit, since its samples stay together."""


DROPS = schemas.DROPS | {"sample_id": "text", "filter": "text"}


class Settings(FrameSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of curate."""

    file: str
    """The samples to curate: a samples.parquet."""
    out: str
    """Folder for samples.parquet and drops.parquet."""
    filters: list[str]
    """Filter with its settings, as in duration:low=5,high=500; may be given several times, applied in that order."""
    against: list[str] = msgspec.field(default_factory=list[str])
    """File of samples with benchmark splits, for filters that compare with benchmarks (contamination); may be given
    several times."""
    where: str = ""
    """Curate only rows that meet this SQL condition, as in split == 'train'; the others are not in the result."""
    limit: int | None = None
    """Curate only this many rows, the first ones."""
    benchmarks_too: bool = False
    """Filter rows of benchmark splits as well, although their number is published."""
    videos: str = ""
    """Folder under which the videos lie, for filters that look at videos (clip_relevance, near_duplicate_video)."""
    executor: Literal["", "ray"] = ""
    """`ray`: judge the samples of several videos at a time; with a filter that compares videos,
    decode them there on a Ray cluster ($RAY_ADDRESS, or this machine)."""
    shards: PositiveInt = 4
    """Number of parts with --executor."""
    workers: PositiveInt = 2
    """Parts that run at a time with --executor on this machine; a cluster decides by its CPUs."""


class Videos(msgspec.Struct, frozen=True, kw_only=True):
    """Number of distinct videos of the samples, before and after curating."""

    before: int
    after: int


class Summary(StepSummary, frozen=True, kw_only=True):
    """Number of rows kept (samples) and dropped (drops): rows = samples + drops."""

    file: str
    """The samples that were curated."""
    rows: int
    samples: int
    drops: int
    reasons: dict[str, int]
    """{reason: number of drops}, the most frequent first."""
    filters: list[Filtered]
    """What each filter dropped, in the order in which they were applied."""
    benchmark_rows: int
    """Rows of benchmark splits, which were not filtered because their number is published."""
    videos: Videos
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary:
    """Apply the filters in order; write samples.parquet with the kept samples, and drops.parquet.

    Kept samples stay unchanged and in their order.

    Raises VtgError, before anything is read, when a filter or one of its settings is wrong.
    """
    if settings.limit is not None and settings.limit < 1:
        raise VtgError(f"--limit {settings.limit}: give a number of rows, 1 or more.")
    filters = [filtering.parse_filter(spec) for spec in settings.filters]
    compares = _compares(filters, settings)
    looks = _looks(filters, settings)
    with Step(
        "curate",
        settings,
        Summary,
        code=_code(filters),
        inputs=[settings.file, *settings.against, *_files(filters)],
        listings=[settings.videos] if looks else [],
    ) as step:
        if (done := step.up_to_date()) is not None:
            return done
        frame = _read(settings)
        benchmarks = _benchmarks(settings) if compares else {}
        protected = set[tuple[str, str]]() if settings.benchmarks_too else benchmark_splits(frame)
        store = _store(settings) if looks else None
        gone = sorted(_all_judged(settings, _Judges(settings.file, filters, benchmarks, protected, store), frame))
        out = step.start()
        kept = np.ones(frame.height, dtype=bool)
        kept[[each.number for each in gone]] = False
        write_table(out / "samples.parquet", frame.filter(kept), SAMPLES | ABSENT, *ABSENT)
        write_table(out / "drops.parquet", _drops(frame, gone, filters), DROPS)
        untouched = of_splits(frame, protected).sum() if protected else 0
        summary = Summary(
            file=settings.file,
            rows=frame.height,
            samples=frame.height - len(gone),
            drops=len(gone),
            reasons=counted(gone),
            filters=by_filter([each.spec for each in filters], gone, frame.height - untouched),
            benchmark_rows=untouched,
            videos=Videos(before=frame["video_id"].n_unique(), after=frame.filter(kept)["video_id"].n_unique()),
            out=settings.out,
        )
        if len(gone) == frame.height:
            log.warning("curate: no sample is left")
        return step.finish(summary, ["samples.parquet", "drops.parquet"])


def _compares(filters: Sequence[Filter], settings: Settings) -> bool:
    if not filters:
        raise VtgError(f"curate: name at least one filter with --filter. {did_you_mean('', plugins.names('filters'))}.")
    found = any(each.compares for each in filters)
    if settings.against and not found:
        raise VtgError("--against: none of the filters compares with benchmarks; add --filter contamination.")
    return found


def _looks(filters: Sequence[Filter], settings: Settings) -> bool:
    """Whether a filter looks at the videos.

    Raises VtgError when one does and --videos is missing, or none does and --videos is given.
    """
    lookers = [each.spec for each in filters if each.looks]
    if lookers and not settings.videos:
        raise VtgError(f"--filter {lookers[0]!r} looks at the videos: say where they are with --videos.")
    if settings.videos and not lookers:
        raise VtgError("--videos: none of the filters looks at videos; leave it out.")
    return bool(lookers)


def _store(settings: Settings) -> FrameStore:
    sampling = settings.frame_sampling()
    return FrameStore(Path(settings.videos), sampling, Path(settings.frames) if settings.frames else None)


def _files(filters: Sequence[Filter]) -> list[str]:
    """Local files and folders among the filters' settings, such as a model."""
    values = [value for each in filters for value in each.settings.values() if isinstance(value, str)]
    return [value for value in values if value and Path(value).exists()]


def _code(filters: Sequence[Filter]) -> list[str]:
    """Modules that the result depends on.

    These are the filters, the corpora (they say which splits are benchmarks), and the decoder if a filter looks at
    videos.
    """
    corpora = [plugins.module_name("corpora", name) for name in plugins.names("corpora")]
    decoder = [plugins.module_name("decoders", DECODER)] if any(each.looks for each in filters) else []
    return [__name__, *(each.module for each in filters), *corpora, *decoder]


def _read(settings: Settings) -> Any:
    """The rows to curate as a Polars frame; raises VtgError when an id occurs twice, or no row meets --where."""
    found = open_samples(settings.file, where=settings.where or None, limit=settings.limit, look=False)
    if settings.where and not found:
        raise VtgError(f"{settings.file}: no row meets --where {settings.where!r}, so there is nothing to curate.")
    return found.frame


def _benchmarks(settings: Settings) -> dict[str, list[Sample]]:
    """The samples of benchmark splits in the file to curate and in the files of --against, by the keys of their videos.

    Raises VtgError when there are none at all, or none in a file of --against.
    """
    found: list[Sample] = []
    for path in dict.fromkeys([settings.file, *settings.against]):
        frame = open_samples(path, look=False).frame
        reported = benchmark_splits(frame)
        if reported:
            found += [read_sample(path, row) for row in frame.filter(of_splits(frame, reported)).to_dicts()]
        elif path in settings.against:
            splits = sorted({f"{corpus} {split}" for corpus, split in frame.select("corpus", "split").unique().rows()})
            raise VtgError(f"--against {path}: no benchmark split is in it, only {', '.join(splits) or 'no rows'}.")
    if not found:
        raise VtgError(
            f"{settings.file}: has no benchmark split to compare with; name the samples of some with --against."
        )
    return video_keys.by_key(found)


class _Judges(NamedTuple):
    """The filters, and what they are given."""

    path: str
    filters: Sequence[Filter]
    benchmarks: Benchmarks
    protected: set[tuple[str, str]]
    store: FrameStore | None

    def judged(self, frame: Any, numbers: Sequence[int]) -> Iterator[Gone]:
        """Yield which of these rows of a frame the filters drop, in no particular order."""
        samples = [read_sample(self.path, row) for row in frame[numbers].to_dicts()]
        number = {sample.sample_id: each for sample, each in zip(samples, numbers, strict=True)}
        left = [sample for sample in samples if (sample.corpus, sample.split) not in self.protected]
        for step, each in enumerate(self.filters):
            if each.looks and self.store is not None:
                _fill(self.store, _videos_of(left))
            found = each.left(left, self.benchmarks, self.store.frames if self.store is not None else None)
            yield from (Gone(number[name], step, why.reason, why.detail) for name, why in found.items())
            left = [sample for sample in left if sample.sample_id not in found]


def _all_judged(settings: Settings, judges: _Judges, frame: Any) -> Iterator[Gone]:
    """Yield the rows that the filters drop, in no particular order: judged here or, with --executor, on a cluster."""
    whole = any(each.whole for each in judges.filters)
    if settings.executor and not whole:
        parts = list(batches(frame, -(-frame.height // settings.shards)))
        for found in cluster.on_ray(partial(_judged_there, settings), parts, settings.workers):
            yield from found
        return
    if settings.executor and judges.store is not None:
        # A filter that compares videos with each other judges them all here; their frames are decoded there.
        samples = [read_sample(settings.file, row) for row in frame.to_dicts()]
        parts = cluster.spread(_videos_of(samples), settings.shards)
        cluster.on_ray(partial(_filled_there, settings), parts, settings.workers)
    for numbers in batches(frame, frame.height if whole else BATCH):
        yield from judges.judged(frame, numbers)


def _judged_there(settings: Settings, numbers: list[int]) -> list[Gone]:
    """What the filters drop of these rows, where a cluster has put them."""
    filters = [filtering.parse_filter(spec) for spec in settings.filters]
    frame = _read(settings)
    benchmarks = _benchmarks(settings) if any(each.compares for each in filters) else {}
    protected = set[tuple[str, str]]() if settings.benchmarks_too else benchmark_splits(frame)
    store = _store(settings) if any(each.looks for each in filters) else None
    return list(_Judges(settings.file, filters, benchmarks, protected, store).judged(frame, numbers))


def _filled_there(settings: Settings, videos: list[Video]) -> None:
    """Decode the frames of these videos into the store, where a cluster has put them."""
    _fill(_store(settings), videos, 1)


def _videos_of(samples: Sequence[Sample]) -> list[Video]:
    return list({(sample.video.file, sample.video.video_id): sample.video for sample in samples}.values())


def _fill(store: FrameStore, videos: Sequence[Video], count: int | None = None) -> None:
    """Decode the frames of all videos into the store, in parallel, so that a filter reads them from there."""
    for _ in live.each(warm(store, videos, count), len(videos), "curate", "videos"):
        pass


def _drops(frame: Any, gone: Sequence[Gone], filters: Sequence[Filter]) -> Any:
    """The rows of drops.parquet, in the order of the samples, as a Polars frame."""
    import polars as pl

    rows = frame[[each.number for each in gone]]
    origin = pl.col("origin").fill_null("") if "origin" in frame.columns else pl.lit("").alias("origin")
    said = {
        "reason": [each.reason for each in gone],
        "detail": [each.detail for each in gone],
        "filter": [filters[each.step].spec for each in gone],
    }
    return rows.select("corpus", origin, pl.col("query").alias("raw"), "sample_id").with_columns(
        pl.Series(name, values, dtype=pl.String) for name, values in said.items()
    )
