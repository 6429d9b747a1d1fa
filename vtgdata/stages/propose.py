r"""propose: ground queries in long videos, stretch by stretch: ask which stretches have the moment, then look closer.

A long video is split into overlapping stretches, and the model is asked about each whether and when the moment is there
(prompt ground_or_none, or one of yours that may answer that there is none). In the best stretches it is asked again
with more frames. What it says there is put back on the clock of the whole video and merged into one set of windows for
each sample; the set is empty where no stretch has the moment.

    vtgdata propose --samples data/samples.parquet --videos videos --model openai_api:qwen3-vl-8b --stretch 120 \
        --overlap 20 --fps 0.5 --num-frames 60 --ground-fps 2 --out proposed
    vtgdata evaluate --samples data/samples.parquet --predictions proposed/predictions.jsonl --metrics multi --out e

With --score-by a retrieval model takes the first look instead: it scores the frames of every stretch against the query
(`engine.retrieval` says how), and the model is asked about the stretches with the highest scores alone.

    vtgdata propose --samples data/samples.parquet --videos videos --score-by transformers_clip:CLIP --fps 1 --best 4 \
        --model openai_api:qwen3-vl-8b --ground-fps 2 --out proposed

A stretch is a part of the file that is read in place: what lies before it is not decoded. A video that is no longer
than a stretch is asked about as it is.
"""

from pathlib import Path
from typing import Annotated

import msgspec

from vtgdata.annotations import stretches
from vtgdata.conversation.prompt import load_prompt
from vtgdata.engine import retrieval
from vtgdata.engine.batch.export import Exported, export
from vtgdata.engine.models import plugin_code
from vtgdata.engine.money import plan
from vtgdata.engine.money.later import Later
from vtgdata.engine.money.plan_words import Planned
from vtgdata.engine.questions import frame_store, load_samples, refuse_telling
from vtgdata.engine.retrieval import Scores
from vtgdata.engine.settings import AskSettings, UnitFraction
from vtgdata.engine.stretch_looks import Looks, Ways, table
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.samples import SampleTable, write_samples
from vtgdata.files.step import Step, StepSummary
from vtgdata.files.whole import write_jsonl
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
    score_by: str = ""
    """Retrieval model that takes the first look in place of the model: a plug-in with its argument, as in
    transformers_clip:FOLDER or open_clip:FOLDER. It scores each stretch by how well its frames fit the query; the best
    ones are then asked about. What it sees is as --fps, --num-frames or --preset say of the time from the start of one
    stretch to that of the next; with --fps, all of it unless --num-frames is given too."""
    score_top: PositiveInt = 1
    """Frames of a stretch, those with the highest scores, whose mean is its score: 1 for its best frame."""
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
    stretches than this have a moment. With --score-by those with the highest scores, so many wherever there are."""
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
    frames_scored: int = 0
    """Frames that the retrieval model of --score-by looked at."""
    tokens_in: int
    """Of the answers whose server told it."""
    tokens_out: int
    model: str
    """Id of the model."""
    retriever: str = ""
    """Id of the retrieval model; empty without one."""
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary | Planned | Exported:
    """Ask about all stretches, or score them, then ask about the best ones; write the files of OUTPUTS.

    With --dry-run, returns the plan and asks nothing; with --batch, returns the summary of the export, which is of the
    first look, or of the closer one where a retrieval model takes the first. Raises VtgError for settings that
    contradict each other; RowsFailed, after writing, when more than `max_failed` of the stretches of one look failed.
    """
    closer = closer_look(settings)
    with _step(settings) as step:
        if not settings.ignores_up_to_date and (done := step.up_to_date()) is not None:
            return done
        samples = load_samples(settings)
        parts = (part for each in samples for part in stretches.stretches(each, settings.stretch, settings.overlap))
        cut = table(settings.samples, parts)
        if (planned := _planned(settings, closer, cut)) is not None:
            return planned
        ways = Ways(least_share=settings.least_share, best=settings.best, join=settings.join)
        looks = Looks(settings.model, ways, {*samples.frame["sample_id"]})
        if settings.batch:  # with --score-by: else what is asked first is exported by now
            looks.take_scores(_scored(settings, samples), cut, settings.max_failed)
            return export(closer or settings, looks.chosen(settings.samples), [(settings.model, "sighted")])
        out = step.start()
        scores = _scored(settings, samples) if settings.score_by else None
        if scores is None:
            looks.ask_all(settings, cut, out)
        else:
            looks.take_scores(scores, cut, settings.max_failed)
        if closer is not None:
            looks.look_closer(closer, looks.chosen(settings.samples), out)
        write_samples(out / "samples.parquet", cut)
        return step.finish(_written(settings, samples, looks, scores, out), OUTPUTS, failed=looks.failed)


def _step(settings: Settings) -> Step[Summary]:
    models = [settings.model, *([settings.score_by] if settings.score_by else [])]
    scorer = [retrieval.code(settings.score_by)] if settings.score_by else []
    return Step(
        "propose",
        settings,
        Summary,
        code=[__name__, *plugin_code([settings.model], []), *scorer],
        inputs=[*settings.inputs(*models), str(plugins.prompt_path(settings.ground_prompt))],
        listings=settings.listings(),
    )


def _planned(settings: Settings, closer: Settings | None, cut: SampleTable) -> Planned | Exported | None:
    """The plan, or the export, as `plan.check` gives it; None where the model may be asked now."""
    asked = [(settings.model, "sighted")]
    if not settings.score_by or closer is None:
        return plan.check(settings, cut, asked, then=[Later(closer, cut, settings.best)] if closer else [])
    if settings.batch and not settings.dry_run:
        return None  # what is written down is known after the scores
    return plan.check(closer, cut, asked, best=settings.best)


def closer_look(settings: Settings) -> Settings | None:
    """The settings of the closer look, None without one; raises VtgError for settings that contradict each other."""
    stretches.check(settings.stretch, settings.overlap)
    _check_first_look(settings)
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


def _check_first_look(settings: Settings) -> None:
    """Raise VtgError where the first look, the model's own or that of --score-by, cannot tell stretches apart."""
    if not settings.score_by:
        if settings.score_top != 1:
            raise VtgError(f"--score-top {settings.score_top}: it is for --score-by, which is not given.")
        if not load_prompt(settings.prompt).form.absent:
            raise VtgError(
                f"--prompt {settings.prompt}: it does not let the model say that a stretch has no such moment, so "
                "every stretch would seem to have it. Take ground_or_none or ground_several_or_none, or say `absent: "
                "...` in the head of yours."
            )
        return
    if settings.one_look:
        raise VtgError("--one-look takes the model's windows of the first look, and --score-by gives scores alone.")
    if not settings.videos:
        raise VtgError(f"--score-by {settings.score_by}: it looks at the videos: say where they are with --videos.")
    if settings.best > 1 and not load_prompt(settings.ground_prompt).form.absent:
        raise VtgError(
            f"--ground-prompt {settings.ground_prompt}: it does not let the model say that a stretch has no such "
            f"moment, so each of --best {settings.best} would have one. Take ground_several_or_none, or --best 1."
        )


