"""Commands that ask a model and choose by its answers: build-coldstart, score-difficulty, select, evaluate."""

from typing import Any

import typer

from vtgdata.cli.app import relative, stage
from vtgdata.cli.show import again, counts, interval, percent, table


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the commands."""
    del train
    stage(app, words, "build-coldstart", build_coldstart)
    stage(app, words, "score-difficulty", score_difficulty)
    stage(app, words, "select", select)
    stage(app, words, "evaluate", evaluate)


def build_coldstart(summary: dict[str, Any]) -> None:
    """Ask a teacher for traces, and verify them.

    Those that agree with the annotation are kept for SFT; all others say why not.
    """
    print(f"{summary['rollouts']:,} answers of {summary['model']} on {summary['samples']:,} samples{again(summary)}")
    print(f"{summary['traces']:,} traces kept, on {summary['samples_with_trace']:,} samples")
    counts("not kept", summary["reasons"])
    print(f"written to {relative(summary['out'])}")


def score_difficulty(summary: dict[str, Any]) -> None:
    """Measure a student's pass rate on each sample."""
    print(f"{summary['rollouts']:,} answers of {summary['model']} on {summary['samples']:,} samples{again(summary)}")
    for measure, value in summary["pass_rates"].items():
        print(f"mean pass rate by {measure}: {percent(value)} %")
    print(f"unparsed answers {summary['n_unparsed']:,}, failed samples {summary['n_failed']:,}")
    print(f"written to {relative(summary['out'])}")


def select(summary: dict[str, Any]) -> None:
    """Choose rows by their pass rates."""
    print(f"{summary['rows']:,} of {summary['pool']:,} samples chosen by {summary['selector']}{again(summary)}")
    if summary["short_of"]:
        print(f"{summary['short_of']:,} fewer than asked for: no more rows qualify")
    print(f"written to {relative(summary['out'])}")


def evaluate(summary: dict[str, Any]) -> None:
    """Score models, or a file of predictions.

    Beside each score stands the best constant answer and, with --blind, the model's own blind control.
    """
    print(f"n {summary['n']:,}, unparsed {summary['n_unparsed']:,}, failed {summary['n_failed']:,}{again(summary)}")
    names = list(summary["metrics"])
    rows: list[list[str]] = []
    constant = summary["baselines"]["best_constant"]
    rows.append([f"best constant (fitted on {constant['fitted_on']})", *_cells(constant, names)])
    for report in summary["models"]:
        for seeing in ("sighted", "blind", "blank", "other_query"):
            if seeing in report:
                rows.append([f"{report['model']}, {seeing}", *_cells(report[seeing], names)])
    table(["per cent", *[text for name in names for text in (name, "95 %")]], rows)
    for report in summary["models"]:
        if "gain" in report:
            gain = report["gain"]
            print(f"{report['model']}: gain in mIoU {percent(gain['mIoU'])} {interval((gain['low'], gain['high']))}")
    print(f"written to {relative(summary['out'])}")


def _cells(report: dict[str, Any], names: list[str]) -> list[str]:
    return [text for n in names for text in (percent(report["metrics"][n]), interval(report["intervals"][n]))]
