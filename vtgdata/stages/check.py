"""check: report rows in any number of sample files that must not be trained on, repeat others, or cannot be correct.

Each finding has a kind. The report is clean if it has no findings but those of kinds given with --allow. `--fix` writes
the samples without the rows that can be removed: broken rows, repeated ids, repeated moments, rows on videos of a
benchmark.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from vtgdata.annotations import overlap
from vtgdata.annotations.looks import said
from vtgdata.annotations.looks.table import check_names
from vtgdata.annotations.overlap import Group
from vtgdata.annotations.overlap_columns import Rows
from vtgdata.annotations.read_rows import Wrong, place, read_rows
from vtgdata.errors import RowsFailed, VideoAmbiguous, VtgError
from vtgdata.files import cluster, plugins
from vtgdata.files.samples import sample_row, write_drops, write_samples
from vtgdata.files.schemas import Row
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.files.whole import json_text, write_json, write_list
from vtgdata.metrics.sample_groups import GroupReport, PairReport, group_report, pair_report
from vtgdata.records import Drop, Sample
from vtgdata.video.frame_settings import PositiveInt

if TYPE_CHECKING:
    from vtgdata.video.hashes import Hashes

Kind = Literal[
    "broken_rows", "repeated_ids", "duplicates", "contamination", "label_versions", "durations", "implausible", "videos"
]
FIXABLE = ("broken_rows", "repeated_ids", "duplicates", "contamination")
SHOWN = 20
"""Number of findings of each kind that the summary lists; `check.json` lists all."""


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to check."""

    files: list[str]
    """Files of samples (samples.parquet), from any number of corpora and splits."""
    out: str = ""
    """Folder for check.json, missing.txt (videos to fetch) and, with --fix, samples.parquet and drops.parquet."""
    videos: str = ""
    """Root folder of the video files, to report missing videos and copies of a benchmark's videos."""
    hashes: bool = True
    """With --videos, compare training videos with benchmark videos by perceptual hashes, to find copies."""
    fix: bool = False
    """Write the samples without broken rows, repeated ids and moments, and rows on benchmark videos; needs --out."""
    allow: list[Kind] = msgspec.field(default_factory=list[Kind])
    """A kind of finding that may occur in a clean report; may be given several times."""
    accept: list[str] = msgspec.field(default_factory=list[str])
    """A look at a whole file (fractions, one_query) whose finding is right as it is; may be given several times."""
    near: float = overlap.NEAR
    """Similarity, in (0, 1], from which two queries on one video count as nearly the same."""
    tolerance: float = 1.0
    """Largest allowed difference between the durations that rows state for one video, in seconds."""
    executor: Literal["", "ray"] = ""
    """`ray`: hash the videos on a Ray cluster ($RAY_ADDRESS, or this machine)."""
    shards: PositiveInt = 4
    """Number of parts with --executor."""
    workers: PositiveInt = 2
    """Parts that run at a time with --executor on this machine; a cluster decides by its CPUs."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """The report on all files."""

    rows: int
    groups: list[GroupReport]
    pairs: list[PairReport]
    """What each pair of groups shares, including pairs that share nothing."""
    findings: dict[str, int]
    """{kind: number of findings}; 0 for kinds that were allowed or fixed."""
    allowed: dict[str, int]
    """{kind: number of findings} for the kinds given with --allow."""
    fixed: dict[str, int]
    """{kind: number of findings} for the kinds that --fix removes; empty without --fix."""
    examples: dict[str, list[dict[str, str]]]
    """{kind: its first findings}: at most SHOWN of each kind, all of them in check.json."""
    reminders: list[str]
    """Overlaps that the corpora's pages name, whether or not the other corpus is among the files."""
    missing_videos: int | None
    """Number of missing videos; None without --videos."""
    clean: bool
    """Whether there are no findings, other than those allowed or fixed."""
    out: str
    """Output folder; empty if nothing was written."""


