"""What `evaluate` prints of scores: a table per model, the guesses, the parts of the samples, and the comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from vtgdata.cli.printing import interval, line, percent, table, title
from vtgdata.cli.running import relative

if TYPE_CHECKING:
    from vtgdata.metrics.evaluation import ModelReport
    from vtgdata.stages.evaluate import Summary

LEGEND = (
    "others: the same answers, scored against the truths of other videos. seen: score minus others. A guess that fits "
    "any video alike has seen 0, perfect answers have what `at most` says."
)
CAUTION = (
    "seen is not yet looking: it counts what the words of the query give away. --model with --blind asks without the "
    "video too; looking is seen with the video minus seen without it."
)
SHORT = {
    "best_constant": "constant",
    "best_constant_by_duration": "by duration",
    "training_mean": "mean window",
    "whole_video": "whole video",
    "query_words": "query words",
}
"""Heads of the table of guesses."""
CONDITIONS = {
    "blind": "with another video's frames (blind)",
    "blank": "with grey frames (blank)",
    "other_query": "with another video's query (other_query)",
}


def scores(summary: Summary) -> None:
    """Print all scores of an evaluation, and what they compare with."""
    names = summary.shown
    for report in summary.models:
        _model(report, names)
        for condition, head in CONDITIONS.items():
            if condition in report.conditions:
                _without(report, condition, head, names)
    if any(each.sighted["seen"] for each in summary.models):
        blind = any(each.looking is not UNSET for each in summary.models)
        line(LEGEND + ("" if blind else " " + CAUTION))
    for report in summary.models:
        _curve(report, names)
        _sampled(report, names)
    if summary.as_seeds:
        _as_seeds(summary.as_seeds, len(summary.models))
    if summary.sources:
        _sources(summary)
    _guesses(summary)
    for report in summary.models:
        _parts(report, names)
    for report in summary.models:
        _differences(report)


def _model(report: ModelReport, names: list[str]) -> None:
    """A metric a row: score, what others' truths would give, and the rest."""
    found = report.sighted
    seen: dict[str, Any] = found["seen"]
    rows: list[list[str]] = []
    for name in names:
        cells = [name, percent(found["metrics"].get(name)), interval(found["intervals"].get(name))]
        if seen:
            each = seen.get(name)
            cells += [percent(each[key]) for key in ("others", "seen")] if each else ["", ""]
            cells += [interval((each["low"], each["high"])), percent(each["at_most"])] if each else ["", ""]
        rows.append(cells)
    title(f"{short(report.model)} (per cent)")
    table(["metric", "score", "95 %", *(["others", "seen", "95 %", "at most"] if seen else [])], rows)
    if "count_error" in found["metrics"]:
        line(f"windows too many or too few: {found['metrics']['count_error']:.2f} an answer")
    if refusals := found.get("refusals"):
        line(
            f"refusals: {refusals['right']:,} of {refusals['n_refused']:,} are right; F1 {percent(refusals['f1'])} "
            f"{interval(refusals['f1_interval'])}; {refusals['ignored']:,} of {refusals['n_absent']:,} samples without "
            "a moment got neither a refusal nor a window"
        )
    fewer = {name: found["applies_to"][name] for name in names if name in found["applies_to"]}
    if fewer:
        line("metrics of fewer samples: " + ", ".join(f"{name} {n:,}" for name, n in fewer.items()))
    if strict := found["strict_metrics"]:
        values = ", ".join(f"{name} {percent(strict[name])}" for name in names if name in strict)
        line(f"strict, only answers in the asked form count: {values}")


def _without(report: ModelReport, condition: str, head: str, names: list[str]) -> None:
    """Scores under a control, what the evidence adds, and what looking adds."""
    found = report.conditions[condition]
    gained: dict[str, Any] = getattr(report, f"sighted_minus_{condition}")["metrics"]
    looking: dict[str, Any] = report.looking if report.looking is not UNSET and condition != "other_query" else {}
    rows: list[list[str]] = []
    for name in (each for each in names if each in gained):
        cells = [name, percent(found["metrics"][name]), *_difference(gained[name])]
        rows.append([*cells, *_difference(looking.get(name))] if looking else cells)
    title(f"{short(report.model)}, {head} (per cent)")
    table(["metric", "score", "sighted minus this", "95 %", *(["looking", "95 %"] if looking else [])], rows)


def _curve(report: ModelReport, names: list[str]) -> None:
    """A number of frames a row."""
    if report.curve is UNSET:
        return
    rows: list[list[str]] = []
    for each in report.curve:
        seen = each["seen"].get("mIoU")
        cells = [f"{each['num_frames']}", *_cells(each, names[:2])]
        rows.append([*cells, percent(seen["seen"]), interval((seen["low"], seen["high"]))] if seen else cells)
    seen_heads = ["seen in mIoU", "95 %"] if all(len(row) == 3 + 2 * len(names[:2]) for row in rows) else []
    title(f"{short(report.model)}, by number of frames (per cent)")
    table(["frames", *(text for name in names[:2] for text in (name, "95 %")), *seen_heads], rows)


