"""What every stage that asks a model shares: its settings, and the way from samples to rows of rollouts."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from vtgdata import plugins
from vtgdata.engine import ask, rollouts
from vtgdata.engine.journal import Journal
from vtgdata.engine.progress import Counts
from vtgdata.engine.work import Question
from vtgdata.errors import VtgError
from vtgdata.records import Endpoint, FrameSampling, Model, Reply, Sample, Sampling, Video
from vtgdata.tables import Row, read_samples
from vtgdata.video import blind, sampling
from vtgdata.video.messages import Prompt, load_prompt, render
from vtgdata.video.store import DECODER, Frames, FrameStore

log = logging.getLogger("vtgdata")

JOURNAL = "journal.sqlite"


Count = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class AskSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a command that asks a model about samples."""

    samples: str
    """Samples to ask about: a samples.parquet."""
    out: str
    """Output folder."""
    where: str = ""
    """SQL condition on the columns of the samples, as in "split == 'rl'"."""
    limit: Count | None = None
    """Take only the first so many samples."""
    endpoint: list[str] = []
    """Base URL of an OpenAI-compatible server, ending in /v1; may be given several times."""
    model_version: str = ""
    """What the server's model name does not say; part of the fingerprint of its answers."""
    videos: str = ""
    """Folder under which the videos lie."""
    prompt: str = "ground"
    """Prompt: a name from the package, or a path to a Markdown file."""
    n: Count = 1
    """Answers per sample."""
    seed: int = 0
    """Seed of all draws."""
    temperature: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    """Temperature of sampling; 0 is greedy."""
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    """Nucleus of sampling, in (0, 1]."""
    max_tokens: Count = 512
    """Longest answer, in tokens."""
    num_frames: Count = 32
    """Frames per video, evenly spaced; with --fps, the most."""
    fps: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """Frames per second of video, instead of a fixed number."""
    midpoint: bool = False
    """Take the middle of each interval rather than its start."""
    short_side: Count = 336
    """Short side of the frames in pixels; smaller frames are not enlarged."""
    frames: str = ""
    """Folder of the frame store; by default in the user's cache."""
    concurrency: Count | None = None
    """Requests in flight; for a local model, answers in a batch."""
    timeout: Annotated[float, msgspec.Meta(gt=0)] = 300.0
    """Seconds until a request counts as failed."""
    max_wait: Annotated[float, msgspec.Meta(ge=0)] = 300.0
    """Seconds to wait for servers that are down or ask for a pause (Retry-After); an answer that needs longer fails."""
    max_failed: Share = 0.0
    """Share of samples that may fail (missing video, dead server) before the exit code is 3."""

    def frame_sampling(self) -> FrameSampling:
        """The frames that a model is shown."""
        return FrameSampling(frames=self.num_frames, fps=self.fps, midpoint=self.midpoint, short_side=self.short_side)

    def sampling(self) -> Sampling:
        """How answers are drawn."""
        return Sampling(temperature=self.temperature, top_p=self.top_p, max_tokens=self.max_tokens)

    def inputs(self, *models: str) -> list[str]:
        """Files and folders that the answers depend on."""
        local = [path for spec in models for path in _paths(spec)]
        return [self.samples, str(plugins.prompt_path(self.prompt)), *local]

    def listings(self) -> list[str]:
        """Folders of which names and times count."""
        return [self.videos] if self.videos else []


Deepen = Callable[[Mapping[str, list[Row]]], dict[str, int]]
"""From the rows of each sample so far to the answers wanted in all, of the samples that need more."""


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """Rollouts of one model on some samples."""

    rows: list[Row]
    model_id: str
    prompt: Prompt
    n_failed: int
    """Samples with at least one request that failed, or a video that could not be seen."""
    first_failure: str = ""
    """The first of them, with what the journal knows of it."""

    def failure(self, most: float, total: int) -> str | None:
        """What to tell the user when more than `most` (a share of `total` samples) failed, else None."""
        if self.n_failed <= most * total:
            return None
        return (
            f"{self.n_failed} of {total} samples failed, first {self.first_failure}. "
            "Mend the cause and run the same command again (only these are asked), or allow a share with --max-failed."
        )


