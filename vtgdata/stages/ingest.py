"""Ingest: from the files that a corpus publishes to samples, and a drop with its reason for every row left out."""

import gc
import inspect
import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.annotations import ids, sources
from vtgdata.annotations.normalise import Probed, normalise
from vtgdata.annotations.published import Published, compared
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.parquet import ParquetWriter
from vtgdata.files.samples import drops_column, samples_column
from vtgdata.files.schemas import DROPS, SAMPLES
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.records import Corpus, Drop, RawRow, Sample, Unit
from vtgdata.releases import hub, tombstones

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to ingest, and where to."""

    corpus: str
    """A corpus plug-in's name (`vtgdata corpora` lists them), or a dotted path to a module of your own."""
    paths: list[str]
    """The corpus's files, or folders in which they lie under their published names."""
    out: str
    """Folder for samples.parquet and drops.parquet."""
    videos: str = ""
    """Root folder of the video files: durations are probed, and missing or unreadable files are noted."""
    split: str = ""
    """The split to read: of several in a folder, or of a file whose name does not tell."""
    limit: int | None = None
    """Read this many rows and stop."""
    map: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """For a corpus of any family (moment_jsonl, captions_json): our name of a field = the file's key (query=desc)."""
    unit: Unit | None = None
    """For those: what bounds are counted in, where it is not seconds; `chunks` are of 5 s, `clips` of 2 s."""
    fps: float | None = None
    """For those: frames a second, with the unit `frames`."""
    source_clock: bool | None = None
    """For those: bounds count from the start of the longer video that each file was cut from."""
    name: str = ""
    """For those: the corpus's own name, which its sample ids begin with."""
    license: str = ""
    """For those: the annotations' licence, as SPDX writes it."""
    tombstones: str = ""
    """What was removed for good (`vtgdata remove`): its file, a release's folder or `org/name@tag`. Its rows become
    drops, without their text."""
    swap_reversed: bool = False
    """Turn windows whose start lies after their end round, rather than drop them."""
    max_failed: float = 0.0
    """Share of video files, in [0, 1], that may be missing or unreadable before the run counts as failed."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """What was read, and what became of it: rows = samples + drops."""

    corpus: str
    rows: int
    samples: int
    drops: int
    repairs: dict[str, int]
    """{code: n}, the most frequent first."""
    reasons: dict[str, int]
    """Of drops: {code: n}, the most frequent first."""
    out: str
    """Output folder."""
    published: dict[str, Published]
    """By split."""
    empty_windows: int
    """Labelled samples without a usable window."""
    no_duration: int
    """Samples whose ends could not be checked."""
    videos: dict[str, int] | UnsetType = UNSET
    """With --videos: number of files that are `ok`, `missing` and `unreadable`."""


def run(settings: Settings) -> Summary:
    """Read a corpus, normalise its rows, and write samples and drops.

    Raises VtgError, before anything is written, when a path, the corpus or the video folder is wrong; RowsFailed,
    after writing, when more video files failed than `max_failed` allows.
    """
    if settings.limit is not None and settings.limit < 1:
        raise VtgError(f"--limit {settings.limit}: give a number of rows, 1 or more.")
    if not 0 <= settings.max_failed <= 1:
        raise VtgError(f"--max-failed {settings.max_failed}: give a share from 0 to 1.")
    module = plugins.load("corpora", settings.corpus)
    options, corpus = _options(settings, module), _named(settings, module.CORPUS)
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
            return done
        count = _Count()
        rows = count.rows(islice(module.read(paths, settings.split or None, **options), settings.limit))
        outcomes = normalise(
            rows,
            corpus,
            _prober(settings.videos) if settings.videos else None,
            licence_of=_licence,
            swap_reversed=settings.swap_reversed,
        )
        if removed:
            outcomes = map(tombstones.read(removed).outcome, outcomes)
        out = step.start()
        samples = ParquetWriter(out / "samples.parquet", SAMPLES, samples_column)
        drops = ParquetWriter(out / "drops.parquet", DROPS, drops_column)
        try:
            with _rarely_collected():
                for outcome in outcomes:
                    (samples if isinstance(outcome, Sample) else drops).write(outcome)
                    count.outcome(outcome)
            samples.commit()
            drops.commit()
        finally:
            samples.abandon()
            drops.abandon()
        summary = count.summary(settings, corpus)
        failed = _too_many(count.statuses, settings) if settings.videos else None
        return step.finish(summary, ["samples.parquet", "drops.parquet"], failed=failed)


@contextmanager
def _rarely_collected() -> Generator[None]:
    """Let Python's collector of cycles run rarely: rows have none, and it would visit each of them again and again."""
    before = gc.get_threshold()
    gc.set_threshold(1_000_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _options(settings: Settings, module: ModuleType) -> dict[str, Any]:
    """The settings that a reader of any corpus takes; raises VtgError for one that this reader has no use for."""
    wanted = {name: getattr(settings, name) for name in ("map", "unit", "fps", "source_clock")}
    given = {name: value for name, value in wanted.items() if value not in (None, {})}
    own = {name for name in ("name", "license") if getattr(settings, name)}
    taken = set(inspect.signature(module.read).parameters)
    useless = sorted((set(given) - taken) | (own if not module.CORPUS.family or "map" not in taken else set()))
    if useless:
        raise VtgError(
            f"{settings.corpus} takes no --{useless[0].replace('_', '-')}: what its files hold is known. For another "
            "corpus in a common form use moment_jsonl or captions_json."
        )
    return given


def _named(settings: Settings, corpus: Corpus) -> Corpus:
    """The facts, with a name and a licence that only the user can know."""
    if settings.name and not _NAME.fullmatch(settings.name):
        raise VtgError(f"--name {settings.name!r}: give a word of letters, digits, - and _, such as my_corpus.")
    own = {field: value for field in ("name", "license") if (value := getattr(settings, field))}
    return msgspec.structs.replace(corpus, **own)


def _licence(corpus: str) -> str:
    """The licence of a corpus that a collection took a row from; unverified where nobody wrote a reader for it."""
    if corpus in plugins.names("corpora"):
        return plugins.load("corpora", corpus).CORPUS.license
    return f"LicenseRef-{re.sub('[^A-Za-z0-9.-]+', '-', corpus)}"


class _Count:
    """What went through."""

    def __init__(self) -> None:
        self.read: Counter[str] = Counter()
        self.files: dict[str, set[str]] = {}
        self.samples = self.drops = self.empty = self.no_duration = 0
        self.repairs: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.statuses: dict[str, str] = {}

    def rows(self, rows: Iterable[RawRow]) -> Iterator[RawRow]:
        """Count rows as they pass."""
        for row in rows:
            split = row.split
            if split not in self.files:
                self.files[split] = set()
            self.read[split] += 1
            self.files[split].add(row.file)
            yield row

    def outcome(self, outcome: Sample | Drop) -> None:
        """Count what a row became."""
        if isinstance(outcome, Drop):
            self.drops += 1
            self.reasons[outcome.reason] += 1
            return
        self.samples += 1
        self.empty += outcome.labelled and not outcome.windows
        self.no_duration += outcome.video.duration is None
        for repair in outcome.repairs:
            self.repairs[repair.code] += 1
        if outcome.video.status is not None:
            self.statuses[outcome.video.file] = outcome.video.status

    def summary(self, settings: Settings, corpus: Corpus) -> Summary:
        """Counts of samples and drops, which are the rows, and of what was done to them."""
        kinds = Counter("unreadable" if s not in ("ok", "missing") else s for s in self.statuses.values())
        return Summary(
            corpus=corpus.name,
            rows=self.samples + self.drops,
            samples=self.samples,
            drops=self.drops,
            repairs=dict(self.repairs.most_common()),
            reasons=dict(self.reasons.most_common()),
            out=settings.out,
            published={split: self._published(split, settings, corpus) for split in self.read},
            empty_windows=self.empty,
            no_duration=self.no_duration,
            videos={kind: kinds[kind] for kind in ("ok", "missing", "unreadable")} if settings.videos else UNSET,
        )

    def _published(self, split: str, settings: Settings, corpus: Corpus) -> Published:
        """For a split that was read: rows and videos that its corpus publishes and that were read."""
        facts = next((known for known in corpus.splits if known.name == split), None)
        videos = len({ids.stem(file) for file in self.files[split]} - {""})
        return compared(facts, rows=self.read[split], videos=videos, limit=settings.limit)


def _inputs(paths: Sequence[Path], corpus: Corpus, module: ModuleType, name: str) -> list[Path]:
    """Files whose bytes the result depends on; somebody else's corpus module too, for `code` has only ours."""
    found = sources.inputs(paths, corpus)
    if "." in name and module.__file__:
        found.append(Path(module.__file__))
    return found


def _prober(root: str) -> Probed:
    # PyAV is loaded only where videos are looked at.
    from vtgdata.video.probe import Prober

    return Prober(Path(root))


def _too_many(statuses: dict[str, str], settings: Settings) -> str | None:
    """What to say when the share of video files that are not ok is above the threshold, else None."""
    wrong = [(file, status) for file, status in statuses.items() if status != "ok"]
    if len(wrong) <= settings.max_failed * len(statuses):
        return None
    missing = sum(status == "missing" for _, status in wrong)
    return (
        f"{len(wrong)} of {len(statuses)} video files under {settings.videos} cannot be used: {missing} missing, "
        f"{len(wrong) - missing} unreadable. The first: {wrong[0][0]} ({wrong[0][1]}). The samples are written, each "
        "with its file's status: complete the folder and run again, or allow a share of them with --max-failed."
    )
