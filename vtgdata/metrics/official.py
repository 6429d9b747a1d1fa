"""Results in the form of the benchmarks' own scorers: per cent with two decimals, under the scorers' names."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics.breakdown import mean
from vtgdata.metrics.highlights import LEVELS
from vtgdata.metrics.metric_set import Values
from vtgdata.metrics.ranked_moments import LENGTHS, THRESHOLDS
from vtgdata.records import Sample


def official(name: str, values: Values, samples: Sequence[Sample]) -> dict[str, Any] | None:
    """The report of a metric set in its official scorer's form; None for a set without an official scorer."""
    form = _FORMS.get(name)
    return None if form is None else form(values, samples)


def percent(fraction: float, decimals: int = 2) -> float | None:
    """A fraction as per cent, rounded as the official scorers do; None for NaN.

    >>> percent(0.53225806)
    53.23
    """
    return None if fraction != fraction else float(f"{100 * fraction:.{decimals}f}")


def _vue_tr(values: Values, samples: Sequence[Sample], decimals: int) -> dict[str, Any]:
    """The three areas of all rows and of each attribute's, as in the authors' table. Args: decimals: of per cent."""
    found: dict[str, Any] = {"overall": _areas(values, np.ones(len(samples), dtype=bool), decimals)}
    for attribute in ("duration_category", "query_format", "query_modality"):
        kinds = [str(sample.extra.get(attribute, "")) for sample in samples]
        for kind in sorted(set(kinds) - {""}):
            found[kind] = _areas(values, np.array([each == kind for each in kinds], dtype=bool), decimals)
    return found


def _areas(values: Values, rows: NDArray[np.bool_], decimals: int) -> dict[str, float | None]:
    columns = {"precision": "precision AUC", "recall": "recall AUC", "iou": "IoU AUC"}
    return {name: percent(mean(values[metric][rows]), decimals) for name, metric in columns.items()}


def _in_percent(*names: str, by: str = "") -> Callable[[Values, Sequence[Sample]], dict[str, Any]]:
    """A form that lists metrics in per cent with two decimals. Args: by: key of `extra` whose parts are listed too."""

    def form(values: Values, samples: Sequence[Sample]) -> dict[str, Any]:
        chosen = {name: array for name, array in values.items() if name in names or name.partition("@")[0] in names}
        found: dict[str, Any] = {name: percent(mean(array)) for name, array in chosen.items()}
        kinds = [str(sample.extra.get(by, "")) for sample in samples] if by else []
        for kind in sorted(set(kinds) - {""}):
            rows = np.array([each == kind for each in kinds], dtype=bool)
            found[kind] = {name: percent(mean(array[rows])) for name, array in chosen.items()}
        return found

    return form


def _extreme_when(values: Values, samples: Sequence[Sample]) -> dict[str, Any]:
    """Fractions with four decimals, as ExtremeWhenBench's script writes them, and the share that was not parsed."""
    del samples
    found = {name.removeprefix("EWB-"): round(mean(values[name]), 4) for name in values if name.startswith("EWB-")}
    return found | {"parse_failure_rate": round(1.0 - mean(values["parsed"]), 4)}


def _rextime(values: Values, samples: Sequence[Sample]) -> dict[str, Any]:
    """ReXTime's brief: grounding in per cent with two decimals, accuracies as fractions, not rounded."""
    del samples
    found: dict[str, Any] = {
        f"MR-full-{name.removeprefix('MR-')}": percent(mean(array))
        for name, array in values.items()
        if name.startswith("MR-")
    }
    # No divisor counts as 0 there.
    return found | {name: float(np.nan_to_num(mean(values[name]))) for name in ("VQA", "VQA,mIoU@0.5")}


def _of_qvhighlights(values: Values, samples: Sequence[Sample]) -> dict[str, Any]:
    del samples
    return qvhighlights(values)


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


_FORMS: dict[str, Callable[[Values, Sequence[Sample]], dict[str, Any]]] = {
    "qvhighlights": _of_qvhighlights,
    "highlights": _highlights,
    "vue_tr": partial(_vue_tr, decimals=1),
    "vue_tr_v2": partial(_vue_tr, decimals=2),
    "omtg": _in_percent("C-Acc", "tIoU", "tP", "tR", "tF1", "EtF1"),
    "momentseeker": _in_percent("set mIoU", "set R", by="task"),
    "extremewhenbench": _extreme_when,
    "rextime": _rextime,
    "cgbench": _in_percent("clue mIoU", "rec.@IoU", "long acc.", "acc.@IoU"),
    "na_vmr": _in_percent("rejection accuracy", "R1>0.3", "R1>0.5", "R1>0.7"),
}
"""{set of metrics: the form of its official scorer}."""