def _paths(spec: str) -> list[str]:
    """Local files that a model's spec names."""
    parsed = plugins.parse_spec(spec)
    values = [parsed.argument, *map(str, parsed.settings.values())]
    return [value for value in values if value and Path(value).exists()]


def plugin_code(models: Sequence[str], scores: Sequence[str] = ()) -> list[str]:
    """The modules of all plug-ins that the answers depend on, for a step's fingerprint."""
    return [
        *(plugins.module_name("models", plugins.parse_spec(spec).name) for spec in models),
        *(plugins.module_name("scores", name) for name in (*rollouts.DEFAULT_SCORES, *scores)),
        plugins.module_name("decoders", DECODER),
    ]


def open_model(spec: str, settings: AskSettings) -> Model:
    """Connect to the model that a spec names, as in `transformers_local:PATH`."""
    parsed = plugins.parse_spec(spec)
    endpoint = Endpoint(
        urls=tuple(settings.endpoint),
        version=settings.model_version,
        concurrency=settings.concurrency,
        timeout=settings.timeout,
        max_wait=settings.max_wait,
    )
    connect = plugins.load("models", parsed.name).connect
    plugins.check_settings(spec, connect, parsed.settings, given=2)
    return connect(parsed.argument, endpoint, **parsed.settings)


def load_samples(settings: AskSettings) -> list[Sample]:
    """The samples that the settings choose; raises VtgError when none is left."""
    samples = read_samples(settings.samples, where=settings.where or None, limit=settings.limit)
    if not samples:
        raise VtgError(
            f"{settings.samples}: no sample is left" + (f" where {settings.where}." if settings.where else ".")
        )
    return samples


def collect(
    settings: AskSettings,
    samples: Sequence[Sample],
    spec: str,
    *,
    seeing: str = "sighted",
    scores: Sequence[str] = (),
    deepen: Deepen | None = None,
) -> Collected:
    """Ask one model about samples and make rows of its answers; what the journal already holds is not asked again.

    Args:
        settings: of the stage.
        samples: what to ask about.
        spec: of the model.
        seeing: `sighted`; `blind` replaces each video's pixels by those of another source's; `blank` by grey;
            `other_query` keeps the frames and asks what another video is asked.
        scores: score plug-ins to add to the rows, beside tiou and format.
        deepen: says after each round which samples need more answers, and how many in all; none ends it.
    """
    prompt = load_prompt(settings.prompt)
    for name in scores:
        plugins.load("scores", name)
    model = open_model(spec, settings)
    if model.looks and not settings.videos:
        raise VtgError(f"{spec} looks at the videos: say where they are with --videos.")
    if not model.looks and seeing in ("blind", "blank"):
        raise VtgError(f"{spec} does not look at the videos, so it has no blind control; leave out --blind.")
    store = _store(settings) if settings.videos else None
    folder = Path(settings.out)
    folder.mkdir(parents=True, exist_ok=True)
    with Journal(folder / JOURNAL) as journal:
        for path in sorted(folder.glob(f"shard-*-of-*/{JOURNAL}")):
            with Journal(path) as shard:
                journal.take(shard)

        def ask_round(some: Sequence[Sample], n: int) -> tuple[list[Row], dict[str, Reply]]:
            return _round(
                questions(some, prompt, store, settings, seeing), some, model, journal, settings, n,
                prompt=prompt, scores=scores, progress=_teller(spec, seeing),
            )  # fmt: skip

        rows, replies = ask_round(samples, settings.n)
        if deepen is not None:
            rows = _deepened(rows, replies, samples, ask_round, deepen)
    failed = [row for row in rows if row["error"]]
    return Collected(
        rows=rows,
        model_id=model.id,
        prompt=prompt,
        n_failed=len({row["sample_id"] for row in failed}),
        first_failure=_told(failed[0], replies.get(failed[0]["key"])) if failed else "",
    )


