"""Findings about videos between commands: a table of them, and the rows of samples that they spoil."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from vtgdata.errors import VtgError
from vtgdata.files import outside
from vtgdata.files.parquet import read_parquet
from vtgdata.files.schemas import Row
from vtgdata.records import Finding, Sample, Video
from vtgdata.records.file_parts import whole_file

NAME = "findings.parquet"
"""Name of the table of findings in the folder that `videos verify` writes."""
VERIFIED = "verified.parquet"
"""Name of the table of videos there."""
COLUMNS = {
    "video_id": "text", "file": "text", "kind": "text", "start": "number", "end": "number", "detail": "text",
}  # fmt: skip
ROW_COLUMNS = {
    "sample_id": "text", "video_id": "text", "file": "text", "window_start": "number", "window_end": "number",
    "kind": "text", "start": "number", "end": "number",
}  # fmt: skip
"""Columns of the table of spoilt rows: a row's window, and the finding that it touches."""
Key = tuple[str, str]
"""A video: file and video id."""
Videos = Mapping[Key, Sequence[Finding]]
"""The findings of videos."""


def found_under(video: Video) -> tuple[Key, float]:
    """The key of a video's file, and where in the file the video begins, in seconds."""
    whole, begin = whole_file(video)
    return (whole.file, whole.video_id), begin


def rows(video: Key, findings: Sequence[Finding]) -> Iterator[Row]:
    """The table's rows for one video."""
    for one in findings:
        yield {
            "video_id": video[1], "file": video[0], "kind": one.kind, "start": one.start, "end": one.end,
            "detail": one.detail,
        }  # fmt: skip


class Verified(NamedTuple):
    """What `videos verify` found, by (file, video id)."""

    statuses: dict[Key, str]
    """Of every video that it looked at."""
    unreadable: dict[Key, str]
    """Status of those of which nothing can be shown: missing, no video, and so on."""
    findings: Videos


def read(folder: str) -> Verified:
    """What `videos verify` left in its folder.

    Raises VtgError when there is nothing: the folder is another command's, or of a version that did not decode.
    """
    path = Path(folder).expanduser()
    for name in (VERIFIED, NAME):
        if not outside.is_file(path / name):
            raise VtgError(f"{folder}: has no {name}. Name the --out folder of a `vtgdata videos verify`.")
    found: dict[Key, list[Finding]] = {}
    for row in read_parquet(str(path / NAME), needs=tuple(COLUMNS)):
        one = Finding(kind=row["kind"], start=row["start"], end=row["end"], detail=row["detail"])
        found.setdefault((row["file"], row["video_id"]), []).append(one)
    videos = read_parquet(str(path / VERIFIED), needs=("file", "video_id", "status", "duration"))
    seen = {(row["file"], row["video_id"]): row for row in videos}
    unreadable = {key: row["status"] for key, row in seen.items() if row["duration"] is None}
    return Verified({key: row["status"] for key, row in seen.items()}, unreadable, found)


def cut(end: float, *last: float | None) -> tuple[Finding, ...]:
    """The finding about a file that ends too early, at `end`; `last` are the seconds that its samples speak of."""
    wanted = max((each for each in last if each is not None), default=0.0)
    detail = "the end of the file is missing"
    return (Finding(kind="cut", start=end, end=wanted, detail=detail),) if wanted > end else ()


def spoilt(samples: Iterable[Sample], videos: Videos) -> Iterator[Row]:
    """The windows that touch a finding of their video, one row for each pair; only findings that spoil rows count."""
    for sample in samples:
        video = sample.video
        key, begin = found_under(video)  # a part of a file has a clock of its own
        for one in videos.get(key, ()):
            for window in sample.windows:
                if one.touches(begin + window.start, begin + window.end):
                    yield {
                        "sample_id": sample.sample_id, "video_id": video.video_id, "file": video.file,
                        "window_start": window.start, "window_end": window.end, "kind": one.kind,
                        "start": max(0.0, one.start - begin), "end": one.end - begin,
                    }  # fmt: skip


def said(one: Finding) -> str:
    """A finding as a status of its video: its kind, and from and to.

    >>> said(Finding(kind="hole", start=3.25, end=5.0, detail="no frame can be decoded"))
    'hole (3.2 to 5.0 s: no frame can be decoded)'
    """
    return f"{one.kind} ({one.start:.1f} to {one.end:.1f} s: {one.detail})"
