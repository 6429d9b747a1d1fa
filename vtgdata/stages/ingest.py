"""Ingest: from the files that a corpus publishes to samples, and a drop with its reason for every row left out."""

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from types import ModuleType

import msgspec

from vtgdata import meta, plugins, tables
from vtgdata.errors import VtgError
from vtgdata.normalise import Probed, normalise
from vtgdata.readers import sources
from vtgdata.records import Corpus, Drop, RawRow, Sample


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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
    max_failed: float = 0.0
    """Share of video files, in [0, 1], that may be missing or unreadable before the run counts as failed."""


def run(settings: Settings) -> meta.Summary:
    """Read a corpus, normalise its rows, and write samples and drops.

    Returns `corpus, rows, samples, drops, repairs {code: n}, reasons {code: n}, out`, and beside them `published`
    (rows published and read, by split), `empty_windows` (labelled samples without a usable window), `no_duration`
    (samples whose ends could not be checked) and, with `videos`, the number of files that are `ok`, `missing` and
    `unreadable`. rows = samples + drops.

    Raises VtgError, before anything is written, when a path, the corpus or the video folder is wrong; RowsFailed,
    after writing, when more video files failed than `max_failed` allows.
    """
    if settings.limit is not None and settings.limit < 1:
        raise VtgError(f"--limit {settings.limit}: give a number of rows, 1 or more.")
    if not 0 <= settings.max_failed <= 1:
        raise VtgError(f"--max-failed {settings.max_failed}: give a share from 0 to 1.")
    module = plugins.load("corpora", settings.corpus)
    corpus: Corpus = module.CORPUS
    paths = [Path(path) for path in settings.paths]
    step = meta.Step(
        "ingest",
        settings,
        code=[__name__, module.__name__, *(["vtgdata.decoders.pyav"] if settings.videos else [])],
        inputs=_inputs(paths, corpus, module, settings.corpus),
        listings=[settings.videos] if settings.videos else [],
    )
    if (done := step.up_to_date()) is not None:
        return done
    prober = _prober(settings.videos) if settings.videos else None
    # Read to the end before the folder is touched: a wrong file leaves an earlier result as it is.
    rows: list[RawRow] = list(islice(module.read(paths, settings.split or None), settings.limit))
    outcomes = list(normalise(rows, corpus, prober))
    samples = [outcome for outcome in outcomes if isinstance(outcome, Sample)]
    drops = [outcome for outcome in outcomes if isinstance(outcome, Drop)]
    out = step.start()
    tables.write_samples(out / "samples.parquet", samples)
    tables.write_drops(out / "drops.parquet", drops)
    summary: meta.Summary = {
        "corpus": corpus.name,
        "rows": len(rows),
        "samples": len(samples),
        "drops": len(drops),
        "repairs": _counted([repair.code for sample in samples for repair in sample.repairs]),
        "reasons": _counted([drop.reason for drop in drops]),
        "out": settings.out,
        "published": _published(corpus, rows),
        "empty_windows": sum(sample.labelled and not sample.windows for sample in samples),
        "no_duration": sum(sample.video.duration is None for sample in samples),
    }
    failed = None
    if prober is not None:
        statuses = {sample.video.file: sample.video.status or "ok" for sample in samples}
        summary["videos"] = _videos(statuses)
        failed = _too_many(statuses, settings)
    return step.finish(summary, ["samples.parquet", "drops.parquet"], failed=failed)


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


def _counted(codes: Sequence[str]) -> dict[str, int]:
    return dict(Counter(codes).most_common())


def _published(corpus: Corpus, rows: Sequence[RawRow]) -> dict[str, dict[str, int | None]]:
    """For each split that was read, the number of rows that its corpus publishes beside the number read."""
    read = Counter(row.split for row in rows)
    published = {split.name: split.rows for split in corpus.splits}
    return {split: {"published": published.get(split), "read": n} for split, n in read.items()}


def _videos(statuses: dict[str, str]) -> dict[str, int]:
    kinds = Counter("unreadable" if status not in ("ok", "missing") else status for status in statuses.values())
    return {kind: kinds[kind] for kind in ("ok", "missing", "unreadable")}


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