def run(settings: Settings) -> Summary:
    """Check the samples; write check.json if an output folder is given.

    Raises VtgError when a file is not a file of samples; RowsFailed, after writing, when the report is not clean.
    """
    if settings.fix and not settings.out:
        raise VtgError("--fix writes samples.parquet and drops.parquet: name a folder with --out.")
    if not 0 < settings.near <= 1 or not settings.tolerance >= 0:
        raise VtgError(f"--near {settings.near} must be in (0, 1] and --tolerance {settings.tolerance} 0 or more.")
    if not settings.files:
        raise VtgError("check needs one file of samples or more.")
    check_names(settings.accept)
    if settings.executor and not (settings.videos and settings.hashes):
        raise VtgError("--executor ray: only videos are hashed there. Give --videos, with --hashes, or leave it out.")
    if settings.out:
        listings = [settings.videos] if settings.videos else []
        code = [__name__, *(["vtgdata.plugins.decoders.pyav"] if listings else [])]
        with Step("check", settings, Summary, code=code, inputs=settings.files, listings=listings) as step:
            return step.up_to_date() or _written(settings, step)
    summary = _Report(settings).summary()
    if summary.clean:
        return summary
    raise RowsFailed(_said(summary), summary)


def _written(settings: Settings, step: Step[Summary]) -> Summary:
    """Check, and write the report, the lists of files and, with --fix, the samples that are kept."""
    report = _Report(settings)
    summary = report.summary()
    failed = None if summary.clean else _said(summary)
    out, names = step.start(), ["check.json"]
    write_json(out / "check.json", msgspec.structs.replace(summary, examples=report.examples(None)))
    if settings.videos:
        write_list(out / "missing.txt", report.missing)
        names.append("missing.txt")
    if settings.fix:
        report.write_fixed(out)
        names += ["samples.parquet", "drops.parquet"]
    return step.finish(summary, names, failed=failed)


def _said(summary: Summary) -> str:
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in summary.findings.items() if count)
    hint = "`--fix` takes away what it can" if not summary.fixed else "what is left cannot be fixed here"
    return f"not clean: {kinds}. {hint}; `--allow KIND` lets a kind pass."


