"""Results in the form of the benchmarks' own scorers: per cent with two decimals, under the scorers' names."""

from collections.abc import Sequence
from typing import Any

from vtgdata.metrics.breakdown import mean
from vtgdata.metrics.highlights import LEVELS
from vtgdata.metrics.ranked_moments import LENGTHS, THRESHOLDS
from vtgdata.metrics.sets import Values
from vtgdata.records import Sample


def official(name: str, values: Values, samples: Sequence[Sample]) -> dict[str, Any] | None:
    """The report of a metric set in its official scorer's form; None for a set without an official scorer."""
    if name == "qvhighlights":
        return qvhighlights(values)
    return _highlights(values, samples) if name == "highlights" else None


def percent(fraction: float) -> float | None:
    """A fraction as per cent, rounded as the official scorers do; None for NaN.

    >>> percent(0.53225806)
    53.23
    """
    return None if fraction != fraction else float(f"{100 * fraction:.2f}")


def qvhighlights(values: Values) -> dict[str, Any]:
    """The content of QVHighlights' metrics file: `brief`, a block per length range, and a block per highlight level."""
    means = {name: percent(mean(array)) for name, array in values.items()}
    found: dict[str, Any] = {}
    for level in LEVELS:
        if f"HL-min-{level}-mAP" in means:
            found[f"HL-min-{level}"] = {f"HL-{kind}": means[f"HL-min-{level}-{kind}"] for kind in ("mAP", "Hit1")}
    for name in LENGTHS:
        precision = {str(t): means[f"MR-{name}-mAP@{t}"] for t in THRESHOLDS}
        recall = {str(t): means[f"MR-{name}-R1@{t}"] for t in THRESHOLDS}
        found[name] = {"MR-mAP": precision | {"average": means[f"MR-{name}-mAP"]}, "MR-R1": recall}
    brief = ["MR-full-R1@0.5", "MR-full-R1@0.7", "MR-full-mAP", "MR-full-mAP@0.5", "MR-full-mAP@0.75"]
    brief += ["MR-long-mAP", "MR-middle-mAP", "MR-short-mAP"]
    brief += [f"HL-min-{level}-{kind}" for level in LEVELS for kind in ("mAP", "Hit1")]
    return {"brief": {name: means[name] for name in brief if name in means}} | found


def _highlights(values: Values, samples: Sequence[Sample]) -> dict[str, Any]:
    """The mAP of each domain, and their mean, in which all domains have the same weight."""
    domains = [str(sample.extra.get("domain", "all")) for sample in samples]
    scores = values["HL-mAP"]
    found = {name: mean(scores[[domain == name for domain in domains]]) for name in sorted(set(domains))}
    applying = [score for score in found.values() if score == score]
    average = sum(applying) / len(applying) if applying else float("nan")
    return {"HL-mAP": percent(average), "domains": {name: percent(score) for name, score in found.items()}}
