"""Types for annotations: windows, videos, samples, and rows that were left out."""

from typing import Any, Literal, NamedTuple

import msgspec

Task = Literal["moment_retrieval", "grounded_qa"]


class Window(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """A span of a video in seconds from its first frame; raises ValueError unless 0 <= start < end < inf."""

    start: float
    end: float

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end < float("inf"):
            raise ValueError(f"window [{self.start}, {self.end}] is not 0 <= start < end < inf (seconds)")

    @property
    def duration(self) -> float:
        """Length in seconds, always above 0."""
        return self.end - self.start


class Video(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A video file that annotations are about. Never a path: files are found under a `--videos` root at run time."""

    video_id: str
    file: str
    """File name as the corpus gives it; with folders only where the corpus has several videos of one name. Behind it
    `#t=60,120` where the video is that part of the file (`records.file_parts`)."""
    duration: float | None = None
    """Seconds: probed if the file was there, else as the corpus states it."""
    source_id: str | None = None
    """Id of the longer video that this one was cut from (a YouTube id, say)."""
    source_start: float | None = None
    """Where in the source this video begins, in seconds."""
    status: str | None = None
    """`ok`, `missing` or why the file cannot be read; None if it was not probed."""

    @property
    def source(self) -> str:
        """What its scenes come from: the longer video that it was cut from, else the video itself."""
        return self.source_id or self.video_id


class Repair(msgspec.Struct, frozen=True, gc=False):
    """One change that normalisation made to a row, with the value before and after (as text)."""

    code: str
    old: str
    new: str


class Sample(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One query on one video, with all its true windows."""

    sample_id: str
    corpus: str
    split: str
    video: Video
    query: str
    windows: tuple[Window, ...]
    """All true moments; empty when unlabelled, or in a benchmark whose row has no usable window."""
    labelled: bool = True
    """False if the labels are not public; such a sample is never scored."""
    none_is_right: bool = False
    """Whether it is known that the video has no such moment: then `windows` is empty, and refusing is right."""
    task: Task = "moment_retrieval"
    options: tuple[str, ...] = ()
    answer: str | None = None
    """The right option's letter, for grounded QA."""
    label_version: str = "original"
    license: str = "unverified"
    origin: str = ""
    """File name and line, or key path in a JSON document."""
    repairs: tuple[Repair, ...] = ()
    extra: dict[str, Any] = {}


class Drop(msgspec.Struct, frozen=True, kw_only=True):
    """A raw row that became no sample."""

    corpus: str
    origin: str
    reason: str
    detail: str
    raw: str


class LeftOut(NamedTuple):
    """A sample that a filter leaves out, and why."""

    sample_id: str
    reason: str
    """Code of the reason, the same for all samples that are left out for it."""
    detail: str
    """How the reason applies to this sample, in words and numbers."""
