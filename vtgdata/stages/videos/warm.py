"""Warm: decode the frames of the samples' videos into the frame store, in parallel, on one machine or several.

Commands that use the same videos with the same frame settings then decode nothing. Every run of warm looks into the
store, even if its own output is up to date, because the store may have deleted frames to stay below its size limit.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from vtgdata.engine import shards
from vtgdata.files import live, plugins
from vtgdata.files.parquet import write_parquet
from vtgdata.files.schemas import Row
from vtgdata.files.step import Step, StepSummary
from vtgdata.records import FrameSampling
from vtgdata.video import parallel
from vtgdata.video.frame_settings import FrameSettings, PositiveInt
from vtgdata.video.inventory import Listed, ambiguous, examples, failure, listed, status_class
from vtgdata.video.model_families import without_model
from vtgdata.video.store import DECODER, FrameStore

log = logging.getLogger("vtgdata")

COLUMNS = {
    "video_id": "text", "file": "text", "status": "text", "frames_id": "text", "frames": "count", "bytes": "count",
    "duration": "number",
}  # fmt: skip
"""Columns of warmed.parquet."""


class Settings(FrameSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which videos to decode, and which of their frames."""

    samples: str
    """Samples whose videos are decoded: a samples.parquet."""
    videos: str
    """Folder under which the videos lie."""
    out: str
    """Folder for warmed.parquet: a row for each video, with its status."""
    where: str = ""
    """SQL condition on the columns of the samples, as in "split == 'rl'"."""
    limit: PositiveInt | None = None
    """Take only this many samples, the first ones."""
    jobs: PositiveInt | None = None
    """Number of videos to decode at a time; by default the number of CPU cores."""
    max_failed: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Share of videos that may be missing or unreadable before the exit code is 3."""
    shard: str = ""
    """I/N, as in 0/4: decode only this part of the videos; the command without it covers all videos."""
    executor: Literal["", "ray"] = ""
    """`ray`: run the shards on a Ray cluster ($RAY_ADDRESS, or this machine), then check all videos."""
    shards: PositiveInt = 4
    """Number of shards with --executor."""
    workers: PositiveInt = 2
    """Shards that run at a time with --executor on this machine; a cluster decides by its CPUs."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """Number of videos by status, and of their frames in the store."""

    videos: int
    statuses: dict[str, int]
    """{status: number of videos}, the most frequent first."""
    frames: int
    """Number of frames that the videos have in the store."""
    bytes: int
    """Total size of these frames."""
    decoded: int
    """Number of videos decoded in this run, because their frames were not in the store."""
    examples: dict[str, list[str]]
    """{status: its first few videos, as `file: status`}."""
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary:
    """Decode what is missing in the store; write warmed.parquet.

    Raises VtgError when there is no folder of videos, no sample, or frame settings contradict each other; RowsFailed,
    after writing, when more than `max_failed` of the videos have another status than `ok`.
    """
    sampling = settings.frame_sampling()
    if (said := without_model(settings.preset)) is not None:
        log.info("%s", said)
    settings = shards.placed(settings)
    decoder = plugins.module_name("decoders", DECODER)
    with Step(
        "videos warm",
        settings,
        Summary,
        code=[__name__, decoder],
        inputs=[settings.samples],
        listings=[settings.videos],
    ) as step:
        return _filled(settings, sampling, step)


def _filled(settings: Settings, sampling: FrameSampling, step: Step[Summary]) -> Summary:
    """Decode what the store lacks, and write the table unless it is there and nothing was decoded."""
    store = FrameStore(Path(settings.videos), sampling, Path(settings.frames) if settings.frames else None)
    wanted = [
        one
        for one in listed(settings.samples, settings.where, settings.limit, parts=True)
        if shards.mine(one.video.video_id, settings)
    ]
    if settings.executor:
        # Each Ray task has one CPU core.
        shards.on_ray(run, msgspec.structs.replace(settings, jobs=1))
    results = parallel.each(lambda one: _warmed(one, store), wanted, settings.jobs)
    found = {id(one): each for one, each in live.each(results, len(wanted), "videos warm", "videos")}
    rows = [found[id(one)] for one in wanted]
    done = step.up_to_date()
    if done is not None and not store.decoded:
        return msgspec.structs.replace(done, decoded=0)
    summary = _summary(settings, rows, store.decoded)
    write_parquet(step.start() / "warmed.parquet", rows, COLUMNS)
    failed = [(row["file"], row["status"]) for row in rows if row["status"] != "ok"]
    mend = "Run `vtgdata videos verify` for a list of files to fetch, or allow a share with --max-failed."
    return step.finish(summary, ["warmed.parquet"], failed=failure(failed, len(rows), settings.max_failed, mend))


def _warmed(one: Listed, store: FrameStore) -> Row:
    video = one.video
    row: Row = {"video_id": video.video_id, "file": video.file, "frames": 0, "bytes": 0}
    twice = ambiguous(store.videos, video)
    if twice:
        return row | {"status": twice}
    frames = store.frames(video)
    row |= {"status": frames.status, "frames": len(frames.times), "bytes": sum(map(len, frames.images))}
    if frames.status == "ok":
        row |= {"frames_id": frames.frames_id, "duration": frames.duration}
    return row


def _summary(settings: Settings, rows: Sequence[Row], decoded: int) -> Summary:
    return Summary(
        videos=len(rows),
        statuses=dict(Counter(status_class(row["status"]) for row in rows).most_common()),
        frames=sum(row["frames"] for row in rows),
        bytes=sum(row["bytes"] for row in rows),
        decoded=decoded,
        examples=examples((row["file"], row["status"]) for row in rows),
        out=settings.out,
    )
