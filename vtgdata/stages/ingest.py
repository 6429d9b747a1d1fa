"""Ingest: convert a corpus's published files to samples; every row that is left out becomes a drop with its reason."""

import inspect
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import ModuleType

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.annotations import blocks, labels, licences, reader_options, source_names, sources
from vtgdata.annotations.block_outcomes import Outcomes
from vtgdata.annotations.blocks import Block
from vtgdata.annotations.looks.table import Finding, check_names, look
from vtgdata.annotations.losses import Kept, Losses
from vtgdata.annotations.normalise import DurationProbe, Given
from vtgdata.annotations.published import Published
from vtgdata.annotations.row_counts import Count
from vtgdata.errors import VtgError
from vtgdata.files import live, plugins
from vtgdata.files.garbage import rarely_collected
from vtgdata.files.parquet import ParquetWriter
from vtgdata.files.samples import drops_column, samples_writer
from vtgdata.files.schemas import DROPS
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.records import Corpus, Drop, RawRow, Sample, Unit
from vtgdata.releases import hub, tombstones

log = logging.getLogger("vtgdata")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOGETHER = 512
"""Rows that are taken through each step together."""


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to ingest, and where to."""

    corpus: str
    """A corpus plug-in's name (`vtgdata corpora` lists them), or a dotted path to a module of your own."""
    paths: list[str]
    """The corpus's files, or folders that contain them under their published names."""
    out: str
    """Folder for samples.parquet and drops.parquet."""
    videos: str = ""
    """Root folder of the video files: durations are probed, and missing or unreadable files are noted."""
    split: str = ""
    """Split to read, if a folder has several, or if a file's name does not tell its split."""
    limit: int | None = None
    """Read this many rows and stop."""
    map: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """For the general readers (moment_jsonl, captions_json): our name of a field = the file's key, as in query=desc."""
    unit: Unit | None = None
    """For the general readers: unit of the window bounds, if not seconds; `chunks` are 5 s long, `clips` 2 s."""
    fps: float | None = None
    """For the general readers: frames per second, with the unit `frames`."""
    source_clock: bool | None = None
    """For the general readers: window bounds count from the start of the longer video that each file was cut from."""
    records: str = ""
    """For the general readers: key of a JSON document that holds the records, as in annotations or data/rows."""
    sep: str = ""
    """For the general readers: the character between two cells of a table, if neither a comma nor a tab."""
    quote: str = ""
    """For the general readers: the character round cells of a table, or double, single or none (quotes are text)."""
    unlabelled: bool = False
    """For the general readers: the labels are hidden, and windows are placeholders. Without this, rows that have no
    windows are drops, or an error where they are many."""
    empty_means: labels.Meaning | None = None
    """For the general readers: what empty windows mean: none (no such moment), unlabelled (hidden) or error."""
    override_split: bool = False
    """For the general readers: --split counts, whatever a file's name or a row's own split says."""
    points_as: float | None = None
    """Length in seconds of the window to make of a single time, which is its middle; without this, points are drops."""
    name: str = ""
    """For the general readers: the corpus's own name, with which its sample ids begin."""
    license: str = ""
    """For the general readers: licence of the annotations, as an SPDX expression such as CC-BY-4.0."""
    tombstones: str = ""
    """What was removed for good (a file of `vtgdata remove`, a release, `org/name@tag`): rows become bare drops."""
    swap_reversed: bool = False
    """Swap start and end of windows that start after they end, instead of dropping these windows."""
    accept: list[str] = msgspec.field(default_factory=list[str])
    """A look (such as fractions or one_query) whose finding is right: not said again; `check` passes it; repeatable."""
    max_failed: float = 0.0
    """Share of video files, in [0, 1], that may be missing or unreadable before the run counts as failed."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """Number of rows read, and what they became: rows = samples + drops."""

    corpus: str
    records: int | UnsetType = UNSET
    """Records of the files, counted without the reader, so that lost rows are missed; unset if none can count them."""
    records_are: str | UnsetType = UNSET
    """Why the records are not as many as the rows, as the corpus's page says; unset if they are."""
    rows: int
    samples: int
    drops: int
    repairs: dict[str, int]
    """{code: number of repairs}, the most frequent first."""
    reasons: dict[str, int]
    """{reason: number of drops}, the most frequent first."""
    out: str
    """Output folder."""
    published: dict[str, Published]
    """{split: its rows and videos, compared with the published numbers}."""
    empty_windows: int
    """Labelled samples without a usable window."""
    no_moment: int | UnsetType = UNSET
    """Samples that are known to have no moment; unset where there are none."""
    no_duration: int
    """Samples without a duration, so that the ends of their windows could not be checked."""
    looks: list[Finding] = msgspec.field(default_factory=list[Finding])
    """What is implausible about a file as a whole, such as a unit; `vtgdata check` fails on it."""
    videos: dict[str, int] | UnsetType = UNSET
    """{status: number of video files} for `ok`, `missing` and `unreadable`; only with --videos."""


