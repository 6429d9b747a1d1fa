"""Verify: find videos of the samples that are missing, unreadable, damaged, or of another duration than annotated.

Every file is decoded to its end, since a header knows of no hole: findings.parquet says from when to when something is
wrong, and spoilt.parquet which rows have their windows there. With `--no-decode` files are only probed.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, get_args

import msgspec

from vtgdata.errors import VideoUnreadable
from vtgdata.files import live, plugins
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import open_samples
from vtgdata.files.schemas import Row
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.files.whole import write_list
from vtgdata.records import MAY_BE_RIGHT, Finding, FindingKind, VideoFacts
from vtgdata.video import containers, damage, parallel, workers
from vtgdata.video.find import Videos, find
from vtgdata.video.inventory import Listed, ambiguous, examples, failure, listed, status_class
from vtgdata.video.store import DECODER
from vtgdata.video.survey import belied

COLUMNS = {
    "video_id": "text", "file": "text", "path": "text", "status": "text", "duration": "number", "annotated": "number",
    "difference": "number", "last_end": "number", "samples": "count", "fps": "number", "width": "count",
    "height": "count", "codec": "text", "rotation": "count", "start_time": "number", "variable": "flag",
}  # fmt: skip
"""Columns of verified.parquet."""
SURVEY = tuple(f"vtgdata.video.survey.{name}" for name in ("survey", "seen", "holes", "gaps", "statements", "boxes"))
"""Modules on which the findings depend."""
NOT_FETCHED = frozenset(("ok", "disagrees", "size", "streams", "duration", "codec"))
"""Classes of status for which fetching the file again would bring the same."""


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to verify."""

    samples: str
    """Samples whose videos are checked: a samples.parquet."""
    videos: str
    """Folder under which the videos lie."""
    out: str
    """Folder for verified.parquet (a row for each video), findings.parquet (what is wrong with them, from and to),
    spoilt.parquet (rows whose windows lie there) and fetch.txt (the files to fetch)."""
    where: str = ""
    """SQL condition on the columns of the samples, as in "split == 'rl'"."""
    limit: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Take only this many samples, the first ones."""
    tolerance: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    """Seconds by which a file may be longer or shorter than its samples say."""
    decode: bool = True
    """Decode every video, to find holes, repeated frames and other damage; without it only headers are looked at."""
    allow: list[FindingKind] = msgspec.field(default_factory=list[FindingKind])
    """A kind of finding that a video may have and be ok; may be given several times."""
    max_failed: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Share of videos that may have another status than `ok` before the exit code is 3."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """Number of videos by status, and of files to fetch."""

    videos: int
    statuses: dict[str, int]
    """{status: number of videos}, the most frequent first: `ok`, `missing`, `truncated`, `disagrees`, `hole`, ..."""
    findings: dict[str, int]
    """{kind of finding: number of findings}, those of allowed kinds too."""
    to_fetch: int
    """Number of files to fetch."""
    tolerance: float
    """Seconds, as in the settings."""
    samples_affected: int
    """Number of samples on videos with another status than `ok`."""
    samples_spoilt: int
    """Number of samples with a window that touches a hole, or frames that are repeated or come too early."""
    examples: dict[str, list[str]]
    """{status: its first few videos, as `file: problem`}."""
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary:
    """Probe every video of the samples; write verified.parquet and fetch.txt.

    Raises VtgError when there is no folder of videos or no sample; RowsFailed, after writing, when more than
    `max_failed` of the videos have another status than `ok`.
    """
    decoder = plugins.module_name("decoders", DECODER)
    with Step(
        "videos verify",
        settings,
        Summary,
        code=[__name__, decoder, *SURVEY],
        inputs=[settings.samples],
        listings=[settings.videos],
    ) as step:
        return step.up_to_date() or _written(settings, step)


def _written(settings: Settings, step: Step[Summary]) -> Summary:
    wanted = listed(settings.samples, settings.where, settings.limit)
    videos = find(Path(settings.videos))
    results = parallel.each(lambda one: _seen(one, videos, settings), wanted)
    found = {id(one): seen for one, seen in live.each(results, len(wanted), "videos verify", "videos")}
    rows = [found[id(one)][0] for one in wanted]
    findings = {(one.video.file, one.video.video_id): found[id(one)][1] for one in wanted}
    out = step.start()
    write_parquet(out / damage.VERIFIED, rows, COLUMNS)
    write_parquet(out / damage.NAME, [row for each in findings.items() for row in damage.rows(*each)], damage.COLUMNS)
    samples = open_samples(settings.samples, where=settings.where or None, limit=settings.limit)
    spoilt = list(damage.spoilt(samples, findings)) if any(findings.values()) else []
    write_parquet(out / "spoilt.parquet", spoilt, damage.ROW_COLUMNS)
    fetch = sorted({row["file"] for row in rows if status_class(row["status"]) not in NOT_FETCHED})
    write_list(out / "fetch.txt", fetch)
    summary = _summary(settings, rows, len(fetch), [one for each in findings.values() for one in each], spoilt)
    failed = [(row["file"], _words(row)) for row in rows if row["status"] != "ok"]
    mend = (
        f"{step.out / 'fetch.txt'} lists the files to fetch, {damage.NAME} what is wrong inside; allow a kind of "
        "finding with --allow, or a share of the videos with --max-failed."
    )
    return step.finish(
        summary,
        [damage.VERIFIED, damage.NAME, "spoilt.parquet", "fetch.txt"],
        failed=failure(failed, len(rows), settings.max_failed, mend),
    )


def _seen(one: Listed, videos: Videos, settings: Settings) -> tuple[Row, tuple[Finding, ...]]:
    """A video's row, and what is wrong with it."""
    row: Row = {
        "video_id": one.video.video_id, "file": one.video.file, "samples": one.samples, "last_end": one.last_end,
    }  # fmt: skip
    status = ambiguous(videos, one.video)
    path = None if status else videos.path(one.video.file, one.video.video_id)
    if path is None:
        return row | {"status": status or "missing"}, ()
    row["path"] = path.relative_to(videos.root).as_posix().encode(errors="replace").decode()
    try:
        facts = workers.shared().probe(DECODER, path)
        row |= {name: getattr(facts, name) for name in COLUMNS if hasattr(facts, name)}
        if facts.truncated:
            missing = damage.cut(facts.duration, one.last_end, *one.durations)
            return row | {"status": f"truncated at {facts.duration:.1f} s"}, missing
        findings = _findings(path, one, facts) if settings.decode and not path.is_dir() else ()
    except VideoUnreadable as error:
        return row | {"status": error.status}, ()
    if one.durations:
        row["annotated"] = max(one.durations, key=lambda annotated: abs(annotated - facts.duration))
        row["difference"] = facts.duration - row["annotated"]
    allowed = (*MAY_BE_RIGHT, *settings.allow)
    wrong = min((each for each in findings if each.kind not in allowed), key=_weight, default=None)
    differs = abs(row.get("difference", 0.0)) > settings.tolerance
    return row | {"status": damage.said(wrong) if wrong else "disagrees" if differs else "ok"}, findings


