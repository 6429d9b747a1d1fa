"""evaluate: score how well answers locate the moments, compared with guesses that do not look at the video.

For each model, or for a file of predictions, the report has:

- the metrics, with 95 % intervals clustered by video; a failed sample scores 0;
- the metrics if only answers in the form that the prompt asks for count (strict), and scores of parts of the samples;
- with `--blind`, the same model with another video's frames (or grey ones); with `--other-query`, the same frames with
  another video's query;
- baselines: guesses that do not look; and published numbers on the same labels;
- the paired difference of each model to the one before it, and to the file of `--against`.

A metric is one of a named set, or a score plug-in by its name. `--parser` reads all texts as another system would.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec

from vtgdata.conversation.answer import Form, Notation
from vtgdata.conversation.other_parser import OURS, Reread, other_parser, parser_code
from vtgdata.conversation.prompt import load_prompt
from vtgdata.engine.batch.export import Exported
from vtgdata.engine.collect import collect
from vtgdata.engine.models import plugin_code
from vtgdata.engine.money import plan
from vtgdata.engine.money.plan_words import Planned
from vtgdata.engine.questions import load_samples
from vtgdata.engine.rollouts import DEFAULT_SCORES, score_rows
from vtgdata.engine.settings import AskSettings
from vtgdata.errors import VtgError
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import read_samples
from vtgdata.files.schemas import ROLLOUTS, Row
from vtgdata.files.step import Step
from vtgdata.files.whole import write_csv, write_json
from vtgdata.metrics import neighbours, sets
from vtgdata.metrics.evaluation import Summary
from vtgdata.metrics.judging import Judged, answer_of, counts, judge_predictions, judge_rows, read_otherwise
from vtgdata.metrics.predictions.join import join
from vtgdata.metrics.predictions.read import read_predictions
from vtgdata.metrics.predictions.record import WindowUnit
from vtgdata.metrics.predictions.write import file_name, write_predictions
from vtgdata.metrics.problems import file_facts, need_texts, option_facts, too_much
from vtgdata.metrics.report import CSV, Ruler, Scored, benchmark, csv_rows
from vtgdata.records import Sample

EVALUATED = ROLLOUTS | {"model": "text", "seeing": "text"}


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
    """Format of the predictions: own, qvhighlights, lmms_eval, timelens, time_r1, nextgqa, nextgqa_relative, ego4d_nlq,
    or rows (any other record with an id or a video and its query, and an answer); by default detected from the file."""
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
    multi or highlights; any score by name, as in giou,support_f1. By default the corpus's own set, else moments."""
    parser: str = ""
    """Read texts as another system does: time_r1, tvg_r1, timelens, lmms_eval, or a dotted path; by default our parser.
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
        chosen = list(load_samples(settings))
        ruler = _ruler(settings, chosen)
        asks = [(spec, condition) for spec in settings.model for condition in _conditions(settings)]
        if (planned := plan.check(settings, ruler.samples, asks)) is not None:
            return planned
        scored = _models(settings, ruler) if settings.model else _predictions(settings, ruler)
        if settings.against:
            _against(settings, ruler, scored)
        fitted_on, named = ruler.samples, "the evaluated samples"
        if settings.baseline:
            fitted_on = read_samples(settings.baseline, where=settings.baseline_where or None)
            named = "training samples"
        summary = scored.reports[0]["sighted"] | scored.file
        summary |= {
            "metric_set": ruler.metrics,
            "parser": _parser_of(settings, scored.judged),
            "benchmark": benchmark(ruler.samples),
            "n_unlabelled": len(chosen) - len(ruler.samples),
            "shown": list(ruler.shown(scored.values[0])),
            "models": scored.reports,
            "baselines": ruler.baselines(fitted_on, named),
            "published": neighbours.beside(ruler.samples, scored.reports, scored.values, settings),
            "out": settings.out,
        }
        out = step.start()
        write_parquet(out / "rollouts.parquet", scored.rows, EVALUATED)
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
    if settings.n != 1:
        raise VtgError("evaluate takes one answer per sample (n 1); score-difficulty measures pass rates over several.")
    for form in settings.write_predictions:
        file_name(form)
    if settings.parser and settings.prefer == "windows":
        raise VtgError("--parser reads texts, and --prefer windows takes the windows beside them: leave out one.")
    if settings.answers_in and settings.model:
        raise VtgError("--answers-in is for --predictions: the head of a model's prompt says it (answers_in: percent).")
    _reread(settings)
    return sets.scores_of(sets.named(settings.metrics, []))


def _reread(settings: Settings) -> Reread | None:
    """The parser that --parser names; None for our own."""
    return other_parser(settings.parser) if settings.parser else None


def _parser_of(settings: Settings, judged: Sequence[Judged]) -> str | None:
    """Name of the parser that read the answers, for the report; None if all came as windows, so none was needed."""
    read = any(answer.read is not None for each in judged for answer in each.answers)
    return (settings.parser or OURS) if read else None


def _ruler(settings: Settings, chosen: list[Sample]) -> Ruler:
    """The samples that can be scored, and the metrics; raises VtgError when none can."""
    metrics = sets.named(settings.metrics, chosen)
    by_clips = "highlights" in metrics.split(",")
    samples = [s for s in chosen if s.labelled or (by_clips and s.extra.get("label"))]
    if not samples:
        raise VtgError(f"{settings.samples}: none of the chosen samples is labelled, so none can be scored.")
    return Ruler(samples=samples, metrics=metrics, thresholds=tuple(sorted(settings.thresholds)), by=tuple(settings.by))


def _conditions(settings: Settings) -> list[str]:
    blind = "blind" if settings.blind_frames == "donor" else "blank"
    return ["sighted", *([blind] if settings.blind else []), *(["other_query"] if settings.other_query else [])]


def _models(settings: Settings, ruler: Ruler) -> Scored:
    """Ask each model under each condition (sighted, blind or blank, other_query), and score the answers."""
    scored = Scored()
    before: sets.Values | None = None
    for spec in settings.model:
        report: dict[str, Any] = {"model": spec}
        sighted: sets.Values = {}
        for condition in _conditions(settings):
            with collect(settings, ruler.samples, spec, condition=condition, scores=ruler.scores) as collected:
                rows = _as_read(settings, ruler, [row for _, its in collected.by_sample() for row in its])
            scored.failure = scored.failure or collected.failure(settings.max_failed)
            scored.rows.extend(row | {"model": spec, "seeing": condition} for row in rows)
            judged = judge_rows(rows, ruler.samples)
            values = ruler.values(judged)
            report["model_id"] = collected.model_id
            if collected.reproducible is not None:
                report["reproducible"] = collected.reproducible and report.get("reproducible", True)
            report[condition] = ruler.describe(judged, values)
            if condition == "sighted":
                sighted = values
                scored.judged.append(judged)
                scored.values.append(values)
                report |= {"breakdown": ruler.parts(values), "official": ruler.official(values)}
            else:
                report[f"sighted_minus_{condition}"] = ruler.difference(sighted, values)
        if before is not None:
            report["gain"] = ruler.difference(sighted, before)
        before = sighted
        scored.reports.append(report)
    return scored


def _as_read(settings: Settings, ruler: Ruler, rows: list[Row]) -> list[Row]:
    """The rows with their texts read by the parser of --parser and scored again; unchanged without --parser."""
    if (reread := _reread(settings)) is None:
        return rows
    rows = read_otherwise(rows, ruler.samples, reread)
    known = {sample.sample_id: sample for sample in ruler.samples}
    answers, asked = [answer_of(row) for row in rows], [known[row["sample_id"]] for row in rows]
    score_rows(rows, answers, asked, (*DEFAULT_SCORES, *ruler.scores))
    return rows


def _predictions(settings: Settings, ruler: Ruler) -> Scored:
    """Score a file of predictions; a sample without a prediction counts as failed, and scores 0."""
    judged, facts, problem = _read(settings, ruler, settings.predictions, settings.format, settings.answers)
    values = ruler.values(judged)
    report = {"model": settings.predictions, "sighted": ruler.describe(judged, values)}
    report |= {"breakdown": ruler.parts(values), "official": ruler.official(values)}
    told = {"model": settings.predictions, "seeing": "sighted"}
    return Scored(
        reports=[report],
        rows=[
            row | told | {"iou": None if row["error"] else iou, "scores": None if row["error"] else scores}
            for row, iou, scores in zip(judged.rows, values["mIoU"].tolist(), ruler.stored(values), strict=True)
        ],
        judged=[judged],
        values=[values],
        file=facts,
        failure=problem,
    )


def _read(
    settings: Settings, ruler: Ruler, path: str, form: str = "", answers: str = ""
) -> tuple[Judged, dict[str, Any], str | None]:
    """Read a file of predictions and, if given, a second one with the options.

    Returns the answers, facts about the files with their problems, and a message if there are more problems than
    --max-failed allows, else None.
    """
    samples, unit = ruler.samples, settings.windows_in if path == settings.predictions else None
    file, second = read_predictions(path, form), read_predictions(answers) if answers else None
    if settings.parser:
        need_texts(file, settings.parser)
    joined, options = join(file, samples, unit), join(second, samples) if second else None
    judged = judge_predictions(
        joined.found,
        samples,
        _form(settings),
        prefer=settings.prefer,
        options=options.found if options else None,
        reread=_reread(settings),
    )
    facts = file_facts(file, joined, judged, samples)
    problems = [too_much(path, counts(judged, samples) | facts, settings.max_failed)]
    if second and options:
        facts["options"] = option_facts(second, options, judged)
        problems.append(too_much(answers, facts["options"] | {"n": len(samples)}, settings.max_failed))
    return judged, facts, " ".join(problem for problem in problems if problem) or None


def _form(settings: Settings) -> Form:
    """The form that texts are read by: that of --prompt, with the notation of --answers-in."""
    form = load_prompt(settings.prompt).form
    return msgspec.structs.replace(form, answers_in=settings.answers_in) if settings.answers_in else form


def _against(settings: Settings, ruler: Ruler, scored: Scored) -> None:
    """Add to each report its differences from the file of --against."""
    judged, facts, problem = _read(settings, ruler, settings.against)
    values = ruler.values(judged)
    described = ruler.describe(judged, values)
    for report, own in zip(scored.reports, scored.values, strict=True):
        differences = ruler.compare(own, values)
        report["against"] = {"predictions": settings.against, **facts, **described, "differences": differences}
    scored.failure = " ".join(text for text in (scored.failure, problem) if text) or None