def run(settings: Settings) -> Summary:
    """Read a corpus, normalise its rows, and write samples and drops.

    Raises VtgError, before anything is written, when a path, the corpus or the video folder is wrong; RowsFailed,
    after writing, when more video files failed than `max_failed` allows.
    """
    if settings.limit is not None and settings.limit < 1:
        raise VtgError(f"--limit {settings.limit}: give a number of rows, 1 or more.")
    if settings.points_as is not None and not 0 < settings.points_as < float("inf"):
        raise VtgError(f"--points-as {settings.points_as}: give a number of seconds above 0.")
    if not 0 <= settings.max_failed <= 1:
        raise VtgError(f"--max-failed {settings.max_failed}: give a share from 0 to 1.")
    check_names(settings.accept)
    module = plugins.load("corpora", settings.corpus)
    options, corpus = reader_options.given(settings, settings.corpus, module), _named(settings, module.CORPUS)
    paths = [Path(path) for path in settings.paths]
    removed = hub.local(settings.tombstones)
    with Step(
        "ingest",
        settings,
        Summary,
        code=[__name__, module.__name__, *(["vtgdata.plugins.decoders.pyav"] if settings.videos else [])],
        inputs=[*_inputs(paths, module.CORPUS, module, settings.corpus), *([removed] if removed else [])],
        listings=[settings.videos] if settings.videos else [],
        reads=paths,
    ) as step:
        if (done := step.up_to_date()) is not None:
            return _warned(done)
        count, losses = Count(), Losses(paths, sources.inputs(paths, module.CORPUS))
        found = module.read(paths, settings.split or None, **options)
        # What follows a limit is not read, and what was removed is asked of each row.
        one_by_one = removed or settings.videos or settings.limit is not None
        read = losses.watched(labels.checked(found if one_by_one else blocks.pieces(found), corpus))
        if corpus.family in ("moments", "captions") and "map" in inspect.signature(module.read).parameters:
            read = source_names.with_sources(read, corpus.name)
        given = Given(
            corpus,
            _prober(settings.videos) if settings.videos else None,
            _licence,
            swap=settings.swap_reversed,
            points_as=settings.points_as,
        )
        left = tombstones.read(removed).outcome if removed else None
        out = step.start()
        samples = samples_writer(out / "samples.parquet")
        drops = ParquetWriter(out / "drops.parquet", DROPS, drops_column)
        try:
            with rarely_collected():
                for piece in _together(_counted(islice(read, settings.limit)), 1 if one_by_one else _TOGETHER):
                    if isinstance(piece, Block):
                        became = Outcomes(piece, given)
                        samples.write_table(became.table())
                        for outcome in became.each.values():
                            if isinstance(outcome, Drop):
                                drops.write(outcome)
                        count.block(piece, became)
                        continue
                    outcomes = [given.outcome(row) for row in piece]
                    outcomes = [left(outcome) for outcome in outcomes] if left else outcomes
                    for outcome in outcomes:
                        (samples if isinstance(outcome, Sample) else drops).write(outcome)
                    for row, outcome in zip(piece, outcomes, strict=True):
                        count.row(row, outcome)
                part = settings.limit is not None or (settings.split and module.CORPUS.split_in_rows)
                kept = losses.checked(module.CORPUS, options, whole=not part)
            samples.commit()
            drops.commit()
        finally:
            samples.abandon()
            drops.abandon()
        summary = _summary(count, settings, corpus, kept)
        failed = _too_many(count.statuses, settings) if settings.videos else None
        return _warned(step.finish(summary, ["samples.parquet", "drops.parquet"], failed=failed))