def _findings(path: Path, one: Listed, facts: VideoFacts) -> tuple[Finding, ...]:
    found, kind = workers.shared().survey(path, facts.duration), containers.check(path)
    # A file that was renamed fits the name that its samples call it, one in another container its own.
    hidden = [belied(name, kind, facts.codec) for name in (path.name, one.video.file)]
    if not all(hidden):
        return found
    return (*found, Finding(kind="codec", start=0.0, end=facts.duration, detail=f"{hidden[0]}"))


def _weight(finding: Finding) -> int:
    """Place of a finding among those of one video: the status says the first."""
    return get_args(FindingKind).index(finding.kind)


def _words(row: Row) -> str:
    if row["status"] != "disagrees":
        return row["status"]
    return f"lasts {row['duration']:.1f} s, annotated {row['annotated']:.1f} s"


def _summary(
    settings: Settings, rows: Sequence[Row], to_fetch: int, findings: Sequence[Finding], spoilt: Sequence[Row]
) -> Summary:
    return Summary(
        videos=len(rows),
        statuses=dict(Counter(status_class(row["status"]) for row in rows).most_common()),
        findings=dict(Counter(one.kind for one in findings).most_common()),
        to_fetch=to_fetch,
        tolerance=settings.tolerance,
        samples_affected=sum(row["samples"] for row in rows if row["status"] != "ok"),
        samples_spoilt=len({row["sample_id"] for row in spoilt}),
        examples=examples((row["file"], row["status"], _words(row)) for row in rows),
        out=settings.out,
    )
