r"""propose: ground queries in long videos, stretch by stretch: ask which stretches have the moment, then look closer.

A long video is split into overlapping stretches, and the model is asked about each whether and when the moment is there
(prompt ground_or_none, or one of yours that may answer that there is none). In the best stretches it is asked again
with more frames. What it says there is put back on the clock of the whole video and merged into one set of windows for
each sample; the set is empty where no stretch has the moment.

    vtgdata propose --samples data/samples.parquet --videos videos --model openai_api:qwen3-vl-8b --stretch 120 \
        --overlap 20 --fps 0.5 --ground-fps 2 --out proposed
    vtgdata evaluate --samples data/samples.parquet --predictions proposed/predictions.jsonl --metrics multi --out e

A stretch is a part of the file that is read in place: what lies before it is not decoded. A video that is no longer
than a stretch is asked about as it is.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Annotated

import msgspec

from vtgdata.annotations import stretches
from vtgdata.conversation.prompt import load_prompt
from vtgdata.engine import stretch_answers
from vtgdata.engine.batch.export import Exported
from vtgdata.engine.collect import collect
from vtgdata.engine.models import plugin_code
from vtgdata.engine.money import plan
from vtgdata.engine.money.plan_words import Planned
from vtgdata.engine.questions import load_samples, refuse_telling
from vtgdata.engine.settings import AskSettings, UnitFraction
from vtgdata.engine.stretch_answers import Looked
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import SampleTable, samples_frame, write_samples
from vtgdata.files.schemas import ROLLOUTS, Row
from vtgdata.files.step import Step, StepSummary
from vtgdata.files.whole import write_jsonl
from vtgdata.records import Sample
from vtgdata.video.frame_settings import PositiveInt

Seconds = Annotated[float, msgspec.Meta(ge=1)]
GROUND_FRAMES, MOST_FRAMES = 64, 100_000
"""Frames of a stretch in the closer look where no setting says how many, and their maximum where --ground-fps does."""
OUTPUTS = ["samples.parquet", "rollouts.parquet", "grounded.parquet", "stretches.parquet", "predictions.jsonl"]


class Settings(AskSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of propose."""

    model: str
    """Model to ask: a plug-in with its argument."""
    out: str = "proposed"
    """Folder for predictions.jsonl (a set of windows for each sample), stretches.parquet, samples.parquet (the samples
    of the stretches), rollouts.parquet and grounded.parquet (the answers of the first and of the closer look)."""
    prompt: str = "ground_or_none"
    """Prompt of the first look at every stretch: a name from the package, or a path to a Markdown file. It lets the
    model say that there is no such moment (`absent` in its head)."""
    stretch: Seconds = 120.0
    """Length of a stretch in seconds, 1 or more; a video that is no longer is asked about as it is."""
    overlap: Annotated[float, msgspec.Meta(ge=0)] = 20.0
    """Seconds that neighbouring stretches share at least: about the length of the longest moments, so that each lies
    whole in one stretch. At most nine tenths of --stretch."""
    least_share: UnitFraction = 0.5
    """Share of a stretch's answers, in [0, 1], that must name a moment; at least one must."""
    best: PositiveInt = 8
    """Most stretches of a video to look at closer: those in which most answers name a moment; of equal ones those that
    have it whole, then the earlier. With --n 1 all are equal: draw several answers at a --temperature where more
    stretches than this have a moment."""
    ground_prompt: str = "ground_several_or_none"
    """Prompt of the closer look; by default it asks for all moments of a stretch, or whether there is none."""
    ground_num_frames: PositiveInt | None = None
    """Number of frames of a stretch in the closer look; with --ground-fps, the maximum. 64 by default."""
    ground_fps: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """Frames per second in the closer look, instead of a fixed number."""
    one_look: bool = False
    """Take the windows of the first look; do not ask again."""
    join: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Windows with at most so many seconds between them are one."""
    temperature: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Temperature of sampling; 0 is greedy."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """What was asked, and what was found."""

    samples: int
    stretches: int
    """Stretches of all samples; a short video is one."""
    looked_closer: int
    """Stretches that were asked about a second time."""
    beyond_best: int
    """Stretches in which a moment was named, and which --best left out."""
    windows: int
    """Windows of all samples."""
    without_moment: int
    """Samples in none of whose stretches the moment was found."""
    n_failed: int
    """Stretches, over both looks, with a failed request or a video that could not be read."""
    n_unanswered: int
    """Samples without a prediction: no stretch was answered, or one that was not may hold the moment."""
    of_unknown_duration: int
    """Samples whose video's duration is unknown: it was asked about as a whole."""
    answers: int
    """Answers of both looks."""
    frames: int
    """Frames that the model was shown in them; with --as video, the times that it was told, which for some models are
    one for each pair of frames."""
    tokens_in: int
    """Of the answers whose server told it."""
    tokens_out: int
    model: str
    """Id of the model."""
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary | Planned | Exported:
    """Ask about all stretches, then about the best ones; write the files of OUTPUTS.

    With --dry-run, returns the plan and asks nothing; with --batch, returns the summary of the export, which is of the
    first look. Raises VtgError for settings that contradict each other; RowsFailed, after writing, when more than
    `max_failed` of the stretches of one look failed.
    """
    closer = closer_look(settings)
    with Step(
        "propose",
        settings,
        Summary,
        code=[__name__, *plugin_code([settings.model], [])],
        inputs=[*settings.inputs(settings.model), str(plugins.prompt_path(settings.ground_prompt))],
        listings=settings.listings(),
    ) as step:
        if not settings.ignores_up_to_date and (done := step.up_to_date()) is not None:
            return done
        samples = load_samples(settings)
        cut = _table(settings, (part for sample in samples for part in _cut(sample, settings)))
        then = [] if closer is None else [(closer, _table(settings, _most(samples, settings)))]
        if (planned := plan.check(settings, cut, [(settings.model, "sighted")], then=then)) is not None:
            return planned
        look = _Look(settings, closer, cut, {*samples.frame["sample_id"]}, step.start())
        summary = _written(settings, samples, look)
        return step.finish(summary, OUTPUTS, failed=look.failed)


