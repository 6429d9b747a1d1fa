"""Report of an evaluation on one set of answers: counts, metrics, intervals, parts; and the comparison of two sets."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from vtgdata.files.schemas import Row
from vtgdata.metrics import baselines, breakdown, intervals, official, sets
from vtgdata.metrics.judging import Judged, counts
from vtgdata.records import Sample


class Scored(msgspec.Struct, kw_only=True):
    """Results of the evaluation, before they are written."""

    reports: list[dict[str, Any]] = []
    rows: list[Row] = []
    judged: list[Judged] = []
    """The sighted answers of each report, in the order of `reports`."""
    values: list[sets.Values] = []
    """Metrics of each entry of `judged`, per sample."""
    file: dict[str, Any] = {}
    """Facts about the file of predictions, with its problems; see `problems.file_facts`."""
    failure: str | None = None
    """Message for the user if more samples failed than --max-failed allows."""


class Ruler(msgspec.Struct, frozen=True, kw_only=True):
    """What answers are scored with: the samples, and the metrics chosen."""

    samples: list[Sample]
    metrics: str
    """Names of metric sets and scores, separated by commas."""
    thresholds: tuple[float, ...] = ()
    """IoU thresholds; empty for 0.3, 0.5 and 0.7."""
    by: tuple[str, ...] = ()
    """Keys of `extra` to break scores down by, besides the usual ways."""

    @property
    def videos(self) -> list[str]:
        """The video of each sample, which is its cluster for intervals."""
        return [sample.video.video_id for sample in self.samples]

    @property
    def scores(self) -> list[str]:
        """The score plug-ins among the metrics."""
        return sets.scores_of(self.metrics)

    def stored(self, values: sets.Values) -> list[list[Row] | None]:
        """Each sample's scores as rollouts.parquet stores them, only those that apply; None if no score was chosen."""
        columns = {name: values[name].tolist() for name in self.scores}
        return [
            [{"name": name, "value": column[i]} for name, column in columns.items() if column[i] == column[i]]
            if columns
            else None
            for i in range(len(self.samples))
        ]

    def values(self, judged: Judged) -> sets.Values:
        """The value of every metric for every sample."""
        return sets.values(self.metrics, judged.answers, self.samples, self.thresholds)

    def describe(self, judged: Judged, values: sets.Values) -> dict[str, Any]:
        """Counts, metrics (fractions), their 95 % intervals, and the metrics when only the asked form counts."""
        strict = judged.strict()
        in_form = None if strict is None else sets.values(self.metrics, strict, self.samples, self.thresholds)
        return counts(judged, self.samples) | {
            "metrics": means(values),
            "applies_to": _applies_to(values),
            "intervals": intervals.clustered_all(values, self.videos),
            "strict_metrics": None if in_form is None else means(in_form),
        }

    def shown(self, values: sets.Values) -> sets.Values:
        """The most important metrics, if a set has too many to show all."""
        return {name: values[name] for name in sets.shown(self.metrics, values)}

    def parts(self, values: sets.Values) -> dict[str, dict[str, Any]]:
        """The scores of parts of the samples."""
        return breakdown.break_down(self.shown(values), self.samples, self.by)

    def official(self, values: sets.Values) -> dict[str, Any] | None:
        """The report in the form of the benchmark's own scorer, or None if it has none."""
        found = (official.official(name, values, self.samples) for name in self.metrics.split(","))
        return next((report for report in found if report is not None), None)

    def compare(self, first: sets.Values, second: sets.Values) -> dict[str, dict[str, Any]]:
        """First minus second, for mIoU and the metrics shown: difference, its 95 % interval, p and n."""
        chosen = {"mIoU": first["mIoU"]} | self.shown(first)
        both = {name: array for name, array in chosen.items() if name in second}
        found = intervals.paired_all(both, second, self.videos)
        return {name: msgspec.to_builtins(difference) for name, difference in found.items()}

    def difference(self, first: sets.Values, second: sets.Values) -> dict[str, Any]:
        """First minus second in mIoU, with its interval and p-value, and under `metrics` those of all metrics."""
        found = self.compare(first, second)
        main = found["mIoU"]
        return {"mIoU": main["difference"], "low": main["low"], "high": main["high"], "p": main["p"], "metrics": found}

    def baselines(self, training: Sequence[Sample], fitted_on: str) -> dict[str, dict[str, Any]]:
        """Scores of the baselines, which guess without looking; each with its windows and what it was fitted on."""
        found: dict[str, dict[str, Any]] = {}
        for name, fit in baselines.BASELINES.items():
            guess = fit(training)
            values = self.values(Judged(rows=[], answers=[guess.answer(sample) for sample in self.samples]))
            found[name] = {
                "window": guess.windows[0] if len(guess.windows) == 1 else None,
                "windows": guess.windows,
                "until": guess.until,
                "fitted_on": fitted_on,
                "metrics": means(values),
                "applies_to": _applies_to(values),
                "intervals": intervals.clustered_all(values, self.videos),
            }
        return found


def means(values: sets.Values) -> dict[str, float]:
    """{metric: mean over the samples that it applies to}."""
    return {name: breakdown.mean(array) for name, array in values.items()}


def _applies_to(values: sets.Values) -> dict[str, int]:
    """{metric: number of samples that it applies to}, only for metrics that do not apply to all."""
    found = {name: int(np.count_nonzero(~np.isnan(array))) for name, array in values.items()}
    return {name: n for name, n in found.items() if n < len(values[name])}


def benchmark(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """The samples scored, by corpus, split and label version: each combination once, with its number n."""
    found: dict[tuple[str, str, str], int] = {}
    for sample in samples:
        key = (sample.corpus, sample.split, sample.label_version)
        found[key] = found.get(key, 0) + 1
    names = ("corpus", "split", "label_version")
    return [dict(zip(names, key, strict=True)) | {"n": n} for key, n in sorted(found.items())]


CSV = {
    "name": "text", "seeing": "text", "group": "text", "part": "text", "metric": "text", "n": "count",
    "value": "number", "low": "number", "high": "number",
}  # fmt: skip


def csv_rows(summary: dict[str, Any]) -> list[Row]:
    """Every number of an evaluation as one row: model or baseline, what it saw, part of the samples, metric, value."""
    rows: list[Row] = []
    n = summary["n"]
    for name, report in summary["baselines"].items():
        rows += _scores(name, "nothing", n, report)
    for report in summary["models"]:
        for condition in ("sighted", "blind", "blank", "other_query"):
            if condition in report:
                rows += _scores(report["model"], condition, n, report[condition])
                strict: dict[str, float] = report[condition]["strict_metrics"] or {}
                rows += [_cell(report["model"], f"{condition}, strict", "", "", m, n, v) for m, v in strict.items()]
        for group, parts in report["breakdown"].items():
            for part, scores in parts.items():
                rows += [
                    _cell(report["model"], "sighted", group, part, m, scores["n"], v)
                    for m, v in scores["metrics"].items()
                ]
    return rows


def _scores(name: str, condition: str, n: int, report: dict[str, Any]) -> list[Row]:
    fewer = report["applies_to"]
    return [
        _cell(name, condition, "", "", m, fewer.get(m, n), v, report["intervals"][m])
        for m, v in report["metrics"].items()
    ]


def _cell(
    name: str, condition: str, group: str, part: str, metric: str, n: int, value: float,
    bounds: tuple[float | None, float | None] = (None, None),
) -> Row:  # fmt: skip
    cells = (name, condition, group, part, metric, n, value, *bounds)
    return dict(zip(CSV, cells, strict=True))
