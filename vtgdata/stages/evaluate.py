"""evaluate: score how well answers locate the moments, compared with guesses that do not look at the video.

For each model, or for a file of predictions, the report has:

- the metrics, with 95 % intervals clustered by source; a failed sample scores 0;
- what of each metric other videos' truths would give, and what is `seen`;
- the metrics if only answers in the form that the prompt asks for count (strict);
- scores of parts of the samples;
- with `--blind`, the same model with another video's frames (or grey ones); with `--other-query`, the same frames with
  another video's query;
- baselines: guesses that do not look; and published numbers on the same labels;
- the paired difference of each model to the one before it, and to the file of `--against`.

A metric is one of a named set, or a score plug-in by its name. `--parser` reads all texts as another system would.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from vtgdata.conversation.answer import Notation
from vtgdata.conversation.other_parser import OURS, Reread, other_parser, parser_code
from vtgdata.conversation.prompt import load_prompt
from vtgdata.engine.batch.export import Exported
from vtgdata.engine.evaluated import Asking, ask_models
from vtgdata.engine.models import plugin_code
from vtgdata.engine.money import plan
from vtgdata.engine.money.plan_words import Planned
from vtgdata.engine.questions import load_samples
from vtgdata.engine.settings import AskSettings
from vtgdata.errors import VtgError
from vtgdata.files.parquet import parquet_writer
from vtgdata.files.samples import SampleTable, open_samples
from vtgdata.files.step import Step
from vtgdata.files.whole import write_csv, write_json
from vtgdata.metrics import neighbours, sets
from vtgdata.metrics.answers import as_answers
from vtgdata.metrics.evaluation import Summary
from vtgdata.metrics.file_answers import Reading, answers_of
from vtgdata.metrics.judging import Judged
from vtgdata.metrics.predictions.record import WindowUnit
from vtgdata.metrics.predictions.write import file_name, write_predictions
from vtgdata.metrics.report import Ruler, Scored, benchmark, can_be_scored, means
from vtgdata.metrics.report_rows import CSV, EVALUATED, csv_rows, write_rows
from vtgdata.metrics.several import as_seeds
from vtgdata.video.frame_settings import PositiveInt


class Settings(AskSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of evaluate."""

    out: str = "evaluation"
    """Output folder."""
    model: list[str] = msgspec.field(default_factory=list)
    """Model to ask: a plug-in with its argument; may be given several times, each is compared with the one before."""
    predictions: str = ""
    """File of existing answers, instead of a model: JSONL with sample_id and windows or text, a rollouts.parquet, or a
    format of another system (see --format)."""
    format: str = ""
    """Format of the predictions: own, qvhighlights, vue_tr, lmms_eval, timelens, time_r1, nextgqa, nextgqa_relative,
    ego4d_nlq, or rows (any other record with an id or a video and its query, and an answer); by default detected."""
    windows_in: WindowUnit | None = None
    """Unit of the windows in --predictions: seconds, milliseconds, or fraction or percent of the duration; needed where
    they look unlike seconds. For texts see --answers-in."""
    answers_in: Notation | None = None
    """What a number without a unit is in the texts of predictions; by default what the prompt asks for (seconds)."""
    answers: str = ""
    """Second file of predictions, which gives the chosen options: NExT-GQA keeps answers and windows apart."""
    prefer: Literal["text", "windows"] = "text"
    """Which to score if a prediction has both a text and windows."""
    against: str = ""
    """Another file of predictions to compare with, by a paired test of each metric's difference."""
    metrics: str = ""
    """Sets of metrics and scores, separated by commas: moments, moments_all, ranked, qvhighlights, didemo, nextgqa,
    multi (sets of windows), vue_tr, vue_tr_v2, omtg, momentseeker, extremewhenbench, rextime, cgbench, na_vmr or
    highlights; any score by name, as in giou,support_f1. By default the corpus's own set, else moments."""
    parser: str = ""
    """Read texts as another system does (time_r1, timelens2, omtg, lmms_eval, ... or a dotted path), not as we do.
    A pair of times that it finds counts as a window only if start is before end and inside the video."""
    thresholds: list[Annotated[float, msgspec.Meta(gt=0, le=1)]] = msgspec.field(default_factory=list)
    """IoU threshold of recall; may be given several times, instead of 0.3, 0.5 and 0.7."""
    by: list[str] = msgspec.field(default_factory=list)
    """Key of the samples' `extra` by which to break down the scores; may be given several times."""
    write_predictions: list[str] = msgspec.field(default_factory=list)
    """Also write the answers in this format: own, qvhighlights, timelens, time_r1, nextgqa or nextgqa_answers; may be
    given several times."""
    temperature: float = 0.0
    """Temperature of sampling; 0 is greedy."""
    n: PositiveInt = 1
    """Answers per sample: if more than 1, so many are drawn at --temperature beside the greedy one, and their mean,
    best and spread are reported."""
    num_frames: PositiveInt | str | None = None  # pyright: ignore[reportIncompatibleVariableOverride]
    """Number of frames per video, evenly spaced; with --fps, the maximum. 32 by default. Several, as in 8,16,32, give a
    curve of the scores; all else is reported for the most."""
    as_seeds: bool = False
    """The models are one method trained with several seeds: report all their scores and the range, from five on with an
    interval over training, instead of comparing each with the one before."""
    blind: bool = False
    """Also ask with frames that do not show the video, to measure what the model scores without seeing it."""
    blind_frames: Literal["donor", "blank"] = "donor"
    """Frames that --blind shows: another video's (donor), or grey ones (blank)."""
    other_query: bool = False
    """Also ask with another video's query on the same frames."""
    baseline: str = ""
    """Training samples to fit the baselines to; by default the evaluated samples themselves."""
    baseline_where: str = ""
    """SQL condition on the columns of the samples of --baseline."""

    def frame_numbers(self) -> list[int]:
        """The numbers of frames asked for; raises VtgError for what is no list of numbers."""
        if not isinstance(self.num_frames, str):
            return [] if self.num_frames is None else [self.num_frames]
        parts = [part.strip() for part in self.num_frames.split(",")]
        if not all(part.isdecimal() and int(part) > 0 for part in parts):
            raise VtgError(f"--num-frames {self.num_frames}: give a number of frames, or several as in 8,16,32.")
        return sorted({int(part) for part in parts})