class _Report:
    """All findings, each with the row or video it is about."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.found: dict[str, list[Row]] = {kind: [] for kind in get_args(Kind)}
        self.left: dict[str, tuple[str, str]] = {}
        """{sample_id: (reason, detail)} of valid rows that --fix removes; rows in `broken` are removed too."""
        self.missing: list[str] = []
        frame, wrong = read_rows(settings.files)
        self.broken = [self._broken(each) for each in wrong]
        self.rows = Rows(frame)
        self.pairs = self.rows.pairs(settings.near)
        self._contamination()
        self._repeats()
        self._versions()
        self._implausible()
        if settings.videos:
            self._videos()

    def _broken(self, wrong: Wrong) -> Drop:
        where = place(self.settings.files, wrong.file, wrong.number)
        named = {"row": where, "sample_id": str(wrong.row.get("sample_id")), "detail": wrong.detail}
        self.found[wrong.kind].append(named)
        fields = {
            "corpus": str(wrong.row.get("corpus")), "origin": where, "reason": wrong.kind, "detail": wrong.detail
        }  # fmt: skip
        return Drop(**fields, raw=json_text(wrong.row))

    def _contamination(self) -> None:
        for sample_id, group, video in self.rows.contaminated():
            detail = f"its video is {video} of {group}"
            self.found["contamination"].append({"sample_id": sample_id, "benchmark": str(group), "detail": detail})
            self.left[sample_id] = ("contamination", detail)

    def _repeats(self) -> None:
        # Scores are divided by a benchmark's published number of rows, so repeats in it stay.
        for sample_id, first in self.rows.repeats().items():
            self.found["duplicates"].append({"sample_id": sample_id, "detail": f"repeats {first}"})
            self.left.setdefault(sample_id, ("duplicates", f"repeats {first}"))

    def _versions(self) -> None:
        for name, versions in self.rows.label_versions().items():
            self.found["label_versions"].append({"video": name, "detail": ", ".join(sorted(versions))})
        for name, (low, high) in self.rows.durations(self.settings.tolerance).items():
            self.found["durations"].append({"video": name, "detail": f"{low:g} s and {high:g} s"})

    def _implausible(self) -> None:
        for number, file in enumerate(self.settings.files):
            for found in said.of_file(Path(file), self.rows.of_file(number), self.settings.accept):
                where = f"{found.corpus} {found.split}, {found.file}"
                self.found["implausible"].append({"look": found.look, "rows": where, "detail": found.says})

    def _videos(self) -> None:
        from vtgdata.video import find

        files = dict(self.rows.frame.select("video_file", "video_id").unique("video_file", keep="last").iter_rows())
        videos = find.find(Path(self.settings.videos), files)
        paths: dict[str, Path | None] = {}
        found: dict[str, str] = {}
        for file, video_id in files.items():
            try:
                paths[file] = videos.path(file, video_id)
            except VideoAmbiguous as error:
                found[file] = error.status
        self.missing = sorted(file for file, path in paths.items() if path is None)
        found |= dict.fromkeys(self.missing, "missing")
        self.found["videos"] = [{"video": file, "detail": found[file]} for file in sorted(found)]
        if self.settings.hashes:
            self._copies({file: path for file, path in paths.items() if path is not None})

    def _copies(self, paths: dict[str, Path]) -> None:
        """Note the rows on training videos that show the same as a benchmark's video under another name.

        Args:
            paths: {name of a video file: its path}.
        """
        from vtgdata.video import hashes

        held, trained = (self.rows.by_file(paths, benchmark=benchmark) for benchmark in (True, False))
        if not held or not trained:
            return
        wanted = [(file, paths[file]) for file in dict.fromkeys([*trained, *held])]
        if self.settings.executor:
            parts = cluster.spread(wanted, self.settings.shards)
            hashed = cluster.on_ray(partial(_hashed, count=1), parts, self.settings.workers)
            found = {name: each for part in hashed for name, each in part.items()}
        else:
            found = _hashed(wanted)
        pairs = hashes.near_copies(
            *({name: found[name] for name in names if name in found} for names in (trained, held))
        )
        for ours, theirs in pairs:
            for sample_id in trained[ours]:
                if sample_id not in self.left and ours != theirs:
                    detail = f"its video shows what {theirs} of a benchmark shows"
                    found = {"sample_id": sample_id, "benchmark": theirs, "detail": detail}
                    self.found["contamination"].append(found)
                    self.left[sample_id] = ("contamination", detail)

    def counts(self) -> dict[str, int]:
        """{kind: number of findings}; 0 for allowed kinds and, with --fix, for the kinds that it removes."""
        gone = {*self.settings.allow, *(FIXABLE if self.settings.fix else ())}
        return {kind: 0 if kind in gone else len(found) for kind, found in self.found.items()}

    def examples(self, limit: int | None = SHOWN) -> dict[str, list[Row]]:
        """{kind: its first `limit` findings, or all if None}, without kinds that have no finding."""
        return {kind: found[:limit] for kind, found in self.found.items() if found}

    def summary(self) -> Summary:
        """The report."""
        counts = self.counts()
        fixed = {kind: len(self.found[kind]) for kind in FIXABLE} if self.settings.fix else {}
        return Summary(
            rows=self.rows.frame.height + len(self.broken),
            groups=[group_report(group, rows) for group, rows in self.rows.by_group()],
            pairs=[pair_report(pair) for pair in self.pairs],
            findings=counts,
            allowed={kind: len(self.found[kind]) for kind in self.settings.allow},
            fixed=fixed,
            examples=self.examples(),
            reminders=_reminders(self.rows.groups),
            missing_videos=len(self.missing) if self.settings.videos else None,
            clean=not any(counts.values()),
            out=self.settings.out,
        )

    def write_fixed(self, out: Path) -> None:
        """Write samples.parquet without the rows that --fix removes, and drops.parquet with them and their reasons."""
        left = self.rows.frame["sample_id"].is_in(list(self.left))
        write_samples(out / "samples.parquet", self.rows.each(self.rows.frame.filter(~left)))
        gone = (_drop(each, *self.left[each.sample_id]) for each in self.rows.each(self.rows.frame.filter(left)))
        write_drops(out / "drops.parquet", [*self.broken, *gone])


def _hashed(wanted: Sequence[tuple[str, Path]], count: int | None = None) -> dict[str, Hashes]:
    """The perceptual hashes of named files, `count` at a time: here, or where a cluster has put this part of them."""
    from vtgdata.video import hashes, workers

    return hashes.of_videos(wanted, workers.Isolated("pyav"), count)


def _drop(sample: Sample, reason: str, detail: str) -> Drop:
    fields = {"corpus": sample.corpus, "origin": sample.origin, "reason": reason, "detail": detail}
    return Drop(**fields, raw=json_text(sample_row(sample)))


def _reminders(groups: Iterable[Group]) -> list[str]:
    """`corpus: overlap` for each overlap that our plug-ins of the training corpora name.

    The other corpus of an overlap may matter even if it is not among the files.
    """
    names = sorted({group.corpus for group in groups if not group.benchmark} & set(plugins.names("corpora")))
    return [f"{name}: {text}" for name in names for text in plugins.load("corpora", name).CORPUS.overlaps]