def closer_look(settings: Settings) -> Settings | None:
    """The settings of the closer look, None without one; raises VtgError for settings that contradict each other."""
    stretches.check(settings.stretch, settings.overlap)
    if not load_prompt(settings.prompt).form.absent:
        raise VtgError(
            f"--prompt {settings.prompt}: it does not let the model say that a stretch has no such moment, so every "
            "stretch would seem to have it. Take ground_or_none or ground_several_or_none, or say `absent: ...` in the "
            "head of yours."
        )
    if settings.n > 1 and settings.temperature == 0:
        raise VtgError(
            f"--n {settings.n} at temperature 0 draws the same answer {settings.n} times: give --temperature, as in "
            "--temperature 1."
        )
    if settings.one_look:
        if settings.ground_num_frames is not None or settings.ground_fps is not None:
            raise VtgError("--one-look leaves out the closer look: leave out --ground-num-frames and --ground-fps.")
        return None
    frames = settings.ground_num_frames
    if frames is None and settings.ground_fps is None:
        frames = GROUND_FRAMES
    closer = msgspec.structs.replace(
        settings,
        prompt=settings.ground_prompt,
        preset="",
        num_frames=MOST_FRAMES if frames is None else frames,
        fps=settings.ground_fps,
    )
    refuse_telling(closer, "ground-prompt")
    return closer


def _table(settings: Settings, samples: Iterable[Sample]) -> SampleTable:
    """Samples in little memory: an hour-long video has a hundred stretches for each of its queries."""
    return SampleTable(settings.samples, samples_frame(list(samples)))


def _cut(sample: Sample, settings: Settings) -> list[Sample]:
    return stretches.stretches(sample, settings.stretch, settings.overlap)


def _most(samples: Iterable[Sample], settings: Settings) -> Iterator[Sample]:
    """As many stretches as may be looked at closer, for the plan: which ones is not known before the first look."""
    for sample in samples:
        yield from _cut(sample, settings)[: settings.best]