def run(settings: Settings) -> Summary | Planned | Exported:
    """Evaluate models, or a file of predictions; write evaluation.json, evaluation.csv and rollouts.parquet."""
    names = _check(settings)
    files = (settings.predictions, settings.answers, settings.against, settings.baseline)
    with Step(
        "evaluate",
        settings,
        Summary,
        code=[__name__, *plugin_code(settings.model, names), *parser_code(settings.parser)],
        inputs=[*settings.inputs(*settings.model), *(path for path in files if path)],
        listings=settings.listings(),
    ) as step:
        if not settings.ignores_up_to_date and (done := step.up_to_date()) is not None:
            return done
        chosen = load_samples(settings)
        ruler = _ruler(settings, chosen)
        for each, conditions in _asked(settings):
            asks = [(spec, condition) for spec in settings.model for condition in conditions]
            if (planned := plan.check(each, ruler.samples, asks)) is not None:
                return planned
        scored = _models(settings, ruler) if settings.model else _predictions(settings, ruler)
        if settings.against:
            _against(settings, ruler, scored)
        training = None
        if settings.baseline:
            training = open_samples(settings.baseline, where=settings.baseline_where or None)
        summary = scored.reports[0]["sighted"] | scored.file
        summary |= {
            "metric_set": ruler.metrics,
            "parser": _parser_of(settings, scored.judged),
            "benchmark": benchmark(ruler.truths),
            "n_sources": len(ruler.sources.names),
            "n_unlabelled": len(chosen) - len(ruler.samples),
            "shown": list(ruler.shown(scored.values[0])),
            "models": scored.reports,
            "as_seeds": as_seeds([means(ruler.shown(each)) for each in scored.values]) if settings.as_seeds else None,
            "baselines": ruler.baselines(training),
            "published": neighbours.beside(ruler.truths, scored.reports, scored.values, settings),
            "out": settings.out,
        }
        out = step.start()
        with parquet_writer(out / "rollouts.parquet", EVALUATED) as writer:
            write_rows(writer, scored, ruler, settings.predictions)
        write_json(out / "evaluation.json", summary)
        write_csv(out / "evaluation.csv", csv_rows(summary), CSV)
        written, given = ["rollouts.parquet", "evaluation.json", "evaluation.csv"], scored.judged[0]
        written += [write_predictions(out, form, given.given(ruler.samples)) for form in settings.write_predictions]
        return step.finish(msgspec.convert(summary, Summary), written, failed=scored.failure)


def _check(settings: Settings) -> list[str]:
    """Raise VtgError for settings that contradict each other, before anything is read or asked.

    Returns the names of the score plug-ins among the metrics.
    """
    if bool(settings.model) == bool(settings.predictions):
        raise VtgError("evaluate needs either --model (once or more) or --predictions.")
    _check_several(settings)
    for form in settings.write_predictions:
        file_name(form)
    if settings.parser and settings.prefer == "windows":
        raise VtgError("--parser reads texts, and --prefer windows takes the windows beside them: leave out one.")
    if settings.answers_in and settings.model:
        raise VtgError("--answers-in is for --predictions: the head of a model's prompt says it (answers_in: percent).")
    _reread(settings)
    return sets.scores_of(sets.named(settings.metrics, []))


