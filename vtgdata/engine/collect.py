"""What every stage that asks a model shares: its settings, and the way from samples to rows of rollouts."""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import msgspec

from vtgdata import plugins
from vtgdata.engine import ask, failures, held, prices, rollouts
from vtgdata.engine.journal import Journal
from vtgdata.engine.meter import Metered
from vtgdata.engine.places import Places
from vtgdata.engine.prices import Price
from vtgdata.engine.tell import teller
from vtgdata.engine.wanted import Spool, Wanted
from vtgdata.engine.work import Question, about
from vtgdata.errors import BudgetReached, VtgError
from vtgdata.records import Endpoint, Model, Reply, Sample, Sampling, Video
from vtgdata.sample_table import SampleTable, open_samples
from vtgdata.tables import Row
from vtgdata.video import blind, sampling
from vtgdata.video.frame_settings import Count, FrameSettings
from vtgdata.video.messages import Prompt, load_prompt, render
from vtgdata.video.store import DECODER, Frames, FrameStore

log = logging.getLogger("vtgdata")

JOURNAL = "journal.sqlite"


Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class AskSettings(FrameSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a command that asks a model about samples."""

    samples: str
    """Samples to ask about: a samples.parquet."""
    out: str
    """Output folder."""
    where: str = ""
    """SQL condition on the columns of the samples, as in "split == 'rl'"."""
    limit: Count | None = None
    """Take only the first so many samples."""
    endpoint: list[str] = msgspec.field(default_factory=list[str])
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
    concurrency: Count | None = None
    """Requests in flight; for a local model, answers in a batch."""
    timeout: Annotated[float, msgspec.Meta(gt=0)] = 300.0
    """Seconds until a request counts as failed."""
    max_wait: Annotated[float, msgspec.Meta(ge=0)] = 300.0
    """Seconds to wait for servers that are down or ask for a pause (Retry-After); an answer that needs longer fails."""
    max_failed: Share = 0.0
    """Share of samples that may fail (missing video, dead server) before the exit code is 3."""
    dry_run: bool = False
    """Say what is to do, with tokens, cost, hours and disk from low to high; ask nothing and write nothing."""
    budget: Annotated[float, msgspec.Meta(ge=0)] | None = None
    """US dollars that this folder's answers may cost in all, earlier runs included; exit code 4 when it is used up, and
    a higher one goes on."""
    prices: str = ""
    """File of prices in dollars per million tokens, which go before ours: - {model: NAME, input: 1.25, output: 10}."""
    confirm_over: Annotated[float, msgspec.Meta(ge=0)] = 5.0
    """US dollars: a step that may cost more asks first, and without a terminal ends with exit code 4."""
    yes: bool = False
    """Spend what the plan says without asking."""
    batch: str = ""
    """Folder: write what there is to ask into it as files of OpenAI's batch format, and ask nothing; `vtgdata
    batch-import` brings the answers back."""
    batch_requests: Count = 50_000
    """Most requests in a file of --batch."""
    batch_megabytes: Annotated[float, msgspec.Meta(gt=0)] = 200.0
    """Largest file of --batch, in millions of bytes."""
    only: str = ""
    """Ask again what failed by timeout, connection, limit, refused, server or other (several with commas; failed is
    all), and nothing that was not asked before."""

    @property
    def ignores_up_to_date(self) -> bool:
        """Whether an earlier result is not enough, be it up to date."""
        return self.dry_run or bool(self.only or self.batch)

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


_Rows = Iterator[tuple[Sample, list[Row], dict[str, Reply]]]
CHUNK = 256
"""Questions whose rows are in memory at a time."""


class Collected:
    """Rollouts of one model on some samples, read from the journal as they are wanted; made by `collect`."""

    def __init__(self, samples: Sequence[Sample], model_id: str, prompt: Prompt, read: Callable[..., Any]) -> None:
        self.model_id, self.prompt = model_id, prompt
        self._samples, self._read = samples, read
        self.n_failed = 0
        """Of the rows read so far, samples with a request that failed, or a video that could not be seen."""
        self.first_failure = ""
        """The first of them, with what the journal knows of it."""

    def by_sample(self) -> Iterator[tuple[Sample, list[Row]]]:
        """Each sample with its rows, in order; some at a time, so that memory does not grow with their number."""
        self.n_failed, self.first_failure = 0, ""
        for sample, rows, replies in self._read(self._samples):
            failed = next((row for row in rows if row["error"]), None)
            if failed is not None:
                self.n_failed += 1
                self.first_failure = self.first_failure or _told(failed, replies.get(failed["key"]))
            yield sample, rows

    def failure(self, most: float) -> str | None:
        """What to tell the user when more than a share `most` of the samples failed, else None; once all were read."""
        if self.n_failed <= most * len(self._samples):
            return None
        return (
            f"{self.n_failed} of {len(self._samples)} samples failed, first {self.first_failure}. "
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


def price_of(spec: str, settings: AskSettings, model: Model) -> Price | None:
    """What a model's tokens cost; None when that is unknown."""
    name = getattr(model, "model", None)
    named = name if isinstance(name, str) else plugins.parse_spec(spec).argument
    return prices.price_of(spec, named, settings.endpoint, settings.prices)


def kind(settings: AskSettings, prompt: Prompt, model: Model, seeing: str) -> str:
    """What the answers that `collect` asks for have in common; see `work.about`."""
    frames, seen = settings.frame_sampling(), bool(settings.videos)
    return about(model.id, prompt.id, frames, seen, settings.sampling(), settings.seed, seeing)


def metered(spec: str, model: Model, settings: AskSettings, journal: Journal) -> Metered:
    """The model with its price, its budget, and what the journals of this folder say was spent."""
    price = price_of(spec, settings, model)
    if price is None or price.free:
        return Metered(model, price)
    spent = held.spend(journal.select, price)
    # The shards' answers are taken over by now, their failed attempts are not.
    for path in held.journals(Path(settings.out), JOURNAL)[1:]:
        with held.peek(path) as select:
            spent = spent.plus(held.spend(select, price, only_failed=True))
    if spent.uncounted:
        log.warning("%s: %d answers whose tokens no server told are not in the spend", journal.path, spent.uncounted)
    return Metered(model, price, budget=settings.budget, spent=spent.picodollars)


@contextmanager
def _told_what_is_left(journal: Journal, samples: Iterable[Sample], n: int) -> Generator[None]:
    """Add to the words about a used-up budget how many answers are missing, now that all that came are on disk."""
    try:
        yield
    except BudgetReached as error:
        there = held.Answers()
        held.answers(journal.select, journal.about, there)
        left = sum(n - there.count(sample.sample_id, n) for sample in samples)
        raise BudgetReached(
            f"{error} {left:,} answers are left to do. What was answered is kept: the same command with a higher "
            "--budget goes on."
        ) from None


def asked_model(spec: str, settings: AskSettings, seeing: str) -> Model:
    """The model that a spec names; raises VtgError where it cannot be asked like this."""
    model = open_model(spec, settings)
    if model.looks and not settings.videos:
        raise VtgError(f"{spec} looks at the videos: say where they are with --videos.")
    if not model.looks and seeing in ("blind", "blank"):
        raise VtgError(f"{spec} does not look at the videos, so it has no blind control; leave out --blind.")
    return model


def take_shards(journal: Journal, folder: Path) -> None:
    """Take over the answers of the shards that lie in the folder."""
    for path in sorted(folder.glob(f"shard-*-of-*/{JOURNAL}")):
        with Journal(path) as shard:
            journal.take(shard)


def load_samples(settings: AskSettings) -> SampleTable:
    """The samples that the settings choose; raises VtgError when none is left, or frames are asked for in two ways."""
    settings.frame_sampling()
    samples = open_samples(settings.samples, where=settings.where or None, limit=settings.limit)
    if not samples:
        raise VtgError(
            f"{settings.samples}: no sample is left" + (f" where {settings.where}." if settings.where else ".")
        )
    return samples


@contextmanager
def collect(
    settings: AskSettings,
    samples: Sequence[Sample],
    spec: str,
    *,
    seeing: str = "sighted",
    scores: Sequence[str] = (),
    places: Places | None = None,
) -> Generator[Collected]:
    """Ask one model about samples, and give rows of its answers; what the journal already holds is not asked again.

    Args:
        settings: of the stage.
        samples: what to ask about.
        spec: of the model.
        seeing: `sighted`; `blind` replaces each video's pixels by those of another source's; `blank` by grey;
            `other_query` keeps the frames and asks what another video is asked.
        scores: score plug-ins to add to the rows, beside tiou and format.
        places: says after each round which samples need more answers, and how many in all; none ends it.

    All is asked when the context is entered; the journal is open, and rows can be read, until it is left.
    """
    prompt = load_prompt(settings.prompt)
    for name in scores:
        plugins.load("scores", name)
    model = asked_model(spec, settings, seeing)
    store = frame_store(settings)
    folder = Path(settings.out)
    folder.mkdir(parents=True, exist_ok=True)
    with Journal(folder / JOURNAL) as journal, Spool(folder) as spool, _told_what_is_left(journal, samples, settings.n):
        journal.about, journal.again = kind(settings, prompt, model, seeing), failures.chosen(settings.only)
        take_shards(journal, folder)
        model = metered(spec, model, settings, journal)
        asker = _Asker(settings, spec, seeing, scores, prompt, store, model, journal, spool)
        asker.ask(samples, settings.n)
        if places is not None:
            asker.deepen(samples, places)
        yield Collected(samples, model.id, prompt, asker.latest if places else asker.rows)


class _Asker:
    """What the rounds of one run share."""

    def __init__(
        self,
        settings: AskSettings,
        spec: str,
        seeing: str,
        scores: Sequence[str],
        prompt: Prompt,
        store: FrameStore | None,
        model: Model,
        journal: Journal,
        spool: Spool,
    ) -> None:
        self.settings, self.prompt, self.store, self.model = settings, prompt, store, model
        self.journal, self.spool, self.seeing = journal, spool, seeing
        self.scores = tuple(dict.fromkeys((*rollouts.DEFAULT_SCORES, *scores)))
        self.progress = teller(f"{spec}, {seeing}")

    def ask(self, samples: Sequence[Sample], n: int) -> None:
        """Have n answers to the question about each sample in the journal, and what was wanted in the spool."""
        ask.run(
            questions(samples, self.prompt, self.store, self.settings, self.seeing),
            self.model,
            sampling=self.settings.sampling(),
            n=n,
            seed=self.settings.seed,
            journal=self.journal,
            note=self.spool.add,
            total=n * len(samples),
            progress=self.progress,
        )

    def deepen(self, samples: Sequence[Sample], places: Places) -> None:
        """Ask on in rounds until no sample's place needs more answers."""
        for sample, rows, _ in self.rows(samples):
            places.take(sample.sample_id, rows)
        while more := places.deepen():
            for n in sorted(set(more.values())):
                some = [sample for sample in samples if more.get(sample.sample_id) == n]
                start = self.spool.end
                self.ask(some, n)
                for sample, rows, _ in self.rows(some, start):
                    places.take(sample.sample_id, rows)

    def latest(self, samples: Sequence[Sample]) -> _Rows:
        """Each sample with the rows of its last round."""
        last = {record.sample_id: place for place, record in self.spool.read()}
        return self._made(samples, (self.spool.at(last[sample.sample_id]) for sample in samples))

    def rows(self, samples: Sequence[Sample], since: int = 0) -> _Rows:
        """Each sample with the rows of a round that asked just these, and what it was replied by key."""
        return self._made(samples, (record for _, record in self.spool.read(since)))

    def _made(self, samples: Iterable[Sample], records: Iterator[Wanted]) -> _Rows:
        pairs = zip(samples, records, strict=True)
        while chunk := list(islice(pairs, CHUNK)):
            asked = [one for _, record in chunk for one in record.each()]
            replies = self.journal.answered(one.key for one in asked)
            replies |= self.journal.failures(one.key for one in asked if one.key not in replies)
            rows = rollouts.finalize(
                asked,
                replies,
                {sample.sample_id: sample for sample, _ in chunk},
                model_id=self.model.id,
                sampling=self.settings.sampling(),
                form=self.prompt.form,
                scores=self.scores,
            )
            made = iter(rows)
            for sample, record in chunk:
                yield sample, list(islice(made, record.n)), replies


def _told(row: Row, reply: Reply | None) -> str:
    """A failed row for people: with the server and its words, which the row itself leaves to the journal."""
    detail = f" ({reply.detail})" if reply is not None and reply.detail else ""
    return f"{row['sample_id']!r}: {row['error']}{detail}"


def frame_store(settings: AskSettings) -> FrameStore | None:
    """Where the frames come from; None without --videos."""
    if not settings.videos:
        return None
    folder = Path(settings.frames) if settings.frames else None
    return FrameStore(Path(settings.videos), settings.frame_sampling(), folder)


def questions(
    samples: Sequence[Sample], prompt: Prompt, store: FrameStore | None, settings: AskSettings, seeing: str
) -> Iterator[Question]:
    """The question for each sample, made when it is pulled: frames are decoded only then, and read when asked for."""
    donors = _donors(samples, store, settings) if seeing == "blind" else {}
    others = blind.other_queries(samples, settings.seed) if seeing == "other_query" else {}
    for sample in samples:
        sample = msgspec.structs.replace(sample, query=others.get(sample.sample_id, sample.query))
        if store is None:
            yield _question(sample, _unseen(sample, settings), prompt)
        elif seeing in ("blind", "blank"):
            yield _question(sample, _blinded(sample, store, donors), prompt)
        else:
            look = partial(_seen, sample, store, prompt)
            yield _question(sample, store.times(sample.video), prompt, look)


def _donors(samples: Sequence[Sample], store: FrameStore | None, settings: AskSettings) -> dict[str, Video]:
    """Whose pixels stand in for each video's."""
    # Only videos that can be seen: a donor that fails would count against the blind score.
    videos = {sample.video.video_id: sample.video for sample in samples}.values()
    readable = [video for video in videos if store is None or store.times(video).status == "ok"]
    return blind.donors(readable, settings.seed)


def _blinded(sample: Sample, store: FrameStore, donors: Mapping[str, Video]) -> Frames:
    frames = store.frames(sample.video)
    if frames.status != "ok":
        return frames
    return blind.blinded(frames, store.frames(donors[sample.video.video_id]) if donors else None)


def _seen(sample: Sample, store: FrameStore, prompt: Prompt) -> Question:
    return _question(sample, store.frames(sample.video), prompt)


def _question(sample: Sample, frames: Frames, prompt: Prompt, look: Callable[[], Question] | None = None) -> Question:
    seen = frames.status == "ok"
    images = frames.images or (b"",) * len(frames.times)
    return Question(
        sample_id=sample.sample_id,
        messages=render(prompt, sample, frames.times, images) if seen else (),
        prompt_id=prompt.id,
        frames_id=frames.frames_id,
        frame_times=frames.times,
        problem=None if seen else f"video {frames.status}",
        look=look,
    )


def _unseen(sample: Sample, settings: AskSettings) -> Frames:
    """For a model that does not look: the times that frames would have."""
    if sample.video.duration is None:
        return Frames(
            frames_id="none", times=(), images=(), duration=0.0, status="of unknown duration, and no --videos"
        )
    times = sampling.times(sample.video.duration, settings.frame_sampling())
    return Frames(frames_id="none", times=times, images=(), duration=sample.video.duration, status="ok")
