"""Commands that ask a model or choose rows by its answers: build-coldstart, score-difficulty, evaluate and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from vtgdata.cli import anchors, choices, evaluation
from vtgdata.cli.printing import again, counts, percent, table
from vtgdata.cli.running import relative, stage

if TYPE_CHECKING:
    from vtgdata.engine.batch.export import Exported
    from vtgdata.engine.money.plan_words import Planned
    from vtgdata.stages.coldstart import Summary as Traced
    from vtgdata.stages.compare_rates import Summary as Compared
    from vtgdata.stages.difficulty import Summary as Rated
    from vtgdata.stages.evaluate import Summary as Evaluated
    from vtgdata.stages.propose import Summary as Proposed
    from vtgdata.stages.select import Summary as Selected


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the commands."""
    del train
    stage(app, words, "build-coldstart")
    stage(app, words, "score-difficulty")
    stage(app, words, "compare-rates")
    stage(app, words, "select")
    stage(app, words, "propose")
    stage(app, words, "evaluate")


def build_coldstart(summary: Traced) -> None:
    """Ask a teacher for traces, and verify them.

    Traces that agree with the annotation are kept for SFT; all others are stored with the reason why not.
    """
    others = "" if not summary.teachers else "".join(f", {each.model}" for each in summary.teachers[1:])
    print(f"{summary.rollouts:,} answers of {summary.model}{others} on {summary.samples:,} samples{again(summary)}")
    print(f"{summary.traces:,} traces kept, on {summary.samples_with_trace:,} samples")
    counts("not kept", summary.reasons)
    counts("marked", summary.marks)
    if summary.positions:
        for name, found in summary.positions.items():
            if found.middle is not None and found.spread is not None:
                words = name.replace("_", " ")
                print(f"middles of windows, {words}: {found.middle:.3f} of the video, spread {found.spread:.3f}")
    if summary.teachers:
        rows = [
            [each.model, f"{each.asked:,}", f"{each.samples_with_trace:,}", f"{each.traces:,}", _paid(each.spent),
             _paid(each.per_trace)]
            for each in summary.teachers
        ]  # fmt: skip
        table(["teacher", "asked about", "with a trace", "traces", "spent", "a trace"], rows)
    if summary.judge:
        judge = summary.judge
        rate = "-" if judge.disagreement is None else (
            f"{percent(judge.disagreement)} % [{percent(judge.low or 0)}, {percent(judge.high or 0)}]"
        )  # fmt: skip
        print(
            f"{judge.model} judged: yes {judge.yes:,}, no {judge.no:,} (disagrees {rate}), unclear {judge.unclear:,}, "
            f"failed {judge.failed:,}; spent {_paid(judge.spent)}"
        )
    if summary.forecast:
        from vtgdata.engine.pilot import words

        print("\n".join(words(summary.forecast)))
    print(f"written to {relative(summary.out)}")


def _paid(amount: float | str | None) -> str:
    """US dollars for people."""
    if amount is None or isinstance(amount, str):
        return amount or "-"
    from vtgdata.engine.money.prices import PICO, shown

    return shown(round(amount * PICO))


def score_difficulty(summary: Rated) -> None:
    """Measure a student's pass rate on each sample."""
    print(f"{summary.rollouts:,} answers of {summary.model} on {summary.samples:,} samples{again(summary)}")
    for measure, value in summary.pass_rates.items():
        print(f"mean pass rate by {measure}: {percent(value)} %")
    print(f"unparsed answers {summary.n_unparsed:,}, failed samples {summary.n_failed:,}")
    print(f"written to {relative(summary.out)}")


def compare_rates(summary: Compared) -> None:
    """Compare the pass rates of students or checkpoints: gap, drift, rank correlation."""
    print(f"by {summary.measure}{again(summary)}")
    table(
        ["model", "samples", "mean"],
        [[each.model, f"{each.samples:,}", percent(each.mean)] for each in summary.students],
    )
    rows = [
        [f"{each.first} to {each.second}", f"{each.samples:,}", percent(each.gap), f"{each.drift:.2f}",
         "-" if each.rank_correlation is None else f"{each.rank_correlation:.2f}", f"{each.better:,}",
         f"{each.worse:,}"]
        for each in summary.pairs
    ]  # fmt: skip
    table(["pair", "samples", "gap", "drift (log odds)", "rank correlation", "better", "worse"], rows)
    print(f"written to {relative(summary.out)}")


def select(summary: Selected) -> None:
    """Choose rows by their pass rates, and show what they are like before anything is trained on them."""
    print(f"{summary.rows:,} of {summary.pool:,} samples chosen by {summary.selector}{again(summary)}")
    counts("not in the pool", summary.left_out)
    if summary.short_of:
        print(f"{summary.short_of:,} fewer than asked for: no more rows qualify")
    for name, (wanted, found) in summary.short.items():
        print(f"quota {name}: {found:,} of {wanted:,}")
    choices.show(summary.preview)
    if summary.controls:
        print("control sets: " + ", ".join(f"{name} {rows:,}" for name, rows in summary.controls.items()))
    print(f"written to {relative(summary.out)}")


def propose(summary: Proposed) -> None:
    """Ground queries in long videos, stretch by stretch: ask which stretches have the moment, then look closer."""
    print(f"{summary.samples:,} samples in {summary.stretches:,} stretches, asked {summary.model}{again(summary)}")
    if summary.retriever:
        print(f"stretches scored by {summary.retriever}, which saw {summary.frames_scored:,} frames")
    print(
        f"looked closer at {summary.looked_closer:,}: {summary.windows:,} windows; {summary.without_moment:,} samples "
        "without a moment"
    )
    print(
        f"{summary.answers:,} answers, {summary.frames:,} frames shown, tokens in {summary.tokens_in:,}, out "
        f"{summary.tokens_out:,}"
    )
    if summary.beyond_best:
        print(f"{summary.beyond_best:,} more stretches had a moment, and were left out by --best")
    if summary.of_unknown_duration:
        print(f"{summary.of_unknown_duration:,} samples on videos of unknown duration: asked as wholes")
    if summary.n_failed:
        print(f"failed stretches {summary.n_failed:,}, samples without a prediction {summary.n_unanswered:,}")
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
    sources = f" of {summary.n_sources:,} sources" if summary.n_sources < summary.n else ""
    print(f"n {summary.n:,}{sources}, unparsed {summary.n_unparsed:,}, failed {summary.n_failed:,}{again(summary)}")
    for part in summary.benchmark:
        print(f"{part.corpus} {part.split}, labels {part.label_version}: {part.n:,}")
    if summary.parser:
        print(f"answers read by the parser of {summary.parser}")
    _problems(summary)
    evaluation.scores(summary)
    anchors.show(summary.published)
    print(f"\nwritten to {relative(summary.out)}")


def _problems(summary: Evaluated) -> None:
    """Print each kind of problem in the files of predictions, with its count and first places."""
    for problem in (*(summary.problems or ()), *(summary.options.problems if summary.options else ())):
        places = "; ".join(problem.first[:2]) + (" ..." if problem.n > 2 else "")
        print(f"{problem.n:,} {problem.what}: {places}")
