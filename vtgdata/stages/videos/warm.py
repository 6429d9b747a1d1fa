"""Warm: have the frames of all videos of the samples in the store, decoded side by side, on one machine or many.

Commands that look at the same videos by the same settings of frames then decode nothing. It always looks into the
store, for what was there may have had to go since.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from vtgdata.engine import shards
from vtgdata.files import plugins
from vtgdata.files.parquet import write_parquet
from vtgdata.files.schemas import Row
from vtgdata.files.step import Step, StepSummary
from vtgdata.records import FrameSampling
from vtgdata.video import parallel
from vtgdata.video.frame_settings import Count, FrameSettings
from vtgdata.video.inventory import Listed, ambiguous, examples, failure, kind, listed, told
from vtgdata.video.store import DECODER, FrameStore

COLUMNS = {
    "video_id": "text", "file": "text", "status": "text", "frames_id": "text", "frames": "count", "bytes": "count",
    "duration": "number",
}  # fmt: skip
"""Of warmed.parquet."""


class Settings(FrameSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to decode, and how."""

    samples: str
    """Samples whose videos are decoded: a samples.parquet."""
    videos: str
    """Folder under which the videos lie."""
    out: str
    """Folder for warmed.parquet: a row for each video, with its status."""
    where: str = ""
    """SQL condition on the columns of the samples, as in "split == 'rl'"."""
    limit: Count | None = None
    """Take only the first so many samples."""
    jobs: Count | None = None
    """Videos that are decoded at a time; as many as there are cores by default."""
    max_failed: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    """Share of videos that may be missing or unreadable before the exit code is 3."""
    shard: str = ""
    """I/N, as in 0/4: only this part of the videos; the command without it looks at all."""
    executor: Literal["", "ray"] = ""
    """`ray`: run the shards on a Ray cluster ($RAY_ADDRESS, or this machine), then look at all."""
    shards: Count = 4
    """With --executor, into how many parts."""
    workers: Count = 2
    """With --executor on this machine, how many at a time; a cluster decides by its CPUs."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """What the store has of the videos."""

    videos: int
    statuses: dict[str, int]
    """{kind: n}, the most frequent first."""
    frames: int
    """That the videos have in the store."""
    bytes: int
    """Of these frames."""
    decoded: int
    """Videos that were not in the store."""
    examples: dict[str, list[str]]
    """{kind: [file: what]}, the first few of each."""
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary:
    """Fill the store; write warmed.parquet.

    Raises VtgError when there is no folder of videos, no sample, or frames are asked for in two ways; RowsFailed,
    after writing, when more than `max_failed` of the videos cannot be seen.
    """
    sampling = settings.frame_sampling()
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
        for one in listed(settings.samples, settings.where, settings.limit)
        if shards.mine(one.video.video_id, settings)
    ]
    if settings.executor:
        # A task of the cluster has one core.
        shards.on_ray(run, msgspec.structs.replace(settings, jobs=1))
    results = parallel.each(lambda one: _warmed(one, store), wanted, settings.jobs)
    found = {id(one): each for one, each in told(results, len(wanted), "warm")}
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
        statuses=dict(Counter(kind(row["status"]) for row in rows).most_common()),
        frames=sum(row["frames"] for row in rows),
        bytes=sum(row["bytes"] for row in rows),
        decoded=decoded,
        examples=examples((row["file"], row["status"]) for row in rows),
        out=settings.out,
    )
