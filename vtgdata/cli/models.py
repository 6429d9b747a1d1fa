"""Commands that ask a model or choose rows by its answers: build-coldstart, score-difficulty, select, evaluate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from msgspec import UNSET

from vtgdata.cli import anchors
from vtgdata.cli.printing import again, counts, interval, percent, table
from vtgdata.cli.running import relative, stage

if TYPE_CHECKING:
    from vtgdata.engine.batch.export import Exported
    from vtgdata.engine.money.plan_words import Planned
    from vtgdata.metrics.evaluation import Intervals, ModelReport, Numbers
    from vtgdata.stages.coldstart import Summary as Traced
    from vtgdata.stages.difficulty import Summary as Rated
    from vtgdata.stages.evaluate import Summary as Evaluated
    from vtgdata.stages.select import Summary as Selected


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the commands."""
    del train
    stage(app, words, "build-coldstart")
    stage(app, words, "score-difficulty")
    stage(app, words, "select")
    stage(app, words, "evaluate")


def build_coldstart(summary: Traced) -> None:
    """Ask a teacher for traces, and verify them.

    Traces that agree with the annotation are kept for SFT; all others are stored with the reason why not.
    """
    print(f"{summary.rollouts:,} answers of {summary.model} on {summary.samples:,} samples{again(summary)}")
    print(f"{summary.traces:,} traces kept, on {summary.samples_with_trace:,} samples")
    counts("not kept", summary.reasons)
    print(f"written to {relative(summary.out)}")


def score_difficulty(summary: Rated) -> None:
    """Measure a student's pass rate on each sample."""
    print(f"{summary.rollouts:,} answers of {summary.model} on {summary.samples:,} samples{again(summary)}")
    for measure, value in summary.pass_rates.items():
        print(f"mean pass rate by {measure}: {percent(value)} %")
    print(f"unparsed answers {summary.n_unparsed:,}, failed samples {summary.n_failed:,}")
    print(f"written to {relative(summary.out)}")


def select(summary: Selected) -> None:
    """Choose rows by their pass rates."""
    print(f"{summary.rows:,} of {summary.pool:,} samples chosen by {summary.selector}{again(summary)}")
    if summary.short_of:
        print(f"{summary.short_of:,} fewer than asked for: no more rows qualify")
    print(f"written to {relative(summary.out)}")


def planned(summary: Planned) -> None:
    """Print the plan of a command that asks a model (--dry-run)."""
    from vtgdata.engine.money.plan_words import words

    print("\n".join(words(summary)))


def exported(summary: Exported) -> None:
    """Print which requests a command that asks a model wrote to files (--batch)."""
    from vtgdata.engine.batch.export import words

    print("\n".join(words(summary)))


def evaluate(summary: Evaluated) -> None:
    """Score models, or a file of predictions.

    For comparison, it also scores guesses that do not look at the video and, with --blind, the model without the video.
    """
    print(f"n {summary.n:,}, unparsed {summary.n_unparsed:,}, failed {summary.n_failed:,}{again(summary)}")
    for part in summary.benchmark:
        print(f"{part.corpus} {part.split}, labels {part.label_version}: {part.n:,}")
    if summary.parser:
        print(f"answers read by the parser of {summary.parser}")
    _problems(summary)
    names = summary.shown
    # A table with the intervals of many metrics is too wide for a terminal; evaluation.json and .csv have them all.
    cells = _cells if len(names) <= 4 else _values
    rows = [[f"guess: {name}", *cells(each.metrics, each.intervals, names)] for name, each in summary.baselines.items()]
    for report in summary.models:
        for condition, found in report.conditions.items():
            rows.append([f"{_short(report.model)}, {condition}", *cells(found["metrics"], found["intervals"], names)])
        if strict := report.sighted["strict_metrics"]:
            rows.append([f"{_short(report.model)}, strict", *cells(strict, {}, names)])
    heads = [text for name in names for text in (name, "95 %")] if cells is _cells else names
    fitted_on = next(iter(summary.baselines.values())).fitted_on
    table([f"per cent (guesses fitted on {fitted_on})", *heads], rows)
    fewer = summary.applies_to
    counts("metrics of fewer samples", {name: fewer[name] for name in names if name in fewer})
    for report in summary.models:
        _parts(report, names)
    for report in summary.models:
        _differences(report)
    anchors.show(summary.published)
    print(f"written to {relative(summary.out)}")


def _problems(summary: Evaluated) -> None:
    """Print each kind of problem in the files of predictions, with its count and first places."""
    for problem in (*(summary.problems or ()), *(summary.options.problems if summary.options else ())):
        places = "; ".join(problem.first[:2]) + (" ..." if problem.n > 2 else "")
        print(f"{problem.n:,} {problem.what}: {places}")


def _parts(report: ModelReport, names: list[str]) -> None:
    """Print the first four metrics for each part of the samples."""
    names = names[:4]
    rows = [
        [f"{group} {part}", f"{scores['n']:,}", *(percent(scores["metrics"][name]) for name in names)]
        for group, parts in report.breakdown.items()
        for part, scores in parts.items()
    ]
    if rows:
        print()
        table([_short(report.model), "n", *names], rows)
        print()


def _differences(report: ModelReport) -> None:
    if (gain := report.gain) is not UNSET:
        print(f"{_short(report.model)}: gain in mIoU {percent(gain['mIoU'])} {interval((gain['low'], gain['high']))}")
    if (against := report.against) is not UNSET:
        print(f"{_short(report.model)} against {_short(against['predictions'])}:")
        for name, each in against["differences"].items():
            bounds = interval((each["low"], each["high"]))
            print(f"  {name} {percent(each['difference'])} {bounds}, p {each['p']:.4f}, n {each['n']:,}")


def _short(name: str) -> str:
    """A model's spec or a path, at most 50 characters long: the beginning of a longer one is cut off."""
    name = relative(name) if name.startswith("/") else name
    return name if len(name) <= 50 else "..." + name[-47:]


def _cells(metrics: Numbers, bounds: Intervals, names: list[str]) -> list[str]:
    return [text for n in names for text in (percent(metrics[n]), interval(bounds.get(n)))]


def _values(metrics: Numbers, bounds: Intervals, names: list[str]) -> list[str]:
    del bounds
    return [percent(metrics.get(name)) for name in names]