def _counted(pieces: Iterable[RawRow | Block]) -> Iterator[RawRow | Block]:
    """Pass rows on, and count them for the line of the command."""
    work = live.Work("rows read")
    try:
        for piece in pieces:
            yield piece
            work.done += len(piece) if isinstance(piece, Block) else 1
    finally:
        work.end()


def _together(pieces: Iterable[RawRow | Block], most: int) -> Iterator[list[RawRow] | Block]:
    """Blocks as they come, and the rows between them as lists of so many at most.

    To take each step for many rows in turn costs less than to take all steps for each row: its code and data stay in
    the processor's caches.
    """
    rows: list[RawRow] = []
    for piece in pieces:
        if not isinstance(piece, Block):
            rows.append(piece)
            if len(rows) < most:
                continue
        if rows:
            yield rows
            rows = []
        if isinstance(piece, Block):
            yield piece
    if rows:
        yield rows


def _warned(summary: Summary) -> Summary:
    """Warn of what is implausible, and pass the summary on."""
    for found in summary.looks:
        log.warning("%s: %s: %s", found.file, found.look, found.says)
    return summary


def _named(settings: Settings, corpus: Corpus) -> Corpus:
    """The corpus's facts, with --name and --license in place where given; raises VtgError where one is invalid."""
    if settings.name and not _NAME.fullmatch(settings.name):
        raise VtgError(f"--name {settings.name!r}: give a word of letters, digits, - and _, such as my_corpus.")
    if settings.license:
        licences.checked(settings.license)
    own = {field: value for field in ("name", "license") if (value := getattr(settings, field))}
    return msgspec.structs.replace(corpus, **own)


def _licence(corpus: str) -> str:
    """Licence of the corpus from which a collection took a row; a `LicenseRef-` id if we have no reader for it."""
    known = corpus if corpus in plugins.names("corpora") else source_names.corpus_of(corpus)
    if known is not None:
        return plugins.load("corpora", known).CORPUS.license
    return f"LicenseRef-{re.sub('[^A-Za-z0-9.-]+', '-', corpus)}"


def _summary(count: Count, settings: Settings, corpus: Corpus, kept: Kept) -> Summary:
    kinds = Counter("unreadable" if s not in ("ok", "missing") else s for s in count.statuses.values())
    return Summary(
        corpus=corpus.name,
        records=UNSET if kept.records is None else kept.records,
        records_are=kept.why or UNSET,
        rows=count.samples + count.drops,
        samples=count.samples,
        drops=count.drops,
        repairs=dict(count.repairs.most_common()),
        reasons=dict(count.reasons.most_common()),
        out=settings.out,
        published=count.published(corpus, settings.limit),
        empty_windows=count.empty,
        no_moment=count.absent or UNSET,
        no_duration=count.no_duration,
        looks=look(count.gathering, {corpus.name: corpus}.get, settings.accept),
        videos={kind: kinds[kind] for kind in ("ok", "missing", "unreadable")} if settings.videos else UNSET,
    )


def _inputs(paths: Sequence[Path], corpus: Corpus, module: ModuleType, name: str) -> list[Path]:
    """Files whose bytes the result depends on, including the module of a corpus that is not ours."""
    found = sources.inputs(paths, corpus)
    if "." in name and module.__file__:
        found.append(Path(module.__file__))
    return found


def _prober(root: str) -> DurationProbe:
    # Imported here, so that PyAV is loaded only with --videos.
    from vtgdata.video.probe import Prober

    return Prober(Path(root))


def _too_many(statuses: dict[str, str], settings: Settings) -> str | None:
    """A message for the user if a larger share of video files than --max-failed is not ok, else None."""
    wrong = [(file, status) for file, status in statuses.items() if status != "ok"]
    if len(wrong) <= settings.max_failed * len(statuses):
        return None
    missing = sum(status == "missing" for _, status in wrong)
    return (
        f"{len(wrong)} of {len(statuses)} video files under {settings.videos} cannot be used: {missing} missing, "
        f"{len(wrong) - missing} unreadable. The first: {wrong[0][0]} ({wrong[0][1]}). The samples are written, each "
        "with its file's status: complete the folder and run again, or allow a share of them with --max-failed."
    )
