"""The nouns: immutable records that every stage speaks. Seconds everywhere, from the first frame of the file named.

`gc=False` on those that come by the million: they cannot be part of a cycle, and the collector would visit each of them
again and again.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

Task = Literal["moment_retrieval", "grounded_qa"]


class Window(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """A span of a video in seconds from its first frame: 0 <= start < end < inf. Cannot be built wrong."""

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
    """A file that annotations speak of. Never a path: files are found under a `--videos` root at run time."""

    video_id: str
    file: str
    """File name as the corpus gives it, without folders."""
    duration: float | None = None
    """Seconds; probed where the file is there, else the corpus's."""
    source_id: str | None = None
    """Id of the longer video that this one was cut from (a YouTube id, say)."""
    source_start: float | None = None
    """Where in the source this video begins, in seconds."""
    status: str | None = None
    """`ok`, `missing` or why it cannot be read; None when nobody looked."""


class VideoFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a decoder finds out about a file."""

    duration: float
    """Seconds for which its video stream shows something, from the first frame; above 0."""
    fps: float | None
    """Average frames a second, None where neither header nor timestamps tell."""
    start_time: float
    """Seconds on the container's own clock at which the first frame is shown; all other times here start there."""
    width: int
    """Pixels as shown, after rotation."""
    height: int
    rotation: int
    """Degrees counter-clockwise by which players turn the stored picture: 0, 90, 180 or 270."""
    codec: str
    n_frames: int | None
    """What the header says, which may differ from what decodes; None where it says nothing."""
    variable: bool | None = None
    """Whether frames are shown for unequal times; None where nobody looked."""
    truncated: bool = False
    """The file ends before its container says: `duration` is what is left of it."""
    streams: tuple[str, ...] = ()
    """Kind and codec of each stream, as in `video h264`, `audio aac`."""
    read_from: dict[str, str] = {}
    """Where a fact was read: `stream`, `container`, `frame` (the first one), `index` or `scan` (all packets)."""


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
    """False where the labels are hidden: never scored."""
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
    """A code, the same for all samples that are left out for it."""
    detail: str
    """What of this sample it was, in words and numbers."""


Bound = float | str
"""A start or an end as published: a number, or a clock time as text (`01:23.5`)."""

Unit = Literal["seconds", "milliseconds", "frames", "chunks", "clips", "fraction"]
"""What published bounds count: `frames` at the row's fps; `chunks` of 5 s, first and last inclusive; `clips` of 2 s,
the end exclusive; `fraction` of the duration."""


class RawRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One annotated query or event as a reader found it, before any repair."""

    origin: str
    raw: Any
    """The row's own text, or its JSON value: kept for drops."""
    video_id: str
    file: str
    query: str
    windows: Sequence[tuple[Bound, Bound]]
    """Pairs as published, in the row's unit; may be reversed, empty or past the end. All of them are true moments."""
    split: str
    corpus: str = ""
    """The corpus that the row is of, where a file holds rows of several; empty for the reader's own."""
    source_corpus: str = ""
    """The corpus that a collection took this row from: its licence applies too."""
    license: str = ""
    """The row's own licence, where the file states one; empty for its corpus's."""
    unit: Unit = "seconds"
    fps: float | None = None
    """Frames a second, for `unit="frames"`."""
    opinions: Sequence[tuple[Bound, Bound]] = ()
    """Each annotator's window, in the row's unit, where they say when one moment is: then `windows` is empty."""
    source_clock: bool = False
    """Bounds count from the start of the source, not of the file, which begins at `source_start`."""
    repairs: tuple[Repair, ...] = ()
    """Repairs made before, where the file is our own."""
    video_status: str | None = None
    """What a probe found before, where the file is our own."""
    annotation_set: str = ""
    """Which set of annotations this is (`val_1`, `val_2`), where a corpus publishes several."""
    published_id: str | None = None
    """The corpus's own id of this query, where it has one that is unique in the corpus."""
    duration: float | None = None
    source_id: str | None = None
    source_start: float | None = None
    read_in_place: bool = False
    """The corpus's loader reads `duration` seconds of the file from `source_start`: it may hold the whole source."""
    labelled: bool = True
    task: Task = "moment_retrieval"
    options: tuple[str, ...] = ()
    answer: str | None = None
    label_version: str = "original"
    problem: tuple[str, str] | None = None
    """(reason, detail) when the row cannot be read at all: it becomes a drop."""
    extra: dict[str, Any] = {}


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """Published facts of one split of a corpus."""

    name: str
    files: tuple[str, ...]
    """Published file names, or patterns of them (`instruct_*.json`)."""
    rows: int | None = None
    """Published number of annotated queries or events, as this project counts rows; None where none was verified."""
    videos: int | None = None
    """Published number of videos that the rows are about: of files by their names without extension."""
    benchmark: bool = False
    copies: dict[int, str] = {}
    """Row counts of copies that others publish, each with the reason why it differs from `rows`."""


