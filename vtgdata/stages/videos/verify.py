"""Verify: find videos of the samples that are missing, unreadable, truncated, or of another duration than annotated.

Files are probed, not decoded: probing reads the headers, or the packets if the headers do not tell.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from vtgdata.errors import VideoUnreadable
from vtgdata.files import plugins
from vtgdata.files.parquet import write_parquet
from vtgdata.files.schemas import Row
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.files.whole import write_text
from vtgdata.video import parallel, workers
from vtgdata.video.find import Videos, find
from vtgdata.video.inventory import Listed, ambiguous, examples, failure, listed, log_progress, status_class
from vtgdata.video.store import DECODER

COLUMNS = {
    "video_id": "text", "file": "text", "path": "text", "status": "text", "duration": "number", "annotated": "number",
    "difference": "number", "last_end": "number", "samples": "count", "fps": "number", "width": "count",
    "height": "count", "codec": "text", "rotation": "count", "start_time": "number", "variable": "flag",
}  # fmt: skip
"""Columns of verified.parquet."""


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to verify."""

    samples: str
    """Samples whose videos are checked: a samples.parquet."""
    videos: str
    """Folder under which the videos lie."""
    out: str
    """Folder for verified.parquet (a row for each video) and fetch.txt (the files to fetch)."""
    where: str = ""
    """SQL condition on the columns of the samples, as in "split == 'rl'"."""
    limit: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Take only this many samples, the first ones."""
    tolerance: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    """Seconds by which a file may be longer or shorter than its samples say."""
    max_failed: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Share of videos that may be missing, unreadable, truncated or of another duration before the exit code is 3."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """Number of videos by status, and of files to fetch."""

    videos: int
    statuses: dict[str, int]
    """{status: number of videos}, the most frequent first: `ok`, `missing`, `truncated`, `disagrees`, ..."""
    to_fetch: int
    """Number of files to fetch."""
    tolerance: float
    """Seconds, as in the settings."""
    samples_affected: int
    """Number of samples on videos with another status than `ok`."""
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
        code=[__name__, decoder],
        inputs=[settings.samples],
        listings=[settings.videos],
    ) as step:
        if (done := step.up_to_date()) is not None:
            return done
        wanted = listed(settings.samples, settings.where, settings.limit)
        videos = find(Path(settings.videos))
        results = parallel.each(lambda one: _seen(one, videos, settings.tolerance), wanted)
        found = {id(one): row for one, row in log_progress(results, len(wanted), "verify")}
        rows = [found[id(one)] for one in wanted]
        out = step.start()
        write_parquet(out / "verified.parquet", rows, COLUMNS)
        fetch = sorted({row["file"] for row in rows if row["status"] not in ("ok", "disagrees")})
        write_text(out / "fetch.txt", "".join(f"{file}\n" for file in fetch))
        summary = _summary(settings, rows, len(fetch))
        failed = [(row["file"], _words(row)) for row in rows if row["status"] != "ok"]
        mend = f"{out / 'fetch.txt'} lists the files to fetch; or allow a share with --max-failed."
        return step.finish(
            summary, ["verified.parquet", "fetch.txt"], failed=failure(failed, len(rows), settings.max_failed, mend)
        )


def _seen(one: Listed, videos: Videos, tolerance: float) -> Row:
    row: Row = {
        "video_id": one.video.video_id, "file": one.video.file, "samples": one.samples, "last_end": one.last_end,
    }  # fmt: skip
    status = ambiguous(videos, one.video)
    path = None if status else videos.path(one.video.file, one.video.video_id)
    if path is None:
        return row | {"status": status or "missing"}
    row["path"] = path.relative_to(videos.root).as_posix().encode(errors="replace").decode()
    try:
        facts = workers.shared().probe(DECODER, path)
    except VideoUnreadable as error:
        return row | {"status": error.status}
    row |= {name: getattr(facts, name) for name in COLUMNS if hasattr(facts, name)}
    if facts.truncated:
        return row | {"status": f"truncated at {facts.duration:.1f} s"}
    if one.durations:
        row["annotated"] = max(one.durations, key=lambda annotated: abs(annotated - facts.duration))
        row["difference"] = facts.duration - row["annotated"]
    return row | {"status": "disagrees" if abs(row.get("difference", 0.0)) > tolerance else "ok"}


def _words(row: Row) -> str:
    if row["status"] != "disagrees":
        return row["status"]
    return f"lasts {row['duration']:.1f} s, annotated {row['annotated']:.1f} s"


def _summary(settings: Settings, rows: Sequence[Row], to_fetch: int) -> Summary:
    return Summary(
        videos=len(rows),
        statuses=dict(Counter(status_class(row["status"]) for row in rows).most_common()),
        to_fetch=to_fetch,
        tolerance=settings.tolerance,
        samples_affected=sum(row["samples"] for row in rows if row["status"] != "ok"),
        examples=examples((row["file"], row["status"], _words(row)) for row in rows),
        out=settings.out,
    )