def _scored(settings: Settings, samples: SampleTable) -> Scores:
    """The scores of all stretches by the retrieval model of --score-by."""
    taken = settings
    if settings.fps is not None and settings.num_frames is None:
        taken = msgspec.structs.replace(settings, num_frames=MOST_FRAMES)
    store = frame_store(taken)
    assert store is not None  # closer_look refuses --score-by without --videos
    retriever = retrieval.open_retriever(settings.score_by)
    return retrieval.scored(retriever, samples, store, settings.stretch, settings.overlap, settings.score_top)


def _written(settings: Settings, samples: SampleTable, looks: Looks, scores: Scores | None, out: Path) -> Summary:
    """Write the table of stretches and the predictions, beside the answers that are written already."""
    sets = looks.sets()
    looks.write(out)
    write_jsonl(out / "predictions.jsonl", [{"sample_id": name, "windows": own} for name, own in sets.items()])
    return Summary(
        samples=len(samples),
        stretches=len(looks.first),
        looked_closer=len(looks.again),
        beyond_best=looks.beyond_best,
        windows=sum(map(len, sets.values())),
        without_moment=sum(not own for own in sets.values()),
        n_failed=looks.n_failed,
        n_unanswered=len(samples) - len(sets),
        of_unknown_duration=sum(sample.video.duration is None for sample in samples),
        answers=looks.answers,
        frames=looks.frames,
        frames_scored=scores.frames if scores else 0,
        tokens_in=looks.tokens_in,
        tokens_out=looks.tokens_out,
        model=looks.model_id,
        retriever=scores.retriever if scores else "",
        out=settings.out,
    )
