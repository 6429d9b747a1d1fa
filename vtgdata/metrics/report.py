"""What an evaluation reports of one set of answers: counts, metrics, intervals, parts; and of two, how they differ."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from vtgdata.files.schemas import Row
from vtgdata.metrics import baselines, breakdown, intervals, official, sets
from vtgdata.metrics.judging import Judged, counts
from vtgdata.records import Sample


class Ruler(msgspec.Struct, frozen=True, kw_only=True):
    """By what answers are measured: the samples, and the metrics chosen."""

    samples: list[Sample]
    metrics: str
    """Names of sets and scores, with commas."""
    thresholds: tuple[float, ...] = ()
    """IoU thresholds, empty for the usual three."""
    by: tuple[str, ...] = ()
    """Keys of `extra` to break scores down by, besides those that are known."""

    @property
    def videos(self) -> list[str]:
        """The cluster of each sample."""
        return [sample.video.video_id for sample in self.samples]

    @property
    def scores(self) -> list[str]:
        """The score plug-ins among the metrics."""
        return sets.scores_of(self.metrics)

    def stored(self, values: sets.Values) -> list[list[Row] | None]:
        """The scores of each sample as rollouts.parquet has them, where they apply; None where none was asked for."""
        columns = {name: values[name].tolist() for name in self.scores}
        return [
            [{"name": name, "value": column[i]} for name, column in columns.items() if column[i] == column[i]]
            if columns
            else None
            for i in range(len(self.samples))
        ]

    def values(self, judged: Judged) -> sets.Values:
        """Every metric, sample by sample."""
        return sets.values(self.metrics, judged.answers, self.samples, self.thresholds)

    def describe(self, judged: Judged, values: sets.Values) -> dict[str, Any]:
        """Counts, metrics (fractions), their 95 % intervals, and the metrics when only the asked form is read."""
        strict = judged.strict()
        in_form = None if strict is None else sets.values(self.metrics, strict, self.samples, self.thresholds)
        return counts(judged, self.samples) | {
            "metrics": means(values),
            "applies_to": _applies_to(values),
            "intervals": intervals.clustered_all(values, self.videos),
            "strict_metrics": None if in_form is None else means(in_form),
        }

    def shown(self, values: sets.Values) -> sets.Values:
        """The metrics that people look at first, where a set has too many to look at all."""
        return {name: values[name] for name in sets.shown(self.metrics, values)}

    def parts(self, values: sets.Values) -> dict[str, dict[str, Any]]:
        """The scores of parts of the samples."""
        return breakdown.break_down(self.shown(values), self.samples, self.by)

    def official(self, values: sets.Values) -> dict[str, Any] | None:
        """What the benchmark's own scorer would write, where there is one."""
        found = (official.official(name, values, self.samples) for name in self.metrics.split(","))
        return next((report for report in found if report is not None), None)

    def compare(self, first: sets.Values, second: sets.Values) -> dict[str, dict[str, Any]]:
        """First minus second, in mIoU and the metrics shown: difference, its 95 % interval, p, n."""
        chosen = {"mIoU": first["mIoU"]} | self.shown(first)
        both = {name: array for name, array in chosen.items() if name in second}
        found = intervals.paired_all(both, second, self.videos)
        return {name: msgspec.to_builtins(difference) for name, difference in found.items()}

    def baselines(self, training: Sequence[Sample], fitted_on: str) -> dict[str, dict[str, Any]]:
        """What guesses without looking score, each with its windows and on what it was fitted."""
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
    """Each metric: the mean of the samples that it applies to."""
    return {name: breakdown.mean(array) for name, array in values.items()}


def _applies_to(values: sets.Values) -> dict[str, int]:
    """How many samples a metric applies to, for those that do not apply to all."""
    found = {name: int(np.count_nonzero(~np.isnan(array))) for name, array in values.items()}
    return {name: n for name, n in found.items() if n < len(values[name])}


def benchmark(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """What was scored: corpus, split, label version and n, each combination once."""
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
    """Every number of an evaluation as one row: whose, seeing what, of which part, which metric."""
    rows: list[Row] = []
    n = summary["n"]
    for name, report in summary["baselines"].items():
        rows += _scores(name, "nothing", n, report)
    for report in summary["models"]:
        for seeing in ("sighted", "blind", "blank", "other_query"):
            if seeing in report:
                rows += _scores(report["model"], seeing, n, report[seeing])
                strict: dict[str, float] = report[seeing]["strict_metrics"] or {}
                rows += [_cell(report["model"], f"{seeing}, strict", "", "", m, n, v) for m, v in strict.items()]
        for group, parts in report["breakdown"].items():
            for part, scores in parts.items():
                rows += [
                    _cell(report["model"], "sighted", group, part, m, scores["n"], v)
                    for m, v in scores["metrics"].items()
                ]
    return rows


def _scores(name: str, seeing: str, n: int, report: dict[str, Any]) -> list[Row]:
    fewer = report["applies_to"]
    return [
        _cell(name, seeing, "", "", m, fewer.get(m, n), v, report["intervals"][m]) for m, v in report["metrics"].items()
    ]


def _cell(
    name: str, seeing: str, group: str, part: str, metric: str, n: int, value: float,
    bounds: tuple[float | None, float | None] = (None, None),
) -> Row:  # fmt: skip
    cells = (name, seeing, group, part, metric, n, value, *bounds)
    return dict(zip(CSV, cells, strict=True))