def _sampled(report: ModelReport, names: list[str]) -> None:
    """Answers drawn, beside the greedy one."""
    if report.sampled is UNSET:
        return
    drawn, greedy = report.sampled, report.sighted["metrics"]
    rows = [
        [
            name,
            percent(greedy.get(name)),
            *_cells(drawn, [name]),
            percent(drawn["best"][name]),
            percent(drawn["spread"][name]),
        ]
        for name in names
        if name in drawn["metrics"]
    ]
    title(f"{short(report.model)}, {drawn['n']} answers drawn at temperature {drawn['temperature']:g} (per cent)")
    table(["metric", "greedy", "mean", "95 %", f"best of {drawn['n']}", "spread"], rows)


def _as_seeds(found: dict[str, dict[str, Any]], count: int) -> None:
    """All checkpoints of one method: their scores, and what is known of the method."""
    bounded = any(each["low"] is not None and each["low"] == each["low"] for each in found.values())
    rows = [
        [name, percent(each["mean"]), percent(each["least"]), percent(each["most"])]
        + ([interval((each["low"], each["high"]))] if bounded else [])
        + [" ".join(percent(value) for value in each["values"])]
        for name, each in found.items()
    ]
    why = "" if bounded else "; fewer than five give no interval over training"
    title(f"{count} checkpoints as seeds of one method (per cent{why})")
    table(["metric", "mean", "least", "most", *(["95 %"] if bounded else []), "all"], rows)


def _difference(found: dict[str, Any] | None) -> list[str]:
    return [percent(found["difference"]), interval((found["low"], found["high"]))] if found else ["", ""]


def _guesses(summary: Summary) -> None:
    """The scores of guesses that do not look, a guess a column."""
    names, guesses = summary.shown, summary.baselines
    rows = [[name, *(percent(each.metrics.get(name)) for each in guesses.values())] for name in names]
    first = next(iter(guesses.values()))
    title(f"guesses that see no frame (per cent; fitted on {first.fitted_on})")
    table(["metric", *(SHORT.get(name, name) for name in guesses)], rows)
    words = guesses.get("query_words")
    if words and (seen := words.seen.get("mIoU")):
        fitted = f", fitted on {words.fitted_on}," if words.fitted_on != first.fitted_on else ""
        line(
            f"query words: the window that fits the words of the query{fitted} has seen {percent(seen.seen)} "
            f"{interval((seen.low, seen.high))} in mIoU without a frame. {_of_others(summary)}"
        )


def _of_others(summary: Summary) -> str:
    """What the guesses have seen that depend on the duration alone."""
    found = [each.seen["mIoU"].seen or 0.0 for name, each in summary.baselines.items() if name != "query_words"]
    low, high = percent(min(found)), percent(max(found))
    if low == high == "0.0":
        return "The other guesses have seen 0."
    return f"The other guesses have seen {low} to {high}: one source has too many of the samples to even them out."


def _parts(report: ModelReport, names: list[str]) -> None:
    """Print the first two metrics for each part of the samples, with their intervals, and what was rightly refused."""
    from vtgdata.metrics.refusals import RECALL

    names = [*names[:2], *(name for name in names[2:] if name == RECALL)]
    for group, parts in report.breakdown.items():
        rows = [
            [part, f"{each['n']:,}", f"{each['n_sources']:,}", *_cells(each, names)] for part, each in parts.items()
        ]
        title(f"{short(report.model)}, by {group}")
        table([group, "n", "sources", *(text for name in names for text in (name, "95 %"))], rows)


def _cells(found: dict[str, Any], names: list[str]) -> list[str]:
    return [text for n in names for text in (percent(found["metrics"][n]), interval(found["intervals"][n]))]


def _sources(summary: Summary) -> None:
    """Where there are few sources, the scores on each."""
    names = summary.shown[:4]
    for report in summary.models:
        of_source: dict[str, Any] = report.sighted["sources"]
        rows = [
            [source, f"{each['n']:,}", *(percent(each["metrics"].get(name)) for name in names)]
            for source, each in of_source.items()
        ]
        title(f"{short(report.model)}, by source (too few for a p-value)")
        table(["source", "n", *names], rows)


def _differences(report: ModelReport) -> None:
    if (gain := report.gain) is not UNSET:
        found = gain["metrics"]["mIoU"]
        print(f"\n{short(report.model)}: gain in mIoU {_compared(found)}")
    if (against := report.against) is not UNSET:
        title(f"{short(report.model)} against {short(against['predictions'])}:")
        for name, each in against["differences"].items():
            print(f"  {name} {_compared(each)}, n {each['n']:,}")


def _compared(found: dict[str, Any]) -> str:
    p = f"p {found['p']:.4f}" if found["p"] is not None else f"no p from {found['sources']} sources"
    return f"{percent(found['difference'])} {interval((found['low'], found['high']))}, {p}"


def short(name: str) -> str:
    """A model's spec or a path, at most 50 characters long: the beginning of a longer one is cut off."""
    name = relative(name) if name.startswith("/") else name
    return name if len(name) <= 50 else "..." + name[-47:]