def _check_several(settings: Settings) -> None:
    """Raise VtgError for settings of several answers, frames or checkpoints that cannot be followed."""
    frames = settings.frame_numbers()
    if settings.n > 1 and settings.predictions:
        raise VtgError("--n draws answers of a --model; a file of --predictions has one answer per sample.")
    if settings.n > 1 and settings.temperature == 0:
        raise VtgError(
            f"--n {settings.n} at temperature 0 draws the same answer {settings.n} times: give --temperature, as in "
            "--temperature 1. The greedy answer is asked beside."
        )
    if settings.as_seeds and len(settings.model) < 2:
        raise VtgError("--as-seeds compares checkpoints of one method: give --model for each of them.")
    if (settings.dry_run or settings.batch) and (settings.n > 1 or len(frames) > 1):
        raise VtgError("--dry-run and --batch are for one --n 1 and one --num-frames: run them for each.")


def _reread(settings: Settings) -> Reread | None:
    """The parser that --parser names; None for our own."""
    return other_parser(settings.parser) if settings.parser else None


def _parser_of(settings: Settings, judged: Sequence[Judged]) -> str | None:
    """Name of the parser that read the answers, for the report; None if all came as windows, so none was needed."""
    read = any(as_answers(each.answers).are_read for each in judged)
    return (settings.parser or OURS) if read else None


def _ruler(settings: Settings, chosen: SampleTable) -> Ruler:
    """The samples that can be scored, and the metrics; raises VtgError when none can."""
    metrics = sets.named(settings.metrics, chosen)
    samples = chosen.masked(can_be_scored(chosen, by_clips="highlights" in metrics.split(",")))
    if not samples:
        raise VtgError(f"{settings.samples}: none of the chosen samples is labelled, so none can be scored.")
    return Ruler(
        # A model is asked about each sample, and takes far longer than to make it.
        samples=list(samples) if settings.model else samples,
        metrics=metrics,
        thresholds=tuple(sorted(settings.thresholds)),
        by=tuple(settings.by),
    )


def _asked(settings: Settings) -> list[tuple[Settings, list[str]]]:
    """The settings of each time that models are asked, and under which conditions, for the plan."""
    one = _one(settings)
    others = [msgspec.structs.replace(one, num_frames=number) for number in settings.frame_numbers()[:-1]]
    drawn = [msgspec.structs.replace(settings, num_frames=one.num_frames)] if settings.n > 1 else []
    return [(one, _conditions(settings)), *((each, ["sighted"]) for each in [*others, *drawn])]


def _conditions(settings: Settings) -> list[str]:
    blind = "blind" if settings.blind_frames == "donor" else "blank"
    return ["sighted", *([blind] if settings.blind else []), *(["other_query"] if settings.other_query else [])]


def _models(settings: Settings, ruler: Ruler) -> Scored:
    """Ask each model under each condition, and score the answers."""
    one, sampled = _one(settings), settings if settings.n > 1 else None
    if sampled is not None:
        sampled = msgspec.structs.replace(sampled, num_frames=one.num_frames)
    frames = settings.frame_numbers() if isinstance(settings.num_frames, str) else []
    asking = Asking(one, ruler, _conditions(settings), frames, sampled, _reread(settings))
    return ask_models(asking, settings.model, as_seeds=settings.as_seeds)


def _one(settings: Settings) -> Settings:
    """The settings of the evaluation itself: one answer, greedy if more are drawn too; the most frames of a curve."""
    frames = settings.frame_numbers()
    one = msgspec.structs.replace(settings, num_frames=max(frames) if frames else None)
    return one if settings.n == 1 else msgspec.structs.replace(one, n=1, temperature=0.0)


def _reading(settings: Settings) -> Reading:
    form = load_prompt(settings.prompt).form
    form = msgspec.structs.replace(form, answers_in=settings.answers_in) if settings.answers_in else form
    return Reading(form, settings.prefer, settings.parser, _reread(settings), settings.max_failed)


def _predictions(settings: Settings, ruler: Ruler) -> Scored:
    """Score a file of predictions; a sample without a prediction counts as failed, and scores 0."""
    judged, facts, problem = answers_of(
        settings.predictions,
        ruler.truths,
        _reading(settings),
        form=settings.format,
        unit=settings.windows_in,
        options=settings.answers,
    )
    values = ruler.values(judged)
    described = ruler.describe(judged, values, ruler.seen(judged, values))
    report = {"model": settings.predictions, "sighted": described}
    report |= {"breakdown": ruler.parts(values), "official": ruler.official(values)}
    return Scored(reports=[report], judged=[judged], values=[values], file=facts, failure=problem)


def _against(settings: Settings, ruler: Ruler, scored: Scored) -> None:
    """Add to each report its differences from the file of --against."""
    unit = settings.windows_in if settings.against == settings.predictions else None
    judged, facts, problem = answers_of(settings.against, ruler.truths, _reading(settings), unit=unit)
    values = ruler.values(judged)
    described = ruler.describe(judged, values, ruler.seen(judged, values))
    for report, own in zip(scored.reports, scored.values, strict=True):
        differences = ruler.compare(own, values)
        report["against"] = {"predictions": settings.against, **facts, **described, "differences": differences}
    scored.failure = " ".join(text for text in (scored.failure, problem) if text) or None
