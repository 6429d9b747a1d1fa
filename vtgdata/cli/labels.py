"""Commands about labels: audit, review."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from msgspec import Struct

from vtgdata.cli.pages import view
from vtgdata.cli.printing import again, counts, percent
from vtgdata.cli.running import relative, stage

if TYPE_CHECKING:
    from vtgdata.metrics.recalibration import Measured
    from vtgdata.stages.audit import Summary as Audited
    from vtgdata.stages.review import Summary as Reviewed


_APPLIES = ("--apply", "--out", "--second", "--recipe", "--dry-run", "--help")
"""Options of `vtgdata review` that writes samples anew: without any of them it shows the queue, as `vtgdata view`."""


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the commands."""
    del train
    stage(app, words, "audit")
    if "review" in words and not any(word.startswith(_APPLIES) for word in words):
        app.command("review")(view)
    else:
        stage(app, words, "review")


def audit(summary: Audited) -> None:
    """Find labels that may be wrong, by answers that are there.

    Queues the labels that most need a person's look, with the windows that the answers agree on; asks nothing.
    """
    for model in summary.models:
        warning = ", trained on these labels: its agreement with them proves nothing" if model.trained else ""
        print(
            f"habit of {model.model}: starts {model.start:+.2f} s, ends {model.end:+.2f} s, over "
            f"{model.answers:,} answers; taken off{warning}"
        )
    print(f"{summary.samples:,} labels audited, {summary.not_audited:,} not (no window, duration or answer)"
          f"{again(summary)}")  # fmt: skip
    errors = summary.errors
    print(f"{errors.voters} answers vote on a label, and err together as {errors.independent:.1f} independent ones")
    print(f"about {percent(summary.share)} % [{percent(summary.low)}, {percent(summary.high)}] may be wrong; "
          f"{summary.likely:,} with a chance of half or more")  # fmt: skip
    if summary.decided is None:
        print("by the answers alone: --decisions about the queue correct P(wrong) and say how well it fits")
    else:
        _fits(summary.decided)
    print(f"{summary.queue:,} rows to look at, {summary.random:,} of them drawn at random")
    print(f"written to {relative(summary.out)}")


def _fits(decided: Measured) -> None:
    """Print how well P(wrong) fits what was decided."""
    print(f"P(wrong) corrected by {decided.labels:,} decisions, {decided.wrong:,} of them that a label is wrong")
    for name, bins in (("before", decided.before), ("after, by decisions about other sources", decided.after)):
        print(f"  {name}:")
        for each in bins:
            print(f"    said {percent(each.said)} %, wrong {percent(each.wrong)} % "
                  f"[{percent(each.low)}, {percent(each.high)}] of {each.labels:,}")  # fmt: skip


def number(value: float | None) -> str:
    """A number with two digits, or a dash for none."""
    return "-" if value is None else f"{value:.2f}"


def review(summary: Reviewed) -> None:
    """Write samples anew with what people decided about their labels.

    `vtgdata review QUEUE --decisions FILE`, without --apply, opens the queue in the browser, as `vtgdata view` does:
    decisions are saved as they are made. Decisions are about the labels that were looked at: one that has changed since
    is refused.
    """
    counts("decided", summary.decisions)
    print(f"{summary.samples:,} samples, {summary.changed:,} labels changed or dropped, {summary.undecided:,} rows of "
          f"the queue undecided{again(summary)}")  # fmt: skip
    for split, version in summary.label_versions.items():
        print(f"labels of {split} are now {version}")
    if isinstance(told := summary.agreement, Struct):
        print(f"both decided {told.labels:,} labels: median tIoU {number(told.tiou)} of {told.windows:,}, "
              f"{number(told.near)} at 0.7 or more; kappa of accepting {number(told.kappa)}")  # fmt: skip
    if summary.wrong is not None:
        wrong = summary.wrong
        print(f"wrong labels in the pool of {wrong.labels:,}: {percent(wrong.share)} % "
              f"[{percent(wrong.low)}, {percent(wrong.high)}]")  # fmt: skip
    print(f"written to {relative(summary.out)}")