class Corpus(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of a corpus, as its paper and page state them."""

    name: str
    title: str
    summary: str
    splits: tuple[Split, ...]
    license: str
    """SPDX identifier or `LicenseRef-...`."""
    license_link: str
    license_confidence: Literal["A", "B", "C"]
    """A: text read; B: official page or card seen; C: unverified, publishing needs a confirmation."""
    homepage: str
    citation: str
    grid: float | None
    """Annotation grid in seconds, where there is one."""
    clock: str = "seconds from the start of the file"
    usage: str = ""
    """The files to name after `vtgdata ingest NAME`."""
    download: str = ""
    """Where to fetch the files, in words or as a link; empty where the homepage is the place."""
    overlaps: tuple[str, ...] = ()
    """Known overlaps with other corpora's splits, in words: what `check` reminds of when the other is not at hand."""
    family: Literal["", "moments", "captions", "samples"] = ""
    """The form that its files share with other corpora's: what keys mean is known, not whose they are."""
    split_in_rows: bool = False
    """Each row says its split; a file holds several."""

    def benchmark(self, split: str) -> bool:
        """Whether the named split is one that papers report scores on."""
        return any(known.benchmark for known in self.splits if known.name == split)


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A corpus's own small test: invented rows in its real syntax, and what they become."""

    files: dict[str, str]
    """File name -> text, written by us."""
    samples: list[tuple[str, str, list[list[float]]]]
    """(video_id, query, [[start, end], ...]) of every sample, in order, after normalisation."""
    drops: list[str] = []
    """Reasons of the drops, in order."""
    split: str | None = None
    """What to read with as `--split`."""


class Text(msgspec.Struct, frozen=True, tag="text"):
    """A piece of text in a message."""

    text: str


class Image(msgspec.Struct, frozen=True, tag="image"):
    """A frame in a message: JPEG bytes and the time it shows, in seconds."""

    jpeg: bytes
    time: float


Part = Text | Image


class Message(msgspec.Struct, frozen=True):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[Part, ...]


class Sampling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a model draws its answer; always sent explicitly, never left to a server's default."""

    temperature: float = 1.0
    """0 is greedy."""
    top_p: float = 1.0
    max_tokens: int = 512


class TokenBudget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many visual tokens a video may cost, as models count them that cut frames into square patches."""

    total: int
    """Tokens of all frames together."""
    least: int = 1
    """Tokens that a frame (or a group) gets at least: where the total does not reach, there are fewer frames."""
    most: int | None = None
    """Tokens that a frame (or a group) gets at most."""
    patch: int = 28
    """Side in pixels of the square that one token stands for."""
    group: int = 1
    """Frames that share their tokens: 2 where a model takes video in pairs."""


class FrameSampling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which frames of a video a model sees, and at what size."""

    frames: int | None = 32
    """Number of frames, or the cap when `fps` is set."""
    fps: float | None = None
    """Frames a second; None takes `frames` evenly spaced ones."""
    midpoint: bool = False
    """Take each interval's middle rather than its start."""
    short_side: int = 336
    """Pixels; smaller frames are not enlarged."""
    tokens: TokenBudget | msgspec.UnsetType = msgspec.UNSET
    """Where given, the size follows from it and `short_side` is not used. Unset it is not written, so that samplings
    without one keep their fingerprints."""


class Frames(msgspec.Struct, frozen=True, kw_only=True):
    """What a model sees of one video, as the frame store gives it."""

    frames_id: str
    """Fingerprint of the video's bytes, the sampling and the decoder; empty when there are no frames."""
    times: tuple[float, ...]
    """Seconds from the first frame at which each image is really shown."""
    images: tuple[bytes, ...]
    """JPEGs, one for each time."""
    duration: float
    """Of the video, in seconds, as probed; 0 when it cannot be read."""
    status: str
    """`ok`; or `missing`, `not a video (what)`, `no video stream`, `truncated at 12.4 s` or `unreadable: reason`, and
    then there are no times and no images."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a model said once: the raw text, or the error that kept it from answering."""

    text: str | None
    finish_reason: str = "stop"
    reasoning: str | None = None
    """Reasoning that the server returned apart from the text."""
    tokens_in: int | None = None
    tokens_out: int | None = None
    seconds: float | None = None
    error: str | None = None
    """Set when the request failed; then text is None and the reply is no answer. The reason in words that are the same
    in every run and name no machine: it is published with rollouts."""
    detail: str | None = None
    """More about the error, for whoever mends it; like `seconds` it stays in the journal."""
    endpoint: str | None = None
    """Which server answered, where there is one; like `seconds` it stays in the journal."""
    cost: float | None = None
    """US dollars by the price table of that day, 0 for a model on this machine; None where the price is unknown. Like
    `seconds` it stays in the journal."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """n answers wanted for one sample."""

    sample_id: str
    messages: tuple[Message, ...]
    sampling: Sampling
    seeds: tuple[int, ...]
    """One per answer wanted, derived from its work key: their number is n."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach a model beyond its name; what a model plug-in is opened with."""

    urls: tuple[str, ...] = ()
    """Base URLs of OpenAI-compatible servers, ending in /v1."""
    version: str = ""
    """What the server's model name does not say: part of the fingerprint of its answers."""
    concurrency: int | None = None
    """Requests in flight; None leaves it to the plug-in."""
    timeout: float = 300.0
    """Seconds until a request counts as failed."""
    max_wait: float = 300.0
    """Seconds that an answer waits at most for servers that are down or ask for a pause; then it counts as failed."""


class Model(Protocol):
    """Something that answers. A plug-in module has `connect(argument: str, endpoint: Endpoint) -> Model`."""

    id: str
    """Fingerprint of what may change an answer: weights, tokenizer and template, or server model and version."""
    concurrency: int
    """How many requests it wants in flight at a time."""
    looks: bool
    """False for a model that answers from the annotation (scripted): it can be asked where videos are missing."""

    async def generate(self, request: Request) -> list[Reply]:
        """One reply per seed, in order. A failure is a Reply with `error`, never an exception, unless it is final.

        Raises EndpointRefused when asking again cannot help (wrong key, unknown model, no quota).
        """
        ...

    async def close(self) -> None:
        """Release what the model holds."""
        ...


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A model's text, read by the one parser."""

    windows: tuple[Window, ...]
    """Lenient reading, in the order said; empty unless `parse_status` is 'ok' or 'several_where_one'."""
    option: str | None
    parse_status: str
    """ok, no_answer, unparsable, reversed, zero_length, out_of_range, refused, truncated, several_where_one."""
    strict_ok: bool
    """The text is in exactly the form that the prompt asked for."""
    reasoning: str
    has_reasoning: bool

    @property
    def counted(self) -> tuple[Window, ...]:
        """The windows that scores see: none where several were said and the prompt wanted one."""
        return self.windows if self.parse_status == "ok" else ()