class _Look:
    """Asks the model, first about all stretches and then about the best ones, and writes its answers."""

    def __init__(
        self, settings: Settings, closer: Settings | None, cut: SampleTable, wholes: set[str], out: Path
    ) -> None:
        self.settings, self.wholes, self.out = settings, wholes, out
        self.answers = self.frames = self.tokens_in = self.tokens_out = self.n_failed = 0
        self.failed: str | None = None
        self.model_id = ""
        self.cut = cut
        self.first = self._asked(settings, cut, "rollouts.parquet")
        chosen = [] if closer is None else [each for own in self._by_sample() for each in self._best(own)]
        near = _table(settings, (each.stretch for each in chosen))
        self.closer = closer is not None
        found = self._asked(closer, near, "grounded.parquet") if closer is not None and chosen else []
        if not found:
            write_parquet(out / "grounded.parquet", [], ROLLOUTS)
        self.again = {each.stretch.sample_id: each for each in found}

    def _asked(self, settings: Settings, samples: SampleTable, name: str) -> list[Looked]:
        """What the model says about some stretches."""
        found: list[Looked] = []
        with collect(settings, samples, settings.model) as collected:

            def rows() -> Iterator[Row]:
                for sample, its in collected.by_sample():
                    found.append(stretch_answers.looked(sample, its, self.wholes))
                    self._count(its)
                    yield from its

            write_parquet(self.out / name, rows(), ROLLOUTS)
        self.model_id = collected.model_id
        self.n_failed += collected.n_failed
        self.failed = self.failed or collected.failure(settings.max_failed)
        return found

    def _count(self, rows: list[Row]) -> None:
        answered = [row for row in rows if row["error"] is None]
        self.answers += len(answered)
        self.frames += sum(len(row["frame_times"]) for row in answered)
        self.tokens_in += sum(row["tokens_in"] or 0 for row in answered)
        self.tokens_out += sum(row["tokens_out"] or 0 for row in answered)

    def _by_sample(self) -> Iterator[list[Looked]]:
        """What the first look says, video by video."""
        for _, own in groupby(self.first, key=lambda each: each.of):
            yield list(own)

    def _best(self, own: list[Looked]) -> list[Looked]:
        return stretch_answers.best(own, self.settings.least_share, self.settings.best)

    @property
    def beyond_best(self) -> int:
        """Stretches with a moment that were not looked at closer."""
        if not self.closer:
            return 0
        least = self.settings.least_share
        return sum(len(stretch_answers.best(own, least, len(own))) - len(self._best(own)) for own in self._by_sample())

    def rows(self) -> Iterator[Row]:
        """Rows of stretches.parquet."""
        for each in self.first:
            yield stretch_answers.row(each, self.again.get(each.stretch.sample_id))

    def sets(self) -> dict[str, list[list[float]]]:
        """{sample id: its set of windows}.

        There is none of a sample without any answer, nor where no stretch that was answered has the moment and another
        one got no answer: it may lie there.
        """
        found: dict[str, list[list[float]]] = {}
        for own in self._by_sample():
            chosen = self._best(own)
            last = own if not self.closer else [self.again[each.stretch.sample_id] for each in chosen]
            if any(each.n for each in own) and (not last or any(each.n for each in last)):
                windows = stretch_answers.merged(last, self.settings.least_share, self.settings.join)
                if windows or all(each.n for each in (*own, *last)):
                    found[own[0].of] = windows
        return found


def _written(settings: Settings, samples: SampleTable, look: _Look) -> Summary:
    """Write the tables and the predictions, beside the answers that are written already."""
    sets = look.sets()
    write_samples(look.out / "samples.parquet", look.cut)
    write_parquet(look.out / "stretches.parquet", look.rows(), stretch_answers.COLUMNS)
    write_jsonl(look.out / "predictions.jsonl", [{"sample_id": name, "windows": own} for name, own in sets.items()])
    return Summary(
        samples=len(samples),
        stretches=len(look.first),
        looked_closer=len(look.again),
        beyond_best=look.beyond_best,
        windows=sum(map(len, sets.values())),
        without_moment=sum(not own for own in sets.values()),
        n_failed=look.n_failed,
        n_unanswered=len(samples) - len(sets),
        of_unknown_duration=sum(sample.video.duration is None for sample in samples),
        answers=look.answers,
        frames=look.frames,
        tokens_in=look.tokens_in,
        tokens_out=look.tokens_out,
        model=look.model_id,
        out=settings.out,
    )