def _round(
    asking: Iterator[Question],
    samples: Sequence[Sample],
    model: Model,
    journal: Journal,
    settings: AskSettings,
    n: int,
    *,
    prompt: Prompt,
    scores: Sequence[str],
    progress: Callable[[Counts], None],
) -> tuple[list[Row], dict[str, Reply]]:
    """N answers to each question, as rows, with the replies by key."""
    drawn = settings.sampling()
    asked = ask.run(asking, model, sampling=drawn, n=n, seed=settings.seed, journal=journal, progress=progress)
    keys = [one.key for one in asked]
    replies = {**journal.failures(keys), **journal.answered(keys)}
    rows = rollouts.finalize(
        asked,
        replies,
        {sample.sample_id: sample for sample in samples},
        model_id=model.id,
        sampling=drawn,
        form=prompt.form,
        scores=tuple(dict.fromkeys((*rollouts.DEFAULT_SCORES, *scores))),
    )
    return rows, replies


def _deepened(
    rows: list[Row],
    replies: dict[str, Reply],
    samples: Sequence[Sample],
    ask_round: Callable[[Sequence[Sample], int], tuple[list[Row], dict[str, Reply]]],
    deepen: Deepen,
) -> list[Row]:
    """Rows of all rounds, in the order of the samples; `replies` gets those of every round."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["sample_id"], []).append(row)
    while wanted := deepen(found):
        for n in sorted(set(wanted.values())):
            further, said = ask_round([s for s in samples if wanted.get(s.sample_id) == n], n)
            replies.update(said)
            for sample_id in {row["sample_id"] for row in further}:
                found[sample_id] = []
            for row in further:
                found[row["sample_id"]].append(row)
    return [row for sample_id in dict.fromkeys(s.sample_id for s in samples) for row in found[sample_id]]


def _told(row: Row, reply: Reply | None) -> str:
    """A failed row for people: with the server and its words, which the row itself leaves to the journal."""
    detail = f" ({reply.detail})" if reply is not None and reply.detail else ""
    return f"{row['sample_id']!r}: {row['error']}{detail}"


def _teller(spec: str, seeing: str) -> Callable[[Counts], None]:
    """Says how far a run is, as a plain line: at first, then every ten seconds."""
    told = -math.inf

    def tell(counts: Counts) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= 10:
            told = now
            log.info("%s, %s: %s", spec, seeing, counts)

    return tell


def _store(settings: AskSettings) -> FrameStore:
    return FrameStore(
        Path(settings.videos), settings.frame_sampling(), Path(settings.frames) if settings.frames else None
    )


def questions(
    samples: Sequence[Sample], prompt: Prompt, store: FrameStore | None, settings: AskSettings, seeing: str
) -> Iterator[Question]:
    """The question for each sample, made when it is pulled: frames are decoded only then."""
    donors: Mapping[str, Video] = {}
    if seeing == "blind":
        # Only videos that can be seen may stand in: a donor that fails would count against the blind score.
        videos = {sample.video.video_id: sample.video for sample in samples}.values()
        readable = [video for video in videos if store is None or store.frames(video).status == "ok"]
        donors = blind.donors(readable, settings.seed)
    others = blind.other_queries(samples, settings.seed) if seeing == "other_query" else {}
    for sample in samples:
        frames = _frames(sample, store, settings)
        if store is not None and seeing in ("blind", "blank") and frames.status == "ok":
            donor = store.frames(donors[sample.video.video_id]) if seeing == "blind" else None
            frames = blind.blinded(frames, donor)
        seen = frames.status == "ok"
        sample = msgspec.structs.replace(sample, query=others.get(sample.sample_id, sample.query))
        yield Question(
            sample_id=sample.sample_id,
            messages=render(prompt, sample, frames.times, frames.images) if seen else (),
            prompt_id=prompt.id,
            frames_id=frames.frames_id,
            frame_times=frames.times,
            problem=None if seen else f"video {frames.status}",
        )


def _frames(sample: Sample, store: FrameStore | None, settings: AskSettings) -> Frames:
    """The sample's frames; without videos, for a model that does not look, only the times they would have."""
    if store is not None:
        return store.frames(sample.video)
    if sample.video.duration is None:
        return Frames(
            frames_id="none", times=(), images=(), duration=0.0, status="of unknown duration, and no --videos"
        )
    times = sampling.times(sample.video.duration, settings.frame_sampling())
    return Frames(
        frames_id="none", times=times, images=(b"",) * len(times), duration=sample.video.duration, status="ok"
    )
