"""Commands about video files: videos verify, bind, proxy, warm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from vtgdata.cli.printing import again, counts
from vtgdata.cli.running import relative, stage

if TYPE_CHECKING:
    from vtgdata.stages.videos.bind import Summary as Bindings
    from vtgdata.stages.videos.proxy import Summary as Proxies
    from vtgdata.stages.videos.verify import Summary as Verified
    from vtgdata.stages.videos.warm import Summary as Warmed


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the commands."""
    del train
    videos = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="Look after video files: verify, bind, proxy, warm."
    )
    mine = words if "videos" in words else set[str]()
    stage(videos, mine, "videos verify")
    stage(videos, mine, "videos bind")
    stage(videos, mine, "videos proxy")
    stage(videos, mine, "videos warm")
    app.add_typer(videos, name="videos")


def verify(summary: Verified) -> None:
    """Find videos that are missing, unreadable, truncated, damaged, or of another duration than annotated.

    fetch.txt lists the files to fetch, findings.parquet what is wrong from when to when, spoilt.parquet the rows whose
    windows lie there.
    """
    print(f"{summary.videos:,} videos{again(summary)}")
    counts("found", summary.statuses)
    _examples(summary.examples)
    if "disagrees" in summary.statuses:
        print(f"disagrees: by more than {summary.tolerance:g} s (--tolerance)")
    counts("findings", summary.findings)
    if summary.samples_spoilt:
        where = f"{relative(summary.out)}/spoilt.parquet"
        print(f"{summary.samples_spoilt:,} samples have windows where pictures are lost, listed in {where}")
    if summary.samples_affected:
        print(f"{summary.samples_affected:,} samples are on videos that are not ok")
    if summary.to_fetch:
        print(f"{summary.to_fetch:,} files to fetch, listed in {relative(summary.out)}/fetch.txt")
    print(f"written to {relative(summary.out)}")


def bind(summary: Bindings) -> None:
    """Record each video by its bytes, and find it again under any name.

    Run it once while the files are right, and again after they were renamed or moved: every command with the same
    --videos then uses the files with the recorded bytes.
    """
    print(f"{summary.videos:,} videos{again(summary)}")
    counts("found", summary.statuses)
    counts("bound by", summary.bound)
    _examples(summary.examples)
    if summary.same_bytes:
        print(f"{summary.same_bytes:,} videos have the bytes of another one (column same_as)")
    print(f"written to {relative(summary.out)} and {relative(summary.bindings)}")


def proxy(summary: Proxies) -> None:
    """Make small copies of the videos, with the same times: no sound, fewer pixels and, with --fps, fewer frames.

    If only the longer source of a video exists, the proxy is cut from it. Afterwards give OUT/videos as --videos.
    """
    print(f"{summary.videos:,} videos{again(summary)}")
    counts("found", summary.statuses)
    _examples(summary.examples)
    print(f"{summary.made:,} proxies made now, {summary.cuts:,} of all cut from longer videos")
    print(f"{summary.bytes / 1e6:,.1f} MB, written to {relative(summary.out)}")


def warm(summary: Warmed) -> None:
    """Decode the frames of all videos now, in parallel, so that no command waits for them later.

    Commands with the same frame settings read them from the store.
    """
    print(f"{summary.videos:,} videos, {summary.frames:,} frames in the store{again(summary)}")
    counts("found", summary.statuses)
    _examples(summary.examples)
    print(f"{summary.decoded:,} were decoded now")
    print(f"written to {relative(summary.out)}")


def _examples(examples: Mapping[str, Sequence[str]]) -> None:
    for some in examples.values():
        for text in some:
            print(f"  {text}")
